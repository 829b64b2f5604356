"""Experiments of every form, and what is said of those that cannot be read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.org.context import file_context
from explog.org.entry import Entry, read_experiment
from explog.org.options import Keywords, OrgOptions
from explog.org.scan import scan_section, split_sections
from explog.org.steps import find_steps

OPTIONS = OrgOptions(Keywords(("TODO", "INPROGRESS", "WAIT"), ("DONE",)))

POST = """\
* TODO [201] ABC in XYZ model [0%]   :@work:exp:
  :PROPERTIES:
  :ID:       201
  :END:
  [2018-06-06 Wed 16:16]


- Test if adding ABC to XYZ improves results.

** TODO Experiments [1/2]
1. [x] Test XYZ without ABC (83d45cd)\x20
2. [ ] Test XYZ with ABC

** TODO Conclusions
"""


def read(text: str, line: int = 0) -> Entry:
    """Return the experiment TEXT."""
    found = read_experiment(text, line, ("exp",), OPTIONS)
    assert found is not None
    return found


def steps(text: str) -> list[tuple[str, str, str | None, str | None]]:
    """Return (number, text, box, hash) of the steps beneath an experiment's heading."""
    return [
        (".".join(map(str, step.number)), step.text, step.box, step.hash)
        for step in read(f"* [201] x\n{text}").steps
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_entry_of_the_post(end: str) -> None:
    found = read(POST.replace("\n", end))
    assert (found.id, found.title, found.todo, found.done) == (
        "201",
        "ABC in XYZ model",
        "TODO",
        False,
    )
    assert found.created == date(2018, 6, 6)
    assert found.closed is None
    assert found.properties == {"ID": "201"}
    assert found.tags == ("exp",)
    assert found.diagnoses == ()
    first, second = found.steps
    assert (first.number, first.line, first.text) == ((1,), 10, "Test XYZ without ABC")
    assert (first.box, first.ticked, first.hash) == ("x", True, "83d45cd")
    assert (second.number, second.ticked, second.hash) == ((2,), False, None)


def test_an_entry_without_id_is_none() -> None:
    assert read_experiment("* TODO ABC :exp:\n", 0, (), OPTIONS) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("** Experiments\n1. [ ] a\n2. b", [("1", "a", " ", None), ("2", "b", None, None)]),
        ("** TODO [#A] experiments [/] :x:\n1. a", [("1", "a", None, None)]),
        ("*** Experiments\n1. a", [("1", "a", None, None)]),
        ("*** Experiments\n1. a\n** Other\n", [("1", "a", None, None)]),
        ("** Runs\n1. [ ] a", [("1", "a", " ", None)]),
        ("** Runs\n1. a", []),
        ("** Notes\n1. [ ] n\n** Experiments\n1. a", [("1", "a", None, None)]),
        ("** Notes\n1. n\n** Runs\n1. [ ] a\n** More\n1. [ ] b", [("1", "a", " ", None)]),
        ("** Experiments\n- x\n- y", []),
        ("** Experiments\n- x\n\n\n1. a", [("1", "a", None, None)]),
        ("** Experiments\n1. a\n\n\n1. b", [("1", "a", None, None)]),
        ("** Experiments\n*** Experiments\n1. a", []),
        ("** Experiments\n** Experiments\n1. a", []),
        ("1. [ ] a", []),
        ("** Experiments\n:LOGBOOK:\n1. [ ] a\n:END:", []),
        ("** Experiments\n#+begin_src org\n1. [ ] a\n#+end_src\n1. b", [("1", "b", None, None)]),
        ("** Experiments\n:PROPERTIES:\n:CUSTOM_ID: 201-steps\n:END:\n1. a",
         [("1", "a", None, None)]),
        ("** [202] Experiments\n1. [ ] of another", []),
        ("** [202] Another\n*** Experiments\n1. [ ] a\n** Experiments\n1. b",
         [("1", "b", None, None)]),
        ("** Another\n:PROPERTIES:\n:ID: 202\n:END:\n1. [ ] a", []),
        ("** Experiments\n1. a\n   1. b\n      3. c\n2. d",
         [("1", "a", None, None), ("1.1", "b", None, None), ("1.1.3", "c", None, None),
          ("2", "d", None, None)]),
        ("** Experiments\n1. a\n   - x\n     1. y\n   text\n   1. b",
         [("1", "a", None, None), ("1.1", "b", None, None)]),
        ("** Experiments\n4. [@4] a\n5. b", [("4", "a", None, None), ("5", "b", None, None)]),
        ("** Experiments\n1. a (deadbeef)", [("1", "a", None, "deadbeef")]),
        ("** Experiments\n1. a f(deadbeef)", [("1", "a f(deadbeef)", None, None)]),
        ("** Experiments\n1. a\n   b  c (83d45cd)\n\n   (1234567)",
         [("1", "a b c", None, "83d45cd")]),
        ("** Experiments\n1. (83d45cd)", [("1", "", None, "83d45cd")]),
        ("** Experiments\n1. [ ]\n   a", [("1", "a", " ", None)]),
        ("** Experiments\n1. a (" + "1" * 65 + ")", [("1", "a (" + "1" * 65 + ")", None, None)]),
    ],
)  # fmt: skip
def test_steps(text: str, expected: list[tuple[str, str, str | None, str | None]]) -> None:
    assert steps(text) == expected


