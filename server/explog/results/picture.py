"""Pictures of results: into a file for a terminal, by another process for a server."""

from __future__ import annotations

from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from explog.errors import ExplogError
from explog.results.chart import Chart, make_chart
from explog.results.plot import FORMATS, draw, need_matplotlib
from explog.results.table import Table
from explog.sync.prefetch import start


def picture_format(file: Path) -> str:
    """Return the format that the name of FILE says; raise ExplogError `no-plot` if it says none."""
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        names = ", ".join(f".{one}" for one in FORMATS)
        raise ExplogError("no-plot", f"{file}: the name of a picture ends in one of {names}")
    return form


def draw_file(table: Table, against: str | None, file: Path) -> None:
    """Draw TABLE into FILE, which is replaced if it is there.

    Raises ExplogError `no-matplotlib`, `no-plot` or `unwritable`.
    """
    data = draw(make_chart(table, against), picture_format(file))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ExplogError("unwritable", f"{file}: {error.strerror}") from error


def draw_apart(table: Table, against: str | None, form: str) -> bytes:
    """Return TABLE drawn by another process.

    A server that runs for weeks would keep the 60 MB that matplotlib takes. Raises ExplogError
    `no-matplotlib` or `no-plot`.
    """
    need_matplotlib()
    chart = make_chart(table, against)
    process, receiver = start(_send, chart, form, leaf=True)
    if process is None:
        return draw(chart, form)
    with closing(receiver):
        try:
            return receiver.recv_bytes()
        except (EOFError, OSError):
            raise ExplogError("no-plot", "the process that draws the plot has failed") from None
        finally:
            process.join()


def _send(sender: Connection, chart: Chart, form: str) -> None:
    with closing(sender):
        sender.send_bytes(draw(chart, form))
