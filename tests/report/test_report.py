"""Reports of real logs and repositories, as a terminal prints them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.program import explog
from support.records import put_run
from support.repo import GitRepo

LOG = """\
* DONE [201] ABC in XYZ model [1/1]  :exp:
CLOSED: [2018-06-08 Fri 18:00]
** Experiments
1. [X] Test XYZ without ABC
** Conclusions
ABC gains *nothing*.
* TODO [202] Larger batches [1/3]  :exp:paper:
DEADLINE: <2018-06-20 Wed>
- [2018-06-07 Thu] the loss explodes
** Experiments
1. [X] Batch of 64
2. [ ] Batch of 256
3. [ ] Batch of 1024
* WAIT [203] Another cluster  :exp:
:LOGBOOK:
- State "WAIT"       from "TODO"       [2018-06-05 Tue] \\\\
  The quota is used up
:END:
** Experiments
1. [ ] Move
* TODO [204] Secret  :exp:noexport:
** Experiments
1. [ ] Hidden
* TODO [205] Left alone  :exp:
** Experiments
1. [ ] Go on
"""


def on(day: int, month: int = 6) -> datetime:
    return datetime(2018, month, day, 12, tzinfo=UTC)


class World:
    """A log and a repository, and explog run on them."""

    def __init__(self, folder: Path, repo: GitRepo) -> None:
        self.folder, self.repo = folder, repo
        self.log = folder / "log.org"
        self.log.write_text(LOG)
        self.more: list[str] = []

    @property
    def places(self) -> list[str]:
        return ["--log", str(self.log), "--repo", str(self.repo.path), *self.more]

    def run(self, *args: str, status: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = explog("report", *args, *self.places, **env)
        assert done.returncode == status, done.stderr
        return done

    def sections(self, *args: str) -> dict[str, list[dict[str, Any]]]:
        made = json.loads(self.run("2018-06-04..2018-06-10", *args, "--json").stdout)
        assert (made["from"], made["to"]) == ("2018-06-04", "2018-06-10")
        return {section["name"]: section["items"] for section in made["sections"]}


@pytest.fixture
def world(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> World:
    repo = git_repo("proj")
    repo.commit("[e205.1] Begin", date=on(3, 5))
    repo.commit("[e202.1] Before", date=on(2))
    repo.commit("[e202.1] Results- 64 is fine", date=on(4))
    repo.commit("[e201.1] Results- no ABC", date=on(6))
    repo.commit("[e202.2] Implement", date=on(7))
    repo.commit("Clean up", date=on(7))
    repo.commit("[e204.1] Hidden work", date=on(8))
    repo.commit("[e202.2] After the period", date=on(11))
    return World(tmp_path, repo)


def places(items: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    return [(item["experiment"], item["step"]) for item in items]


def test_sections(world: World) -> None:
    found = world.sections()
    assert list(found) == ["concluded", "results", "progress", "waiting", "next", "unreferenced"]
    assert [(i["experiment"], i["text"], i["date"]) for i in found["concluded"]] == [
        ("201", "ABC gains *nothing*.", "2018-06-08")
    ]
    assert places(found["results"]) == [("202", None), ("202", "1"), ("201", None), ("201", "1")]
    step = found["results"][1]
    assert step["title"] == "Batch of 64"
    assert (step["date"], step["repository"]) == ("2018-06-04", str(world.repo.path))
    assert step["commit"] == world.repo.run("rev-parse", ":/64 is fine")
    assert places(found["progress"]) == [("202", None), ("202", "2")]
    assert found["progress"][0]["text"] == "- [2018-06-07 Thu] the loss explodes"
    assert [(i["experiment"], i["text"], i["date"]) for i in found["waiting"]] == [
        ("203", "The quota is used up", "2018-06-05"),
        ("205", "TODO · last commit 2018-05-03", "2018-05-03"),
    ]
    assert places(found["next"]) == [("202", None), ("202", "2")]
    assert found["next"][0]["text"] == "DEADLINE 2018-06-20"
    assert [(item["title"], item["text"]) for item in found["unreferenced"]] == [
        (str(world.repo.path), "1 commit"),
        ("Clean up", ""),
    ]


def test_several_commits_of_a_step_are_told_apart(world: World) -> None:
    world.repo.commit("[e202.3][e202.2]: Tune *it* [e9]", date=on(8))
    world.repo.commit("[e202.2]", date=on(9))
    found = world.sections("e202")["progress"]
    assert [(i["step"], i["title"], i["date"], bool(i["commit"])) for i in found[1:]] == [
        ("2", "Batch of 256", None, False),
        ("2", "Implement", "2018-06-07", True),
        ("2", "Tune *it* [e9]", "2018-06-08", True),
        ("2", "[e202.2]", "2018-06-09", True),
        ("3", "Batch of 1024", "2018-06-08", True),
    ]
    org = world.run("2018-06-04..2018-06-10", "e202").stdout
    assert "\n- [[exp:202.2][2]] Batch of 256\n  - Implement · " in org
    markdown = world.run("2018-06-04..2018-06-10", "e202", "--format", "md").stdout
    assert "\n- **2** Batch of 256\n  - Implement · " in markdown
    html = world.run("2018-06-04..2018-06-10", "e202", "--format", "html").stdout
    assert html.count('<li class="under">') == 3
    latex = world.run("2018-06-04..2018-06-10", "e202", "--format", "latex").stdout
    assert "\n\\item[] Implement · " in latex


def test_a_rewritten_history_moves_no_work(world: World) -> None:
    before = world.sections()
    world.repo.run(
        "rebase", "--quiet", "--root", "--force-rebase", "--committer-date-is-author-date"
    )
    world.repo.run("commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
    after = world.sections()
    for found in (before, after):
        for items in found.values():
            for item in items:
                item["commit"] = bool(item["commit"])
    assert after == before


def test_same_input_same_bytes(world: World) -> None:
    for kind in ("org", "md", "json"):
        one, other = (
            world.run("2018-06", "--format", kind, PYTHONHASHSEED=seed).stdout for seed in "12"
        )
        assert one == other != ""


def test_private_experiments_stay_out(world: World) -> None:
    text = world.run("2018-06").stdout
    assert "Secret" not in text
    assert "Hidden" not in text


def test_query_and_author(world: World) -> None:
    found = world.sections("tag:paper")
    assert {item["experiment"] for items in found.values() for item in items} == {"202"}
    assert "unreferenced" not in found
    world.repo.commit("[e201.1] Results- mine", date=on(9), author="Bo Other <bo@example.org>")
    assert places(world.sections("--author", "bo")["results"]) == [("201", None), ("201", "1")]
    assert ("202", "1") in places(world.sections("--author", "me")["results"])
    assert "results" not in world.sections("--author", "nobody")
    said = world.run("2018-06", "--author", "nobody").stderr
    assert "nothing happened" in said
    assert "nobody made no commit in these days; Ada Tester, Bo Other did\n" in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- [2018-06-06 Wed] slow", "- [2018-06-06 Wed] slow"),
        ("[2018-05-02 Wed 10:00]\n\nSlow since [2018-06-06 Wed]", "Slow since [2018-06-06 Wed]"),
        ("- [2018-05-02 Wed] early\n- <2018-06-06 Wed> slow", "- <2018-06-06 Wed> slow"),
        ("** Notes\n- [2018-06-06 Wed] slow", "- [2018-06-06 Wed] slow"),
        ("[2018-06-06 Wed 10:00]", None),
        ("SCHEDULED: <2018-06-06 Wed>", None),
        ("- [2018-06-16 Sat] after", None),
        ("- 2018-06-06 is no date of org", None),
    ],
)
def test_notes_of_the_period_without_a_commit(world: World, text: str, shown: str | None) -> None:
    world.log.write_text(f"* TODO [206] Noted :exp:\n{text}\n")
    found = world.sections("e206").get("progress", [])
    assert [item["text"] for item in found] == ([shown] if shown else [])


def test_the_report_of_one_person_is_about_what_she_worked_on(world: World) -> None:
    """Also where no commit of hers is in the period: the log does not say who wrote what."""
    other = "Bo Other <bo@example.org>"
    for ident in (201, 203, 206):
        world.repo.commit(f"[e{ident}.1] Before", date=on(1, 2), author=other)
    world.log.write_text(LOG + "* TODO [206] Noted :exp:\n- [2018-06-06 Wed] it is slow\n")
    bo = world.sections("--author", "bo")
    assert [item["experiment"] for item in bo["concluded"]] == ["201"]
    assert [item["experiment"] for item in bo["waiting"]] == ["203"]
    assert [(item["experiment"], item["text"]) for item in bo["progress"]] == [
        ("206", "- [2018-06-06 Wed] it is slow")
    ]
    assert "results" not in bo
    ada = world.sections("--author", "ada")
    assert [item["experiment"] for item in ada["waiting"]] == ["205"]
    assert ada["results"] == world.sections()["results"]
    assert "206" not in {item["experiment"] for items in ada.values() for item in items}


def test_mailmap_names_the_author(world: World) -> None:
    world.repo.commit("[e201.1] Results- x", date=on(9), author="B <old@example.org>")
    assert "results" not in world.sections("--author", "Bo Real")
    world.repo.write(".mailmap", "Bo Real <bo@example.org> <old@example.org>\n")
    assert places(world.sections("--author", "Bo Real")["results"]) == [("201", None), ("201", "1")]


def test_what_was_planned(world: World, git_repo: Callable[..., GitRepo]) -> None:
    notes = git_repo("notes")
    old = LOG.replace("1. [X] Batch of 64", "1. [ ] Batch of 64").replace(
        "3. [ ] Batch of 1024", "3. [ ] Batch of 1024\n4. [ ] Dropped"
    )
    notes.commit("Plan", file="log.org", text=old, date=on(1))
    world.log = notes.path / "log.org"
    world.log.write_text(LOG)
    items = world.sections()["planned"]
    assert [(i["step"], i["title"], i["text"]) for i in items if i["experiment"] == "202"] == [
        (None, "Larger batches", "TODO"),
        ("1", "Batch of 64", "done"),
        ("2", "Batch of 256", "open"),
        ("3", "Batch of 1024", "open"),
        ("4", "Dropped", "gone"),
    ]


def test_links_and_what_is_not_pushed(world: World) -> None:
    world.repo.run("remote", "add", "origin", "https://u:secret@github.com/ada/xyz.git")
    pushed = world.repo.run("rev-parse", ":/no ABC")
    world.repo.run("update-ref", "refs/remotes/origin/main", pushed)
    text = world.run("2018-06").stdout
    assert f"[[https://github.com/ada/xyz/commit/{pushed}][{pushed[:7]}]] · 2018-06-06" in text
    assert "secret" not in text
    assert text.count("(not pushed)") >= 2
    world.repo.run("config", "orgit.commit", "https://code.example.org/%r")
    assert f"https://code.example.org/{pushed}" in world.run("2018-06").stdout


def test_sections_are_chosen(world: World) -> None:
    found = world.sections("--sections", "next,results")
    assert list(found) == ["next", "results"]
    done = world.run("2018-06", "--sections", "nxt", status=2)
    assert "there is no section nxt; there are concluded, results" in done.stderr


def test_nothing_happened(world: World) -> None:
    done = world.run("2015")
    assert "* Summary" in done.stdout
    assert "nothing happened from 2015-01-01 to 2015-12-31" in done.stderr


def test_renewing_keeps_what_the_user_wrote(world: World) -> None:
    file = world.folder / "report.org"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    text = file.read_text()
    mine = "* Summary\nAll is well.\n-----\n\n---\n"
    file.write_text(text.replace("* Summary\n", mine) + "\nMy end.\n")
    world.repo.commit("[e201.1] Results- newer", date=on(9))
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    renewed = file.read_text()
    assert mine in renewed
    assert renewed.endswith("\n\nMy end.\n")
    assert world.repo.head[:7] in renewed
    world.run("since-last", "-o", str(file))
    assert "begin 2018-06-10.." in file.read_text()


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("r.org", ["#+TITLE: {}\n"]),
        ("r.md", ["# {}\n"]),
        ("r.html", ["<title>{}</title>\n", "<h1>{}</h1>\n"]),
        ("r.tex", ["\\title{{{}}}\n"]),
    ],
)
def test_a_title_that_explog_wrote_is_renewed(world: World, name: str, titles: list[str]) -> None:
    file = world.folder / name
    before, after = "Report 2018-06-04 – 2018-06-10", "Report 2018-06-01 – 2018-06-30"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    text = file.read_text()
    first, last = titles[0].format(before), titles[-1].format(before)
    assert first in text
    file.write_text(text.replace(last, f"{last}See also: {before}\n"))
    world.run("2018-06", "-o", str(file))
    renewed = file.read_text()
    assert all(title.format(after) in renewed for title in titles)
    assert f"See also: {before}\n" in renewed
    assert renewed.count(before) == 1
    mine = renewed.replace(titles[-1].format(after), titles[-1].format("Of June"))
    file.write_text(mine)
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    assert titles[-1].format("Of June") in file.read_text()


def test_the_style_of_a_page_is_renewed_and_that_of_its_owner_is_kept(world: World) -> None:
    file = world.folder / "r.html"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    page = file.read_text()
    mine = "</style>\n<style>h1 { color: red }</style>\n"
    old = re.sub(r"(?s)(<style>\n/\*.*?\*/).*?</style>\n", rf"\1 h1 {{}}{mine}", page, count=1)
    assert "max-width: 52rem" not in old
    file.write_text(old)
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    assert file.read_text() == page.replace("</style>\n", mine, 1)


def test_the_ends_of_runs_are_counted_and_not_quoted(world: World) -> None:
    text = world.log.read_text()
    note = "- [2018-06-07 Thu] the loss explodes\n"
    assert note in text
    runs = "".join(
        f"- [2018-06-0{day} Thu 10:15] (83d45cd) {said} on node7\n"
        for day, said in [(5, "ok, 2:31:07"), (6, "failed (1), 0:01"), (7, "ok, 2:00:00")]
    )
    world.log.write_text(text.replace(note, f"{runs}{note}"))
    found = world.sections()["progress"]
    assert found[0]["text"] == "- [2018-06-07 Thu] the loss explodes"
    assert "3 runs: 2 ok, 1 failed" in world.run("2018-06-04..2018-06-10").stdout
    world.log.write_text(text.replace(note, runs))
    found = world.sections()["progress"]
    assert found[0]["text"].endswith("3 runs: 2 ok, 1 failed")


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("r.org", "#+TITLE: "),
        ("r.md", "# Report "),
        ("r.HTML", "<!DOCTYPE html>"),
        ("r.tex", r"\documentclass"),
        ("r.json", "{\n"),
        ("r", "#+TITLE: "),
    ],
)
def test_the_name_of_a_file_says_the_format(world: World, name: str, begin: str) -> None:
    file = world.folder / name
    file.touch()  # an empty file is a new one
    world.run("2018-06", "-o", str(file))
    assert file.read_text().startswith(begin)
    before = file.read_bytes()
    world.run("2018-06", "-o", str(file))
    assert file.read_bytes() == before


def test_a_report_in_another_format_is_left_alone(world: World) -> None:
    file = world.folder / "r.org"
    world.run("2018-06", "-o", str(file))
    before = file.read_bytes()
    said = world.run("2018-06", "-o", str(file), "--format", "html", status=2).stderr
    assert said.endswith("r.org: it is a report in another format, and is left as it is\n")
    assert file.read_bytes() == before


def test_a_report_keeps_its_line_ends(world: World) -> None:
    file = world.folder / "r.org"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = file.read_bytes()
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    assert file.read_bytes() == before
    world.repo.commit("[e201.1] Results- newer", date=on(9))
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    after = file.read_bytes()
    assert world.repo.head[:7].encode() in after
    assert after.count(b"\n") == after.count(b"\r\n")


def test_what_is_asked_twice_or_not_at_all(world: World) -> None:
    once = world.run("2018-06").stdout
    assert world.run("2018-06", "--author", "", "--sections", ",", "-o", "-").stdout == once
    assert world.run("2018-06", "--sections", "next,next").stdout.count("* Next\n") == 1


def test_other_files_are_left_alone(world: World) -> None:
    before = world.log.read_bytes()
    done = world.run("2018-06", "-o", str(world.log), status=2)
    assert done.stderr.endswith("log.org: it is not a report of explog, and is left as it is\n")
    assert world.log.read_bytes() == before
    done = world.run("since-last", status=2)
    assert "since-last needs the file" in done.stderr
    done = world.run("2018-06", "-o", str(world.folder / "no" / "r.org"), status=2)
    assert "No such file or directory" in done.stderr


def test_a_report_that_somebody_edits_is_not_written(world: World) -> None:
    file = world.folder / "report.org"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    (world.folder / ".#report.org").symlink_to("ada@elsewhere.1:1")
    world.repo.commit("[e201.1] Results- newer", date=on(9))
    before = file.read_bytes()
    world.run("2018-06-04..2018-06-10", "-o", str(file), status=2)
    assert file.read_bytes() == before


HOSTILE = (
    "Clean [[elisp:(x)][y]] {{{m}}} <script> | `x` *b* \\input{x} src_sh{ls} # \u202e"
    + "long " * 2000
)


def test_markup_in_subjects_is_shown_as_it_is(world: World) -> None:
    world.repo.commit(HOSTILE, date=on(8))
    org = world.run("2018-06").stdout
    assert "[[elisp" not in org
    assert "{{{" not in org
    assert "\\input" not in org
    assert "src_sh{" not in org
    assert max(map(len, org.splitlines())) < 500
    markdown = world.run("2018-06", "--format", "md").stdout
    assert r"\<script\>" in markdown
    assert "\u202e" not in org + markdown


def test_headings_in_a_conclusion_stay_below_it(world: World) -> None:
    text = LOG.replace("ABC gains *nothing*.", "See\n*** Detail\n#+END:\n# explog-report: end\nx")
    world.log.write_text(text)
    report = world.run("2018-06", "-o", str(world.folder / "r.org"))
    assert report.stdout == ""
    lines = (world.folder / "r.org").read_text().splitlines()
    assert "*** Detail" in lines
    assert ",#+END:" in lines
    assert sum(line.startswith("# explog-report: end") for line in lines) == 1


@pytest.mark.parametrize("kind", ["html", "latex"])
def test_markup_does_no_harm_in_html_and_latex(world: World, kind: str) -> None:
    world.repo.commit(HOSTILE, date=on(8))
    made = world.run("2018-06", "--format", kind).stdout
    assert "<script>" not in made
    assert kind == "html" or r"\input{" not in made
    assert {"html": "&lt;script&gt;", "latex": r"\textbackslash{}input\{x\}"}[kind] in made


EXCERPT = (
    'A *bold* word, [[elisp:(delete-file "x")][run]], [[https://example.org][page]]\n'
    '#+INCLUDE: "/etc/passwd"\n#+MACRO: m (eval (error "run"))\n{{{m}}} src_emacs-lisp{(error "run")}\n'
    "@@html:<script>alert(1)</script>@@\n"
    "#+begin_export html\n<script>alert(2)</script>\n#+end_export\n| a | b |\n|---+---|\n| 1 | 2 |"
)


CONVERTERS = [
    "emacs",
    pytest.param(
        "pandoc", marks=pytest.mark.skipif(not shutil.which("pandoc"), reason="there is no pandoc")
    ),
    "none",
]


def with_converter(world: World, name: str) -> dict[str, Any]:
    """Return an environment in which the converter NAME alone is found."""
    folder = world.folder / f"only-{name}"
    folder.mkdir()
    for program in ("git", name):
        if (path := shutil.which(program)) is not None:
            (folder / program).symlink_to(path)
    return {"PATH": str(folder)}


@pytest.mark.parametrize("converter", CONVERTERS)
def test_excerpts_in_html(world: World, converter: str) -> None:
    world.log.write_text(LOG.replace("ABC gains *nothing*.", EXCERPT))
    env = with_converter(world, converter)
    made = world.run("2018-06", "--format", "html", **env).stdout
    assert "<script>" not in made
    assert "root:" not in made
    if converter != "none":
        assert re.search("<(b|strong)>bold</", made)
        assert '<a href="https://example.org">page</a>' in made
        assert "elisp" not in made
        assert "<table" in made
    else:
        assert "<pre>A *bold* word" in made


LATEX = (
    "See \\input{/etc/passwd}, $x^2$, $\\bullet$, \\(\\frac{1}{2}\\), $\\input{/etc/passwd}$ and \\alpha.\n"
    "\\begin{align*}\na &= b\n\\end{align*}\n\\begin{equation}\n\\input{/etc/passwd}\n\\end{equation}\n"
    "\\begin{verbatim}\n\\end{document}\n\\end{verbatim}\n\\end{document}"
)


@pytest.mark.parametrize("converter", CONVERTERS)
def test_latex_of_a_log_in_latex(world: World, converter: str) -> None:
    """Formulas are formulas; what reads files or ends the document is shown as text."""
    world.log.write_text(LOG.replace("ABC gains *nothing*.", LATEX))
    made = world.run("2018-06", "--format", "latex", **with_converter(world, converter)).stdout
    shown = re.sub(r"\\begin\{verbatim\}.*?\\end\{verbatim\}", "", made, flags=re.DOTALL)
    assert r"\input{/" not in shown
    assert shown.count(r"\end{document}") == 1
    assert r"\section*{Next}" in made
    if converter == "none":
        return
    assert r"\(x^2\), \(\bullet\), \(\frac{1}{2}\)" in made
    assert converter == "pandoc" or "\\begin{align*}\na &= b\n\\end{align*}" in made


def test_footnotes_of_two_excerpts_stay_apart(world: World) -> None:
    noted = "Yes[fn:1].\n\n[fn:1] For one.\n"
    world.log.write_text(
        LOG.replace("ABC gains *nothing*.", noted)
        + "* DONE [206] Other :exp:\nCLOSED: [2018-06-08 Fri]\n** Conclusions\nNo[fn:1].\n\n[fn:1] For two.\n"
    )
    made = world.run("2018-06", "--format", "html").stdout
    ids = re.findall(r' id="([^"]*)"', made)
    assert len(ids) == len(set(ids))
    links = re.findall(r' href="#([^"]*)"', made)
    assert len(links) == 4
    assert set(links) <= set(ids)


def test_the_html_page_needs_no_net_and_has_the_timeline(world: World) -> None:
    made = world.run("2018-06-04..2018-06-10", "--format", "html").stdout
    assert "default-src 'none'" in made
    assert made.count("<svg") == 1
    assert made.count('class="results"') == 2
    assert made.count('class="commit"') == 1
    assert made.count('class="concluded"') == 1
    assert "src=" not in made
    assert world.run("2018-06-04..2018-06-10", "--format", "html").stdout == made


def put_runs(world: World) -> None:
    """Put runs of June beside the code: one that failed and was repeated, and two that were not."""
    noon = on(7).timestamp()
    ended: dict[str, Any] = {"repository": str(world.repo.path), "end": noon + 172800, "exit": 1}
    for name, step, start, state in (
        ("first", "e202.2", noon, "failed"),
        ("again", "e202.2", noon + 60, "ok"),
        ("quota", "e203.1", noon, "killed"),
        ("split", "e202.3", noon, "failed"),
        ("older", "e202.1", noon - 30 * 86400, "lost"),
        ("hidden", "e204.1", noon, "failed"),
        ("closed", "e201.1", noon, "failed"),
        ("stalled", "e205.1", noon, "failed"),
    ):
        end = {**ended, "end": None} if state == "lost" else ended
        values = {**end, "reference": step, "start": start, "state": state, "title": name}
        put_run(world.repo.path / "runs" / name, **values)


def test_failed_runs_that_were_not_repeated_wait(world: World) -> None:
    before = world.sections()["waiting"]
    put_runs(world)
    waiting = world.sections()["waiting"]
    found = [(i["experiment"], i["step"], i["title"], i["text"]) for i in waiting if i["step"]]
    assert found == [
        ("203", "1", "quota", "killed (1) after 48:00:00"),
        ("205", "1", "stalled", "failed (1) after 48:00:00"),
        ("202", "3", "split", "failed (1) after 48:00:00"),
    ]
    assert [i["experiment"] for i in waiting if not i["step"]] == ["203", "205", "202"]
    assert [i for i in waiting if not i["step"]][:2] == before
    mine = world.sections("--author", "me").get("waiting", [])
    assert not [i for i in mine if i["step"]]


def test_records_of_runs_that_ended_long_before_are_not_read(world: World) -> None:
    noon = on(7).timestamp()
    place = str(world.repo.path)
    values: dict[str, Any] = {"repository": place, "start": noon, "end": noon, "state": "failed"}
    put_run(world.repo.path / "runs" / "now", beat=noon, reference="e202.3", title="now", **values)
    # It could not have said so then.
    old = noon - 10 * 86400
    put_run(world.repo.path / "runs" / "old", beat=old, reference="e202.2", title="old", **values)
    waiting = world.sections()["waiting"]
    assert [one["title"] for one in waiting if one["step"]] == ["now"]


def test_runs_are_bars_of_the_timeline(world: World) -> None:
    put_runs(world)
    made = world.run("2018-06-04..2018-06-10", "--format", "html").stdout
    assert made.count('<rect class="run"') == 1
    assert made.count('<rect class="failed"') == 4
    assert made.count("<title>failed 2018-06-07 – 2018-06-09</title>") == 4
    assert ">203 Another cluster<" in made
    assert "hidden" not in made


def test_the_timeline_lies_beside_an_org_report(world: World) -> None:
    file = world.folder / "report.org"
    world.run("2018-06-04..2018-06-10", "-o", str(file))
    assert "[[file:report-timeline.svg]]" in file.read_text()
    assert "<svg" in (world.folder / "report-timeline.svg").read_text()


def test_templates_of_ones_own(world: World) -> None:
    folder = world.folder / "configuration" / "explog"
    folder.mkdir(parents=True)
    (folder / "report.md.j2").write_text("MINE {{ title }}\n{{ begin }}\n{{ body }}\n{{ end }}\n")
    made = world.run("2018-06", "--format", "md", XDG_CONFIG_HOME=str(folder.parent)).stdout
    assert made.startswith("MINE Report 2018-06-01")
    assert "## Results" in made
    (folder / "report.md.j2").write_text("{% if %}")
    done = world.run("2018-06", "--format", "md", XDG_CONFIG_HOME=str(folder.parent), status=2)
    assert "report.md.j2:1: " in done.stderr


def test_what_cannot_be_read_is_named_in_the_report(
    world: World, git_repo: Callable[..., GitRepo]
) -> None:
    other = git_repo("other")
    other.commit("[e201.1] Results- there", date=on(6))
    world.more = ["--repo", str(other.path)]
    world.run("2018-06")
    head = other.path / ".git" / "refs" / "heads" / "main"
    head.write_text("0" * 39 + "1\n")
    done = world.run("2018-06", status=2)
    assert "* Not read\n- " in done.stdout
    assert str(other.path) in done.stdout
    assert str(other.path) in done.stderr
    assert "Not read" in world.run("2018-06", "--format", "html", status=2).stdout


@pytest.mark.parametrize(
    ("entry", "concluded"),
    [
        ("* DONE [201] No CLOSED :exp:\n", []),
        ("* DONE [201] Day :exp:\nCLOSED: [2018-06-08]\n", ["2018-06-08"]),
        (
            "* DONE [201] Twice :exp:\nCLOSED: [2018-06-05 Tue] CLOSED: [2018-06-08 Fri]\n",
            ["2018-06-08"],
        ),
        ("* DONE [201] No such day :exp:\nCLOSED: [2018-06-31 Sun]\n", []),
        ("* [201] No state :exp:\nCLOSED: [2018-06-08 Fri]\n", []),
        ("* TODO [201] Open again :exp:\nCLOSED: [2018-06-08 Fri]\n", []),
    ],
)
def test_closing_dates(world: World, entry: str, concluded: list[str]) -> None:
    world.log.write_text(entry)
    done = world.run("2018-06-04..2018-06-10", "--json")
    sections = {one["name"]: one["items"] for one in json.loads(done.stdout)["sections"]}
    assert [item["date"] for item in sections.get("concluded", [])] == concluded


def test_the_zone_of_the_user_decides_on_a_travellers_commit(world: World) -> None:
    # On Sunday evening where it was made, on Monday where the report is.
    world.repo.commit("[e201.1] Results- late", date=datetime(2018, 6, 10, 23, 30, tzinfo=UTC))
    assert ("201", "1") in places(world.sections("e201")["results"])
    text = world.run("2018-06-11", "e201", TZ="Asia/Tokyo").stdout
    assert "2018-06-11" in text
    assert "* Results" in text


def test_one_id_in_two_logs(world: World) -> None:
    other = world.folder / "other.org"
    other.write_text("* TODO [201] Another 201 :exp:\n")
    world.more = ["--log", str(other)]
    text = world.run("2018-06").stdout
    assert "* Results" in text


def test_a_change_against_a_step_from_before_the_period(world: World) -> None:
    world.log.write_text(f"{LOG}2. [ ] Go further\n")
    world.repo.commit("[e205.1] Results- acc=71.4 %", date=on(1))
    world.repo.commit("[e205.2] Results- acc=72 %", date=on(8))
    assert "acc 72 % (+0.6)" in world.run("2018-06-04..2018-06-10", "e205").stdout
