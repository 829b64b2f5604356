"""The text of entries: of the buffer where an Emacs visits the log, else of the file.

Whoever plans, checks or changes an entry gets its text here, so that all see the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.config import Settings
from explog.entries.emacs import BufferEntries, BufferEntry
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import Change, Experiment, LineEdit
from explog.org.context import BOM
from explog.org.edit import StepMarks
from explog.org.entry import read_experiment
from explog.org.files import log_context, read_log
from explog.org.heading import read_id
from explog.org.notes import StepNote, add_notes
from explog.org.options import OrgOptions, org_options
from explog.org.spans import HashSpan, hash_spans, own_hash
from explog.org.steps import StepList, conflict_line, find_steps
from explog.stuck import real_path


class LogText:
    """The bytes of a log, and the entries in them."""

    def __init__(self, file: str, data: bytes, options: OrgOptions) -> None:
        """Raise ExplogError `unreadable` if DATA is no text that org could read."""
        self.file = file
        self.data = data
        self._lines = data.split(b"\n")
        try:
            self._context = log_context(Path(file), data, options)
        except ValueError as error:
            raise ExplogError("unreadable", f"{file}: {error}", file=file) from error

    @property
    def options(self) -> OrgOptions:
        """The options of org that hold in the log."""
        return self._context.options

    def entry(self, line: int, ident: str) -> tuple[str, list[str]]:
        """Return the subtree of the experiment IDENT whose heading is at the 1-based LINE.

        It comes whole, and as lines. Raises ExplogError `changed` if it is not there.
        """
        lines = self._lines
        heading = lines[line - 1] if line <= len(lines) else b""
        heading = heading.removeprefix(BOM) if line == 1 else heading
        level = len(heading) - len(heading.lstrip(b"*"))
        end = line
        while end < len(lines) and not (lines[end][:1] == b"*" and _is_heading(lines[end], level)):
            end += 1
        text = self._context.decode(b"\n".join([heading, *lines[line:end]]))
        decoded = text.split("\n")
        if level == 0 or read_id(decoded) != ident:
            raise changed(self.file)
        return text, decoded

    def fits(self, change: Change) -> bool:
        """Tell whether the entry reads as CHANGE expects."""
        try:
            return self.entry(change.line, change.experiment)[0] == change.text
        except ExplogError:
            return False

    def edited(self, changes: Iterable[Change]) -> bytes:
        """Return the bytes of the log with CHANGES made, which fit."""
        lines = list(self._lines)
        for change in changes:
            for edit in change.lines:
                number = change.line - 1 + edit.line
                mark = BOM if number == 0 and lines[0].startswith(BOM) else b""
                lines[number] = mark + self._context.encode(edit.new)
        return b"\n".join(lines)


def changed(file: str) -> ExplogError:
    """Return the error that says that the log FILE is not as expected any more."""
    return ExplogError("changed", f"{file}: it changed meanwhile", file=file)


def _is_heading(line: bytes, level: int) -> bool:
    """Tell whether LINE is a heading of LEVEL or above."""
    stars = len(line) - len(line.lstrip(b"*"))
    return 0 < stars <= level and line[stars : stars + 1] == b" "


@dataclass(frozen=True, slots=True)
class EntryText:
    """An experiment with the text of its entry, and the steps as they stand in it.

    `steps` is None where the entry has none, and where git left a merge undone: the first line that
    it left is `conflict`, counted from the heading. `spans` are the hashes on the items of steps,
    by the lines of the items.
    """

    experiment: Experiment
    text: str
    lines: Sequence[str]
    options: OrgOptions
    steps: StepList | None
    conflict: int | None
    spans: Mapping[int, Sequence[HashSpan]]

    @property
    def marks(self) -> StepMarks:
        """What puts marks on the steps; raise ExplogError `unreadable` amid a merge."""
        self._refuse_amid_merge()
        return StepMarks(self.lines, self.steps, self.options, self.spans)

    def noted(
        self, notes: Sequence[StepNote], steps_heading: str
    ) -> tuple[tuple[LineEdit, ...], dict[StepNote, ExplogError]]:
        """Return what `add_notes` does; raise ExplogError `unreadable` amid a merge."""
        self._refuse_amid_merge()
        return add_notes(self.lines, notes, self.options, steps_heading)

    def _refuse_amid_merge(self) -> None:
        if self.conflict is not None:
            where = f"{self.experiment.file}:{self.experiment.line + self.conflict}"
            reason = f"{where}: a merge conflict is not resolved there"
            raise ExplogError("unreadable", reason, file=self.experiment.file)

    def change(self, lines: tuple[LineEdit, ...], messages: Iterable[str]) -> Change:
        """Return the change of LINES in this entry, told of by MESSAGES."""
        experiment = self.experiment
        return Change(
            file=experiment.file,
            line=experiment.line,
            experiment=experiment.ident,
            text=self.text,
            lines=lines,
            messages=tuple(messages),
        )


class EntryTexts:
    """Where the texts of entries come from: BUFFERS that visit a log, and files for all others.

    Each file is read once, so that what is planned and what is changed are the same.
    """

    def __init__(self, settings: Settings, buffers: BufferEntries | None = None) -> None:
        self.settings = settings
        self.buffers = buffers if buffers is not None else BufferEntries()
        self._in_buffer: dict[str, bool] = {}
        self._logs: dict[str, LogText] = {}
        self._buffer_options: dict[str, OrgOptions] = {}

    def in_buffer(self, file: str) -> bool:
        """Tell whether a buffer visits the log FILE."""
        if file not in self._in_buffer:  # asked for each entry
            self._in_buffer[file] = file in self.buffers
        return self._in_buffer[file]

    def log(self, file: str) -> LogText:
        """Return the log FILE as it was when it was first asked for; raise ExplogError."""
        if file not in self._logs:
            self._logs[file] = LogText(file, read_log(Path(file)), org_options(self.settings))
        return self._logs[file]

    def options(self, file: str) -> OrgOptions:
        """Return the options of org that hold in the log FILE."""
        if not self.in_buffer(file):
            return self.log(file).options
        if file not in self._buffer_options:
            self._buffer_options[file] = _options_on_disk(file, self.settings)
        return self._buffer_options[file]

    def entry(self, experiment: Experiment) -> EntryText:
        """Return the text of EXPERIMENT; raise ExplogError if it cannot be read.

        The error is `changed` where the steps are not those that are known of EXPERIMENT.
        """
        file = experiment.file
        text, lines = self._text(experiment)
        options = self.options(file)
        conflict = conflict_line(lines)
        if conflict is not None:
            return EntryText(experiment, text, lines, options, None, conflict, {})
        steps = find_steps(lines, self.settings.steps_heading, options)
        items = [item for _number, item in steps.items] if steps else []
        spans = {item.line: hash_spans(lines, item) for item in items}
        _check_steps(experiment, steps, spans)
        return EntryText(experiment, text, lines, options, steps, None, spans)

    def _text(self, experiment: Experiment) -> tuple[str, list[str]]:
        """Return the text of EXPERIMENT, and its lines."""
        if not self.in_buffer(experiment.file):
            return self.log(experiment.file).entry(experiment.line, experiment.ident)
        entry = self.buffers.entry(experiment.file, experiment.ident)
        if entry is None or entry.line != experiment.line:
            raise changed(experiment.file)
        return entry.text, entry.text.split("\n")

    def experiments(
        self, index: Index, idents: Collection[str] | None = None
    ) -> tuple[list[Experiment], list[BufferEntry]]:
        """Return the experiments with one of IDENTS, or all, and the entries that are none by now.

        A log that a buffer visits has those of the buffer. INDEX knows the others.
        """
        found = [
            experiment
            for experiment in find_experiments(index, idents)
            if not self.in_buffer(experiment.file)
        ]
        unreadable: list[BufferEntry] = []
        for entry in self.buffers.entries:
            if entry.text and (idents is None or entry.ident in idents):
                experiment = self._read(entry)
                if experiment is None:
                    unreadable.append(entry)
                else:
                    found += [experiment, *_namesakes(index, experiment)]
        return found, unreadable

    def _read(self, entry: BufferEntry) -> Experiment | None:
        options = self.options(entry.file)
        read = read_experiment(entry.text, entry.line, (), options, self.settings.steps_heading)
        if read is None or read.id != entry.ident:
            return None
        return Experiment(
            id=0,
            file=entry.file,
            line=entry.line,
            start=0,
            size=0,
            ident=read.id,
            title=read.title,
            todo=read.todo,
            done=read.done,
            steps=read.steps,
        )


def _check_steps(
    experiment: Experiment, found: StepList | None, spans: Mapping[int, Sequence[HashSpan]]
) -> None:
    """Raise ExplogError `changed` unless the steps FOUND, with SPANS, are those of EXPERIMENT."""
    now = [
        (number, item.line, item.box, own_hash(spans[item.line]))
        for number, item in (found.items if found else ())
    ]
    if now != [(step.number, step.line, step.box, step.hash) for step in experiment.steps]:
        raise changed(experiment.file)


def _namesakes(index: Index, experiment: Experiment) -> list[Experiment]:
    """Return the other experiments of the same file that INDEX knows by the id of EXPERIMENT.

    Emacs sends one entry of an id. The nearest one that INDEX knows is taken to be that.
    """
    real = real_path(experiment.file)
    known = find_experiments(index, [experiment.ident])
    same = [one for one in known if real_path(one.file) == real]
    nearest = min(same, key=lambda one: abs(one.line - experiment.line), default=None)
    return [one for one in same if one is not nearest]


def _options_on_disk(file: str, settings: Settings) -> OrgOptions:
    """Return the options of org that hold in the log FILE as it is on disk."""
    default = org_options(settings)
    try:
        return log_context(Path(file), read_log(Path(file)), default).options
    except (ExplogError, ValueError):
        return default
