"""Scalars in event files of TensorBoard are results of the step whose reference a folder bears."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.results.folder import UnreadFileError
from explog.results.trackers import event_file
from explog.results.trackers.event_file import EventFile, masked_crc
from support.records import put_run
from support.trackers import DATA, Tracked, put_folder

FILES = sorted((DATA / "tb_logs").rglob("*tfevents*"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Tracked]:
    world = Tracked(tmp_path)
    yield world
    world.index.close()


def test_runs_by_the_names_of_folders(world: Tracked) -> None:
    put_folder("tb_logs", world.top)
    table = world.table()
    assert table.troubles == ()
    assert {number: dict(sorted(cells.items())) for number, cells in world.shown().items()} == {
        "1": {"acc": "0.7165 ± 0.0035", "val/loss": "0.2835 ± 0.0035"},
        "2": {"train/acc": "0.9", "train/val/loss": "0.1", "validation/acc": "0.8", "validation/val/loss": "0.2"},
        "3": {"acc": "0.73"},
    }  # fmt: skip
    assert [row.source for row in table.rows] == [
        "tb_logs (*)",
        "tb_logs (e201.2)",
        "tb_logs (e201.3-tensors)",
    ]
    assert {row.result.repository for row in table.rows} == {str(world.top)}


# Files, made here


def varint(number: int) -> bytes:
    low = number & 0x7F
    return bytes([low]) if number < 128 else bytes([low | 0x80]) + varint(number >> 7)


def field(number: int, value: bytes | int) -> bytes:
    """Return the field NUMBER of a message, with VALUE."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def event(*values: bytes, step: int = 0) -> bytes:
    """Return an event with VALUES of a summary."""
    summary = b"".join(field(1, one) for one in values)
    return b"\x09" + bytes(8) + (field(2, step) if step else b"") + field(5, summary)


def simple(tag: str, value: float) -> bytes:
    return field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def tensor(
    tag: str, content: bytes, *, plugin: bytes = b"scalars", kind: int = 1, place: int = 4
) -> bytes:
    """Return a value that is a tensor with CONTENT, in the field PLACE."""
    metadata = field(9, field(1, field(1, plugin))) if plugin else b""
    return field(1, tag.encode()) + metadata + field(8, field(1, kind) + field(place, content))


def framed(records: Iterable[bytes]) -> bytes:
    """Return an event file with RECORDS."""
    parts = []
    for one in records:
        length = len(one).to_bytes(8, "little")
        parts += [length, masked_crc(length), one, masked_crc(one)]
    return b"".join(parts)


def read(folder: Path, data: bytes, file: EventFile | None = None) -> dict[str, str] | str:
    """Return the values in an event file with DATA, or why they are not known."""
    path = folder / "file"
    path.write_bytes(data)
    try:
        with path.open("rb") as stream:
            found = (file or EventFile()).read(stream.fileno())
    except UnreadFileError as error:
        return str(error)
    return {tag: number.text for tag, number in found.items()}


