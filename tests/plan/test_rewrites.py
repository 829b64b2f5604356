"""Rewritten history: after each way to rewrite it, every step is right or its loss is named.

    python -m pytest tests/plan/test_rewrites.py -s        prints the table

What is right is said by `fuzz.oracle`, which shares no code with explog.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fuzz.oracle import Memory
from support.rewrites import BOB, Oracle, World, copy_world, make_world, read_steps

Rewrite = Callable[[World], None]


@dataclass(frozen=True)
class Scenario:
    """A way to rewrite history: `lost` steps end with a dead hash, `forgotten` if the index is new.

    Those are hashes of which nobody knows any more whether they are any.
    """

    run: Rewrite
    lost: int = 0
    forgotten: int | None = None


SCENARIOS: dict[str, Scenario] = {}


def scenario(*, lost: int = 0, forgotten: int | None = None) -> Callable[[Rewrite], Rewrite]:
    """Register a scenario under the name of its function."""

    def register(run: Rewrite) -> Rewrite:
        SCENARIOS[run.__name__] = Scenario(run, lost, forgotten)
        return run

    return register


@scenario()
def nothing(world: World) -> None:
    assert world.a.head


@scenario()
def new_commits(world: World) -> None:
    world.a.commit("[e201.1] Once more", file="x")
    world.a.commit("[e201.5] Results: clipped", file="y")
    world.b.commit("[e202.3] Results: wide", file="z")


@scenario()
def amend(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~1")
    world.a.amend(file="more")
    world.b.run("reset", "--hard", "HEAD~1")
    for _ in range(3):
        world.b.amend(file="more")


@scenario()
def reword(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~1")
    world.a.amend("[e201.4] Results: 0.84, and not 0.83")


@scenario()
def reword_to_results(world: World) -> None:
    world.b.run("reset", "--hard", "HEAD~1")
    world.b.amend("[e202.5] Results: both")


@scenario()
def reset_author(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~1")
    world.a.run("-c", "user.name=Carol", "commit", "--amend", "--reset-author", "--no-edit")


@scenario()
def amend_date(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~1")
    world.a.run("commit", "--amend", "--no-edit", "--date=2001-01-01T00:00:00Z")


@scenario()
def rebase(world: World) -> None:
    world.a.branch("base", "HEAD~15")
    world.a.commit("Something else", file="else")
    world.a.run("rebase", "base", "main")
    world.a.run("branch", "-D", "base")


@scenario()
def rebase_and_gc(world: World) -> None:
    rebase(world)
    world.a.forget()


@scenario()
def rebase_of_everything(world: World) -> None:
    for repo in (world.a, world.b):
        repo.run("rebase", "--root", "--force-rebase")


@scenario()
def rebase_reordered(world: World) -> None:
    world.a.rebase("grep ^pick | tac", "HEAD~16")


@scenario()
def rebase_edit(world: World) -> None:
    world.a.rebase("sed '1s/^pick/edit/'", "HEAD~6")
    world.a.amend(file="edited")
    world.a.run("rebase", "--continue", GIT_EDITOR="true")


@scenario(lost=1)
def rebase_dropped(world: World) -> None:
    world.a.rebase("grep -v -e 'Results: worse' -e 'Take it out'", "HEAD~16")


@scenario()
def autosquash(world: World) -> None:
    world.a.write("file18", "corrected")
    world.a.run("commit", "--fixup", "HEAD~1")
    world.a.write("file8", "corrected")
    world.a.run("commit", "--fixup", "HEAD~12")
    world.a.write("file14", "corrected")
    world.a.run("commit", "--squash", "HEAD~7", "--no-edit")
    world.a.rebase("cat", "--autosquash", "HEAD~18")


@scenario()
def fixup_not_yet_squashed(world: World) -> None:
    world.a.write("file18", "corrected")
    world.a.run("commit", "--fixup", "HEAD~1")


@scenario()
def squash_five(world: World) -> None:
    world.a.rebase("sed '2,5s/^pick/squash/'", "HEAD~16")


@scenario()
def squash_everything(world: World) -> None:
    for repo in (world.a, world.b):
        repo.rebase("sed '2,$s/^pick/squash/'", "--root")


@scenario(lost=2)
def squash_with_a_new_message(world: World) -> None:
    world.a.rebase("sed '2,$s/^pick/fixup/'", "HEAD~8")
    world.a.amend("All of it in one")


@scenario()
def split(world: World) -> None:
    world.a.rebase("sed '2s/^pick/edit/'", "HEAD~3")
    world.a.run("reset", "HEAD~1")
    world.a.commit("[e201.4] Part one", file="one")
    world.a.commit("[e201.4] Results: part two", file="file18")
    world.a.run("rebase", "--continue", GIT_EDITOR="true")


@scenario()
def cherry_pick_and_delete(world: World) -> None:
    world.a.branch("picked", "HEAD~16")
    world.a.run("cherry-pick", "HEAD..main")
    world.a.run("branch", "-D", "main")


@scenario()
def cherry_pick_and_keep(world: World) -> None:
    world.a.branch("picked", "HEAD~16")
    world.a.run("cherry-pick", "-x", "HEAD..main")


@scenario()
def revert(world: World) -> None:
    world.a.run("revert", "--no-edit", "HEAD~1", "HEAD~5")


@scenario()
def reset_hard(world: World) -> None:
    # The results of 4 are gone, its other commit stays; 5 likewise.
    world.a.run("reset", "--hard", "HEAD~2")


@scenario(lost=2)
def reset_far(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~8")


@scenario(lost=2)
def reset_far_and_gc(world: World) -> None:
    world.a.run("reset", "--hard", "HEAD~8")
    world.a.forget()


@scenario(lost=1)
def branch_deleted(world: World) -> None:
    world.b.branch("side", "HEAD~3")
    world.b.run("branch", "-D", "main")
    world.a.branch("side", "HEAD~4")
    world.a.run("branch", "-D", "main")


@scenario(lost=12)
def everything_deleted(world: World) -> None:
    for repo in (world.a, world.b):
        repo.run("checkout", "--orphan", "fresh")
        repo.commit("Start over", file="fresh")
        repo.run("branch", "-D", "main")
        repo.forget()


@scenario(forgotten=1)
def filter_branch(world: World) -> None:
    quiet = {"FILTER_BRANCH_SQUELCH_WARNING": "1"}
    world.a.run("filter-branch", "--msg-filter", "sed 's/$/ !/'", **quiet)
    tree = "rm -f file0 file20"
    world.b.run("filter-branch", "--tree-filter", tree, "--", "--all", **quiet)
    world.b.run("update-ref", "-d", "refs/original/refs/heads/main")
    world.b.forget()


@scenario()
def filter_branch_of_the_authors(world: World) -> None:
    world.a.run(
        "filter-branch",
        "--env-filter",
        "GIT_AUTHOR_EMAIL=new@example.org GIT_AUTHOR_DATE='2020-01-01T00:00:00Z'",
        FILTER_BRANCH_SQUELCH_WARNING="1",
    )


def _with_a_remote(world: World) -> None:
    """Move both repositories out of sight, and put clones in their place."""
    for repo in (world.a, world.b):
        upstream = world.folder / "upstream" / repo.path.name
        upstream.parent.mkdir(exist_ok=True)
        repo.path.rename(upstream)
        repo.path = upstream
        world.clone(repo, f"src/{upstream.name}")


@scenario()
def fetch_of_a_forced_push(world: World) -> None:
    _with_a_remote(world)
    assert world.backfill()[0].edits == []
    world.a.run("rebase", "--root", "--force-rebase")
    world.b.rebase("sed '2,$s/^pick/squash/'", "HEAD~11")
    for name in ("a", "b"):
        clone = next(repo for repo in world.repositories() if repo.path.name == name)
        clone.run("fetch", "--quiet")
        clone.run("reset", "--hard", "origin/main")


@scenario()
def pull_with_rebase(world: World) -> None:
    _with_a_remote(world)
    clone = next(repo for repo in world.repositories() if repo.path.name == "a")
    clone.commit("[e201.5] Results: made here", file="here")
    assert len(world.backfill()[0].edits) == 1
    world.a.commit("[e201.1] Made there", file="there")
    clone.run("pull", "--quiet", "--rebase")


@scenario(lost=5)
def cut_to_a_shallow_clone(world: World) -> None:
    _with_a_remote(world)
    for repo in world.repositories():
        repo.run("fetch", "--quiet", "--depth=8")
        repo.forget()


@scenario()
def deepened_again(world: World) -> None:
    cut_to_a_shallow_clone(world)
    assert world.backfill()[1]
    for repo in world.repositories():
        repo.run("fetch", "--quiet", "--unshallow")


@scenario()
def worktree(world: World) -> None:
    linked = world.folder / "linked"
    world.a.run("worktree", "add", "--detach", str(linked), "HEAD~4")
    world.a.run("-C", str(linked), "commit", "--allow-empty", "-m", "[e201.5] Results: detached")


@scenario()
def worktree_removed(world: World) -> None:
    worktree(world)
    assert len(world.backfill()[0].edits) == 1
    world.a.run("worktree", "remove", str(world.folder / "linked"))
    world.a.forget()


@scenario()
def submodule(world: World) -> None:
    outer = world.clone(world.b, "src/outer")
    outer.run("submodule", "--quiet", "add", f"file://{world.a.path}", "a")
    world.more.append(outer.path / "a")
    outer.run("-C", "a", "commit", "--allow-empty", "-m", "[e201.5] Results: in the submodule")
    outer.run("-C", "a", "commit", "--amend", "--allow-empty", "--no-edit")


@scenario()
def bare(world: World) -> None:
    for repo in (world.a, world.b):
        away = world.folder / f"away-{repo.path.name}"
        repo.path.rename(away)
        repo.path = away
        world.clone(repo, f"src/{away.name}.git", "--bare")
        repo.run("remote", "add", "origin", str(world.folder / f"src/{away.name}.git"))
        repo.run("rebase", "--root", "--force-rebase")
        repo.run("push", "--quiet", "--force", "origin", "main")


@scenario()
def merge_squash(world: World) -> None:
    world.a.branch("topic", "HEAD~3")
    for message in ("[e201.5] More", "[e201.5] Results: more", "[e201.2] Tidy", "no reference"):
        world.a.commit(message, file=message[-4:])
    assert world.backfill()[0].edits
    world.a.switch("main")
    world.a.run("merge", "--quiet", "--squash", "topic")
    world.a.run("commit", "--quiet", "--no-edit")
    world.a.run("branch", "-D", "topic")


@scenario()
def squash_merge_of_a_forge(world: World) -> None:
    world.a.run("reset", "--quiet", "--soft", "HEAD~8")
    world.a.commit(
        "Optimizers (#17)\n\n* [e201.3] Results: 0.80\n\n* [e201.4][e201.5] Prepare\n\n"
        "* [e201.4] Results: 0.83\n\n---------\n\nCo-authored-by: Bob <bob@example.org>\n"
    )


@scenario()
def merge_no_ff(world: World) -> None:
    world.a.branch("topic", "HEAD~3")
    world.a.commit("[e201.5] Results: on a topic", file="topic")
    world.a.switch("main")
    world.a.run("merge", "--quiet", "--no-ff", "-m", "Merge [e201.5] in passing", "topic")
    world.a.run("branch", "-D", "topic")


@scenario()
def merge_undone(world: World) -> None:
    merge_no_ff(world)
    world.a.run("reset", "--hard", "HEAD~1")


@scenario()
def octopus(world: World) -> None:
    for number in (1, 4, 5):
        world.a.branch(f"topic{number}", "main")
        world.a.commit(f"[e201.{number}] Results: topic", file=f"topic{number}")
    world.a.switch("main")
    world.a.run("merge", "--quiet", "-m", "Octopus", "topic1", "topic4", "topic5")
    for number in (1, 4, 5):
        world.a.run("branch", "-D", f"topic{number}")


@scenario()
def two_clones_at_once(world: World) -> None:
    clone = world.clone(world.a, "src/clone")
    now = world.a.now + timedelta(hours=1)
    for repo, name in ((world.a, "here"), (clone, "there")):
        repo.commit("[e201.5] Results: at once", file=name, date=now)


@scenario()
def equal_committer_dates(world: World) -> None:
    now = world.a.now
    for number in range(6):
        world.a.commit(f"[e201.5] Results: {number}", file=f"equal{number}", date=now)


@scenario()
def two_authors_at_one_time(world: World) -> None:
    now = world.a.now
    world.a.commit("[e201.5] Results: Ada's", file="ada", date=now)
    world.a.commit("[e201.5] Results: Bob's", file="bob", date=now, author=BOB)
    world.a.commit("[e201.1] Results: Bob's", file="bob1", date=now, author=BOB)
    assert world.backfill()[0].edits
    world.a.run("rebase", "--force-rebase", "HEAD~3")


@scenario(lost=1)
def reference_taken_out(world: World) -> None:
    world.b.rebase("sed '1,$s/^pick \\(.*\\) .e202.1.*/drop \\1/'", "--root")


@scenario()
def reference_changed(world: World) -> None:
    world.b.run("reset", "--hard", "HEAD~3")  # the last one is [e202.4] Results
    world.b.amend("[e202.5] Results: it was the other one")
    world.b.run("commit", "--amend", "--no-edit")


@scenario()
def replaced(world: World) -> None:
    other = world.a.run("commit-tree", "HEAD^{tree}", "-m", "[e201.1] Results: replaced")
    world.a.run("replace", "HEAD~1", other)


@scenario()
def hash_by_hand(world: World) -> None:
    _by_hand(world)
    world.a.commit("[e201.4] Results: later", file="later")


@scenario()
def hash_by_hand_rebased(world: World) -> None:
    _by_hand(world)
    world.backfill()
    world.a.run("rebase", "--root", "--force-rebase")


@scenario()
def hash_by_hand_amended_and_gc(world: World) -> None:
    _by_hand(world)
    world.backfill()
    world.a.amend("Unrelated, and reworded")
    world.a.forget()


def _by_hand(world: World) -> None:
    """Put the last commit, which bears no reference, behind the step 201.4 by hand."""
    short = read_steps(world.log)["201", ".4"][0]
    assert short is not None
    text = world.log.read_text("utf-8")
    world.log.write_text(text.replace(short, world.a.head[:7]), "utf-8")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with all hashes placed; copies of it are rewritten. Prints the table in the end."""
    folder = tmp_path_factory.mktemp("rewrites") / "world"
    with pytest.MonkeyPatch.context() as patch:
        config = folder.parent / "gitconfig"
        config.write_text("[user]\nname = Ada Tester\nemail = ada@example.org\n")
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        world = make_world(folder)
    world.backfill()
    yield world
    print("\n\n" + table())


