"""Where the output of a run goes: on to where it went without explog, and into `output.log`.

Nothing is held back. If the log cannot be written any more, as on a full disk, the run goes on
without it.
"""

from __future__ import annotations

import os

from explog.runs.record import OUTPUT


class OutputLog:
    """The file `output.log` in the folder of a run. `problem` says why it is not complete."""

    def __init__(self, folder: str, first_line: str) -> None:
        """Open the log in FOLDER, at its end, and begin with FIRST_LINE."""
        self.problem: str | None = None
        self._descriptor = -1
        path = os.path.join(folder, OUTPUT)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            self._give_up(error)
        self.write(f"{first_line}\n".encode("utf-8", "surrogateescape"))

    def write(self, data: bytes) -> str | None:
        """Append DATA; return a sentence when that is impossible from now on."""
        if self._descriptor < 0:
            return None
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            return self._give_up(error)
        return None

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _give_up(self, error: OSError) -> str:
        self.close()
        self.problem = f"the output is not kept from here on: {error.strerror}"
        return self.problem
