"""Settings: which logs, which repositories, and how the user writes.

`explog.config_file` reads them.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import platformdirs

from explog.errors import ExplogError
from explog.lab_settings import DEFAULT_LAB, LabSettings
from explog.refs import DEFAULT_RESULTS
from explog.run_settings import DEFAULT_RUNS, RunSettings
from explog.stuck import answers

Tick = Literal["always", "results", "never"]

# Keywords that such logs have. A log's own `#+TODO:` lines replace them.
DEFAULT_OPEN = ("TODO", "NEXT", "INPROGRESS", "WAIT", "WAITING", "IDEA")
DEFAULT_DONE = ("DONE", "CANCELED", "CANCELLED", "LATER")


DEFAULT_ARCHIVE = "%s_archive::"

_FORMATS = "{json,yaml,toml,csv,tsv}"
DEFAULT_METRICS = (
    f"metrics.{_FORMATS}",
    f"*/metrics.{_FORMATS}",
    f"results.{_FORMATS}",
    f"results/*.{_FORMATS}",
    f"metrics/*.{_FORMATS}",
)
DEFAULT_PARAMETERS = (
    "params.{yaml,json,toml}",
    "config.{yaml,json,toml}",
    ".hydra/config.yaml",
)
DEFAULT_TRACKERS = ("mlflow.db", "mlruns", "wandb", "lightning_logs", "tb_logs", "runs")
# Where people write settings of a file: at its beginning.
_HEAD_BYTES = 8192
_ARCHIVE_LINE = re.compile(rb"^#\+ARCHIVE:[ \t]*([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
# What org appends to the name of a file for the name of its archive.
ARCHIVE = "_archive"


_INDEX_NAME = re.compile(r"index-[0-9a-f]{16}\.sqlite")


def is_archive(path: str) -> bool:
    """Tell whether the log at PATH is one of those that org archives entries into."""
    return path.endswith(ARCHIVE)


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to look for repositories in, DEPTH levels down (0: the folder itself)."""

    path: Path
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """A log and the repositories whose commits belong to it."""

    log: Path
    repositories: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a use case needs to know of its user. `logs` are files, globs or folders."""

    logs: tuple[str, ...] = ()
    repositories: tuple[Root, ...] = ()
    projects: tuple[Project, ...] = ()
    index: Path | None = None
    tag: str = "exp"
    steps_heading: str = "Experiments"
    results: str = DEFAULT_RESULTS
    tick: Tick = "results"
    todo_open: tuple[str, ...] = DEFAULT_OPEN
    todo_done: tuple[str, ...] = DEFAULT_DONE
    alphabetical_lists: bool = False
    """Whether `a.` begins an item of a list: `org-list-allow-alphabetical`."""
    hierarchical_statistics: bool = True
    """Whether cookies count one level of boxes: `org-checkbox-hierarchical-statistics`."""
    inlinetask_min_level: int | None = 15
    """How many stars make an inline task: `org-inlinetask-min-level`; None for never."""
    log_note_headings: tuple[str, ...] | None = None
    """The texts that begin the notes which org takes: `org-log-note-headings`; None for org's."""
    archive_location: str = DEFAULT_ARCHIVE
    """Where archived entries go: `org-archive-location`."""
    lock_files: tuple[tuple[str, str], ...] = ()
    """(log, the file by which Emacs locks it) where it lies elsewhere than Emacs usually has it."""
    exclude_tags: tuple[str, ...] = ("noexport",)
    """What a report leaves out: `org-export-exclude-tags`."""
    metrics: tuple[str, ...] = DEFAULT_METRICS
    """Patterns of the files of a repository that have metrics, the ones that count first."""
    parameters: tuple[str, ...] = DEFAULT_PARAMETERS
    """The same of files that have parameters."""
    trackers: tuple[str, ...] = DEFAULT_TRACKERS
    """Where other programs keep runs: files and folders, relative to the top of a worktree."""
    runs: RunSettings = DEFAULT_RUNS
    """How runs are made, and where they are."""
    run_notes: bool = True
    """Whether the end of a run is noted on its step."""
    group: LabSettings = DEFAULT_LAB
    """Where the group's search is, and what is published there."""
    ignore: tuple[str, ...] = ()
    """Problems that `check` does not count: KIND or KIND REFERENCE each."""
    problems: tuple[str, ...] = ()
    """A sentence for each value that is wrong and not used."""

    def log_files(self, enter: Callable[[str], bool] = answers) -> list[Path]:
        """Return the logs as existing or named files, absolute, in a stable order.

        Only that is looked at which ENTER allows: by default what answers. See `explog.asking`.

        Each is there once, by the first of its names, also where symbolic links give it several.

        A folder stands for the `*.org` files in it. A plain name is kept when it does not exist,
        so that its absence can be reported. After the logs come those of their archives that exist,
        as `archive_location` or a line `#+ARCHIVE:` at the beginning of a log names them.
        """
        found: dict[str, Path] = {}
        paths = [path for spec in self.logs if enter(place_of(spec)) for path in expand(spec)]
        archives = [name for path in filter(enter, paths) for name in self._archives(path)]
        existing = filter(os.path.isfile, filter(enter, archives))
        for path in filter(enter, [*paths, *existing]):
            found.setdefault(os.path.realpath(path), Path(os.path.abspath(path)))
        return list(found.values())

    def _archives(self, log: str) -> Iterator[str]:
        """Yield the names of the files that entries of LOG are archived in, other than LOG."""
        yield f"{log}{ARCHIVE}"
        for location in (self.archive_location, *_own_archives(log)):
            name = location.partition("::")[0].strip().replace("%s", os.path.basename(log))
            if name:
                yield os.path.join(os.path.dirname(log), os.path.expanduser(name))

    def index_path(self) -> Path:
        """Return where the index of exactly these logs and repositories is kept.

        Raises ExplogError `not-an-index` if `index` is one of the logs.
        """
        if self.index is not None:
            real = os.path.realpath(self.index)
            if any(real == os.path.realpath(log) for log in self.log_files()):
                raise not_an_index(self.index, "it is a log")
            return self.index
        scope = {
            "logs": sorted(os.path.expanduser(spec) for spec in self.logs),
            "repositories": sorted((str(root.path), root.depth) for root in self.repositories),
            "projects": sorted(map(str, self.projects)),
            "results": self.results,
            # Else a terminal and an Emacs that differ would have each other read all anew.
            "values": (self.metrics, self.parameters),
        }
        digest = hashlib.sha256(json.dumps(scope).encode("utf-8", "surrogateescape")).hexdigest()
        return Path(platformdirs.user_cache_dir("explog")) / f"index-{digest[:16]}.sqlite"


