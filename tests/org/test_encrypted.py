"""Encrypted logs and entries: told of, and never read as empty."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from explog.org.context import file_context
from explog.org.encrypted import is_encrypted
from explog.org.entry import read_experiment
from explog.org.options import Keywords, OrgOptions
from support.logs import Logs

OPTIONS = OrgOptions(Keywords(("TODO",), ("DONE",)))
ARMOR = "-----BEGIN PGP MESSAGE-----\n\njA0ECQMC\n=abcd\n-----END PGP MESSAGE-----\n"


@pytest.mark.parametrize(
    "data",
    [
        ARMOR.encode(),
        b"\n" + ARMOR.encode(),
        b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n",
        b"age-encryption.org/v1\n-> X25519 abc\n",
        bytes.fromhex("8c0d0409030236c9d5b0a1e2"),  # gpg --symmetric
        bytes.fromhex("8c0d04090302000000000000"),
        bytes.fromhex("85010c03a1b2c3d4e5f60718"),  # gpg --encrypt, RSA
        bytes.fromhex("845e03a1b2c3d4e5f6071812"),  # gpg --encrypt, curve 25519
        bytes.fromhex("c1c04c03a1b2c3d4e5f60718"),  # the new form
        bytes.fromhex("c32e0409030836c9d5b0a1e2"),
        bytes.fromhex("c33d05260902030836c9ff"),
    ],
)
def test_encrypted(data: bytes) -> None:
    assert is_encrypted(data)
    with pytest.raises(ValueError, match="encrypted"):
        file_context(data, OPTIONS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"* TODO [201] x :exp:\n",
        b"* x\n" + ARMOR.encode(),
        "Ä first line\n".encode(),
        "\u00c3\u0004".encode(),
        b"\x85\x85 latin-1",
        b"\xc3",
        b"\xef\xbb\xbf* x\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n* x\n",
    ],
)
def test_not_encrypted(data: bytes) -> None:
    assert not is_encrypted(data)
    file_context(data, OPTIONS)


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
@pytest.mark.parametrize("more", [[], ["--armor"], ["--compress-algo", "none"]])
def test_what_gpg_writes(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    options = ["--batch", "--quiet", "--passphrase", "x", "--pinentry-mode", "loopback"]
    command = ["gpg", "--homedir", str(tmp_path / "home"), *options, *more, "--symmetric"]
    done = subprocess.run(command, input=b"* x\n", capture_output=True, check=True, timeout=60)
    assert is_encrypted(done.stdout)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (ARMOR, 1),
        (f":PROPERTIES:\n:CRYPTKEY: x\n:END:\n{ARMOR}", 4),
        (f"** Experiments :crypt:\n{ARMOR}", 2),
        (f"** Notes\nx\n** Experiments [1/2]\n{ARMOR}** More\n", 4),
        (f"{ARMOR}** Experiments\n1. [ ] a", 1),
    ],
)
def test_an_encrypted_entry(body: str, line: int) -> None:
    found = read_experiment(f"* [201] x :exp:crypt:\n{body}", 40, (), OPTIONS)
    assert found is not None
    assert found.steps == ()
    [diagnosis] = found.diagnoses
    assert (diagnosis.kind, diagnosis.line) == ("unreadable", 40 + line)
    assert "encrypted" in diagnosis.message


def test_encrypted_notes_hide_no_steps() -> None:
    text = f"* [201] x :exp:\n** Experiments\n1. [ ] a\n** Notes :crypt:\n{ARMOR}"
    found = read_experiment(text, 40, (), OPTIONS)
    assert found is not None
    assert (len(found.steps), found.diagnoses) == (1, ())


@pytest.mark.parametrize(
    "data",
    [
        ARMOR.encode(),
        bytes.fromhex("8c0d0409030236c9d5b0a1e2"),
        f"* TODO [201] x :exp:crypt:\n{ARMOR}".encode(),
        f"* TODO [201] x :exp:\n** Experiments [0/1] :crypt:\n{ARMOR}".encode(),
    ],
)
def test_nothing_is_said_or_written_because_of_it(tmp_path: Path, data: bytes) -> None:
    logs = Logs(tmp_path)
    logs.repo("proj").commit("[e201.1] Results- a")
    log = logs.log(data)
    problems = logs.check()
    assert [problem.kind for problem in problems] == ["unreadable"]
    assert "encrypted" in problems[0].message
    logs.backfill()
    assert log.read_bytes() == data
