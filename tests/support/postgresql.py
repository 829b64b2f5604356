"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket that nobody else has."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_USER = "postgres"
# Nothing has to survive the tests; what they kill is the server, not the machine.
_SETTINGS = """
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 60
shared_buffers = 64MB
"""


def _program(name: str) -> str:
    """Return the newest program NAME of a server; those of Debian are not on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    path = str(found[-1]) if found else shutil.which(name)
    assert path, "PostgreSQL is not installed: sh tests/setup.sh postgresql"
    return path


def _version(path: Path) -> int:
    return int(path.parts[-3]) if path.parts[-3].isdigit() else 0


class Cluster:
    """A server with the role `owner`, who may do everything, and databases by `database`."""

    def __init__(self) -> None:
        # Not in pytest's folder: the name of a socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="explog-pg-"))
        self._numbers = itertools.count()
        self._shared: Database | None = None
        self._as = {"user": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            user = pwd.getpwnam(_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.folder.chmod(0o755)

    def start(self, settings: str = "", rules: str = "") -> None:
        """Make the cluster, and start its server.

        It has more SETTINGS, and more RULES of pg_hba.conf, which count first.
        """
        self._run("initdb", "--no-sync", "--auth=trust", "--username=owner", "--encoding=UTF8")
        data = self.folder / "data"
        with (data / "postgresql.conf").open("a") as file:
            file.write(f"{_SETTINGS}unix_socket_directories = '{self.folder}'\n{settings}")
        rules_file = data / "pg_hba.conf"
        rules_file.write_text(rules + rules_file.read_text())
        self.restart()

    def replica(self) -> Cluster:
        """Return a running cluster that follows this one and can only be read."""
        made = Cluster()
        shutil.rmtree(made.folder / "data", ignore_errors=True)
        made._run_program(
            "pg_basebackup",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
            f"--host={self.folder}",
            "--username=owner",
            f"--pgdata={made.folder}/data",
        )
        with (made.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"unix_socket_directories = '{made.folder}'\n")
        made.restart()
        return made

    def restart(self) -> None:
        """Start the server, which does not run."""
        self._run("pg_ctl", "--wait", f"--log={self.folder}/log", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` is as if it was killed."""
        self._run("pg_ctl", "--wait", f"--mode={mode}", "stop")

    def close(self) -> None:
        """Stop the server and remove its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *words: str) -> None:
        self._run_program(name, f"--pgdata={self.folder}/data", *words)

    def _run_program(self, name: str, *words: str) -> None:
        with (self.folder / "output").open("ab") as output:
            # Its server keeps what it was given to write to, so that is no pipe.
            done = subprocess.run(
                [_program(name), *words],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **self._as,  # type: ignore[call-overload]  # a user, or none
            )
        assert done.returncode == 0, (self.folder / "output").read_text()

    def database(self, *members: str) -> Database:
        """Make an empty database, and roles named MEMBERS."""
        name = f"base{next(self._numbers)}"
        with self.connected("postgres", "owner") as connection:
            connection.execute(f"CREATE DATABASE {name}")
            for member in members:
                row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (member,))
                if row.fetchone() is None:
                    connection.execute(f'CREATE ROLE "{member}" LOGIN')
        return Database(self, name)

    def shared(self, *members: str) -> Database:
        """Return the database that tests share, without a lab. To make one takes many files."""
        if self._shared is None:
            self._shared = self.database(*members)
        self._shared.ask("DROP SCHEMA IF EXISTS explog_lab CASCADE")
        return self._shared

    @contextmanager
    def connected(self, database: str, role: str) -> Iterator[psycopg.Connection[Any]]:
        """Connect ROLE with DATABASE."""
        address = f"host={self.folder} dbname={database} user={role}"
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection


class Database:
    """A database of a cluster."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name

    def address(self, role: str = "owner") -> str:
        """Return what ROLE has as the setting `lab`."""
        return f"postgresql:///{self.name}?host={self.cluster.folder}&user={role}"

    def ask(self, sql: str, *values: object, role: str = "owner") -> list[tuple[Any, ...]]:
        """Return the rows of a statement of ROLE."""
        with self.cluster.connected(self.name, role) as connection:
            cursor = connection.execute(sql.encode(), values)
            return list(cursor) if cursor.description else []