def test_steps_go_no_deeper_than_references() -> None:
    nested = "\n".join(f"{' ' * 3 * depth}1. x" for depth in range(3000))
    assert [number for number, *_ in steps(f"** Experiments\n{nested}")] == [
        ".".join(["1"] * depth) for depth in range(1, 9)
    ]


def test_the_heading_of_the_steps_is_an_option() -> None:
    lines = ["* [201] x", "** Experiments", "1. a", "** Läufe", "1. b"]
    found = find_steps(lines, "läufe", OPTIONS)
    assert found is not None
    assert (found.heading, found.start, found.stop) == (3, 4, 5)


@pytest.mark.parametrize(
    ("body", "created", "closed"),
    [
        ("[2018-06-06 Wed 16:16]", "2018-06-06", None),
        ("[2018-06-06]", "2018-06-06", None),
        ("text [2018-06-06 Mi.] and [2019-01-01 Di.]", "2018-06-06", None),
        ("[2018-06-06 Wed]--[2018-06-08 Fri]", "2018-06-06", None),
        ("<2018-06-06 Wed>", None, None),
        ("CLOSED: [2019-02-03 Sun 10:00] DEADLINE: <2019-01-01 Tue>\n[2018-06-06 Wed]",
         "2018-06-06", "2019-02-03"),
        ("CLOSED: [2019-02-03 Sun 10:00]", None, "2019-02-03"),
        ("CLOSED: [2019-02-03 Sun]\n:PROPERTIES:\n:CREATED: [2018-06-06 Wed]\n:END:",
         "2018-06-06", "2019-02-03"),
        (":PROPERTIES:\n:CREATED: [2018-06-06 Wed]\n:END:\n[2019-01-01 Tue]", "2018-06-06", None),
        (":PROPERTIES:\n:X: [2018-06-06 Wed]\n:END:", None, None),
        (":LOGBOOK:\n- Note taken on [2020-01-01 Wed] \\\\\n  x\n"
         "CLOCK: [2020-01-01 Wed 10:00]\n:END:\n[2018-06-06 Wed]", "2018-06-06", None),
        ("#+begin_src\n[2020-01-01 Wed]\n:PROPERTIES:\n:ID: 7\n:END:\n#+end_src\n[2018-06-06 Wed]",
         "2018-06-06", None),
        ("** Notes\n[2018-06-06 Wed]", None, None),
        ("\x0c\u2028\u0085[2018-06-06 Wed]\r", "2018-06-06", None),
        ("1.975424e+07 [20180606]", None, None),
    ],
)  # fmt: skip
def test_dates(body: str, created: str | None, closed: str | None) -> None:
    found = read(f"* [201] x\n{body}\n")
    assert found.id == "201"
    assert found.diagnoses == ()
    assert str(found.created) == str(created)
    assert str(found.closed) == str(closed)


