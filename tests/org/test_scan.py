"""Cutting a log into sections and headings, whatever bytes it holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explog.org.context import BOM, LogContext, file_context
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import for_short_texts, scan_section, split_sections, split_tags
from support.oracle import ask

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))

PIECES = [
    *(b"* a\n", b"** b :exp:\n", b"*** c :x:y:\r\n", b"****** deep\n", b"* \n", b"* :exp:"),
    *(b"*\n", b"*no\n", b"*\tno\n", b" * no\n", b"* x ::\n", b"* a:exp:\n", b"* a :ex p:\n"),
    *(b"text\n", b"\n", b"\r\n", b"\r", b"\x0c", b"\xff\xfe", b"\0", BOM),
    *(b"#+begin_src org\n", b"#+end_src\n", b"#+FILETAGS: :f:\n", b"#+TODO: A | B\n"),
    *("\u2028* no\u0085* no\n".encode(), "* \u00e9 :\u00e9xp:\n".encode(), b"* \xe9 :exp:\n"),
]
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
logs = (
    st.lists(st.sampled_from(PIECES), max_size=25)
    .map(b"".join)
    .filter(lambda data: not data.startswith(UTF_16))
)


def naive_headings(data: bytes) -> list[tuple[int, int, int]]:
    """Return (level, offset, line) of the headings, found in the dullest way."""
    found = []
    offset = 0
    for line, text in enumerate(data.split(b"\n")):
        mark = len(BOM) if line == 0 and text.startswith(BOM) else 0
        stars = len(text[mark:]) - len(text[mark:].lstrip(b"*"))
        if stars and text[mark + stars :].startswith(b" "):
            found.append((stars, offset + mark, line))
        offset += len(text) + 1
    return found


def naive_end(headings: list[tuple[int, int, int]], index: int, size: int) -> int:
    """Return where the subtree of the heading at INDEX ends."""
    later = (start for level, start, _ in headings[index + 1 :] if level <= headings[index][0])
    return next(later, size)


@settings(derandomize=True, max_examples=200)
@given(logs)
@example(BOM + b"** deep\n* top\n")
@example(BOM + b"* top")
@example(BOM)
@example(b"*** deep\n** less\n* top\n")
def test_sections_and_headings_tile_the_file(data: bytes) -> None:
    context = file_context(data, OPTIONS)
    sections = split_sections(data)
    assert b"".join(data[start:end] for start, end in sections) == data
    assert all(start < end for start, end in sections)
    found: list[tuple[int, int, int]] = []
    ends: list[int] = []
    for start, end in sections:
        lines_before = data.count(b"\n", 0, start)
        for chunk in scan_section(data[start:end], context):
            found.append((chunk.level, start + chunk.start, lines_before + chunk.line))
            ends.append(start + chunk.end)
    assert found == naive_headings(data)
    assert ends == [naive_end(found, index, len(data)) for index in range(len(found))]


@settings(derandomize=True, max_examples=200)
@given(logs, st.binary(max_size=40))
def test_any_bytes_are_decoded_and_encoded_back(data: bytes, part: bytes) -> None:
    context = file_context(data, OPTIONS)
    assert context.encode(context.decode(data)) == data
    assert context.encode(context.decode(part)) == part
    assert isinstance(context.digest, bytes)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("é".encode(), "utf-8"),
        (BOM + b"x", "utf-8"),
        (b"a\0b", "utf-8"),
        ("\u00e9\u00e8\u00e0 ".encode() + b"\xff", "utf-8"),
        (b"caf\xe9, na\xefve", "latin-1"),
        (b"# -*- coding: iso-8859-15 -*-\ncaf\xe9 \xa4", "iso-8859-15"),
        (b"# -*- mode: org; coding: cp1252-dos -*-\r\n\x80", "cp1252"),
        ("# -*- coding: euc-jp -*-\n* 実験 :exp:\n".encode("euc-jp"), "euc-jp"),
        ("* 実験\n# Local Variables:\n# coding: cp932\n# End:\n".encode("cp932"), "cp932"),
        (b"# -*- coding: utf-8-unix -*-\ncaf\xe9", "utf-8"),
        (b"# -*- coding: utf-7 -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: utf-8-sig -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: utf-16 -*-\ncaf\xe9x", "latin-1"),
        (b"# -*- coding: iso2022_jp -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: cp037 -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: rot13 -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: hex -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: unicode_escape -*-\ncaf\xe9 \\q", "latin-1"),
        (b"# -*- coding: idna -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: undefined -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: no-such-codec -*-\ncaf\xe9", "latin-1"),
        (b"# -*- coding: ..-- -*-\ncaf\xe9", "latin-1"),
    ],
)
def test_encodings(data: bytes, encoding: str) -> None:
    context = file_context(data, OPTIONS)
    assert context.encoding == encoding
    assert context.encode(context.decode(data)) == data


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_is_refused_with_a_sentence(mark: bytes) -> None:
    with pytest.raises(ValueError, match="UTF-16; save it as UTF-8"):
        file_context(mark + "* x".encode("utf-16-le"), OPTIONS)


TODOS = [
    "#+TODO: TODO(t) INPROGRESS(i@/!) WAIT | DONE\n",
    "#+TODO: TODO INPROGRESS(p!/@) WAIT(w@/!) IDEA | DONE(d!) CANCELED(c@) LATER(l@)\n",
    "#+todo: A B\n#+Seq_Todo: C | D\n",
    "  #+TYP_TODO: Fred Sara | DONE\n",
    "#+TODO: A B\n",
    "#+TODO: A B |\n",
    "#+TODO: | A\n",
    "#+TODO: A\n",
    "* x\n** y\n#+TODO: A | B\n",
    "#+begin_example\n#+TODO: A | B\n#+end_example\n#+TODO: C | D\n",
    "#+begin_src org\n#+TODO: A | B\n#+END_SRC\n#+begin_quote\n#+TODO: C | D\n#+end_other\n",
    "#+begin_src\n* h\n#+TODO: A | B\n#+end_src\n",
    "#+begin_src\n*bold*\n#+TODO: A | B\n#+end_src\n#+todo: C | D\n",
    "text #+TODO: A | B\n#+TODO:C | D\n",
    "#+TODO: A | B\t\n#+TODO: C\t|\tD\n",
]


def test_todo_keywords_are_those_of_org(tmp_path: Path) -> None:
    answers = ask(tmp_path, [{"do": "keywords", "text": text} for text in TODOS])
    for text, answer in zip(TODOS, answers, strict=True):
        for data in (text.encode(), text.replace("\n", "\r\n").encode(), BOM + text.encode()):
            keywords = file_context(data, OPTIONS).options.keywords
            assert sorted(keywords.open) == sorted(answer["open"]), text
            assert sorted(keywords.done) == sorted(answer["done"]), text


@pytest.mark.parametrize(
    "text", ["", "#+TODO:\n", "#+TODO: |\n", "#+TITLE: x", "# #+TODO: A | B\n"]
)
def test_keywords_are_those_of_the_settings_where_the_log_has_none(text: str) -> None:
    assert file_context(text.encode(), OPTIONS).options == OPTIONS


def tags(data: bytes) -> list[set[str]]:
    """Return the tags of each heading of DATA."""
    context = file_context(data, OPTIONS)
    return [
        set(chunk.tags)
        for start, end in split_sections(data)
        for chunk in scan_section(data[start:end], context)
    ]


def test_tags_come_from_headings_above_and_from_the_file() -> None:
    text = b"""\
