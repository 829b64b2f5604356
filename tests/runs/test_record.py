"""The record of a run: read back as it was written, also where somebody else wrote it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.runs.record import (
    STATES,
    Job,
    RunRecord,
    from_json,
    read_record,
    to_json,
    write_record,
)

OID = "0123456789" * 4
PLAIN = RunRecord(
    run="e201.1-20260105T101500-node7-4242",
    reference="e201.1",
    state="running",
    argv=("python", "train.py"),
    cwd=".",
    repository="/home/ada/model",
    branch="main",
    head=OID,
    head_after=None,
    snapshot=None,
    changed=(),
    pushed=None,
    host="node7",
    pid=4242,
    start=1767608100.5,
)
# The names of the design, in its order.
NAMES = (
    "schema run reference state argv cwd repository branch head head_after snapshot changed pushed"
    " host pid start end exit signal attempt job environment max_rss cpu_seconds"
).split()

texts = st.text(max_size=20)
maybe = st.none() | texts
oids = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40)
numbers = st.integers(0, 1 << 62)
times = st.floats(0, 1e14)
records = st.builds(
    RunRecord,
    run=texts,
    reference=texts,
    state=st.sampled_from(STATES),
    argv=st.lists(texts).map(tuple),
    cwd=texts,
    repository=maybe,
    branch=maybe,
    head=oids,
    head_after=oids,
    snapshot=oids,
    changed=st.lists(texts).map(tuple),
    pushed=st.none() | st.booleans(),
    host=texts,
    pid=numbers,
    start=times,
    end=st.none() | times,
    exit=st.none() | st.integers(0, 255),
    signal=maybe,
    attempt=numbers,
    job=st.none() | st.builds(Job, texts, texts, maybe, maybe, numbers, st.none() | numbers),
    environment=st.dictionaries(texts, texts),
    max_rss=st.none() | numbers,
    cpu_seconds=st.none() | times,
    notes=st.lists(texts).map(tuple),
    schema=st.integers(1, 9),
)


@given(records)
def test_what_was_written_is_read(record: RunRecord) -> None:
    assert from_json(json.loads(json.dumps(to_json(record)))) == record


def test_the_names_are_those_of_the_design() -> None:
    table = to_json(PLAIN)
    assert list(table)[: len(NAMES)] == NAMES
    assert {name for name, value in table.items() if value is None} >= {"end", "exit", "job"}


def test_file(tmp_path: Path) -> None:
    folder = tmp_path / PLAIN.run
    folder.mkdir()
    write_record(folder, PLAIN)
    write_record(folder, PLAIN._replace(state="ok", end=1767608101.0, exit=0))
    assert read_record(folder).state == "ok"
    assert os.listdir(folder) == ["run.json"]
    assert stat.S_IMODE((folder / "run.json").stat().st_mode) == 0o600


def test_file_names_of_any_bytes(tmp_path: Path) -> None:
    folder = tmp_path / PLAIN.run
    folder.mkdir()
    name = os.fsdecode(b"\xff\n\x1b")
    write_record(folder, PLAIN._replace(changed=(name,)))
    assert read_record(folder).changed == (name,)


def test_a_folder_that_was_renamed_is_called_by_its_name(tmp_path: Path) -> None:
    write_record(tmp_path, PLAIN)
    assert read_record(tmp_path).run == tmp_path.name


GOOD = json.dumps(to_json(PLAIN))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        (GOOD[: len(GOOD) // 2], "."),
        ("[]", "no JSON object"),
        ("{}", "no schema version"),
        ('{"schema": true}', "no schema version"),
        ('{"schema": 1}', "no run"),
        (GOOD.replace('"running"', '"../../etc"'), "its state"),
        (GOOD.replace("4242,", '"4242",'), "its pid"),
        (GOOD.replace("4242,", "4" * 5000 + ","), "."),
        (GOOD.replace("1767608100.5", "NaN"), "its start"),
        (GOOD.replace("1767608100.5", "1e300"), "its start"),
        (GOOD.replace(f'"{OID}"', '"--upload-pack=x"'), "its head"),
        (GOOD.replace('["python", "train.py"]', '["python", 1]'), "its argv"),
        (GOOD.replace('"job": null', '"job": {"id": "1"}'), "its job"),
        (GOOD.replace('"job": null', '"job": []'), "its job"),
        ("[" * 100_000, "."),
        (" " * 2_000_000 + GOOD, "too long"),
        ("\xff", "."),
    ],
    ids=range(18),
)
def test_what_is_no_record(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text, "latin-1")
    with pytest.raises(ExplogError, match=said) as caught:
        read_record(tmp_path)
    assert caught.value.code == "bad-run"
    assert str(tmp_path) in caught.value.message


def test_a_record_of_a_later_version_is_read(tmp_path: Path) -> None:
    table = {**to_json(PLAIN), "schema": 2, "new": {"a": 1}}
    (tmp_path / "run.json").write_text(json.dumps(table))
    assert read_record(tmp_path).schema == 2


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "none"])
def test_what_is_no_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "secret").write_text(GOOD)
        path.symlink_to("secret")
    with pytest.raises(ExplogError):
        read_record(tmp_path)
