"""The one writer of log files: all or nothing, and only over what was read.

A log is replaced by rename from a temporary file in its own folder, under the locks that Emacs
and other explogs honour, with its mode, owner, extended attributes and symbolic link kept.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from explog.errors import ExplogError
from explog.flock import lock
from explog.org.context import LogContext, file_context
from explog.org.locks import lock_owner, lock_places
from explog.org.options import OrgOptions
from explog.stuck import is_silent

# The address of a page, and a file on another machine, as Emacs names it.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|/[a-z]+:", re.IGNORECASE)
_LONG = 50
"""Bytes."""


class NotReadError(ExplogError):
    """A file that is there could not be read: another time it may be."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            "unreadable", f"{path}: it cannot be read: {error.strerror}", file=str(path)
        )


def read_log(path: Path) -> bytes:
    """Return the bytes of the log at PATH; raise ExplogError with the file in its message.

    It is a NotReadError if the file is there.
    """
    _check_answers(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ExplogError("unreadable", f"{path}: it is not a file", file=str(path))
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ExplogError("missing", f"{path}: there is no such log", file=str(path)) from error
    except OSError as error:
        raise NotReadError(path, error) from error


def _check_answers(path: Path) -> None:
    """Raise NotReadError if PATH is on a drive that does not answer: reading it would wait too."""
    if is_silent(path):
        raise NotReadError(path, OSError(errno.ETIMEDOUT, "its drive does not answer"))


def log_context(path: Path, data: bytes, options: OrgOptions) -> LogContext:
    """Return what holds for the log at PATH, whose bytes are DATA, with its setup files.

    Raises ValueError as `file_context` does, and NotReadError for a setup file that its user may
    read and that cannot be read now.
    """
    return file_context(data, options, str(path), _read_setup)


def _read_setup(name: str, file: str) -> tuple[str, bytes | None] | None:
    """Read the setup file NAME of FILE, relative to its folder; addresses are not followed."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if "\0" in name or _ADDRESS.match(name):
        return None
    path = os.path.abspath(os.path.join(os.path.dirname(file), os.path.expanduser(name)))
    _check_answers(Path(path))
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return path, None
        return path, Path(path).read_bytes()
    except OSError as error:
        if os.access(path, os.R_OK):
            raise NotReadError(Path(path), error) from error
        return path, None


def replace_log(path: Path, expected: bytes, new: bytes, locks: Sequence[Path] = ()) -> None:
    """Replace the log at PATH by NEW if it still holds EXPECTED, whole or not at all.

    LOCKS are where Emacs may lock it beside the usual place: see `lock-file-name-transforms`.

    Raises ExplogError with a code that tells why nothing was written: `changed`, `locked`,
    `read-only`, `hard-linked`, `missing`, `unreadable` or `not-written`.
    """
    real = Path(os.path.realpath(path))
    with _locked(real) as status:
        places = lock_places(path, locks)
        _refuse_unsafe(path, real, status)
        _refuse_locked(path, places)
        if read_log(real) != expected:
            raise ExplogError("changed", f"{path}: it changed meanwhile", file=str(path))
        try:
            _replace(real, new, status, places)
        except OSError as error:
            reason = f"{path}: it cannot be written: {error.strerror}"
            raise ExplogError("not-written", reason, file=str(path)) from error


def _refuse_unsafe(path: Path, real: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ExplogError("unreadable", f"{path}: it is not a file", file=str(path))
    if status.st_nlink > 1:
        reason = f"{path}: it has {status.st_nlink} hard links, which a rename would cut"
        raise ExplogError("hard-linked", reason, file=str(path))
    writable = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not writable or not os.access(real, os.W_OK):
        raise ExplogError("read-only", f"{path}: it is read-only", file=str(path))


def _refuse_locked(path: Path, places: Sequence[Path]) -> None:
    holder = lock_owner(places)
    if holder is not None:
        reason = f"{path}: it is being edited in another Emacs ({holder})"
        raise ExplogError("locked", reason, file=str(path))


@contextlib.contextmanager
def _locked(real: Path) -> Iterator[os.stat_result]:
    """Hold an advisory lock on the file that is at REAL once the lock is held."""
    while True:
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise ExplogError("missing", f"{real}: there is no such log", file=str(real)) from error
        except OSError as error:
            reason = f"{real}: it cannot be read: {error.strerror}"
            raise ExplogError("unreadable", reason, file=str(real)) from error
        try:
            _lock(descriptor, real)
            status = os.fstat(descriptor)
            if _is_at(real, status):
                yield status
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, real: Path) -> None:
    try:
        lock(descriptor)
    except BlockingIOError as error:
        reason = f"{real}: another program keeps it locked"
        raise ExplogError("locked", reason, file=str(real)) from error
    except OSError:
        return  # a network file system without locks; the check of the content still holds


def _is_at(real: Path, status: os.stat_result) -> bool:
    """Tell whether the file that was opened is the one at REAL, and not one replaced meanwhile."""
    try:
        return os.path.samestat(os.stat(real), status)
    except FileNotFoundError as error:
        raise ExplogError("missing", f"{real}: there is no such log", file=str(real)) from error


def _replace(real: Path, new: bytes, status: os.stat_result, places: Sequence[Path]) -> None:
    prefix = _temporary_prefix(real.name)
    for leftover in real.parent.glob(f"{glob.escape(prefix)}*"):
        with contextlib.suppress(OSError):  # a folder, or another's
            leftover.unlink()  # from a crash: whoever writes holds the lock
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=real.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(new)
            stream.flush()
            _copy_metadata(real, stream.fileno(), status)
            os.fsync(stream.fileno())
        _refuse_locked(real, places)
        if _version(os.stat(real)) != _version(status):
            raise ExplogError("changed", f"{real}: it changed meanwhile", file=str(real))
        os.replace(temporary, real)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(real.parent)


def _temporary_prefix(name: str) -> str:
    """Return how the temporary names of the log NAME begin, which are no longer than names may be.

    What is left out of a long name is told from that of other logs by a digest.
    """
    data = os.fsencode(name)
    if len(data) > _LONG:
        digest = hashlib.blake2b(data, digest_size=8).hexdigest()
        name = f"{data[:_LONG].decode('utf-8', 'ignore')}-{digest}"
    return f".{name}.explog-"


def _version(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _copy_metadata(real: Path, descriptor: int, status: os.stat_result) -> None:
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        for attribute in os.listxattr(real):
            _copy_attribute(real, descriptor, attribute)


def _copy_attribute(real: Path, descriptor: int, attribute: str) -> None:
    try:
        os.setxattr(descriptor, attribute, os.getxattr(real, attribute))
    except OSError as error:
        # The kernel gives a new file its security label; not everyone may set one.
        if error.errno not in (errno.EPERM, errno.EACCES) or attribute[:9] != "security.":
            raise


def _sync_folder(folder: Path) -> None:
    # Not every folder can be read or synced; the rename itself is done.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
