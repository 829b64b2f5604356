"""A server publishes by itself, whenever it can, and Emacs finds what others have published."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from explog.config import Settings
from explog.daemon import publishing
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.lab import changes
from explog.lab.connection import connected
from explog.lab.public import public_tips
from explog.lab.searching import ask
from explog.queries.query import parse
from explog.rpc.client import Client
from support.calls import call
from support.labs import Lab, Member
from support.objects import opened, settled
from support.waiting import wait_until

from .test_publish import LOG, content, pushed

pytestmark = pytest.mark.xdist_group("postgresql")

NOWHERE = "host=127.0.0.1 port=1 dbname=none user=ada"


class Server:
    """The daemon of MEMBER, as one that Emacs starts."""

    def __init__(self, member: Member) -> None:
        member.at_home()
        self.member = member
        self.daemon = Daemon()
        self.client = Client(lambda *_: None)
        self.configure()

    def configure(self, **group: Any) -> None:
        """Serve the settings of the member, with other values of GROUP."""
        settings = self.member.settings
        index = self.member.folder / "served.sqlite"
        group_settings = settings.group._replace(**group)
        self.settings: Settings = replace(settings, index=index, group=group_settings)
        self.daemon.configure(self.settings, 4e9)

    @property
    def publishing(self) -> publishing.Publishing:
        return self.daemon.publishing

    def call(self, name: str, *args: object) -> Any:
        return call(self.daemon, self.client, name, *args)


Serve = Callable[[Member], Server]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setattr(publishing, "_FIRST_PAUSE", 0.2)
    servers: list[Server] = []

    def start(member: Member) -> Server:
        servers.append(Server(member))
        return servers[-1]

    yield start
    for server in servers:
        server.daemon.close()


def sees(lab: Lab, *wanted: str) -> bool:
    """Tell whether bob finds exactly the commits WANTED."""
    return {said for _members, said in lab.bob.said("kind:commit")} == set(wanted)


def test_what_is_pushed_is_published_by_itself(lab: Lab, serve: Serve) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    lab.ada.log(LOG)
    server = serve(lab.ada)
    wait_until(lambda: sees(lab, "first"), "the first commit")
    wait_until(lambda: "diverges" in str(lab.bob.said("diverges")), "the log")
    mine.commit("not pushed")
    pushed(mine, "second")
    wait_until(lambda: sees(lab, "first", "not pushed", "second"), "what is pushed")
    assert server.publishing.problem == ""
    wait_until(lambda: server.publishing.state.startswith("all is published"))
    found = [row for row in server.call("doctor") if row[0] == "lab"]
    assert [row[1] for row in found] == [True]


def test_what_stops_being_public_goes_by_itself(lab: Lab, serve: Serve) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    pushed(mine, "idea", branch="idea")
    serve(lab.ada)
    wait_until(lambda: sees(lab, "first", "idea"), "both")
    mine.run("push", "--quiet", "origin", ":idea")
    mine.run("fetch", "--quiet", "--prune", "origin")
    wait_until(lambda: sees(lab, "first"), "the withdrawal")


def test_offline_nothing_is_lost_and_nobody_is_bothered(lab: Lab, serve: Serve) -> None:
    mine = lab.ada.clone(lab.origin())
    pushed(mine, "first")
    server = serve(lab.ada)
    wait_until(lambda: sees(lab, "first"), "the first commit")
    lab.database.cluster.stop()
    pushed(mine, "second")
    wait_until(lambda: not server.publishing.reached, "an attempt that fails")
    assert server.publishing.problem == ""
    assert server.publishing.state.endswith("; 1 change to publish")
    assert [row[1] for row in server.call("doctor") if row[0] == "lab"] == [False]
    pushed(mine, "third")
    lab.database.cluster.restart()
    wait_until(lambda: sees(lab, "first", "second", "third"), "the rest")
    published = content(lab)
    lab.ada.repositories.append(mine.path)
    assert lab.ada.push().commits == 0
    assert content(lab) == published


def test_a_lab_that_refuses_is_a_problem_of_the_user(lab: Lab, serve: Serve) -> None:
    pushed(lab.ada.clone(lab.origin()), "first")
    server = serve(lab.ada)
    wait_until(lambda: sees(lab, "first"), "the first commit")
    lab.database.ask("DROP SCHEMA explog_lab CASCADE")
    pushed(lab.ada.clone(lab.origin("other")), "of another")
    server.configure()
    wait_until(lambda: "explog lab init" in server.publishing.problem, "the refusal")
    server.configure(address="")
    wait_until(lambda: server.publishing.problem == "", "no lab any more")


def test_only_what_moved_is_compared(
    lab: Lab, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (lab.ada.clone(lab.origin(name)) for name in ("one", "other"))
    for repo in (one, other):
        pushed(repo, "first")
        settled(opened(repo.path))  # until then, it may change without a trace
    server = serve(lab.ada)
    wait_until(lambda: server.publishing.state.startswith("all is published"), "all")
    asked: list[str] = []
    public = public_tips

    def noted(repository: Any, how: Any) -> list[str]:
        asked.append(repository.path.name)
        return public(repository, how)

    monkeypatch.setattr(changes, "public_tips", noted)
    pushed(one, "second")
    wait_until(lambda: sees(lab, "first", "second"), "the second commit")
    assert set(asked) == {"one.git"}


def shown(rows: list[list[Any]]) -> list[tuple[str, str, str]]:
    """Return (members, kind, snippet) of ROWS of hits."""
    return [(row[10], row[0], row[4].replace("⟦", "").replace("⟧", "")) for row in rows]


def test_emacs_finds_what_others_published(lab: Lab, serve: Serve) -> None:
    pushed(lab.ada.clone(lab.origin()), "[e201.1] warm-up with dropout")
    lab.ada.log(LOG)
    lab.ada.push()
    lab.bob.log("* TODO [201] Dropout at night :exp:\n** Experiments\n1. [ ] mine\n")
    server = serve(lab.bob)
    wait_until(lambda: server.call("search", "dropout", 9)[0] == 1, "bob's own index")
    assert [server.call("search", query, 9)[5] for query in ("dropout", "scope:lab dropout")] == [
        False,
        True,
    ]
    _total, _complete, rows, progress, note = server.call("search-lab", "scope:lab dropout", 9)
    found = shown(rows)
    assert sorted(found) == [
        ("", "experiment", "Dropout at night"),
        ("ada", "commit", "[e201.1] warm-up with dropout"),
        ("ada", "experiment", "Dropout in the encoder Is 0.3 too much?"),
    ]
    assert (progress, note) == ("", "")
    [of_ada] = [row for row in rows if row[10] == "ada" and row[0] == "experiment"]
    passages = server.call("lab-entry", "201", of_ada[12], of_ada[5])
    assert [(row[0], row[1]) for row in passages] == [
        ("experiment", None),
        ("step", "1"),
        ("step", "2"),
        ("note", None),
    ]
    assert passages[3][3].strip() == "- diverges"
    with pytest.raises(ExplogError, match="nothing of e999 is published"):
        server.call("lab-entry", "999", of_ada[12], of_ada[5])


def test_a_newer_question_ends_the_one_before(lab: Lab, serve: Serve) -> None:
    server = serve(lab.bob)
    ended: list[str] = []

    def ask() -> None:
        try:
            server.call("search-lab", "scope:lab first", 9)
        except ExplogError as error:
            ended.append(error.code)

    def waiting() -> list[Any]:
        sql = "SELECT pid FROM pg_stat_activity WHERE usename = 'bob' AND wait_event_type = 'Lock'"
        return lab.database.ask(sql)

    with lab.database.cluster.connected(lab.database.name, "owner") as owner, owner.transaction():
        owner.execute("LOCK TABLE explog_lab.commits IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(lambda: len(waiting()) == 1, "the first question")
        second = threading.Thread(target=ask)
        second.start()
        thread.join(60)
        assert ended == ["interrupted"]
        wait_until(lambda: len(waiting()) == 1, "the second question, alone")
    second.join(60)
    assert ended == ["interrupted"]


def test_a_lab_that_does_not_answer_is_not_asked_at_each_key(
    lab: Lab, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lab.bob)
    server.configure(address=NOWHERE)
    asked: list[object] = []
    from explog.lab import searching

    real = searching.ask

    def ask(*arguments: Any) -> Any:
        asked.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(searching, "ask", ask)
    for query in ("scope:lab d", "scope:lab dr", "scope:lab dropout"):
        with pytest.raises(ExplogError) as refused:
            server.call("search-lab", query, 9)
        assert refused.value.code == "lab-unreachable"
    assert len(asked) == 1


def test_a_replica_serves_searches(lab: Lab) -> None:
    pushed(lab.ada.clone(lab.origin()), "[e201.1] first")
    lab.ada.log(LOG)
    lab.ada.push()
    primary = lab.database.cluster
    replica = primary.replica()
    try:
        both = f"host={primary.folder},{replica.folder} dbname={lab.database.name} user=bob"
        lab.bob.at_home()
        found = ask(both, parse("e201"), 50)
        assert {one.match.kind for one in found.shared} == {"commit", "experiment", "step", "note"}
        with connected(both, reading=True) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with connected(both) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        replica.stop()
        assert len(ask(both, parse("e201"), 50).shared) == len(found.shared)
    finally:
        replica.close()
