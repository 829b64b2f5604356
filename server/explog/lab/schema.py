"""Make a lab in a database, and bring it up to date: what its owner does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

from explog.errors import ExplogError
from explog.lab.connection import SCHEMA

if TYPE_CHECKING:
    import psycopg

FUNCTIONS = (
    *("me()", "hello(uuid)", "source_of(uuid)", "status()", "forget()", "published(integer)"),
    "put_project(integer, text, text[], text)",
    "publish_commits(integer, integer, jsonb)",
    "withdraw_commits(integer, integer, text[])",
    "put_log(integer, text, text)",
    "publish_passages(integer, integer, jsonb)",
    "withdraw_passages(integer, integer, text[])",
    "search(jsonb, integer)",
)
"""What members may call; they may touch nothing else."""


def migrations() -> Iterator[tuple[int, str]]:
    """Yield (number, SQL) of the migrations, in their order."""
    folder = resources.files("explog.lab").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            yield int(file.name.partition("_")[0]), file.read_text("utf-8")


def make(connection: psycopg.Connection[Any], new: Iterable[tuple[int, str]] | None = None) -> int:
    """Make the lab, or apply the migrations, NEW ones if given, that it lacks; return its version.

    Whoever does so at the same time waits. Nothing is done in part.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('explog_lab'))")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(f"SET LOCAL search_path = {SCHEMA}, pg_temp")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (number integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
        )
        known = {row[0] for row in connection.execute("SELECT number FROM migrations")}
        for number, sql in migrations() if new is None else new:
            if number not in known:
                connection.execute(sql.encode())
                connection.execute("INSERT INTO migrations (number) VALUES (%s)", (number,))
        connection.execute(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC")
        members = [row[0] for row in connection.execute("SELECT name FROM members")]
        for member in members:
            _grant(connection, member)
        row = connection.execute("SELECT max(number) FROM migrations").fetchone()
    return int(row[0]) if row else 0


def add_member(connection: psycopg.Connection[Any], name: str) -> None:
    """Let the role NAME publish and search; raise ExplogError `no-member` if there is none."""
    with connection.transaction():
        row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
        if row is None:
            said = f"{name}: there is no such role; make it first, as by `createuser {name}`"
            raise ExplogError("no-member", said)
        connection.execute(
            f"INSERT INTO {SCHEMA}.members (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,)
        )
        _grant(connection, name)


def remove_member(connection: psycopg.Connection[Any], name: str) -> None:
    """Take from NAME what members may do, and remove all that NAME published."""
    from psycopg import sql

    with connection.transaction():
        connection.execute(f"SELECT {SCHEMA}.remove_member(%s)", (name,))
        row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
        if row is not None:
            schema, role = sql.Identifier(SCHEMA), sql.Identifier(name)
            for what in ("ALL ON SCHEMA {}", "ALL ON ALL FUNCTIONS IN SCHEMA {}"):
                connection.execute(sql.SQL(f"REVOKE {what} FROM {{}}").format(schema, role))


def _grant(connection: psycopg.Connection[Any], name: str) -> None:
    from psycopg import sql

    role = sql.Identifier(name)
    connection.execute(sql.SQL(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{}}").format(role))
    for function in FUNCTIONS:
        grant = f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {{}}"
        connection.execute(sql.SQL(grant).format(role))