@given(
    st.builds(
        "{}[{:04}-{:02}-{:02}{}{}]".format,
        st.sampled_from(["", "  "]),
        st.integers(0, 2100),
        st.integers(0, 13),
        st.integers(0, 32),
        st.sampled_from(["", " Wed", " mié.", " x1", " 水", "  Wed"]),
        st.sampled_from(["", " 10:00", " 24:00", " 9:00", " 10:60", " 10:00-11:00", " +1w"]),
    )
)
def test_a_date_by_itself_is_read_as_among_text(stamp: str) -> None:
    alone, among = (read(f"* [201] x\n{text}\n") for text in (stamp, f"{stamp} and text"))
    assert alone.created == among.created
    assert [d.line for d in alone.diagnoses] == [d.line for d in among.diagnoses]


@pytest.mark.parametrize(
    ("body", "line", "created"),
    [
        ("[2024-02-31]", 1, None),
        ("ok\n[2024-02-31 Sat]\n[2024-03-01 Fri]", 2, "2024-03-01"),
        ("SCHEDULED: <2024-02-31>\n[2024-03-01 Fri]", 1, "2024-03-01"),
        ("[2024-01-01 Mon 25:00]\n[2024-03-01 Fri]", 1, "2024-03-01"),
        ("[2024-01-01 Mon 10:00-10:75]", 1, None),
        ("[0000-01-01]", 1, None),
        # What would be planning, a drawer or a state's change somewhere else is text here.
        ("[2024-03-01]\n[2024-01-01 24:00] SCHEDULED: <2024-01-01>", 2, "2024-03-01"),
        ("[2024-03-01]\nx [0000-01-01] :PROPERTIES:\nx [2024-01-01] :END:", 2, "2024-03-01"),
        (":PROPERTIES:\n:CREATED: [2024-13-01]\n:END:\n[2024-03-01 Fri]", 0, "2024-03-01"),
    ],
)
def test_a_date_that_does_not_exist_is_told_and_hides_nothing(
    body: str, line: int, created: str | None
) -> None:
    found = read(f"* TODO [201] x\n{body}\n** Experiments\n1. [ ] a", line=40)
    [diagnosis] = found.diagnoses
    assert (diagnosis.kind, diagnosis.line, diagnosis.experiment) == (
        "unreadable",
        40 + line,
        "201",
    )
    assert diagnosis.message.startswith("there is no such date: ")
    assert str(found.created) == str(created)
    assert [step.text for step in found.steps] == ["a"]


def test_a_bad_date_in_the_heading_hides_nothing() -> None:
    found = read("* TODO [201] x <2024-02-31 Sat>\n[2024-03-01 Fri]\n** Experiments\n1. [ ] a")
    assert [(d.kind, d.line) for d in found.diagnoses] == [("unreadable", 0)]
    assert (found.title, found.created) == ("x <2024-02-31 Sat>", date(2024, 3, 1))
    assert len(found.steps) == 1


def test_a_bad_date_in_a_heading_that_looks_like_a_change_of_state_hides_nothing() -> None:
    found = read('* [201] <2024-02-31> - State "DONE" from "TODO" [6]\n[2024-03-01 Fri]')
    assert [(d.kind, d.line) for d in found.diagnoses] == [("unreadable", 0)]
    assert found.created == date(2024, 3, 1)


@pytest.mark.parametrize("effort", ["1:00", "x", "", "99", "1h 30min", "::"])
def test_any_effort_is_read(effort: str) -> None:
    found = read(f"* [201] x\n:PROPERTIES:\n:Effort: {effort}\n:ID: 7\n:END:\n[2024-03-01 Fri]")
    assert found.diagnoses == ()
    assert found.properties["EFFORT"] == effort
    assert found.created == date(2024, 3, 1)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> 83d45cd", "||||||| base"])