ROWS: list[tuple[str, str, int, int, int]] = []


def table() -> str:
    """Return what was found so far: a row for each scenario."""
    rows: list[tuple[object, ...]] = [("scenario", "index", "right", "named lost", "wrong"), *ROWS]
    sums = (
        [0, 0, 0]
        if not ROWS
        else [sum(numbers) for numbers in zip(*(row[2:] for row in ROWS), strict=True)]
    )
    rows.append(("all", "", *sums))
    return "\n".join("{:32} {:8} {:>6} {:>11} {:>6}".format(*map(str, row)) for row in rows)


def test_template_is_what_the_oracle_says(template: World) -> None:
    oracle = Oracle(template)
    steps = read_steps(template.log)
    assert len(steps) == 12
    for step, (oids, ticked) in oracle.expected().items():
        stood, box = steps[step]
        assert stood is not None, step
        assert any(oid.startswith(stood) for oid in oids), step
        assert box == ticked, step
    text = template.log.read_text("utf-8")
    assert "Experiments [4/5]" in text
    assert "Experiments [60%]" in text
    assert "leave me alone\n" in text
    assert "A line (1234567) that is prose." in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_rewrite(template: World, tmp_path: Path, name: str) -> None:
    world = copy_world(template, tmp_path / "world")
    assert world.backfill()[0].edits == []
    oracle = Oracle(world)
    SCENARIOS[name].run(world)
    oracle.read_log()  # a scenario may have written into it
    oracle.look()
    text = world.log.read_bytes()
    check(world, oracle, name, "kept")
    world.log.write_bytes(text)
    world.index.unlink()
    oracle.memory = Memory()
    check(world, oracle, name, "deleted")


