"""What a failure of SQLite says of the index: whether it is damaged, or cannot be written."""

from __future__ import annotations

import sqlite3

# The last byte of an error's code: https://sqlite.org/rescode.html
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_UNWRITABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def is_damage(error: BaseException) -> bool:
    """Tell whether ERROR by itself says that the file is damaged."""
    if isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error):
        return True  # Python's own complaint has no code
    return _code(error) in _DAMAGED


def is_unwritable(error: BaseException) -> bool:
    """Tell whether ERROR says that the file cannot be read or written, damaged or not."""
    return _code(error) in _UNWRITABLE


def _code(error: BaseException) -> int:
    code = getattr(error, "sqlite_errorcode", None) if isinstance(error, sqlite3.Error) else None
    return code & 0xFF if isinstance(code, int) else 0