def test_an_unresolved_merge_is_told_and_no_step_is_read(marker: str) -> None:
    found = read(f"* [201] x\n** Experiments\n1. [ ] a\n{marker}\n2. [ ] b", line=40)
    assert [(d.kind, d.line) for d in found.diagnoses] == [("unreadable", 43)]
    assert "merge conflict" in found.diagnoses[0].message
    assert found.steps == ()


def test_a_title_underlined_as_in_markdown_is_no_merge() -> None:
    assert steps("** Experiments\n1. a\n** Notes\nResults\n=======\n") == [("1", "a", None, None)]


def test_an_archived_entry_and_its_log_are_read() -> None:
    found = read(
        "* DONE [201] x :exp:ARCHIVE:\nCLOSED: [2024-03-02 Sat]\n:PROPERTIES:\n:ARCHIVE_TIME: "
        '2024-03-03 Sun 10:00\n:END:\n:LOGBOOK:\n- State "DONE"       from "TODO"  [2024-02-31]\n'
        ":END:\n** Experiments\n1. [X] a (83d45cd)"
    )
    assert (found.done, found.closed, found.diagnoses) == (True, date(2024, 3, 2), ())
    assert found.steps[0].hash == "83d45cd"


def test_one_bad_entry_hides_no_other() -> None:
    good = "* TODO [{}] x :exp:\n** Experiments\n1. [ ] a\n"
    bad = [
        "* TODO [2] <2024-02-31> :exp:\n:PROPERTIES:\n:Effort: x\n#+begin_src\n",
        "* [3] :exp:\n:LOGBOOK:\n[2024-99-99]\n<<<<<<< HEAD\n",
        "* [4] \udcff\udcfe\x00\x0c :exp:\n** Experiments\n1. [ ] a\n   - b\n 3) [X",
    ]
    data = (good.format(1) + "\n".join(bad) + "\n" + good.format(5)).encode(
        "utf-8", "surrogateescape"
    )
    context = file_context(data, OPTIONS)
    found = [
        read_experiment(context.decode(data[start:end]), chunk.line, (), OPTIONS)
        for start, end in split_sections(data)
        for chunk in scan_section(data[start:end], context)
        if chunk.level == 1
    ]
    assert [entry.id for entry in found if entry] == ["1", "2", "3", "4", "5"]
    assert [len(entry.steps) for entry in found if entry] == [1, 0, 0, 2, 1]


LINES = """\
** Experiments
** Notes [2024-02-31]
1. [ ] a (83d45cd)
   1. b
CLOSED: [2024-02-31 Sat 25:61]
[2024-01-01 Mon 10:00 +1d -2d]
<2024-01-01 ++99999999999999999999d>
[2024-01-01
2024-01-01]
[9999-99-99 x]
:PROPERTIES:
:ID: 7
:Effort: x
:END:
:LOGBOOK:
CLOCK: [2024-01-01 Mon 10:00]--[2024-01-01 Mon 99:00] =>  1:00
#+begin_src x
#+end_src
<%%(diary-float t 4 2)>
[[file:x][<2024-02-30>]]
- State "DONE" from "TODO" [2024-02-31]
[2024-01-01 Mon 25:00] DEADLINE: <2024-01-01>
[2024-02-31] :PROPERTIES:
[2024-01-01] :END:
<2024-01-01 Mon>--<2024-02-31 Sat>
\x0c[2024-01-01]\u2028
=======
>>>>>>> x
|

\udcff\x00
* [8] y""".split("\n")


@settings(derandomize=True, max_examples=150)
@given(st.lists(st.sampled_from(LINES), max_size=15), st.text(max_size=30))
def test_any_text_is_read(lines: list[str], more: str) -> None:
    found = read("\n".join(["* [201] x", *lines, more]))
    assert found.id == "201"
    assert all(
        0 <= diagnosis.line <= len(lines) + 1 + more.count("\n") for diagnosis in found.diagnoses
    )
