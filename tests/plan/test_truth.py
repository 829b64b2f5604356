"""Small histories that once put a wrong hash on a step, lost one, or had check say what is not so.

In the logs below `(name)` is the abbreviation of the commit of that name, of any length.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from fuzz.program import explog
from fuzz.world import World

LOG = """\
* TODO [1] t :exp:
** TODO Experiments [0/{}]
"""


class Case(World):
    """A log, a repository r, and names for its commits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: dict[str, str] = {}
        self.reasons: list[tuple[str, str]] = []
        self.shell("git init -q r")
        self.r = self.add_repo("r")
        self.r.commit("root")

    def log(self, steps: int | str) -> None:
        """Write the log: its text, or how many steps it has."""
        if isinstance(steps, int):
            items = [f"{number}. [ ] step {number}\n" for number in range(1, steps + 1)]
            steps = LOG.format(len(items)) + "".join(items)
        self.write("log.org", re.sub(r"\((\w+)\)", self._abbreviate, steps))

    def _abbreviate(self, match: re.Match[str]) -> str:
        return f"({self.names[match[1]][:7]})"

    def commit(self, name: str, message: str, **env: str) -> str:
        """Commit MESSAGE and remember the hash as NAME."""
        return self.call(name, self.r.commit(message, **env))

    def call(self, name: str, oid: str) -> str:
        """Remember OID as NAME."""
        self.names[name] = oid
        return oid

    def amend(self, name: str, *args: str) -> None:
        """Amend the last commit, and remember the new hash as NAME."""
        self.r.git("commit", "-q", "--amend", "--allow-empty", *(args or ("--no-edit",)))
        self.call(name, self.r.ask("rev-parse", "HEAD"))

    def change(self, old: str, new: str) -> None:
        """Put NEW where OLD is in the log, with the hashes of named commits in both."""
        old, new = (re.sub(r"\((\w+)\)", self._abbreviate, text) for text in (old, new))
        text = self.read("log.org")
        assert old in text
        self.write("log.org", text.replace(old, new))

    def backfill(self) -> str:
        """Write, twice, and return the log with the names of commits for their hashes."""
        first = explog(self, "backfill", "--write")
        self.reasons = [(one["reason"], one["reference"]) for one in first["unplaced"]]
        assert explog(self, "backfill", "--write")["edits"] == []
        return self.text

    @property
    def text(self) -> str:
        """The log with the names of commits for their hashes."""

        def name(match: re.Match[str]) -> str:
            found = [name for name, oid in self.names.items() if oid.startswith(match[1])]
            return f"({found[0]})" if found else match[0]

        return re.sub(r"\(([0-9a-f]{7,40})\)", name, self.read("log.org"))

    def problems(self) -> list[tuple[str, int]]:
        """Return the problems that check finds: kinds and lines, in the order of the lines."""
        return sorted(
            ((one["kind"], one["line"]) for one in self.check()), key=lambda one: one[::-1]
        )

    def check(self) -> list[dict[str, Any]]:
        """Return all that check says of the problems."""
        problems = explog(self, "check")["problems"]
        assert isinstance(problems, list)
        return problems

    def forget_index(self) -> None:
        """Delete the index."""
        self.shell("rm -f index*")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A repository and no log yet."""
    return Case(tmp_path)


def test_no_lesser_commit_stands_in_for_one_of_a_renumbered_list(case: Case) -> None:
    case.log(2)
    case.commit("results", "[e1.2] Results- of step 2")
    case.commit("tidy", "[e1.2] Tidy up after step 2")
    case.backfill()
    renumbered = (
        "* TODO [1] t :exp:\n** TODO Experiments [1/3]\n1. [ ] step 1\n"
        "2. [ ] what was put in\n3. [X] step 2 (results)\n"
    )
    case.log(renumbered)
    assert case.backfill() == renumbered
    assert ("renumbered", "e1.2") in case.reasons
    assert ("renumbered", 5) in case.problems()
    assert {kind for kind, _line in case.problems()} == {"renumbered"}
    case.commit("new", "[e1.2] Results- of what was put in")
    settled = renumbered.replace("2. [ ] what was put in", "2. [X] what was put in (new)")
    assert case.backfill() == settled.replace("[1/3]", "[2/3]")
    assert case.problems() == [("renumbered", 5)]


def test_a_hash_typed_elsewhere_with_more_digits_keeps_none_from_its_step(case: Case) -> None:
    case.log(3)
    oid = case.commit("old", "[e1.2] Results- x")
    case.backfill()
    case.write("log.org", case.read("log.org").replace("step 1\n", f"step 1 ({oid[:8]})\n"))
    before = case.backfill()
    case.amend("new")
    del case.names["old"]
    assert case.backfill() == before.replace("(old)", "(new)")
    assert case.problems() == [("renumbered", 3)]


def test_an_older_copy_of_a_commit_typed_elsewhere_keeps_none_from_its_step(case: Case) -> None:
    case.log(3)
    older = case.r.commit("[e1.2] Results- x")
    case.amend("old")
    case.backfill()
    case.write("log.org", case.read("log.org").replace("step 1\n", f"step 1 ({older[:7]})\n"))
    case.amend("new")
    text = case.backfill()
    assert "1. [ ] step 1 (new)\n2. [X] step 2 (new)\n" in text
    assert case.problems() == [("renumbered", 3)]


def test_a_neighbour_of_the_same_second_is_not_what_became_of_a_commit(case: Case) -> None:
    case.log(2)
    date = f"{case.now + 60} +0000"
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    for name in "AB":
        case.call(name, case.r.commit(f"run {name}", file=name, **dates))
    case.change("step 1\n", "step 1 (A)\n")
    before = case.backfill()
    case.r.git("rebase", "-q", "--onto", "HEAD~2", "HEAD~1")
    assert case.backfill() == before
    assert case.problems() == [("dead-hash", 3)]


@pytest.mark.parametrize(
    "args",
    [
        ["--no-edit", "--reset-author"],
        ["--no-edit", "--date=1500000000 +0000"],
        ["-m", "Run A, and its plot"],
        ["--no-edit", "--author=Carol <carol@example.org>"],
    ],
)
def test_what_makes_the_only_same_change_is_what_became_of_a_commit(
    case: Case, args: list[str]
) -> None:
    case.log(2)
    case.call("B", case.r.commit("run B", file="B"))
    case.call("A", case.r.commit("run A", file="A"))
    case.change("step 1\n", "step 1 (A)\n")
    before = case.backfill()
    case.amend("new", *args)
    assert case.backfill() == before.replace("(A)", "(new)")
    assert case.problems() == []


def test_results_in_a_body_come_before_another_subject(case: Case) -> None:
    case.log(2)
    case.commit("prepare", "[e1.1] Prepare the data")
    case.r.git("checkout", "-q", "-b", "try")
    case.commit("try", "[e1.1] Results- 71 %")
    before = case.backfill()
    case.r.git("checkout", "-q", "main")
    case.r.git("merge", "-q", "--squash", "try")
    case.commit("squashed", "Try it (#12)\n\n* [e1.1] Results- 71 %")
    case.r.git("branch", "-q", "-D", "try")
    assert case.backfill() == before.replace("(try)", "(squashed)")
    assert case.problems() == []


def test_author_time_decides_and_check_says_where_ancestry_contradicts(case: Case) -> None:
    case.log(2)
    case.commit("cluster", "[e1.1] Results- wrong numbers, made on the cluster")
    case.now -= 3000
    case.commit("laptop", "[e1.1] Results- corrected, made on the laptop, a child of the other")
    assert "1. [X] step 1 (cluster)\n" in case.backfill()
    assert case.problems() == [("dates", 3)]
    assert case.names["laptop"][:7] in case.check()[0]["message"]


@pytest.mark.parametrize("message", ["[e1.1] Results- better", None])
def test_a_hash_of_another_clone_gives_way(case: Case, message: str | None) -> None:
    case.log(2)
    oid = case.commit("old", "[e1.1] Results- x")
    assert re.match(r"[a-f]*[0-9]+[a-f]", oid[:7])  # a word with a number behind it might be text
    before = case.backfill()
    case.amend("new", *(("-m", message) if message else ()))
    case.shell('git clone -q "file://$PWD/r" new && rm -rf r && mv new r')
    case.forget_index()
    del case.names["old"]
    assert case.backfill() == before.replace("(old)", "(new)")
    assert case.problems() == []


def test_of_equal_copies_that_stands_which_head_reaches(case: Case) -> None:
    case.log(6)
    for number in range(1, 7):
        case.commit(f"old{number}", f"[e1.{number}] Results- of {number}")
    before = case.backfill()
    case.r.git("branch", "backup")
    case.r.git(
        *("filter-branch", "-f", "--msg-filter", "cat; echo; echo Trailer: x", "main"),
        FILTER_BRANCH_SQUELCH_WARNING="1",
    )
    oids = case.r.ask("rev-list", "--reverse", "main").split()[1:]
    for number, oid in enumerate(oids, 1):
        case.call(f"new{number}", oid)
    assert case.backfill() == before.replace("(old", "(new")
    case.forget_index()
    assert case.backfill() == before.replace("(old", "(new")


def test_a_copy_of_an_older_result_does_not_take_the_place_of_a_newer(case: Case) -> None:
    case.log(2)
    case.commit("first", "[e1.1] Results- first, 60 %")
    case.commit("second", "[e1.1] Results- second, 71 %")
    before = case.backfill()
    assert "(second)" in before
    case.r.git("checkout", "-q", "-b", "paper", "HEAD~2")
    case.r.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", "main~1")
    case.r.git("checkout", "-q", "main")
    assert case.backfill() == before
    assert case.problems() == []


def test_the_object_is_read_that_a_replacement_hides(case: Case) -> None:
    case.log(2)
    oid = case.commit("real", "[e1.1] Results- x")
    other = case.r.git("commit-tree", "HEAD^{tree}", "-p", "HEAD~1", "-m", "[e1.2] Results- x")
    case.r.git("replace", oid, other)
    text = case.backfill()
    assert "1. [X] step 1 (real)\n2. [ ] step 2\n" in text
    assert case.problems() == []


def test_a_commit_for_two_steps_of_which_one_was_moved(case: Case) -> None:
    case.log(3)
    case.commit("both", "[e1.1][e1.3] Results- of 1 and 3")
    assert "1. [X] step 1 (both)\n2. [ ] step 2\n3. [X] step 3 (both)\n" in case.backfill()
    case.change("1. [X] step 1 (both)\n2. [ ] step 2\n", "1. [ ] step 2\n2. [X] step 1 (both)\n")
    before = case.text
    assert case.backfill() == before
    assert ("renumbered", "e1.1") in case.reasons
    problems = case.problems()
    assert ("renumbered", 4) in problems
    assert ("renumbered", 5) not in problems
    assert {kind for kind, _line in problems} == {"renumbered"}


def test_the_number_after_a_counter_is_what_one_reads(case: Case) -> None:
    before = "* TODO [1] t :exp:\n** TODO Experiments\n1. [@3] [ ] a\n4. [ ] b\n5. [ ] c\n"
    case.log(before)
    case.commit("b", "[e1.4] Results- of b")
    assert case.backfill() == before.replace("[ ] b", "[X] b (b)")
    assert case.reasons == []
    assert case.problems() == []
    case.commit("a", "[e1.3] Results- of a")
    case.commit("c", "[e1.5] Results- of c")
    assert "1. [@3] [X] a (a)\n4. [X] b (b)\n5. [X] c (c)\n" in case.backfill()


def test_a_commit_of_two_steps_is_renumbered_on_the_wrong_one_alone(case: Case) -> None:
    case.log(4)
    case.commit("both", "[e1.1][e1.4] Results- of 1 and 4")
    case.backfill()
    case.log(
        "* TODO [1] t :exp:\n** TODO Experiments [2/3]\n1. [X] step 1 (both)\n"
        "2. [ ] step 3\n3. [X] step 4 (both)\n"
    )
    before = case.text
    assert case.backfill() == before
    assert [one for one in case.problems() if one[0] == "renumbered"] == [("renumbered", 5)]


def test_a_dead_hash_is_named_where_its_number_is_there_twice(case: Case) -> None:
    case.log(2)
    case.commit("old", "[e1.2] Results- x")
    case.backfill()
    case.change("1. [ ] step 1\n", "1. [ ] step 1\n2. [ ] put in without renumbering\n")
    case.change("[1/2]", "[1/3]")
    before = case.text
    case.amend("new", "-m", "[e1.2] Results- y")
    assert case.backfill() == before
    assert ("ambiguous", "e1.2") in case.reasons
    problems = case.problems()
    assert ("dead-hash", 5) in problems
    assert {kind for kind, _line in problems} == {"ambiguous", "dead-hash"}


def test_nothing_says_of_a_hash_that_it_stands_where_it_does_not(case: Case) -> None:
    case.log(3)
    case.commit("two", "[e1.2] Prepare")
    case.commit("three", "[e1.3] Results- x")
    explog(case, "index")
    before = (
        "* TODO [1] t :exp:\n** TODO Experiments [1/3]\n1. [ ] step 1\n"
        "2. [X] step 3 (three)\n3. [ ] step 2\n"
    )
    case.log(before)
    assert case.backfill() == before
    assert ("renumbered", "e1.3") in case.reasons
    assert any(reference == "e1.2" for _reason, reference in case.reasons)
    said = [one["message"] for one in explog(case, "backfill")["unplaced"] + case.check()]
    two = case.names["two"][:7]
    assert not [one for one in said if two in one and "stands on another step" in one]
    assert ("renumbered", 4) in case.problems()


def _hashes(case: Case, text: str) -> list[tuple[int, str]]:
    case.write("log.org", text)
    answer = explog(case, "check", "--hashes")
    assert answer["problems"] == [] or {one["kind"] for one in answer["problems"]} == {"dead-hash"}
    return sorted((one["line"], one["state"]) for one in answer["hashes"])


def test_the_beginning_of_a_uuid_is_text(case: Case) -> None:
    text = (
        "* TODO Fix the clock\n:PROPERTIES:\n:ID: 0c8644ff-11aa-4bd2-9f3e-0123456789ab\n:END:\n"
        "* Notes\n- See =0c8644ff= for the reason; =53b0047d='s plan is older.\n"
        "- The commit 0c8644ff too.\n"
    )
    assert [one for one in _hashes(case, text) if one[1] == "dead"] == []
    assert case.problems() == []


def test_a_hash_with_its_subject_is_seen(case: Case) -> None:
    short = case.commit("fixes", "Review-buffer fixes")[:7]
    text = f'- ={short} "Review-buffer fixes"= is a commit\n- ={short}= too\n'
    assert _hashes(case, text) == [(1, "branch"), (2, "branch")]


def test_a_small_x_in_a_list_that_is_recounted(case: Case) -> None:
    case.commit("a", "[e1.1] Results- a")
    case.log(
        "* TODO [1] t :exp:\n** TODO Experiments [1/2]\n"
        "1. [x] Test XYZ without ABC\n2. [ ] Test XYZ with ABC\n"
    )
    case.commit("b", "[e1.2] Results- b")
    assert case.backfill() == (
        "* TODO [1] t :exp:\n** TODO Experiments [2/2]\n"
        "1. [X] Test XYZ without ABC (a)\n2. [X] Test XYZ with ABC (b)\n"
    )
    assert case.problems() == []


def test_two_runs_come_to_the_same_where_a_new_commit_replaces_what_told_of_the_renumbering(
    case: Case,
) -> None:
    case.log(3)
    case.commit("old", "[e1.2] Prepare")
    case.commit("gone", "[e1.2] Prepare more")
    case.backfill()
    case.r.git("reset", "-q", "--hard", "HEAD~1")
    put_in = "1. [ ] step 1\n2. [ ] put in\n3. [ ] step 2 (gone)\n4. [ ] step 3\n"
    case.log(LOG.format(4) + put_in)
    text = case.backfill()
    assert text.endswith(put_in)
    assert ("renumbered", "e1.2") in case.reasons
    case.commit("new", "[e1.3] Prepare")
    assert "3. [ ] step 2 (new)\n" in case.backfill()  # which runs twice
