"""Marks put on steps: only what must change does. `test_edit_org.py` asks org about the ticks."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.edit import Mark, apply_edits, mark_entry
from explog.org.options import Keywords, OrgOptions
from explog.org.spans import hash_span
from explog.org.steps import find_steps

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
HEAD = "* TODO [201] ABC :exp:\n** TODO Experiments [/]\n"


def marked(body: str, *marks: Mark, head: str = HEAD) -> str:
    """Return BODY, the steps of an entry, after MARKS."""
    text = head + body
    once = apply_edits(text, mark_entry(text, marks, OPTIONS))
    assert mark_entry(once, marks, OPTIONS) == ()
    return once.removeprefix(head) if once.startswith(head) else once


def put(step: int, hash_: str = "83d45cd") -> Mark:
    """Return the mark for HASH_ on STEP."""
    return Mark((step,), hash_)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1. [ ] train", "1. [ ] train (83d45cd)"),
        ("1. [ ] train\n", "1. [ ] train (83d45cd)\n"),
        ("1. [X] train  \t", "1. [X] train (83d45cd)  \t"),
        ("1. [ ] train\r\n2. x\r\n", "1. [ ] train (83d45cd)\r\n2. x\r\n"),
        ("1. [ ] train \r\n", "1. [ ] train (83d45cd) \r\n"),
        ("1. train", "1. train (83d45cd)"),
        ("1) train", "1) train (83d45cd)"),
        ("1. [ ]", "1. [ ] (83d45cd)"),
        ("1. [ ] ", "1. [ ] (83d45cd) "),
        ("1.", "1. (83d45cd)"),
        ("1. [@1]", "1. [@1] (83d45cd)"),
        ("1. train (0123456)", "1. train (83d45cd)"),
        ("1. train (0123456789abcdef0123456789abcdef01234567) ", "1. train (83d45cd) "),
        ("1. train (83d45cd)", "1. train (83d45cd)"),
        ("1. [ ] (0123456)", "1. [ ] (83d45cd)"),
        ("1. train (012345)", "1. train (012345) (83d45cd)"),
        ("1. train (0123456) more", "1. train (83d45cd) more"),
        ("1. train (0123456).", "1. train (83d45cd)."),
        ("1. train f(1234567)", "1. train f(1234567) (83d45cd)"),
        ("1. train (ABCDEF0)", "1. train (83D45CD)"),
        ("1. a (1111111) (0123456)", "1. a (1111111) (83d45cd)"),
        ("1. train\n   for long", "1. train\n   for long (83d45cd)"),
        ("1. train\n   for (0123456)\n2. x", "1. train\n   for (83d45cd)\n2. x"),
        ("1. train (0123456)\n   for long", "1. train (83d45cd)\n   for long"),
        ("1.\n   train", "1.\n   train (83d45cd)"),
        ("1. train\n\n   more", "1. train (83d45cd)\n\n   more"),
        ("1. train\n   | a |", "1. train (83d45cd)\n   | a |"),
        ("1. train\n   # a", "1. train (83d45cd)\n   # a"),
        ("1. train\n   : a", "1. train (83d45cd)\n   : a"),
        ("1. train\n   #+begin_src sh\n   ls\n   #+end_src\n   x",
         "1. train (83d45cd)\n   #+begin_src sh\n   ls\n   #+end_src\n   x"),
        ("1. train\n   :LOGBOOK:\n   - n\n   :END:",
         "1. train (83d45cd)\n   :LOGBOOK:\n   - n\n   :END:"),
        ("1. train\n   - note\n   more", "1. train (83d45cd)\n   - note\n   more"),
        ("1. train\nout of it", "1. train (83d45cd)\nout of it"),
        ("1. train\u2028x\x0c", "1. train\u2028x\x0c (83d45cd)"),
        ("1. train \udcff", "1. train \udcff (83d45cd)"),
    ],
)  # fmt: skip
def test_a_hash_is_put_at_the_end_of_the_first_paragraph_or_where_one_stands(
    before: str, after: str
) -> None:
    assert marked(before, put(1)) == after


def test_nested_steps_and_several_marks_at_once() -> None:
    before = "1. [ ] a\n   1. [ ] b\n   2. [ ] c\n2. [ ] d\n"
    after = "1. [-] a (1111111)\n   1. [ ] b\n   2. [X] c (2222222)\n2. [X] d\n"
    marks = [Mark((1,), "1111111"), Mark((1, 2), "2222222", tick=True), Mark((2,), tick=True)]
    edits = mark_entry(HEAD + before, marks, OPTIONS)
    assert apply_edits(HEAD + before, edits) == HEAD.replace("[/]", "[1/2]") + after
    assert [edit.line for edit in edits] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1. [ ] a", "1. [X] a"),
        ("1. [-] a", "1. [X] a"),
        ("1. [X] a", "1. [X] a"),
        ("1. [x] a", "1. [x] a"),
        ("1. a", "1. a"),
        ("1.\t[ ]\ta", "1.\t[X]\ta"),
        ("1. [ ] a\n   - [ ] b", "1. [ ] a\n   - [ ] b"),
        ("1. [ ] a\n   - [x] b", "1. [X] a\n   - [x] b"),
        ("1. [ ] a\n   - [X] b", "1. [X] a\n   - [X] b"),
        ("1. [ ] a\n   - b", "1. [X] a\n   - b"),
    ],
)
def test_a_box_is_ticked_where_org_would(before: str, after: str) -> None:
    assert marked(before, Mark((1,), tick=True), head="* x\n** Experiments\n") == after


def test_an_ancestor_that_the_user_ticked_stays_ticked() -> None:
    before = "1. [X] a\n   1. [ ] b\n   2. [ ] c\n"
    after = "1. [X] a\n   1. [X] b\n   2. [ ] c\n"
    assert marked(before, Mark((1, 1), tick=True), head="* x\n** Experiments\n") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "** Experiments [1/2]\n1. [x] a\n2. [ ] b\n",
            "** Experiments [2/2]\n1. [X] a\n2. [X] b\n",
        ),
        # Where nothing is counted, nothing but the box changes.
        ("** Experiments\n1. [x] a\n2. [ ] b\n", "** Experiments\n1. [x] a\n2. [X] b\n"),
        (
            "** Experiments [0%]\n1. [x] a [0/1]\n   - [x] c\n     - [x] d\n2. [ ] b\n",
            "** Experiments [100%]\n1. [X] a [1/1]\n   - [X] c\n     - [x] d\n2. [X] b\n",
        ),
    ],
)
def test_a_small_x_becomes_a_capital_one_where_it_is_counted(before: str, after: str) -> None:
    head = "* [201] x\n"
    assert marked(before, Mark((2,), tick=True), head=head) == after


def test_a_box_above_others_counts_a_small_x_among_them() -> None:
    before = "1. [ ] a\n   1. [x] b\n   2. [ ] c\n"
    after = "1. [X] a\n   1. [X] b\n   2. [X] c\n"
    assert marked(before, Mark((1, 2), tick=True), head="* x\n** Experiments\n") == after


def test_cookies_count_through_where_the_user_has_org_count_so() -> None:
    text = "* [1] x\n** Experiments [1/4]\n1. [ ] a\n2. [-] b\n   - [X] c\n   - [ ] d\n"
    for hierarchical, cookie in ((True, "[1/2]"), (False, "[2/4]")):
        options = replace(OPTIONS, hierarchical_statistics=hierarchical)
        done = apply_edits(text, mark_entry(text, [Mark((1,), tick=True)], options))
        assert done == text.replace("[1/4]", cookie).replace("1. [ ]", "1. [X]")


def test_a_hash_alone_leaves_cookies_as_they_are() -> None:
    assert marked("1. [X] a [9/9]\n", put(1)) == "1. [X] a [9/9] (83d45cd)\n"


@pytest.mark.parametrize(
    ("step", "code"), [((3,), "unknown-step"), ((2,), "ambiguous"), ((1, 1), "unknown-step")]
)
def test_a_step_must_be_there_once(step: tuple[int, ...], code: str) -> None:
    with pytest.raises(ExplogError) as caught:
        mark_entry(HEAD + "1. a\n2. b\n2. c\n", [Mark(step, "83d45cd")], OPTIONS)
    assert caught.value.code == code
    assert caught.value.data == {"step": ".".join(map(str, step))}


@pytest.mark.parametrize("text", ["* x", "* x\n** Experiments", "* x\n** Notes\n1. a", ""])
def test_an_entry_may_have_no_steps(text: str) -> None:
    assert mark_entry(text, [], OPTIONS) == ()
    with pytest.raises(ExplogError, match="there is no step 1"):
        mark_entry(text, [put(1)], OPTIONS)


@pytest.mark.parametrize(
    "marker", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base", "<<<<<<<", "=======\r"]
)
def test_nothing_is_put_in_the_middle_of_a_merge(marker: str) -> None:
    text = f"{HEAD}1. [ ] a\n{marker}\n2. [ ] b\n"
    with pytest.raises(ExplogError, match="line 4 of the entry is left from a merge") as caught:
        mark_entry(text, [put(1)], OPTIONS)
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    "line", ["Results\n=======", "========", " =======", "<<<<<<<<", "<<<<<<<x"]
)
def test_what_only_looks_like_a_merge_is_none(line: str) -> None:
    assert "(83d45cd)" in marked(f"1. [ ] a\n\n{line}\n", put(1))


def test_edits_are_made_only_on_what_was_expected() -> None:
    with pytest.raises(ExplogError, match="line 2 of the entry is not as expected") as caught:
        apply_edits("a\nb", [LineEdit(1, "c", "d")])
    assert caught.value.code == "changed"
    with pytest.raises(ExplogError, match="line 3 of the entry"):
        apply_edits("a\nb", [LineEdit(2, "", "d")])
    assert apply_edits("a\nb", [LineEdit(1, "b", "d")]) == "a\nd"


LINES = """\
** TODO Experiments [/] :exp:
** Experiments [50%]\t:a:
** Notes [1/2]
*** deep
1. [ ] a [/]
2. [ ] b
1. [ ] c (0123456)
3. [X] d [%]\x20
   1. [ ] e
   2. [-] f (deadbeef)
   text [1/3]\x20