def check(world: World, oracle: Oracle, name: str, index: str) -> None:
    """Backfill the rewritten WORLD, whose INDEX is kept or deleted, and see what ORACLE says."""
    _done, dead, unplaced = world.backfill()
    right, lost = 0, []
    wrong: list[object] = []
    now = read_steps(world.log)
    for step, (oids, ticked) in oracle.expected().items():
        stood, box = now[step]
        before, boxed = oracle.before[step]
        if stood is not None and any(oid.startswith(stood) for oid in oids) and box == ticked:
            right += 1
        elif stood == before and box == boxed and stood in dead:
            lost.append(step)
        else:
            wrong.append((step, stood, box, oids, ticked))
    ROWS.append((name, index, right, len(lost), len(wrong)))
    assert wrong == [], (index, unplaced)
    scenario = SCENARIOS[name]
    forgotten = scenario.lost if scenario.forgotten is None else scenario.forgotten
    assert len(lost) == (scenario.lost if index == "kept" else forgotten), (index, lost)
    text = world.log.read_bytes()
    done, dead_again, _unplaced = world.backfill()
    assert done.edits == []
    assert set(dead_again) == set(dead) == {now[step][0] for step in lost}
    assert world.log.read_bytes() == text


def rewrite_at_random(world: World, source: random.Random, number: int) -> None:
    """Do one thing or another to a repository."""
    repo = source.choice([world.a, world.b])
    step = source.choice(sorted(read_steps(world.log)))
    message = f"[e{step[0]}{step[1]}] {number}"
    back = len(repo.run("log", "--first-parent", "--format=%h").split()) - 1
    some = f"HEAD~{min(back, source.randint(1, 4))}"
    names = repo.run("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    head = repo.run("rev-parse", "--abbrev-ref", "HEAD")
    ways: dict[str, Callable[[], object]] = {
        "commit": lambda: repo.commit(
            message, file=f"r{number}", author=source.choice([None, BOB])
        ),
        "results": lambda: repo.commit(message.replace("] ", "] Results: "), file=f"r{number}"),
        "revert": lambda: repo.commit(f'Revert "{message}"\n\n[e201.1] too', file=f"r{number}"),
        "amend": lambda: repo.amend(file=f"r{number}"),
        "reword": lambda: repo.amend(message),
        "reset": lambda: repo.run("reset", "--hard", some),
        "rebase": lambda: repo.run("rebase", "--force-rebase", some),
        "reorder": lambda: repo.rebase("grep ^pick | tac", some),
        "squash": lambda: repo.rebase("sed '2,$s/^pick/squash/'", some),
        "branch": lambda: repo.branch(f"b{number}", some),
        "delete": lambda: [repo.run("branch", "-D", name) for name in names if name != head],
        "merge": lambda: repo.run("merge", "-s", "ours", "-m", f"Merge {number}", names[0]),
        "forget": repo.forget,
    }
    what = source.choice([*ways, "commit", "results"])
    if back or what not in ("rebase", "reorder", "squash"):
        ways[what]()


@pytest.mark.parametrize("seed", range(5))
def test_rewritten_at_random(template: World, tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)
    world = copy_world(template, tmp_path / "world")
    world.backfill()
    oracle = None
    for number in range(20):
        oracle = Oracle(world, oracle)
        for part in range(source.randint(1, 3)):
            rewrite_at_random(world, source, number * 10 + part)
        oracle.look()
        _done, dead, unplaced = world.backfill()
        now = read_steps(world.log)
        for step, (oids, ticked) in oracle.expected().items():
            stood, box = now[step]
            right = stood is not None and any(oid.startswith(stood) for oid in oids)
            lost = not oids and stood == oracle.before[step][0] and stood in dead
            assert right or lost, (step, oracle.before[step], stood, oids, unplaced)
            assert box == ticked, step
        assert world.backfill()[0].edits == []
