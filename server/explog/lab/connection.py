"""The connection with a lab: whom to ask, how safely, and what failed in a sentence.

A password comes from where libpq takes it, the files of PGPASSFILE and PGSERVICEFILE; never from
a setting or an argument, which others can read. Off the machine, the connection is encrypted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from explog.errors import ExplogError
from explog.extras import LAB, install_command

if TYPE_CHECKING:
    import psycopg

SCHEMA = "explog_lab"
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What answers no more is given up: a name to look up, a wire that was cut.
_SETTINGS = {"connect_timeout": "10", "tcp_user_timeout": "20000", "keepalives_idle": "20"}


@contextmanager
def connected(
    address: str, seconds: int = 60, *, reading: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    """Connect with the lab at ADDRESS, a URL or settings of libpq; each statement is a transaction.

    A statement may take SECONDS. Of several servers in ADDRESS, whoever is READING alone prefers a
    replica, and all others need the one that is written to. Raises ExplogError: `no-lab` where none
    is configured, psycopg is missing or the address is wrong, `lab-unreachable`, or `lab-refused`
    for what the lab refuses.
    """
    psycopg = _psycopg()
    parameters = safe_parameters(address, os.environ)
    if "," in str(parameters.get("host", "")):
        wanted = "prefer-standby" if reading else "read-write"
        parameters.setdefault("target_session_attrs", wanted)
    try:
        with psycopg.connect(**parameters, autocommit=True) as connection:
            connection.execute(f"SET statement_timeout = {1000 * seconds:d}")
            yield connection
    except psycopg.OperationalError as error:
        raise ExplogError("lab-unreachable", f"the lab: {_said(error)}") from error
    except psycopg.Error as error:
        raise ExplogError("lab-refused", f"the lab: {_explained(error)}") from error


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        said = f"a lab needs psycopg, which is not installed: {install_command(LAB)}"
        raise ExplogError("no-lab", said) from error
    return psycopg


def safe_parameters(address: str, environment: Any) -> dict[str, Any]:
    """Return what to connect with; raise ExplogError `no-lab` if ADDRESS is wrong or unsafe."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if not address:
        raise ExplogError("no-lab", "no lab is configured: set `lab` to its address")
    try:
        given = conninfo_to_dict(address)
    except ProgrammingError:  # its message shows the address
        raise ExplogError("no-lab", "lab: it is no address that PostgreSQL takes") from None
    if "password" in given:
        said = "lab: a password belongs in ~/.pgpass or pg_service.conf, not in the address"
        raise ExplogError("no-lab", said)
    parameters = {**_SETTINGS, "application_name": "explog", **given}
    if not is_local(given, environment):
        mode = str(given.get("sslmode") or environment.get("PGSSLMODE") or "")
        parameters["sslmode"] = mode if mode in _ENCRYPTED else "require"
    return parameters


def is_local(parameters: Any, environment: Any) -> bool:
    """Tell whether PARAMETERS and ENVIRONMENT lead to a socket of this machine, or to loopback.

    A service may lead anywhere.
    """
    if "service" in parameters or "PGSERVICE" in environment:
        return False
    hosts = [
        host
        for name, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"))
        for host in str(parameters.get(name) or environment.get(variable) or "").split(",")
    ]
    return all(not host or host.startswith(("/", "@")) or host in _LOOPBACK for host in hosts)


def _said(error: Exception) -> str:
    """Return the first line of what libpq says, which has no password in it."""
    return next(iter(str(error).strip().splitlines()), "it does not answer")


def _explained(error: Any) -> str:
    """Return what is wrong, as a person can act on it."""
    said = {
        "3F000": "there is none in this database; its owner makes one by `explog lab init`",
        "42501": "you may not use it; its owner lets you by `explog lab init --member NAME`",
        "42883": "it is of an older version; its owner renews it by `explog lab init`",
        "57014": "it took too long",
    }
    return said.get(error.sqlstate, _said(error))
