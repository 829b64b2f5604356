"""An Emacs as `explog.entries.emacs` wants it: it visits files, and edits buffers as explog-edit.el does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explog.entries.emacs import BufferEntry
from explog.errors import ExplogError
from explog.model import Change
from explog.org.edit import apply_edits


@dataclass
class Emacs:
    """Buffers by the names of their files; `modified` are those with unsaved changes."""

    buffers: dict[str, str] = field(default_factory=dict)
    modified: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    calls: int = 0
    """How often a file was edited: each time is one step for undo."""
    problem: str | None = None

    def visit(self, path: Path, encoding: str = "utf-8") -> None:
        """Visit PATH; Emacs takes the carriage returns out."""
        text = path.read_bytes().decode(encoding).replace("\r\n", "\n")
        self.buffers[str(path)] = text

    def type(self, path: Path, old: str, new: str) -> None:
        """Change the buffer and leave it unsaved."""
        assert old in self.buffers[str(path)]
        self.buffers[str(path)] = self.buffers[str(path)].replace(old, new)
        self.modified.add(str(path))

    def unsaved(self) -> list[tuple[str, list[str]]]:
        return [
            (file, [line.split("[")[1].split("]")[0] for line in self._headings(file)])
            for file in sorted(self.modified)
        ]

    def _headings(self, file: str) -> list[str]:
        return [line for line in self.buffers[file].split("\n") if line.startswith("* ")]

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        return [self._entry(file, ident) for file, ident in wanted]

    def _entry(self, file: str, ident: str) -> BufferEntry | None:
        for name in [file] if file else sorted(self.modified):
            if name not in self.buffers:
                continue
            found = self._find(self.buffers[name], ident)
            if found is not None:
                return BufferEntry(name, ident, *found, self.problem)
            if file:
                return BufferEntry(name, ident, 0, "", self.problem)
        return None

    @staticmethod
    def _find(text: str, ident: str) -> tuple[int, str] | None:
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if line.startswith("* ") and f"[{ident}]" in line:
                rest = lines[number + 1 :]
                end = next((n for n, other in enumerate(rest) if other.startswith("* ")), len(rest))
                tail = [""] if end < len(rest) else []
                return number + 1, "\n".join([line, *rest[:end], *tail])
        return None

    def edit_file(self, file: str, changes: Sequence[Change]) -> dict[str, str]:
        self.calls += 1
        failed: dict[str, str] = {}
        for change in changes:
            found = self._find(self.buffers[file], change.experiment)
            try:
                if found is None:
                    raise ExplogError(
                        "changed", f"there is no experiment {change.experiment} any more"
                    )
                done = apply_edits(found[1], change.lines)
            except ExplogError as error:
                failed[change.experiment] = error.message
                continue
            assert self.buffers[file].count(found[1]) == 1
            self.buffers[file] = self.buffers[file].replace(found[1], done)
            self.shown += change.messages
        if file not in self.modified:
            Path(file).write_text(self.buffers[file], encoding="utf-8")
        return failed
