"""How one connects with a lab: passwords, encryption, and what does not answer."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from explog.errors import ExplogError
from explog.lab import connection as module
from explog.lab.connection import connected
from support.postgresql import Cluster

# Each worker would start a server of its own.
pytestmark = pytest.mark.xdist_group("postgresql")

SECRET = "correct horse battery"
#: An address of this machine that is none of those that count as this machine's.
REMOTE = "127.0.0.2"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((REMOTE, 0))
        return int(sock.getsockname()[1])


class Guarded:
    """A server on the net, which asks ada for her password."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.port = _free_port()
        self.parameters = f"host={REMOTE} port={self.port} dbname=postgres user=ada"

    def start(self, settings: str = "") -> None:
        rules = f"local all ada scram-sha-256\nhost all ada {REMOTE}/8 scram-sha-256\n"
        net = f"listen_addresses = '{REMOTE}'\nport = {self.port}\n{settings}"
        self.cluster.start(net, rules)
        address = f"host={self.cluster.folder} port={self.port} dbname=postgres user=owner"
        with psycopg.connect(address, autocommit=True) as owner:
            owner.execute(f"CREATE ROLE ada LOGIN PASSWORD '{SECRET}'".encode())


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    made = Guarded()
    yield made
    made.cluster.close()


@pytest.fixture
def password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the password where libpq looks for it."""
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:ada:{SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))


def certificate(folder: Path) -> str:
    """Make a certificate that the server in FOLDER shows; return the settings for it."""
    key, cert = folder / "server.key", folder / "server.crt"
    openssl = ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=lab"]
    subprocess.run(
        [*openssl, "-out", cert, "-keyout", key, "-newkey", "rsa:2048"],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    for file in (key, cert):
        shutil.chown(file, folder.stat().st_uid, folder.stat().st_gid)
    return f"ssl = on\nssl_cert_file = '{cert}'\nssl_key_file = '{key}'\n"


@pytest.mark.usefixtures("password")
def test_off_the_machine_all_is_encrypted(guarded: Guarded) -> None:
    guarded.start(certificate(guarded.cluster.folder))
    with connected(guarded.parameters) as connection:
        sql = b"SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.execute(sql).fetchone() == (True,)
    with (
        pytest.raises(ExplogError) as unknown,
        connected(f"{guarded.parameters} sslmode=verify-full"),
    ):
        pass
    assert unknown.value.code == "lab-unreachable"
    assert "certificate" in unknown.value.message


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("mode", ["", " sslmode=disable", " sslmode=prefer"])
def test_a_server_without_encryption_is_refused(guarded: Guarded, mode: str) -> None:
    guarded.start()
    with pytest.raises(ExplogError) as refused, connected(f"{guarded.parameters}{mode}"):
        pass
    assert refused.value.code == "lab-unreachable"
    assert "SSL" in refused.value.message


def test_a_password_comes_from_a_file_alone(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.start()
    here = f"host={guarded.cluster.folder} port={guarded.port} dbname=postgres user=ada"
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(ExplogError, match="no password supplied"), connected(here):
        pass
    with pytest.raises(ExplogError) as given, connected(f"{here} password='{SECRET}'"):
        pass
    assert (given.value.code, SECRET in str(given.value)) == ("no-lab", False)
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:ada:{SECRET}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    with connected(here) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("ada",)
        shown = [Path(f"/proc/{os.getpid()}/cmdline").read_bytes(), *_activity(guarded)]
    assert SECRET not in repr(shown)
    service = tmp_path / "services"
    service.write_text(f"[group]\n{here.replace(' ', chr(10))}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    with connected("service=group") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("ada",)


def _activity(guarded: Guarded) -> list[Any]:
    address = f"host={guarded.cluster.folder} port={guarded.port} dbname=postgres user=owner"
    with psycopg.connect(address) as owner:
        return list(owner.execute("SELECT * FROM pg_stat_activity"))


def test_a_net_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._SETTINGS, "connect_timeout", "2")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = f"host=127.0.0.1 port={deaf.getsockname()[1]} dbname=none user=ada"
        with pytest.raises(ExplogError) as silent, connected(address):
            pass
    assert silent.value.code == "lab-unreachable"
    assert "timeout" in silent.value.message
