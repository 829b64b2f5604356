"""What an Emacs is asked about the logs that its buffers visit.

A log that an Emacs visits is edited there, on the text of the buffer; its file is never written
behind the back of that Emacs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import all_logs, find_experiments
from explog.model import Change
from explog.rpc import wire
from explog.stuck import real_path

if TYPE_CHECKING:
    from explog.rpc.client import Client

# Emacs answers from its main loop, which a command of the user may hold up.
_EMACS_SECONDS = 20.0
# Emacs finds this many entries at once without the user noticing.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class BufferEntry:
    """The entry of the experiment `ident` in a buffer that visits `file`.

    `line` is the 1-based line of its heading. `problem` says why the buffer must not be edited
    now, if so. The text is empty where the buffer has no such entry.
    """

    file: str
    ident: str
    line: int
    text: str
    problem: str | None = None


class Editor(Protocol):
    """An Emacs whose buffers may visit logs."""

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        """Return for each (file, id) the entry in the buffer that visits the file, if any.

        An empty file stands for any log with unsaved changes.
        """

    def unsaved(self) -> list[tuple[str, list[str]]]:
        """Return the logs with unsaved changes, and the ids of the experiments in each."""

    def edit_file(self, file: str, changes: Sequence[Change]) -> dict[str, str]:
        """Make CHANGES in the buffer that visits FILE, as one step for undo, and show messages.

        Each entry is changed whole or not at all; return {id: why not} for those that were not.
        """


class EmacsEditor:
    """The `Editor` at the other end of CLIENT."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        answer = self._call("entries", [list(pair) for pair in wanted])
        return [_entry(item) for item in answer]

    def unsaved(self) -> list[tuple[str, list[str]]]:
        answer = self._call("unsaved")
        return [(str(file), [str(ident) for ident in idents]) for file, *idents in answer]

    def edit_file(self, file: str, changes: Sequence[Change]) -> dict[str, str]:
        rows = [
            [
                change.experiment,
                [[line.line, line.old, line.new] for line in change.lines],
                list(change.messages),
            ]
            for change in changes
        ]
        answer = self._call("edits", file, rows)
        return {str(ident): str(message) for ident, message in answer}

    def _call(self, method: str, *arguments: object) -> list[Any]:
        answer = self.client.call(method, *arguments, timeout=_EMACS_SECONDS)
        if not isinstance(answer, list):
            raise ExplogError("emacs-error", f"Emacs did not answer {method} with a list")
        return answer


def _entry(item: Any) -> BufferEntry | None:
    if not item:
        return None
    parts = wire.plist(item)
    return BufferEntry(
        file=str(parts["file"]),
        ident=str(parts["ident"]),
        line=int(parts["line"]),  # type: ignore[call-overload]  # as Emacs sends it
        text=str(parts["text"]),
        problem=str(parts["problem"]) if parts.get("problem") else None,
    )


@dataclass(slots=True)
class _Visited:
    """A log that a buffer of `editor` visits, and entries in that buffer by their ids."""

    editor: Editor
    entries: dict[str, BufferEntry] = field(default_factory=dict)


class BufferEntries:
    """Which logs the buffers of which Emacs visit, and the entries that were asked for."""

    def __init__(self) -> None:
        self._visited: dict[str, _Visited] = {}

    def __contains__(self, file: str) -> bool:
        return real_path(file) in self._visited

    @property
    def entries(self) -> list[BufferEntry]:
        """All entries, log by log."""
        return [entry for log in self._visited.values() for entry in log.entries.values()]

    def editor(self, file: str) -> Editor:
        """Return the Emacs that visits FILE."""
        return self._visited[real_path(file)].editor

    def entry(self, file: str, ident: str) -> BufferEntry | None:
        """Return the entry of the experiment IDENT in the buffer that visits FILE, if any."""
        entry = self._visited[real_path(file)].entries.get(ident)
        return entry if entry is not None and entry.text else None

    def ask(self, editor: Editor, index: Index, idents: Iterable[str]) -> None:
        """Ask EDITOR for the experiments IDENTS, in the logs where INDEX has them.

        An experiment that is in no log is asked for in all buffers with unsaved changes.
        """
        idents = list(idents)
        found = dict.fromkeys((one.file, one.ident) for one in find_experiments(index, idents))
        known = {ident for _file, ident in found}
        self.ask_for(editor, [*found, *(("", ident) for ident in idents if ident not in known)])

    def ask_unsaved(self, editor: Editor, index: Index) -> None:
        """Ask EDITOR for all experiments in the logs that it has changed and not saved.

        The logs get the names that they have in INDEX.
        """
        names = {real_path(record.path): record.path for record in all_logs(index)}
        for file, idents in editor.unsaved():
            real = real_path(file)
            self._visited.setdefault(real, _Visited(editor))
            self.ask_for(
                editor, [(names.get(real, file), ident) for ident in dict.fromkeys(idents)]
            )

    def ask_for(self, editor: Editor, wanted: Sequence[tuple[str, str]]) -> None:
        """Ask EDITOR for the entries WANTED, as (file, id); see `Editor.entries`."""
        for start in range(0, len(wanted), _BATCH):
            for entry in editor.entries(wanted[start : start + _BATCH]):
                if entry is not None:
                    self._take(editor, entry)

    def _take(self, editor: Editor, entry: BufferEntry) -> None:
        log = self._visited.setdefault(real_path(entry.file), _Visited(editor))
        if log.editor is editor:
            log.entries[entry.ident] = entry
