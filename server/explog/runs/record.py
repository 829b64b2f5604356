"""The record of a run, `run.json`: what it says, how it is read and how it is replaced.

A record is read from folders that others may write to. So its size is bounded, every value is
checked, and whoever prints one makes control characters visible.
"""

from __future__ import annotations

import json
import os
import stat
from typing import Any, NamedTuple

from explog.errors import ExplogError

SCHEMA = 1
RECORD = "run.json"
OUTPUT = "output.log"

STATES = ("running", "ok", "failed", "killed", "lost", "requeued")
_MOST_BYTES = 1 << 20


class Job(NamedTuple):
    """A job of a cluster's scheduler: `slurm` or `pbs`.

    `task` is the one of a job array. `process` is the rank among those that `srun` started.
    `restart` counts how often the job was put back into the queue. `size` is how many tasks the
    array has, or else how many processes `srun` started; None if the scheduler does not say.
    """

    scheduler: str
    id: str
    task: str | None = None
    process: str | None = None
    restart: int = 0
    size: int | None = None


class RunRecord(NamedTuple):
    """One run. Times are seconds since 1970; absent values are None.

    `run` is the name of its folder. `cwd` is relative to `repository`, the top of the worktree, if
    there is one. `head` and `head_after` are commits; `snapshot` is the commit that has the state
    of the code, if that was not `head` itself. `changed` names files relative to `repository`.
    `max_rss` is in bytes. `process` tells the process `pid` from a later one of that number.
    `notes` are sentences on what the run could not keep.
    """

    run: str
    reference: str
    state: str
    argv: tuple[str, ...]
    cwd: str
    repository: str | None
    branch: str | None
    head: str | None
    head_after: str | None
    snapshot: str | None
    changed: tuple[str, ...]
    pushed: bool | None
    host: str
    pid: int
    start: float
    end: float | None = None
    exit: int | None = None
    signal: str | None = None
    attempt: int = 1
    job: Job | None = None
    environment: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    max_rss: int | None = None
    cpu_seconds: float | None = None
    gpus: tuple[str, ...] = ()
    process: str | None = None
    title: str | None = None
    outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    schema: int = SCHEMA

    @property
    def seconds(self) -> float | None:
        """How long it ran; None while it runs, and if its clock went back."""
        return None if self.end is None or self.end < self.start else self.end - self.start


def to_json(record: RunRecord) -> dict[str, Any]:
    """Return RECORD as a JSON object, `schema` first."""
    table = record._asdict()
    job = None if record.job is None else record.job._asdict()
    return {"schema": table.pop("schema"), **table, "job": job}


def from_json(table: object) -> RunRecord:
    """Return the record in TABLE, a JSON value; names that are not known are left out.

    Raises ExplogError `bad-run` if a value is missing or of another type.
    """
    if not isinstance(table, dict):
        raise _bad("it is no JSON object")
    schema = table.get("schema")
    if type(schema) is not int or schema < 1:
        raise _bad("it has no schema version")
    values = {name: _read(name, table.get(name)) for name in _READERS if name in table}
    missing = [name for name in RunRecord._fields[:_NEEDED] if name not in values]
    if missing:
        raise _bad(f"it has no {missing[0]}")
    return RunRecord(schema=schema, **values)


def read_record(folder: str | os.PathLike[str]) -> RunRecord:
    """Return the record of the run in FOLDER.

    Raises ExplogError `bad-run` if there is none that can be read.
    """
    path = os.path.join(folder, RECORD)
    try:
        record = from_json(json.loads(_content(path)))
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error
        raise ExplogError("bad-run", f"{path}: {why}") from error
    except ExplogError as error:
        raise ExplogError("bad-run", f"{path}: {error.message}") from error
    if record.run != os.path.basename(os.path.abspath(folder)):
        return record._replace(run=os.path.basename(os.path.abspath(folder)))  # it was moved
    return record


def write_record(folder: str | os.PathLike[str], record: RunRecord) -> None:
    """Replace the record in FOLDER by RECORD as a whole; raise OSError if that is impossible."""
    text = json.dumps(to_json(record), indent=1) + "\n"
    path = os.path.join(folder, RECORD)
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _content(path: str) -> bytes:
    """Return the content of the file PATH; raise ValueError if it is none, or is too long."""
    # Opening a pipe would wait for its writer.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("it is no file")
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too long")
    return content


# Reading values


def _bad(why: str) -> ExplogError:
    return ExplogError("bad-run", why)


def _read(name: str, value: object) -> Any:
    try:
        return _READERS[name](value)
    except (TypeError, ValueError, OverflowError):
        raise _bad(f"its {name} has a wrong value") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(_text, value))


def _table(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    return {_text(name): _text(item) for name, item in value.items()}


def _whole(value: object) -> int:
    if type(value) is not int or abs(value) >= 1 << 63:
        raise TypeError
    return value


def _number(value: object) -> float:
    if type(value) not in (int, float) or not abs(value) < 1e15:  # type: ignore[arg-type]  # nan, too
        raise TypeError
    return value  # type: ignore[return-value]  # as its type was looked at


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _state(value: object) -> str:
    if value not in STATES:
        raise ValueError
    return str(value)


def _oid(value: object) -> str:
    text = _text(value)
    if len(text) not in (40, 64) or text.strip("0123456789abcdef"):
        raise ValueError
    return text


def _job(value: object) -> Job:
    if not isinstance(value, dict):
        raise TypeError
    texts = {name: _optional(_text)(value.get(name)) for name in ("task", "process")}
    return Job(
        _text(value.get("scheduler")),
        _text(value.get("id")),
        restart=_whole(value.get("restart", 0)),
        size=_optional(_whole)(value.get("size")),
        **texts,
    )


def _optional(reader: Any) -> Any:
    return lambda value: None if value is None else reader(value)


_READERS: dict[str, Any] = {
    "run": _text,
    "reference": _text,
    "state": _state,
    "argv": _texts,
    "cwd": _text,
    "repository": _optional(_text),
    "branch": _optional(_text),
    "head": _optional(_oid),
    "head_after": _optional(_oid),
    "snapshot": _optional(_oid),
    "changed": _texts,
    "pushed": _optional(_truth),
    "host": _text,
    "pid": _whole,
    "start": _number,
    "end": _optional(_number),
    "exit": _optional(_whole),
    "signal": _optional(_text),
    "attempt": _whole,
    "job": _optional(_job),
    "environment": _table,
    "max_rss": _optional(_whole),
    "cpu_seconds": _optional(_number),
    "gpus": _texts,
    "process": _optional(_text),
    "title": _optional(_text),
    "outputs": _texts,
    "notes": _texts,
}
# So many fields have no default: they are there from the start.
_NEEDED = len(RunRecord._fields) - len(RunRecord._field_defaults)
