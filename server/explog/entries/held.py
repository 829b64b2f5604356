"""Logs that an Emacs holds: the entries in its buffers, and what it can be asked to do with them.

Whatever an Emacs visits is edited there, on the text that its buffer has, and no file is touched
behind its back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from explog.config import Settings
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import all_logs, find_experiments
from explog.model import LineEdit
from explog.org.files import read_log
from explog.org.options import OrgOptions, org_options
from explog.org.scan import file_context

# Emacs looks so many entries up without the user noticing.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """An entry in a buffer that visits `file`: its 1-based line there and its text.

    `problem` says why the buffer must not be edited now, if so. The text is empty where the buffer
    has no such entry.
    """

    file: str
    ident: str
    line: int
    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class EntryEdit:
    """What is to be changed in the entry `ident` of a buffer, and what to say of it."""

    ident: str
    lines: tuple[LineEdit, ...]
    messages: tuple[str, ...]


class Editor(Protocol):
    """An Emacs that may visit logs."""

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[HeldEntry | None]:
        """Return for each (file, id) the entry in the buffer that visits the file, if any.

        An empty file stands for any log with unsaved changes.
        """

    def edit(self, entry: HeldEntry, lines: Sequence[LineEdit], messages: Sequence[str]) -> None:
        """Make the edits in the entry's buffer, if it is as it was, and show MESSAGES."""


class BulkEditor(Editor, Protocol):
    """An Emacs that can be asked about whole logs."""

    def unsaved(self) -> list[tuple[str, list[str]]]:
        """Return the logs with unsaved changes, and the ids of the experiments in each."""

    def edit_file(self, file: str, edits: Sequence[EntryEdit]) -> dict[str, str]:
        """Make EDITS in the buffer that visits FILE, as one step for undo, and show their messages.

        Each entry is edited whole or not at all; return {id: why not} for those that were not.
        """


@dataclass(slots=True)
class _File:
    editor: BulkEditor
    entries: dict[str, HeldEntry] = field(default_factory=dict)


class Holdings:
    """Which logs are held by which Emacs, and entries of them."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    @property
    def entries(self) -> list[HeldEntry]:
        """All entries, file by file."""
        return [entry for file in self._files.values() for entry in file.entries.values()]

    def __contains__(self, file: str) -> bool:
        return os.path.realpath(file) in self._files

    def editor(self, file: str) -> BulkEditor:
        """Return the Emacs that holds FILE."""
        return self._files[os.path.realpath(file)].editor

    def entry(self, file: str, ident: str) -> HeldEntry | None:
        """Return the entry IDENT of FILE, if the buffer has it."""
        held = self._files[os.path.realpath(file)].entries.get(ident)
        return held if held is not None and held.text else None

    def ask(self, editor: BulkEditor, wanted: Sequence[tuple[str, str]]) -> None:
        """Take in what EDITOR holds of WANTED, as `Editor.entries` has it."""
        for start in range(0, len(wanted), _BATCH):
            for entry in editor.entries(wanted[start : start + _BATCH]):
                if entry is not None:
                    self._take(editor, entry)

    def ask_unsaved(self, editor: BulkEditor, index: Index) -> None:
        """Take in all logs that EDITOR has changed and not saved, whole."""
        names = {os.path.realpath(record.path): record.path for record in all_logs(index)}
        for file, idents in editor.unsaved():
            name = names.get(os.path.realpath(file), file)
            self._files.setdefault(os.path.realpath(file), _File(editor))
            self.ask(editor, [(name, ident) for ident in dict.fromkeys(idents)])

    def _take(self, editor: BulkEditor, entry: HeldEntry) -> None:
        file = self._files.setdefault(os.path.realpath(entry.file), _File(editor))
        if file.editor is editor:
            file.entries[entry.ident] = entry


def wanted_entries(index: Index, idents: Iterable[str]) -> list[tuple[str, str]]:
    """Return (file, id) for where the experiments are, with no file for those in no file yet."""
    idents = list(idents)
    found = [(experiment.file, experiment.ident) for experiment in find_experiments(index, idents)]
    known = {ident for _file, ident in found}
    return [*dict.fromkeys(found), *(("", ident) for ident in idents if ident not in known)]


def file_options(file: str, settings: Settings) -> OrgOptions:
    """Return the options of org that hold in the log FILE as it is on disk."""
    default = org_options(settings)
    try:
        return file_context(read_log(Path(file)), default).options
    except (ExplogError, ValueError):
        return default
