"""The Emacs at the other end of a connection, as `explog.daemon.settle` wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explog.entries.held import EntryEdit, HeldEntry
from explog.errors import ExplogError
from explog.model import LineEdit
from explog.rpc import wire

if TYPE_CHECKING:
    from explog.rpc.client import Client

# Emacs answers from its main loop, which a user's own command may hold up.
_EMACS_SECONDS = 20.0


class EmacsEditor:
    """The Emacs at the other end of CLIENT, as `explog.daemon.settle` wants it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[HeldEntry | None]:
        answer = self.client.call(
            "entries", [list(pair) for pair in wanted], timeout=_EMACS_SECONDS
        )
        if not isinstance(answer, list):
            raise ExplogError("emacs-error", "Emacs did not list its entries")
        return [self._entry(item) for item in answer]

    def _entry(self, item: Any) -> HeldEntry | None:
        if not item:
            return None
        parts = wire.plist(item)
        return HeldEntry(
            file=str(parts["file"]),
            ident=str(parts["ident"]),
            line=int(parts["line"]),  # type: ignore[call-overload]  # as Emacs sends it
            text=str(parts["text"]),
            problem=str(parts["problem"]) if parts.get("problem") else None,
        )

    def edit(self, entry: HeldEntry, lines: Sequence[LineEdit], messages: Sequence[str]) -> None:
        edits = [[line.line, line.old, line.new] for line in lines]
        arguments = (entry.file, entry.ident, edits, list(messages))
        self.client.call("edit", *arguments, timeout=_EMACS_SECONDS)

    def unsaved(self) -> list[tuple[str, list[str]]]:
        answer = self.client.call("unsaved", timeout=_EMACS_SECONDS)
        if not isinstance(answer, list):
            raise ExplogError("emacs-error", "Emacs did not list its unsaved logs")
        return [(str(file), [str(ident) for ident in idents]) for file, *idents in answer]

    def edit_file(self, file: str, edits: Sequence[EntryEdit]) -> dict[str, str]:
        rows = [
            [one.ident, [[e.line, e.old, e.new] for e in one.lines], list(one.messages)]
            for one in edits
        ]
        answer = self.client.call("edits", file, rows, timeout=_EMACS_SECONDS)
        if not isinstance(answer, list):
            raise ExplogError("emacs-error", "Emacs did not say what it edited")
        return {str(ident): str(message) for ident, message in answer}
