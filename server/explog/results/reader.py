"""Read a file of metrics or parameters, of any of the formats, from its bytes."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import splitext
from typing import TypeAlias

from explog.results.json_reader import read_json
from explog.results.rows import Read, Tree, UnreadableError, read_rows
from explog.results.table_reader import read_csv, read_tsv
from explog.results.toml_reader import read_toml
from explog.results.yaml_reader import read_yaml

_Reader: TypeAlias = Callable[[str], list[tuple[int, Tree]]]
_READERS: dict[str, _Reader] = {
    ".json": read_json,
    ".jsonl": read_json,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
    ".csv": read_csv,
    ".tsv": read_tsv,
}
_LFS = b"version https://git-lfs.github.com/spec/"
_ANNEX = b"/annex/objects/"
_DVC = (b"outs:\n- md5:", b"outs:\r\n- md5:")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_file(path: str, data: bytes, *, lists: bool) -> Read:
    """Return what is in the file at PATH, which has the content DATA.

    With LISTS, a list is the value of a parameter. Never raises: what cannot be read is said in
    the complaints.
    """
    try:
        return read_rows(_trees(path, data), lists=lists)
    except UnreadableError as error:
        return Read((), (str(error),))


def _trees(path: str, data: bytes) -> list[tuple[int, Tree]]:
    reader = _READERS.get(splitext(path)[1].lower())
    if reader is None:
        raise UnreadableError(f"it is none of the files that are read: {', '.join(_READERS)}")
    if data.startswith(_LFS):
        raise UnreadableError("it is a pointer of Git LFS, and its content is not in git")
    if data.startswith(_ANNEX):
        raise UnreadableError("it is a pointer of git-annex, and its content is not in git")
    if data.startswith(_DVC):
        raise UnreadableError("it is a pointer of DVC, and its content is not in git")
    if not data.strip():
        raise UnreadableError("it is empty")
    return reader(_text(data))


def _text(data: bytes) -> str:
    if data.startswith(_UTF16):
        raise UnreadableError("it is in UTF-16, and not in UTF-8")
    if b"\0" in data:
        raise UnreadableError("it is binary")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"it is not in UTF-8 (line {line})") from error