\ttext


- [ ] g
   - [ ] h
:LOGBOOK:
:END:
#+begin_src sh
#+end_src
=[1/2]= [1/2]
1.
2. [x] i
:PROPERTIES:
:COOKIE_DATA: recursive
:ORDERED: t
\u2028
| [/] |
# [/]
1. [@2] j
\udce9 é""".split("\n")


@st.composite
def entries(draw: st.DrawFn) -> str:
    """Return an entry with any lines beneath its steps heading."""
    lines = draw(st.lists(st.sampled_from(LINES), max_size=25))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(["* [201] x", "** Experiments [/]", *lines, *draw(st.sampled_from([[], [""]]))])


MARKS = st.lists(
    st.builds(
        Mark,
        st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple),
        st.sampled_from([None, "83d45cd", "0123456789"]),
        st.booleans(),
        st.none(),
        st.none(),
    ),
    max_size=3,
    unique_by=lambda mark: mark.step,
)
ALLOWED = re.compile(r" \([0-9a-f]+\)|[0-9a-f]*|[ X-]|[0-9]*%?|[0-9]*/[0-9]*")
BARE = re.compile(r" ?\([0-9a-f]{7,}\)|\[[ X-]\]|\[[0-9]*%\]|\[[0-9]*/[0-9]*\]")


@settings(derandomize=True, max_examples=300)
@given(entries(), MARKS)
def test_only_hashes_boxes_and_cookies_change(text: str, marks: list[Mark]) -> None:
    try:
        edits = mark_entry(text, marks, OPTIONS)
    except ExplogError as error:
        if error.code not in ("unknown-step", "ambiguous"):
            raise
        return
    after = apply_edits(text, edits)
    assert len({edit.line for edit in edits}) == len(edits)
    for edit in edits:
        assert edit.old != edit.new
        assert BARE.sub("", edit.old) == BARE.sub("", edit.new)
        for tag, a, b, c, d in difflib.SequenceMatcher(
            None, edit.old, edit.new, False
        ).get_opcodes():
            assert (
                tag == "equal"
                or ALLOWED.fullmatch(edit.old[a:b])
                or ALLOWED.fullmatch(edit.new[c:d])
            )
    assert after.count("\n") == text.count("\n")
    assert after.count("\r") == text.count("\r")
    assert mark_entry(after, marks, OPTIONS) == ()
    lines = after.split("\n")
    steps = find_steps(lines, "Experiments", OPTIONS)
    items = dict(steps.items) if steps else {}
    for mark in marks:
        span = hash_span(lines, items[mark.step])
        if mark.hash is not None:
            assert span is not None
            assert lines[span.line][span.start : span.end] == mark.hash
