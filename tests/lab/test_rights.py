"""Members may call a few functions, and touch nothing else; what comes in as JSON is never SQL."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from explog.errors import ExplogError
from explog.lab.connection import connected
from explog.lab.schema import add_member, make, migrations, remove_member
from explog.queries.query import parse
from support.labs import Lab
from support.postgresql import Cluster
from support.repo import GitRepo

# Each worker would start a server of its own.
pytestmark = pytest.mark.xdist_group("postgresql")

FORBIDDEN = [
    *(
        f"SELECT * FROM explog_lab.{table}"
        for table in (
            *("members", "sources", "projects", "clones", "commits", "claims", "publications"),
            *("numbers", "logs", "passages", "step_hashes", "vocabulary", "migrations"),
        )
    ),
    "INSERT INTO explog_lab.members (name) VALUES ('eve')",
    "DELETE FROM explog_lab.commits",
    "CREATE TABLE explog_lab.mine (n int)",
    "SELECT explog_lab.remove_member('ada')",
    "SELECT explog_lab.gather_words()",
    "SELECT explog_lab.search_in('members', 'name', '', '{}', 1)",
    "SELECT explog_lab.condition('{}', 'commits')",
    "SELECT explog_lab.check_source(1)",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_members_may_do_nothing_by_themselves(statement: str, lab: Lab) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        lab.database.ask(statement, role="bob")


def test_who_is_no_member_may_not_even_ask(lab: Lab) -> None:
    lab.database.ask("DROP ROLE IF EXISTS eve")
    lab.database.ask("CREATE ROLE eve LOGIN")
    eve = lab.database.address("eve")
    with (
        pytest.raises(ExplogError, match="you may not use it") as refused,
        connected(eve) as connection,
    ):
        connection.execute("SELECT explog_lab.status()")
    assert refused.value.code == "lab-refused"


def test_nobody_publishes_or_withdraws_for_another(lab: Lab) -> None:
    lab.ada.log("* [1] Mine :exp:\nwords\n")
    lab.ada.push()
    [(source, log)] = lab.database.ask("SELECT source, id FROM explog_lab.logs")
    statements = [
        ("SELECT explog_lab.publish_passages(%s, %s, '[]')", (source, log)),
        ("SELECT explog_lab.withdraw_passages(%s, %s, '{}')", (source, log)),
        ("SELECT explog_lab.publish_commits(%s, 1, '[]')", (source,)),
        ("SELECT explog_lab.withdraw_commits(%s, 1, '{}')", (source,)),
        ("SELECT explog_lab.put_log(%s, 'a', 'b')", (source,)),
        ("SELECT explog_lab.put_project(%s, 'a', '{}', 'b')", (source,)),
        ("SELECT * FROM explog_lab.published(%s)", (source,)),
    ]
    for statement, values in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lab.database.ask(statement, *values, role="bob")


def test_a_table_that_is_granted_by_mistake_shows_nothing_private(lab: Lab) -> None:
    repo = GitRepo(lab.ada.folder / "notes")
    repo.commit("a diary")
    lab.ada.repositories.append(repo.path)
    lab.ada.publish = "all"
    lab.ada.push()
    lab.database.ask("GRANT SELECT ON ALL TABLES IN SCHEMA explog_lab TO ada, bob")
    sql = "SELECT subject FROM explog_lab.commits"
    assert lab.database.ask(sql, role="ada") == [("a diary",)]
    assert lab.database.ask(sql, role="bob") == []
    assert lab.database.ask("SELECT name FROM explog_lab.projects", role="bob") == []
    assert lab.database.ask("SELECT word FROM explog_lab.vocabulary", role="bob") == []


def test_a_forged_commit_takes_nobodys_place(lab: Lab) -> None:
    origin = lab.origin()
    mine = lab.ada.clone(origin)
    oid = mine.commit("the true one")
    mine.run("push", "--quiet", "origin", "HEAD:main")
    mine.run("fetch", "--quiet", "origin")
    lab.bob.clone(origin)
    lab.bob.push()
    [(source, project)] = lab.database.ask("SELECT source, project FROM explog_lab.clones")
    row: dict[str, Any] = dict.fromkeys(("author", "email", "subject", "said"), "forged")
    row |= {"oid": oid, "digest": "00", "author_time": 1, "seconds": 1, "tokens": " forged "}
    row |= {"claims": [], "numbers": []}
    sql = "SELECT explog_lab.publish_commits(%s, %s, %s)"
    lab.database.ask(sql, source, project, Jsonb([row]), role="bob")
    lab.ada.push()
    assert lab.ada.said("the true one") == {(("ada",), "the true one")}
    assert lab.ada.said("forged") == {(("bob",), "forged")}


HOSTILE = st.text(max_size=12) | st.sampled_from(
    [
        "'",
        "\\",
        "''",
        "'; DROP TABLE explog_lab.commits; --",
        "%s",
        "%L",
        "$$",
        "\\'",
        "' OR ''='",
        "{}",
    ]
)


def test_no_value_becomes_sql(lab: Lab) -> None:
    lab.ada.log("* [1] Mine :exp:\nwords\n")
    lab.ada.push()
    names = ("kind", "state", "tag", "log", "repo", "author")
    words = st.fixed_dictionaries(
        {
            "words": st.lists(HOSTILE, max_size=3),
            "prefix": st.booleans(),
            "looks": st.lists(st.lists(HOSTILE, min_size=1, max_size=2), max_size=2),
        },
        optional={
            "reference": st.fixed_dictionaries({"experiment": HOSTILE, "step": HOSTILE}),
            "number": st.fixed_dictionaries({"experiment": HOSTILE, "step": HOSTILE}),
            "hash": HOSTILE,
            "shorter": st.lists(HOSTILE, max_size=2),
        },
    )
    filters = st.fixed_dictionaries({"filter": st.sampled_from(names) | HOSTILE, "value": HOSTILE})
    compared = st.fixed_dictionaries(
        {
            "filter": st.just("number"),
            "kind": HOSTILE,
            "metric": HOSTILE,
            "operator": st.sampled_from(["=", "!=", "<", "; --"]),
            "unit": HOSTILE,
            "folded": HOSTILE,
        }
    )
    clause = st.fixed_dictionaries(
        {
            "negative": st.booleans(),
            "terms": st.lists(words | filters | compared, min_size=1, max_size=2),
        }
    )
    # PostgreSQL has no NUL in a text; a query that is not as explog makes it may be refused.
    refused = (psycopg.errors.InvalidParameterValue, psycopg.errors.InvalidTextRepresentation)

    @settings(max_examples=150)
    @given(st.lists(clause, max_size=2))
    def ask(clauses: list[Any]) -> None:
        if "\0" in repr(clauses) or "\\x00" in repr(clauses):
            return
        try:
            connection.execute(
                "SELECT * FROM explog_lab.search(%s, 10)", (Jsonb({"clauses": clauses}),)
            )
        except refused:
            pass
        except (psycopg.errors.UntranslatableCharacter, UnicodeEncodeError):
            pass  # a half of a character

    with psycopg.connect(lab.database.address("bob"), autocommit=True) as connection:
        ask()
    assert lab.bob.said("words") == {(("ada",), "Mine\nwords")}


# The schema


def test_many_make_the_lab_at_once(cluster: Cluster) -> None:
    database = cluster.database("ada")
    versions: list[int] = []

    def run() -> None:
        with connected(database.address()) as connection:
            versions.append(make(connection))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = max(number for number, _sql in migrations())
    assert versions == [newest] * 4
    assert len(database.ask("SELECT * FROM explog_lab.migrations")) == newest


def test_a_migration_that_fails_leaves_nothing(lab: Lab) -> None:
    bad = "CREATE TABLE half (n int); SELECT no_such_function();"
    with pytest.raises(ExplogError), connected(lab.database.address()) as connection:
        make(connection, [*migrations(), (99, bad)])
    assert lab.database.ask("SELECT to_regclass('explog_lab.half')") == [(None,)]
    assert lab.database.ask("SELECT * FROM explog_lab.migrations WHERE number = 99") == []


def test_a_client_of_an_older_version_still_reads_and_publishes(lab: Lab) -> None:
    newer = (
        "ALTER TABLE commits ADD COLUMN branch text;"
        "ALTER TABLE passages ADD COLUMN mood text NOT NULL DEFAULT 'fine';"
    )
    with connected(lab.database.address()) as connection:
        assert make(connection, [*migrations(), (99, newer)]) == 99
    lab.ada.log("* [1] Mine :exp:\nwords\n")
    lab.ada.push()
    assert lab.bob.said("words") == {(("ada",), "Mine\nwords")}


def test_a_member_who_leaves_takes_everything_along(lab: Lab) -> None:
    lab.ada.log("* [1] Mine :exp:\nwords\n")
    lab.ada.push()
    with connected(lab.database.address()) as connection:
        remove_member(connection, "ada")
        with pytest.raises(ExplogError, match="nobody: there is no such role"):
            add_member(connection, "nobody")
    assert lab.bob.said("words") == set()
    with pytest.raises(ExplogError, match="you may not use it"):
        lab.ada.push()


def test_a_hostile_row_does_no_harm(lab: Lab) -> None:
    hostile = "\x1b]0;title\x07 (kill-emacs) #(1) \u202e evil\0"
    lab.ada.log(
        f"* [1] Mine {hostile} :exp:\n" + "x" * 5000 + " and " + "long " * 400_000 + hostile
    )
    lab.ada.push()
    [found] = lab.bob.find("evil kind:experiment")
    assert len(found.match.text) > 2_000_000
    assert parse("evil").clauses
