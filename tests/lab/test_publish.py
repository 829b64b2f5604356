"""What is published is what is public, once; what stops being public is withdrawn."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.lab import publish as publishing
from explog.lab.changes import find_changes
from explog.lab.connection import connected
from explog.lab.memory import Memory, memory_of, memory_path
from explog.lab.publish import Published, Publisher, forget, status
from explog.stuck import any_silent
from explog.sync.finding import no_answer
from explog.sync.look import sync
from support.hanging import be_impatient, hanging_drive
from support.labs import Lab, Member
from support.repo import GitRepo
from support.waiting import wait_until

# Each worker would start a server of its own.
pytestmark = pytest.mark.xdist_group("postgresql")

#: How often the connection is cut amid publishing; more of them for a night.
KILLS = int(os.environ.get("EXPLOG_KILLS", "25"))
LOG = """\
* TODO [201] Dropout in the encoder :exp:
Is 0.3 too much?
** Experiments
1. [ ] without
2. [ ] with, Jürgen's way
** Notes
- diverges
"""


def pushed(repo: GitRepo, *messages: str, branch: str = "main") -> None:
    """Commit MESSAGES and push them."""
    for message in messages:
        repo.commit(message)
    repo.run("push", "--quiet", "origin", f"HEAD:{branch}")
    repo.run("fetch", "--quiet", "--prune", "origin")


def content(lab: Lab) -> list[tuple[object, ...]]:
    """Return all that is public in the lab, whose it is, and how often."""
    return sorted(
        lab.database.ask(
            "SELECT m.name, 'commit', c.oid, c.said, n.name, n.folded FROM explog_lab.publications b"
            " JOIN explog_lab.commits c ON c.id = b.commit JOIN explog_lab.sources s ON s.id = b.source"
            " JOIN explog_lab.members m ON m.id = s.member"
            " LEFT JOIN explog_lab.numbers n ON n.commit = b.commit AND n.source = b.source"
            " UNION ALL SELECT m.name, p.kind, p.ident, p.said, l.name, p.step FROM explog_lab.passages p"
            " JOIN explog_lab.logs l ON l.id = p.log JOIN explog_lab.sources s ON s.id = p.source"
            " JOIN explog_lab.members m ON m.id = s.member"
        ),
        key=repr,
    )


def test_what_is_pushed_is_found_by_others(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "[e201.1] warm-up\n\nloss=0.3")
    mine.branch("secret")
    mine.commit("not pushed yet, a secret")
    done = lab.ada.push()
    assert (done.commits, done.passages) == (1, 0)
    assert lab.bob.said("warm") == {(("ada",), "[e201.1] warm-up\nloss=0.3")}
    for query in ("secret", mine.head[:10], "author:ada secret", "after:2000 secret", "repo:model"):
        assert "secret" not in repr(lab.bob.said(query))
    again = lab.ada.push()
    assert (again.commits, again.passages, again.withdrawn) == (0, 0, 0)


def test_a_log_is_published_as_named(lab: Lab) -> None:
    lab.ada.log(LOG)
    lab.ada.log(LOG.replace("diverges", "unseen"), "other.org", published=False)
    assert lab.ada.push().passages == 4
    assert lab.bob.said("diverges") == {(("ada",), "- diverges")}
    assert lab.bob.said("unseen") == set()
    [hit] = lab.bob.find("e201.2")
    assert (hit.match.kind, hit.match.experiment, hit.match.step) == ("step", "201", (2,))
    assert (hit.match.file, hit.match.exact) == ("log.org", True)
    assert str(lab.folder) not in repr(lab.database.ask("SELECT * FROM explog_lab.logs"))


@pytest.mark.parametrize(
    "private",
    [
        "** Aside :private:\nhidden\n*** Deeper\nhidden\n",
        "** Aside :noexport:\nhidden\n",
        "** Aside :mine:\nhidden\n",
        "* TODO [202] Else :exp:private:\nhidden\n** Experiments\n1. [ ] hidden\n",
        "* [203] Archived :exp:\n:PROPERTIES:\n:ARCHIVE_ITAGS: exp private\n:END:\nhidden\n",
        "*************** TODO hidden task :private:\nhidden\n*************** END\n",
        "*************** hidden task :noexport:\n",
    ],
)
def test_private_subtrees_stay_out(private: str, lab: Lab) -> None:
    lab.ada.exclude_tags = ("noexport", "mine")
    lab.ada.log(LOG + private + "* Behind\nseen text\n")
    lab.ada.push()
    stored = repr(content(lab))
    assert "hidden" not in stored
    assert "diverges" in stored
    assert "seen text" in stored


def test_a_log_with_a_private_file_tag_stays_out(lab: Lab) -> None:
    lab.ada.log("#+FILETAGS: :private:\n" + LOG)
    assert lab.ada.push().passages == 0


def test_a_commit_is_stored_once_for_all_clones(lab: Lab) -> None:
    origin = lab.origin()
    pushed(lab.ada.clone(origin), "[e1] first", "[e1.1] second")
    for name in ("one", "two", "three"):
        lab.bob.clone(origin, name)
    lab.ada.clone(origin, "again")
    lab.ada.push()
    lab.bob.push()
    assert lab.database.ask("SELECT count(*) FROM explog_lab.commits") == [(2,)]
    assert lab.database.ask("SELECT count(*) FROM explog_lab.projects") == [(1,)]
    assert lab.bob.said("first") == {(("ada", "bob"), "[e1] first")}


def test_it_stays_as_long_as_anyone_publishes_it(lab: Lab) -> None:
    origin = lab.origin()
    pushed(lab.ada.clone(origin), "first")
    lab.ada.clone(origin, "again")
    lab.bob.clone(origin)
    lab.ada.push()
    lab.bob.push()
    lab.ada.repositories.pop()
    assert lab.ada.push().withdrawn == 0
    assert lab.bob.said("first") == {(("ada", "bob"), "first")}
    lab.ada.publish = "none"
    assert lab.ada.push().withdrawn == 1
    assert lab.ada.said("first") == {(("bob",), "first")}
    lab.bob.publish = "none"
    lab.bob.push()
    assert lab.ada.said("first") == set()
    assert lab.database.ask("SELECT count(*) FROM explog_lab.commits") == [(0,)]


def test_a_fork_is_another_project(lab: Lab) -> None:
    origin = lab.origin()
    mine = lab.ada.clone(origin)
    pushed(mine, "first")
    fork = lab.origin("fork")
    theirs = lab.bob.clone(fork)
    theirs.run("pull", "--quiet", str(origin.path), "main")
    pushed(theirs)
    lab.ada.push()
    lab.bob.push()
    assert lab.database.ask("SELECT name FROM explog_lab.projects ORDER BY 1") == [
        ("fork",),
        ("model",),
    ]
    assert lab.ada.said("repo:fork") == {(("bob",), "first")}


def test_what_has_no_remote_is_its_owners(lab: Lab) -> None:
    for member in (lab.ada, lab.bob):
        repo = GitRepo(member.folder / "notes")
        repo.commit("the same root")
        repo.commit(f"a diary of {member.role}")
        member.repositories.append(repo.path)
        assert member.push().commits == 0  # nothing is pushed
        member.publish = "all"
        assert member.push().commits == 2
    assert lab.bob.said("diary") == {(("bob",), "a diary of bob")}
    assert lab.ada.said("diary") == {(("ada",), "a diary of ada")}
    assert lab.ada.said("root") == {(("ada",), "the same root")}


def test_a_deleted_branch_and_a_log_that_is_named_no_more_go(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    pushed(mine, "second", branch="side")
    log = lab.ada.log(LOG)
    lab.ada.push()
    assert lab.bob.said("second") != set()
    mine.run("push", "--quiet", "origin", ":side")
    lab.ada.publish_logs.remove(str(log))
    assert lab.ada.push().withdrawn == 5
    assert lab.bob.said("") == {(("ada",), "first")}
    assert lab.database.ask("SELECT count(*) FROM explog_lab.logs") == [(0,)]
    words = lab.database.ask(
        "SELECT word FROM explog_lab.vocabulary GROUP BY word HAVING sum(documents) != 0"
    )
    assert words == [("first",)]


def test_two_members_with_one_id_are_not_mixed(lab: Lab) -> None:
    lab.ada.log(LOG)
    lab.bob.log(LOG.replace("diverges", "converges"))
    lab.ada.push()
    lab.bob.push()
    notes = lab.ada.said("e201 kind:note")
    assert notes == {(("ada",), "- diverges"), (("bob",), "- converges")}


def test_another_address_of_the_remote_is_another_project(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    lab.ada.push()
    mine.run("remote", "set-url", "origin", "https://ada:secret@forge.example:8443/ada/model.git/")
    assert lab.ada.push().commits == 1
    [hit] = lab.bob.find("first")
    assert hit.url == "forge.example:8443/ada/model"


def test_numbers_that_are_read_later_come_later(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "[e1.1] Results\n\nacc=0.9")
    lab.ada.without_values = True
    lab.ada.push()
    assert lab.bob.said("metric:acc>0.5") == set()
    lab.ada.without_values = False
    assert lab.ada.push().commits == 1
    assert lab.bob.said("metric:acc>0.5") == {(("ada",), "[e1.1] Results\nacc=0.9")}


def test_forgetting_removes_all(lab: Lab) -> None:
    pushed(lab.ada.clone(lab.origin()), "first")
    lab.ada.log(LOG)
    lab.ada.push()
    address = lab.ada.settings.group.address
    with memory_of(address) as memory, connected(address) as connection:
        assert status(connection)["passages"] == 4
        forget(connection, memory)
    assert content(lab) == []
    assert lab.bob.said("") == set()
    done = lab.ada.push()
    assert (done.commits, done.passages) == (1, 4)


@pytest.mark.parametrize("lost", ["memory", "damage"])
def test_what_was_sent_is_learnt_again_if_it_is_forgotten(lost: str, lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    pushed(mine, "second", branch="side")
    lab.ada.log(LOG)
    lab.ada.push()
    path = memory_path(lab.ada.settings.group.address)
    if lost == "memory":
        path.unlink()
    else:
        path.write_bytes(b"no database" * 1000)
    mine.run("push", "--quiet", "origin", ":side")
    lab.ada.log(LOG.replace("diverges", "converges"))
    lab.ada.push()
    assert {said for _members, said in lab.bob.said("")} >= {"first", "- converges"}
    assert lab.bob.said("second") == lab.bob.said("diverges") == set()
    assert lab.database.ask("SELECT count(*) FROM explog_lab.publications") == [(1,)]


# What fails on the way


def interrupted(member: Member, stop: object) -> None:
    """Publish, and call STOP at each batch; the publishing has to fail."""
    address = member.settings.group.address
    member.at_home()
    with memory_of(address) as memory, connected(address) as connection:
        publisher = Publisher(connection, memory, lambda _what, _done, _all: stop())  # type: ignore[operator]
        publisher.publish(find_changes(member.settings, member.index, memory))


def test_a_server_that_is_killed_loses_and_doubles_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_ROWS", 1)
    mine = lab.ada.clone(lab.origin())
    pushed(mine, *(f"[e1.{n}] commit {n}" for n in range(1, KILLS + 1)))
    lab.ada.log(LOG)
    lab.ada.sync()

    def kill() -> None:
        lab.database.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'"
        )

    failures = 0
    for _attempt in range(2 * KILLS):
        try:
            interrupted(lab.ada, kill)
            break
        except ExplogError as error:
            assert error.code == "lab-unreachable"
            failures += 1
    assert failures >= KILLS
    lab.ada.push()
    assert len(lab.database.ask("SELECT * FROM explog_lab.commits")) == KILLS
    assert len(content(lab)) == KILLS + 4


def test_a_crash_of_the_whole_server_loses_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_ROWS", 2)
    pushed(lab.ada.clone(lab.origin()), *(f"[e1.{n}] commit {n}" for n in range(1, 10)))
    lab.ada.sync()
    with pytest.raises(ExplogError, match="the lab: "):
        interrupted(lab.ada, lab.database.cluster.stop)
    with pytest.raises(ExplogError) as offline:
        lab.ada.push()
    assert offline.value.code == "lab-unreachable"
    lab.database.cluster.restart()
    lab.ada.push()
    assert len(content(lab)) == 9


def test_what_was_not_noted_is_sent_again_and_changes_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(lab.ada.clone(lab.origin()), "first", "second")
    lab.ada.sync()
    with monkeypatch.context() as patch:

        def killed(*_args: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Memory, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            interrupted(lab.ada, lambda: None)
    assert len(content(lab)) == 2
    assert lab.ada.push().commits == 2
    assert len(content(lab)) == 2


def change_something(chance: random.Random, repo: GitRepo, log: Path) -> None:
    """Do one thing that a day may bring."""
    what = chance.randrange(5)
    if what == 0:
        pushed(repo, f"[e201.1] Results {chance.random()}\n\nacc={chance.random():.2f}")
    elif what == 1:
        repo.branch(f"b{chance.randrange(10**9)}")
        pushed(repo, f"side {chance.random()}", branch=f"side{chance.randrange(10**9)}")
    elif what == 2:
        refs = repo.run("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes").split()
        side = [ref for ref in refs if ref not in ("main", "HEAD")]
        if side:
            repo.run("push", "--quiet", "origin", f":{chance.choice(side)}")
    elif what == 3:
        repo.amend(f"amended {chance.random()}")
        repo.run("push", "--quiet", "--force", "origin", "HEAD:main")
    else:
        lines = log.read_text(encoding="utf-8").splitlines()
        lines.insert(chance.randint(5, len(lines)), f"- note {chance.random()}")
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("seed", range(3))
def test_publishing_at_any_time_comes_to_the_same_as_publishing_at_the_end(
    seed: int, lab: Lab
) -> None:
    chance = random.Random(seed)
    repo = lab.ada.clone(lab.origin())
    pushed(repo, "first")
    log = lab.ada.log(LOG)
    for _ in range(12):
        change_something(chance, repo, log)
        if chance.random() < 0.5:
            lab.ada.push()
    lab.ada.push()
    kept = content(lab)
    address = lab.ada.settings.group.address
    with memory_of(address) as memory, connected(address) as connection:
        forget(connection, memory)
    lab.ada.push()
    assert content(lab) == kept
    assert kept


def test_what_was_sent_before_a_kill_is_withdrawn_if_it_is_public_no_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_ROWS", 1)
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    lab.ada.push()
    pushed(mine, "second", "third", branch="side")
    lab.ada.sync()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted(lab.ada, stop)
    assert len(content(lab)) == 2
    mine.run("push", "--quiet", "origin", ":side")
    lab.ada.push()
    assert lab.bob.said("") == {(("ada",), "first")}


def test_a_replica_answers_a_search(lab: Lab) -> None:
    lab.ada.log(LOG)
    lab.ada.push()
    lab.bob.push()
    lab.database.ask("ALTER ROLE bob SET default_transaction_read_only = on")
    try:
        assert len(lab.bob.ask("diverges").shared) == 1
    finally:
        lab.database.ask("ALTER ROLE bob RESET default_transaction_read_only")


def test_a_log_on_a_drive_that_hangs_stays_published(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = lab.ada.folder / "drive"
    drive.mkdir()
    log = lab.ada.log(LOG, "drive/log.org")
    lab.ada.push()
    be_impatient(monkeypatch)
    before = content(lab)
    with hanging_drive(drive):
        found = sync(lab.ada.settings, lab.ada.index)
        assert [one.message for one in found.problems] == [no_answer(str(log))]
        with memory_of(lab.ada.settings.group.address) as memory:
            changes = find_changes(lab.ada.settings, lab.ada.index, memory)
        assert (changes.units, changes.gone, changes.problems) == ([], [], [])
    wait_until(lambda: not any_silent())
    assert lab.ada.push() == Published()
    assert content(lab) == before
