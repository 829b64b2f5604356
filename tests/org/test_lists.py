"""Plain lists: what `test_lists_org.py` cannot ask org."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.org.lists import PlainList, parse_section


def lists(text: str) -> list[PlainList]:
    """Return the top lists of TEXT."""
    lines = text.split("\n")
    return parse_section(lines, 0, len(lines)).lists


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1. a\n2. b\n3. c", [1, 2, 3]),
        ("1) a\n2) b", [1, 2]),
        ("3. a\n4. b", [3, 4]),
        ("1. [@5] a\n2. b", [5, 6]),
        ("5. [@5] a\n6. b", [5, 6]),
        ("1. a\n2. [@start:7] [ ] b\n3. c", [1, 7, 8]),
        ("1. [@5] a\n2. b\n3. [@20] c\n4. d", [5, 6, 20, 21]),
        ("1. [@c] a\n2. b", [1, 2]),
        ("1. a\n1. b\n1. c", [1, 1, 1]),
        ("1. a\n- b\n3. c", [1, None, 3]),
        ("- a\n- b", [None, None]),
        ("007. a", [7]),
        ("1" * 5000 + ". a", [1111111111]),
    ],
)
def test_numbers_are_those_that_a_reader_sees(text: str, numbers: list[int | None]) -> None:
    assert lists(text)[0].numbers() == numbers


def test_a_tab_goes_to_the_next_tab_stop() -> None:
    # org 9.7 counts it as eight columns even behind a blank, other than what is seen on the screen.
    [plain] = lists("- a\n \t- b\n        - c")
    assert [item.indent for item in plain.items[0].children()] == [8, 8]


def test_line_ends_of_dos_are_no_text() -> None:
    text = "1. [ ] a\r\n   more\r\n\r\n2. [X]\r\n3.\r\n\r\n\r\n1. [ ] another\r\n"
    first, second = lists(text)
    assert [(item.box, item.paragraph_end) for item in first.items] == [
        (" ", 1),
        ("X", 3),
        (None, 4),
    ]
    assert [item.box for item in second.items] == [" "]


@pytest.mark.parametrize("odd", ["\x0c", "\u00a0", "\u2028", "\x0b", "\x85"])
def test_an_odd_blank_is_text_and_ends_a_list(odd: str) -> None:
    assert len(lists(f"1. a\n{odd}\n2. b")) == 2
    assert len(lists("1. a\n \t\n2. b")) == 1


def test_a_drawers_end_that_ends_nothing_bears_no_hash() -> None:
    [plain] = lists("1. a\n   :END:\n2. b\n   :end:\n   text")
    assert [item.paragraph_end for item in plain.items] == [0, 2]


def test_blocks_may_be_in_one_another_as_often_as_they_like() -> None:
    names = range(1500)
    begins = "".join(f"#+begin_{name}\n- [ ] a\n" for name in names)
    text = begins + "".join(f"#+end_{name}\n" for name in reversed(names))
    lines = text.split("\n")
    assert len(parse_section(lines, 0, len(lines)).enclosed) == 1500


def test_boxes_in_blocks_and_drawers_are_told_apart() -> None:
    text = """\
:LOGBOOK:
- [ ] a
:END:
#+begin_quote
- [ ] b
:D:
- c
:END:
#+end_quote
#+begin_src org
- [ ] d
#+end_src
#+BEGIN_EXAMPLE
- e
#+END_EXAMPLE
1. [ ] f
   :D:
   - g
   :END:"""
    lines = text.split("\n")
    section = parse_section(lines, 0, len(lines))
    assert [lines[plain.items[0].line] for plain in section.lists] == ["1. [ ] f"]
    assert [lines[plain.items[0].line] for plain in section.enclosed] == [
        "- [ ] a",
        "- [ ] b",
        "- c",
    ]


MESS = st.lists(
    st.tuples(
        st.sampled_from(["", " ", "  ", "\t", "   "]),
        st.sampled_from(
            ["1. [ ] a", "- b", "* c", "", ":A:", ":END:", "#+begin_a", "#+end_a", "text", "| t |"]
        ),
    ).map("".join),
    max_size=20,
)


@settings(derandomize=True, max_examples=150)
@given(MESS)
def test_any_lines_make_a_tree(lines: list[str]) -> None:
    section = parse_section(lines, 0, len(lines))
    items = list(section.walk())
    assert [item.line for item in items] == sorted({item.line for item in items})
    told = [line for item in items for line in item.text_lines] + section.text_lines
    assert len(told) == len(set(told))
    for item in items:
        assert item.line <= item.paragraph_end < len(lines)
        assert item.text_lines[0] == item.line
        if item.parent is not None:
            assert item.parent.indent < item.indent
            assert item in item.parent.children()
        if item.box is not None:
            assert lines[item.line][item.box_column] == item.box


@pytest.mark.parametrize("unit", [":a:", "#+begin_a", "- a", "  - [ ] a", "", "text", "1."])
def test_many_lines_take_no_longer_than_their_number_asks(unit: str) -> None:
    lines = [unit] * 30_000
    start = time.process_time()
    parse_section(lines, 0, len(lines))
    assert time.process_time() - start < 5  # a search to the end from each line takes minutes
