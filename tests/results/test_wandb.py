"""Runs that Weights & Biases keeps in a folder are results of the steps that they name."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.results.trackers import wandb
from explog.results.trackers.protobuf import BadMessageError, read_fields
from explog.results.trackers.wandb import read_wandb
from support.trackers import DATA, IDENTS, Tracked, put_folder

LOGS = sorted((DATA / "wandb").glob("*/*.wandb"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Tracked]:
    world = Tracked(tmp_path)
    yield world
    world.index.close()


def folder_of(world: Tracked, name: str) -> Path:
    """Return the folder of the run NAME."""
    (log,) = (one for one in world.top.glob("wandb/*/*.wandb") if name.encode() in one.read_bytes())
    return log.parent


def test_runs_by_name_tag_and_note(world: Tracked) -> None:
    put_folder("wandb", world.top)
    table = world.table()
    assert table.troubles == ()
    one, three = table.rows
    assert (one.result.number, one.n, one.source) == ("1", 2, "wandb (*)")
    assert {name: cell.text for name, cell in one.metrics.items()} == {
        "acc": "0.7165 ± 0.0035",
        "val.loss": "0.2835 ± 0.0035",
        "val/f1": "0.7165 ± 0.0035",
        "best": "inf",
    }
    assert (three.result.number, three.n, three.source) == ("3", 1, "wandb (bold-fox-4)")
    assert three.metrics["acc"].text == "0.73"
    assert [three.parameter(name) for name in ("lr", "optimizer.name", "layers")] == [
        "0.1",
        "adam",
        "[1, 2]",
    ]
    assert (three.result.commit, three.result.repository) == ("", str(world.top))
    assert three.result.time > 1_700_000_000


def test_the_summary_in_a_file_of_its_own(world: Tracked) -> None:
    put_folder("wandb", world.top)
    files = folder_of(world, "bold-fox-4") / "files"
    files.mkdir()
    summary = files / "wandb-summary.json"
    summary.write_text(json.dumps({"_wandb": {"runtime": 0}}))  # as it begins
    assert world.shown()["3"]["acc"] == "0.73"
    summary.write_text(
        '{"acc": 0.750, "val": {"f1": 1}, "_step": 3, "image": {"_type": "file", "size": 9}, "list": [1]}'
    )
    assert world.shown()["3"] == {"acc": "0.750", "val.f1": "1"}
    summary.write_text('{"acc": 0.7')
    assert world.shown()["3"]["acc"] == "0.73"
    summary.unlink()
    os.mkfifo(summary)
    assert world.shown()["3"]["acc"] == "0.73"


def test_a_run_that_goes_on_or_has_gone(world: Tracked) -> None:
    put_folder("wandb", world.top)
    folder = folder_of(world, "bold-fox-4")
    (log,) = folder.glob("*.wandb")
    data = log.read_bytes()
    log.write_bytes(data[: len(data) - 100])  # without how it ended
    assert world.shown()["3"]["acc"] == "0.73"
    os.utime(log, (1, 1))
    assert "3" not in world.shown()


def test_the_end_of_a_log_that_is_being_written(world: Tracked) -> None:
    put_folder("wandb", world.top)
    (log,) = folder_of(world, "bold-fox-4").glob("*.wandb")
    data = log.read_bytes()
    for size in range(0, len(data), 97):
        log.write_bytes(data[:size])
        table = world.table("201.3")
        assert {str(trouble) for trouble in table.troubles} <= {
            "no commit stands on any of these steps",
        }, size


def test_a_damaged_record(world: Tracked) -> None:
    put_folder("wandb", world.top)
    (log,) = folder_of(world, "bold-fox-4").glob("*.wandb")
    data = bytearray(log.read_bytes())
    data[-600] ^= 1
    log.write_bytes(data)
    assert world.table().troubles == (f"{log}: a record in it is damaged",)
    assert "3" not in world.shown()  # as nobody knows the last values


def test_a_log_that_stays_as_it_is_is_read_once(
    world: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_folder("wandb", world.top)
    shown = world.shown()
    monkeypatch.setattr(wandb, "_records", None)
    assert world.shown() == shown


def test_links_are_not_followed(world: Tracked, tmp_path: Path) -> None:
    put_folder("wandb", world.top)
    folder = folder_of(world, "bold-fox-4")
    folder.rename(tmp_path / folder.name)
    (world.top / "wandb" / folder.name).symlink_to(tmp_path / folder.name)
    assert list(world.shown()) == ["1"]
    (log,) = folder_of(world, "calm-owl-3").glob("*.wandb")
    log.rename(tmp_path / log.name)
    log.symlink_to(tmp_path / log.name)
    assert world.table().rows[0].n == 1


# Bytes


def framed(records: list[bytes]) -> bytes:
    """Return a log of RECORDS, each of which is shorter than a block."""
    pieces = (
        zlib.crc32(one, zlib.crc32(b"\1")).to_bytes(4, "little")
        + len(one).to_bytes(2, "little")
        + b"\1"
        + one
        for one in records
    )
    return b":W&B\xe1\xbe\0" + b"".join(pieces)


def message(*fields: tuple[int, bytes | int]) -> bytes:
    """Return the message with FIELDS, whose numbers and lengths are less than 128."""
    parts = bytearray()
    for number, value in fields:
        kind = 0 if isinstance(value, int) else 2
        key = number << 3 | kind
        parts += bytes([key & 0x7F | 0x80, key >> 7]) if key > 127 else bytes([key])
        parts += bytes([value]) if isinstance(value, int) else bytes([len(value)]) + value
    return bytes(parts)


def item(key: bytes, text: bytes) -> bytes:
    """Return the item of a summary with KEY and the JSON TEXT."""
    return message((1, key), (16, text))


RUN = message((1, 2), (17, message((1, b"abc"), (8, b"e201.1"))))


def read(folder: Path, data: bytes) -> list[dict[str, str]]:
    """Return the metrics of what a log with DATA has of a run."""
    place = folder / "run-20260105_101500-abc"
    place.mkdir(exist_ok=True)
    (place / "run-abc.wandb").write_bytes(data)
    found = read_wandb(str(folder), "wandb", IDENTS).runs
    return [
        {name: number.text for name, number in sample.metrics.items()}
        for one in found
        for sample in one.values.samples
    ]


@pytest.mark.parametrize(
    ("records", "metrics"),
    [
        ([item(b"acc", b"0.70")], {"acc": "0.70"}),
        ([item(b"acc", b"0.7"), item(b"acc", b"0.8")], {"acc": "0.8"}),
        ([item(b"acc", b'{"top": {"1": 0.7, "5": 0.9}}')], {"acc.top.1": "0.7", "acc.top.5": "0.9"}),
        ([item(b"acc", b"NaN"), item(b"f1", b"-Infinity")], {"acc": "nan", "f1": "-inf"}),
        ([item(b"acc", b"0.7"), item(b"said", b'"a text"'), item(b"no", b"null")], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), item(b"list", b"[1, 2]")], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), item(b"torn", b"[1, 2")], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), item(b"deep", b"[" * 100)], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), item(b"_step", b"1")], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), message((16, b"1"))], {"acc": "0.7"}),
        ([item(b"acc", b"0.7"), item(b"\xff", b"1")], {"acc": "0.7", "\ufffd": "1"}),
    ],
)  # fmt: skip
def test_a_summary(tmp_path: Path, records: list[bytes], metrics: dict[str, str]) -> None:
    log = framed([RUN, *(message((3, message((1, one)))) for one in records), message((18, b""))])
    assert read(tmp_path, log) == [metrics]


def test_what_was_removed(tmp_path: Path) -> None:
    changes = [
        (1, item(b"acc", b"0.7")),
        (1, item(b"old", b'{"a": 1, "b": 2}')),
        (2, item(b"old", b"")),
    ]
    log = framed([RUN, *(message((3, message(one))) for one in changes), message((18, b""))])
    assert read(tmp_path, log) == [{"acc": "0.7"}]


def test_a_record_in_several_blocks(tmp_path: Path) -> None:
    padding = b"x" * 20_000
    text = item(b"acc", b"0.7")
    summary = message((3, message((1, text))))
    whole = [
        RUN,
        b"\x22\xa0\x9c\x01" + padding,
        b"\x22\xa0\x9c\x01" + padding,
        summary,
        message((18, b"")),
    ]
    log = bytearray(b":W&B\xe1\xbe\0")
    for record in whole:
        rest, first = record, True
        while True:
            room = 32768 - len(log) % 32768
            if room < 7:
                log += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = bytes([(1 if first else 4) if not rest else (2 if first else 3)])
            log += zlib.crc32(part, zlib.crc32(kind)).to_bytes(4, "little")
            log += len(part).to_bytes(2, "little") + kind + part
            first = False
            if not rest:
                break
    assert len(log) > 32768
    assert read(tmp_path, bytes(log)) == [{"acc": "0.7"}]


@given(st.binary(max_size=300))
def test_no_bytes_make_a_message_fail(data: bytes) -> None:
    try:
        for _field in read_fields(data):
            pass
    except BadMessageError:
        pass


@given(st.sampled_from(LOGS), st.integers(7, 3000), st.binary(max_size=40))
def test_no_bytes_make_a_log_fail(
    tmp_path_factory: pytest.TempPathFactory, log: Path, at: int, data: bytes
) -> None:
    real = log.read_bytes()
    read(tmp_path_factory.getbasetemp(), real[:at] + data + real[at + len(data) :])


@given(st.lists(st.tuples(st.sampled_from([1, 3, 5, 17, 18]), st.binary(max_size=40)), max_size=8))
def test_no_records_make_a_log_fail(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[int, bytes]]
) -> None:
    read(tmp_path_factory.getbasetemp(), framed([RUN, *(message(one) for one in records)]))
