"""What the program prints: any text can be, and where nothing can, it ends with one line."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from explog.wording import visible

FAILED, _BROKEN_PIPE = 2, 141
"""Exit status: see explog.console."""


def _any_text(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""Encode what a terminal has no character for as JSON does: `\u20ac`.

    File names may be any bytes; what Python cannot decode of them are U+DC80 to U+DCFF.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return character.encode("utf-8", "surrogateescape"), error.start + 1
    return json.dumps(character)[1:-1], error.start + 1


codecs.register_error("explog-any-text", _any_text)


class _Output(io.FileIO):
    """The standard output, which knows whether it could be written."""

    error: OSError | None = None

    def write(self, data: Any) -> Any:
        """Write DATA, or note why that cannot be."""
        try:
            return super().write(data)
        except OSError as error:
            self.error = error
            raise


@contextmanager
def printing() -> Iterator[None]:
    """Print any text in the block; end the program with one line when that cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="explog-any-text")
    output = _output()
    try:
        yield
    except OSError:
        if output is not None and output.error is not None:
            _end_unprinted(output, output.error)
        raise


def _output() -> _Output | None:
    """Have the standard output be one that knows whether it could be written, if it is a file."""
    stdout = sys.stdout
    buffer = getattr(stdout, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # the latter where Python buffers nothing
    if isinstance(raw, io.FileIO) and not isinstance(raw, _Output):
        raw = _Output(stdout.fileno(), "w", closefd=False)
        lines = stdout.isatty()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), stdout.encoding, "explog-any-text", line_buffering=lines
        )
    return raw if isinstance(raw, _Output) else None


def _end_unprinted(output: _Output, error: OSError) -> NoReturn:
    """End the program, whose OUTPUT cannot be written because of ERROR, with one line."""
    # What is still buffered is flushed to nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    if isinstance(error, BrokenPipeError):
        sys.exit(_BROKEN_PIPE)
    say(f"what it prints cannot be written: {error.strerror}")
    sys.exit(FAILED)


def say(message: str) -> None:
    """Print one line for a person, on stderr, if that can be written."""
    try:
        click.echo(f"explog: {visible(message)}", err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
