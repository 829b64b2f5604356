"""The Emacs at the other end of a connection, as `explog.settle` wants it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explog.bridge import wire
from explog.errors import ExplogError
from explog.org.edit import LineEdit
from explog.settle import HeldEntry

if TYPE_CHECKING:
    from explog.bridge.connection import Client

log = logging.getLogger(__name__)

# Emacs answers from its main loop, which a user's own command may hold up.
_EMACS_SECONDS = 20.0


class EmacsEditor:
    """The Emacs at the other end of CLIENT, as `explog.settle` wants it."""

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

    def tell(self, message: str) -> None:
        try:
            self.client.call("tell", message, timeout=_EMACS_SECONDS)
        except ExplogError as error:
            log.warning("not told: %s (%s)", message, error)