def put(folder: Path, *records: bytes, name: str = "events.out.tfevents.1.node7") -> Path:
    """Write an event file with RECORDS into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(framed(records))
    return folder / name


SEVEN = struct.pack("<f", 0.7)
LONG = "a" * 200


@pytest.mark.parametrize(
    ("records", "values"),
    [
        ([event(simple("acc", 0.5)), event(simple("acc", 0.7), step=9)], {"acc": "0.7"}),
        ([event(simple("acc", 0.7), simple("loss", 0.25), step=300)], {"acc": "0.7", "loss": "0.25"}),
        ([event(simple("acc", 0.123456789))], {"acc": "0.12345679"}),
        ([event(simple("acc", 1e-30))], {"acc": "1e-30"}),
        ([event(simple("acc", float("nan"))), event(simple("b", float("-inf")))], {"acc": "nan", "b": "-inf"}),
        ([event(simple(LONG, 0.7), step=1 << 40)], {LONG: "0.7"}),
        ([event(simple("\x15acc", 0.7))], {"\x15acc": "0.7"}),
        ([event(tensor("acc", SEVEN))], {"acc": "0.7"}),
        ([event(tensor("acc", bytes(4))), event(tensor("acc", SEVEN, plugin=b""))], {"acc": "0.7"}),
        ([event(tensor("acc", SEVEN, place=5))], {"acc": "0.7"}),
        ([event(tensor("acc", struct.pack("<d", 0.7), kind=2))], {"acc": "0.7"}),
        ([event(tensor("acc", struct.pack("<d", 0.7), kind=2, place=6))], {"acc": "0.7"}),
        ([event(tensor("n", struct.pack("<q", 7), kind=9))], {"n": "7"}),
        ([event(tensor("text", b"abcd", plugin=b"text"))], {}),
        ([event(tensor("acc", SEVEN, plugin=b""))], {}),
        ([event(tensor("acc", SEVEN * 2))], {}),
        ([event(tensor("acc", SEVEN, kind=7))], {}),
        ([b"\x1a\x0dbrain.Event:2", b"", event()], {}),
        ([event(field(1, b"picture") + field(4, bytes(2 << 20))), event(simple("acc", 0.7))], {"acc": "0.7"}),
    ],
)  # fmt: skip
def test_the_last_values(tmp_path: Path, records: list[bytes], values: dict[str, str]) -> None:
    assert read(tmp_path, framed(records)) == values


def test_what_is_being_written_is_no_trouble(tmp_path: Path) -> None:
    first = framed([event(simple("acc", 0.5))])
    data = first + framed([event(simple("acc", 0.7))])
    file = EventFile()
    for size in range(len(data)):
        shown = {"acc": "0.5"} if size >= len(first) else {}
        assert read(tmp_path, data[:size]) == shown
        assert read(tmp_path, data[:size], file) == shown  # which goes on where it was
    assert read(tmp_path, data, file) == {"acc": "0.7"}
    assert read(tmp_path, framed([event(simple("b", 1))]), file) == {"b": "1"}


@pytest.mark.parametrize("byte", range(37))
def test_damage_is_named(tmp_path: Path, byte: int) -> None:
    records = [framed([event(simple(tag, 0.5))]) for tag in "abc"]
    assert len(records[1]) == 37
    damaged = bytearray(records[1])
    damaged[byte] ^= 1
    assert read(tmp_path, records[0] + damaged + records[2]) == "a record in it is damaged"


def test_what_is_no_event_is_named(tmp_path: Path) -> None:
    assert read(tmp_path, framed([b"\xff"])) == "what is in it is no event"


def test_a_file_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MOST_BYTES", 100)
    data = framed([event(simple("acc", 0.7))] * 9)
    assert read(tmp_path, data) == "it has more than 64 MB of values"


@given(st.binary(max_size=300))
def test_no_bytes_make_a_file_fail(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read(tmp_path_factory.getbasetemp(), data)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_records_make_a_file_fail(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes]
) -> None:
    read(tmp_path_factory.getbasetemp(), framed([*records, *(event(one) for one in records)]))


@given(st.sampled_from(FILES), st.integers(0, 700), st.binary(max_size=20))
def test_no_damage_makes_a_file_fail(
    tmp_path_factory: pytest.TempPathFactory, file: Path, at: int, data: bytes
) -> None:
    real = file.read_bytes()
    read(tmp_path_factory.getbasetemp(), real[:at] + data + real[at + len(data) :])


# Folders


@pytest.mark.parametrize(
    ("folders", "shown"),
    [
        (["e201.1"], {"acc": "1"}),
        (["e201.1/version_0", "e201.1/version_1"], {"acc": "1.5 ± 0.71"}),
        (["e201.1/train"], {"train/acc": "1"}),
        (["e201.1/seed1/train", "e201.1/seed2/train"], {"train/acc": "1.5 ± 0.71"}),
        (["model/e201.1_lr/version_0"], {"acc": "1"}),
        (["[e201.1] model"], {"acc": "1"}),
        (["model [e201.1]"], {"acc": "1"}),
        (["e201"], {}),
        (["e2011.1"], {}),
        (["e202.1/e201.1"], {}),
        (["xe201.1"], {}),
        (["version_0"], {}),
        ([""], {}),
    ],
)
def test_folders(world: Tracked, folders: list[str], shown: dict[str, str]) -> None:
    for number, folder in enumerate(folders, 1):
        put(world.top / "lightning_logs" / folder, event(simple("acc", number)))
    assert world.shown() == ({"1": shown} if shown else {})


def test_files_of_one_folder_follow_one_another(world: Tracked) -> None:
    folder = world.top / "tb_logs" / "e201.1"
    put(folder, event(simple("acc", 1)), event(simple("f1", 1)), name="events.out.tfevents.1.a")
    put(folder, event(simple("acc", 2)), name="events.out.tfevents.2.a")
    (folder / "notes.txt").write_text("no events")
    assert world.shown() == {"1": {"acc": "2", "f1": "1"}}


def test_the_folder_of_a_run_says_what_it_ran_and_how_it_ended(world: Tracked) -> None:
    def run(number: int, **values: Any) -> None:
        name = f"e201.1-20260105T10150{number}-node7-{number}"
        folder = put_run(world.top / "runs" / name, reference="e201.1", **values)
        put(folder / "events", event(simple("acc", number)))
        put(folder / "code" / "e201.1", event(simple("acc", 99)))

    run(1, state="ok", head=world.head)
    run(2, state="failed", head=world.head)
    run(3, state="ok", head=world.head, repository="/elsewhere")
    (row,) = world.table().rows
    assert row.metrics["events/acc"].text == "2.0 ± 1.4"
    assert (row.result.commit, row.source) == (world.head, "runs (*)")


def test_nothing_is_followed(world: Tracked, tmp_path: Path) -> None:
    put(tmp_path / "secret" / "e201.1", event(simple("acc", 1)))
    logs = world.top / "tb_logs"
    put(logs / "e201.2", event(simple("acc", 2)))
    (logs / "e201.1").symlink_to(tmp_path / "secret" / "e201.1")
    os.mkfifo(logs / "e201.2" / "events.out.tfevents.2.pipe")
    assert world.shown() == {"2": {"acc": "2"}}
    assert world.table().troubles == (f"{logs}/e201.2: events.out.tfevents.2.pipe: it is no file",)


def test_only_what_is_new_in_a_file_is_read(
    world: Tracked, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(world.top / "tb_logs" / "e201.1", event(simple("acc", 1)))
    assert world.shown() == {"1": {"acc": "1"}}
    taken: list[bytes] = []
    monkeypatch.setattr(event_file._Tags, "take", lambda _self, record: taken.append(record))
    new = event(simple("acc", 2))
    with path.open("ab") as stream:
        stream.write(framed([new]))
    world.shown()
    assert taken == [new]