#+FILETAGS: :f: g\r
* a :x:\r
** b :exp:y:\r
**** c\r
*** d :z:\r
** e\r
* h :exp:
"""
    assert tags(text) == [
        {"f", "g", "x"},
        {"f", "g", "x", "exp", "y"},
        {"f", "g", "x", "exp", "y"},
        {"f", "g", "x", "exp", "y", "z"},
        {"f", "g", "x"},
        {"f", "g", "exp"},
    ]


def test_only_what_short_texts_gave_is_remembered() -> None:
    asked: list[str] = []

    @for_short_texts
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    for text in ("short", "long" * 1000):
        assert [length(text), length(text)] == [len(text)] * 2
    assert [len(text) for text in asked] == [5, 4000, 4000]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABC :exp:", ("ABC", ("exp",))),
        ("ABC   :@work:exp_a-b:c#d%:\t\r", ("ABC", ("@work", "exp_a-b", "c#d%"))),
        (":exp:", ("", ("exp",))),
        ("ABC:exp:", ("ABC:exp:", ())),
        ("ABC :ex p:", ("ABC :ex p:", ())),
        ("ABC :exp: x", ("ABC :exp: x", ())),
        ("ABC ::", ("ABC ::", ())),
        ("ABC :é実:", ("ABC", ("é実",))),
        ("a :b: c :d:", ("a :b: c", ("d",))),
        ("ABC  ", ("ABC", ())),
    ],
)
def test_split_tags(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert split_tags(text) == expected


def test_the_digest_tells_contexts_apart() -> None:
    contexts = [
        LogContext("utf-8", OPTIONS, frozenset()),
        LogContext("latin-1", OPTIONS, frozenset()),
        LogContext("utf-8", OrgOptions(Keywords(("TODO", "DONE"), ())), frozenset()),
        LogContext("utf-8", OPTIONS, frozenset({"\udcff"})),
    ]
    assert len({context.digest for context in contexts}) == len(contexts)
    assert (
        LogContext("utf-8", OPTIONS, frozenset("ab")).digest
        == LogContext("utf-8", OPTIONS, frozenset("ba")).digest
    )


@pytest.mark.parametrize(
    "unit",
    [b"#+", b"#+begin_src\n", b"#+TODO: A\n", b"* a :b:\n", b"*\n", b" :a", b"*", b"\n*", b"\r"],
)
def test_a_megabyte_of_anything_is_scanned_soon(unit: bytes) -> None:
    data = b"* x " + unit * (1_000_000 // len(unit))
    start = time.process_time()
    context = file_context(data, OPTIONS)
    for first, last in split_sections(data):
        scan_section(data[first:last], context)
    assert time.process_time() - start < 10
