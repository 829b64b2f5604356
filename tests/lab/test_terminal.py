"""The lab in a terminal: what the commands print, and how they end."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.lab.connection import safe_parameters
from explog.lab.identity import normalised
from support.labs import Lab, Member
from support.program import explog

# Each worker would start a server of its own.
pytestmark = pytest.mark.xdist_group("postgresql")

LOG = """\
* TODO [201] Dropout in the encoder :exp:
** Experiments
1. [ ] with dropout
** Aside :private:
dropout, unseen
"""


def configured(member: Member) -> Path:
    """Write the configuration of MEMBER, and return its file."""
    file = member.folder / "config.toml"
    settings = {
        "lab": member.settings.group.address,
        "publish_logs": member.publish_logs,
        "logs": member.logs,
        "repositories": list(map(str, member.repositories)),
        "index": str(member.folder / "index.sqlite"),
    }
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    file.write_text("".join(lines), encoding="utf-8")
    member.at_home()
    return file


def test_from_nothing_to_a_shared_hit(lab: Lab) -> None:
    lab.database.ask("DROP SCHEMA explog_lab CASCADE")
    lab.ada.log(LOG)
    lab.bob.log("* TODO [7] Dropout, too :exp:\n", published=False)
    ada = configured(lab.ada)
    none = explog("lab", "publish", "--config", ada)
    assert (none.returncode, "there is none in this database" in none.stderr) == (2, True)
    owner = lab.folder / "owner.toml"
    owner.write_text(f'lab = "{lab.database.address()}"\n')
    made = explog("--config", owner, "lab", "init", "--member", "ada", "--member", "bob")
    assert made.stdout == "the lab is ready, version 3\n"
    assert explog("lab", "publish", "--config", ada).stdout == (
        "published 0 commits and 2 passages of logs, withdrew 0\n"
    )
    said = explog("lab", "status", "--config", ada).stdout
    assert (
        said
        == "you are ada, one of 2 members; of yours the lab has 0 commits and 2 passages of 1 log\n"
    )
    bob = configured(lab.bob)
    found = explog("search", "--config", bob, "scope:lab", "dropout").stdout.splitlines()
    assert found == [
        f"{lab.bob.logs[0]}:1: [e7] Dropout, too",
        "ada log.org: [e201] Dropout in the encoder",
        "ada log.org: [e201.1] with dropout",
    ]
    alone = explog("search", "--config", bob, "dropout").stdout.splitlines()
    assert alone == found[:1]
    shown = json.loads(explog("search", "--config", bob, "scope:lab", "e201.1", "--json").stdout)
    [hit] = shown["hits"]
    assert (hit["members"], hit["file"], hit["line"], hit["page"]) == (
        ["ada"],
        "log.org",
        None,
        None,
    )
    configured(lab.ada)
    assert "nothing of yours" in explog("lab", "forget", "--config", ada).stdout
    configured(lab.bob)
    assert "ada" not in explog("search", "--config", bob, "scope:lab", "dropout").stdout


def test_ones_own_hits_are_shown_once_and_as_ones_own(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    mine.commit("[e201.1] dropout")
    mine.run("push", "--quiet", "origin", "HEAD:main")
    mine.run("fetch", "--quiet", "origin")
    lab.ada.log(LOG)
    lab.ada.push()
    ada = configured(lab.ada)
    shared = explog("search", "--config", ada, "scope:lab", "dropout kind:commit").stdout
    assert shared == explog("search", "--config", ada, "dropout kind:commit").stdout != ""
    bob = configured(lab.bob)
    [line] = explog(
        "search", "--config", bob, "--log", lab.ada.logs[0], "scope:lab kind:commit"
    ).stdout.splitlines()
    assert line.startswith("ada model:")


def test_a_commit_has_its_page(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    oid = mine.commit("dropout")
    mine.run("push", "--quiet", "origin", "HEAD:main")
    mine.run("fetch", "--quiet", "origin")
    mine.run("remote", "set-url", "origin", "git@github.com:lab/model.git")
    lab.ada.push()
    lab.bob.log(LOG, published=False)
    shown = explog(
        "search", "--config", configured(lab.bob), "scope:lab", "kind:commit", "--json"
    ).stdout
    [hit] = json.loads(shown)["hits"]
    assert hit["page"] == f"https://github.com/lab/model/commit/{oid}"
    assert (hit["members"], hit["repository"]) == (["ada"], "model")


def test_the_dry_run_prints_all_that_would_be_stored(lab: Lab) -> None:
    mine = lab.ada.clone(lab.origin())
    mine.commit("[e201.1] Results\n\nacc=0.5 café")
    mine.run("push", "--quiet", "origin", "HEAD:main")
    mine.run("fetch", "--quiet", "origin")
    mine.commit("unpushed")
    lab.ada.log(LOG)
    ada = configured(lab.ada)
    shown = explog("lab", "publish", "--dry-run", "--config", ada, "--json").stdout
    rows = [json.loads(line) for line in shown.splitlines()]
    assert lab.database.ask("SELECT * FROM explog_lab.sources") == []
    assert "unpushed" not in shown
    assert "unseen" not in shown
    lab.ada.push()
    stored = lab.database.ask(
        "SELECT said FROM explog_lab.commits UNION ALL SELECT said FROM explog_lab.passages"
    )
    assert sorted(row["said"] for row in rows) == sorted(said for (said,) in stored)
    [commit] = [row for row in rows if "oid" in row]
    assert [(n["name"], n["folded"]) for n in commit["numbers"]] == [("acc", "0.5")]
    again = explog("lab", "publish", "--dry-run", "--config", ada)
    assert (again.stdout, again.returncode) == ("", 0)
    lab.ada.publish_logs.clear()
    gone = explog("lab", "publish", "--dry-run", "--config", configured(lab.ada)).stdout
    assert gone == f"- log {lab.ada.logs[0]}\n"


def test_without_the_lab_ones_own_hits_are_found(lab: Lab) -> None:
    lab.ada.log(LOG)
    file = configured(lab.ada)
    file.write_text(file.read_text().replace("postgresql:///", "postgresql:///gone_"))
    done = explog("search", "--config", file, "scope:lab", "encoder")
    assert done.stdout.startswith(f"{lab.ada.logs[0]}:1: [e201]")
    assert done.stderr.startswith("explog: the lab: ")
    assert done.returncode == 2


def test_a_lab_that_does_not_answer_is_given_up(lab: Lab) -> None:
    lab.ada.log(LOG)
    file = configured(lab.ada)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        lines = [line for line in file.read_text().splitlines() if not line.startswith("lab =")]
        address = f'lab = "host=127.0.0.1 port={port} connect_timeout=2"'
        file.write_text("\n".join([*lines, address]))
        done = explog("search", "--config", file, "scope:lab", "encoder")
    assert done.stdout.startswith(f"{lab.ada.logs[0]}:1: [e201]")
    assert "timeout" in done.stderr


# Safety, and who is who


@pytest.mark.parametrize(
    ("address", "environment", "mode"),
    [
        ("postgresql://db.example.org/lab", {}, "require"),
        ("postgresql://db.example.org/lab?sslmode=disable", {}, "require"),
        ("postgresql://db.example.org/lab?sslmode=prefer", {}, "require"),
        ("postgresql://db.example.org/lab?sslmode=verify-full", {}, "verify-full"),
        ("host=db.example.org", {"PGSSLMODE": "verify-ca"}, "verify-ca"),
        ("host=db.example.org", {"PGSSLMODE": "allow"}, "require"),
        ("host=localhost,db.example.org", {}, "require"),
        ("host=localhost hostaddr=10.0.0.1", {}, "require"),
        ("service=lab", {}, "require"),
        ("dbname=lab", {"PGHOST": "db.example.org"}, "require"),
        ("dbname=lab", {"PGSERVICE": "lab"}, "require"),
        ("dbname=lab", {}, None),
        ("postgresql:///lab?host=/run/postgresql", {}, None),
        ("host=localhost", {}, None),
        ("postgresql://[::1]/lab", {}, None),
        ("host=127.0.0.1 sslmode=disable", {}, "disable"),
    ],
)
def test_off_the_machine_it_is_encrypted(
    address: str, environment: dict[str, str], mode: str | None
) -> None:
    assert safe_parameters(address, environment).get("sslmode") == mode


@pytest.mark.parametrize(
    "address",
    ["postgresql://ada:hunter2@db/lab", "host=db password=hunter2", "host=db hunter2 =", ""],
)
def test_no_password_is_taken_or_shown(address: str) -> None:
    with pytest.raises(ExplogError) as refused:
        safe_parameters(address, {})
    assert refused.value.code == "no-lab"
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("git@github.com:lab/model.git", "github.com/lab/model"),
        ("ssh://git@GitHub.com/lab/model", "github.com/lab/model"),
        ("https://ada:secret@github.com/lab/model.git/", "github.com/lab/model"),
        ("https://github.com:443//lab/model", "github.com/lab/model"),
        ("https://github.com:8443/lab/model", "github.com:8443/lab/model"),
        ("gitserver:lab/model.git", "gitserver/lab/model"),
        ("ada@gitserver:/lab/model", "gitserver/lab/model"),
        ("git://host/~ada/model.git", "host/~ada/model"),
        ("/srv/git/model.git", "/srv/git/model"),
        ("file:///srv/git/model.git/", "/srv/git/model"),
        ("/srv/git/model/.git", "/srv/git/model"),
        ("https://host:port/x", ""),
        ("", ""),
    ],
)
def test_an_address_is_the_same_however_it_is_written(url: str, said: str) -> None:
    assert normalised(url) == said