def not_an_index(path: Path, reason: str) -> ExplogError:
    """Return the error that PATH cannot be the index because of REASON."""
    said = f"{path}: {reason}; name another file for the index"
    return ExplogError("not-an-index", said, file=str(path))


def is_default_index(path: Path) -> bool:
    """Tell whether PATH, a real name, is one that `index_path` chooses by itself."""
    folder = os.path.realpath(platformdirs.user_cache_dir("explog"))
    return str(path.parent) == folder and bool(_INDEX_NAME.fullmatch(path.name))


def _own_archives(log: str) -> list[str]:
    """Return the values of the lines `#+ARCHIVE:` at the beginning of LOG."""
    try:
        if not stat.S_ISREG(os.stat(log).st_mode):  # opening a pipe would wait for its writer
            return []
        with Path(log).open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return []
    return [match[1].decode("utf-8", "surrogateescape") for match in _ARCHIVE_LINE.finditer(head)]


def place_of(spec: str) -> str:
    """Return the file or folder SPEC, or the folder in which all that matches a glob SPEC is."""
    path = os.path.expanduser(spec)
    while glob.has_magic(path):
        path = os.path.dirname(path)
    return path


def expand(spec: str) -> Iterator[str]:
    """Yield the files that SPEC, a file, glob or folder, stands for."""
    path = os.path.expanduser(spec)
    if os.path.isdir(path):
        yield from sorted(glob.glob(os.path.join(glob.escape(path), "*.org")))
    elif os.path.exists(path) or not glob.has_magic(path):
        yield path
    else:
        yield from sorted(glob.glob(path, recursive=True))


def with_overrides(
    settings: Settings,
    logs: Iterable[str] = (),
    repositories: Iterable[str] = (),
    index: Path | None = None,
) -> Settings:
    """Return SETTINGS with the ones named on a command line in their stead."""
    logs, roots = (
        tuple(logs),
        tuple(Root(Path(os.path.abspath(os.path.expanduser(repo)))) for repo in repositories),
    )
    return replace(
        settings,
        logs=logs or settings.logs,
        repositories=roots or settings.repositories,
        index=index or settings.index,
    )
