"""Warnings that strangers can cause: some of them, not as many as they like."""

from __future__ import annotations

import logging
import threading
import time

_MOST, _SECONDS = 20, 60.0


def sparing(logger: logging.Logger) -> logging.Logger:
    """Have LOGGER give a few warnings in a minute at most; errors are always given."""
    logger.addFilter(_Sparing())
    return logger


class _Sparing(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._since = 0.0
        self._given = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        with self._lock:
            now = time.monotonic()
            if now - self._since > _SECONDS:
                self._since, self._given = now, 0
            self._given += 1
            if self._given == _MOST:
                record.msg = f"{record.msg} (more of these are left out for a minute)"
            return self._given <= _MOST
