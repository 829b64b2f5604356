"""Settings: which logs, which repositories, and how the user writes.

They come from a TOML file for the terminal and from the customization group for Emacs, as one
mapping with the same names, and leave this module as one frozen value.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import platformdirs

from explog.errors import ExplogError
from explog.refs import DEFAULT_RESULTS, results_pattern

Tick = Literal["always", "results", "never"]

# The post's keywords. A log's own `#+TODO:` lines replace them.
DEFAULT_OPEN = ("TODO", "NEXT", "INPROGRESS", "WAIT", "WAITING", "IDEA")
DEFAULT_DONE = ("DONE", "CANCELED", "CANCELLED", "LATER")


# What org appends to the name of a file for the name of its archive.
ARCHIVE = "_archive"


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

    def log_files(self) -> list[Path]:
        """Return the logs as existing or named files, absolute, in a stable order.

        Each is there once, by the first of its names, also where symbolic links give it several.

        A folder stands for the `*.org` files in it. A plain name is kept when it does not exist,
        so that its absence can be reported. Behind the logs come their archives, as org names
        them: `log.org_archive`.
        """
        found: dict[str, Path] = {}
        paths = [path for spec in self.logs for path in _expand(spec)]
        archives = [f"{path}{ARCHIVE}" for path in paths]
        for path in [*paths, *filter(os.path.isfile, archives)]:
            found.setdefault(os.path.realpath(path), Path(os.path.abspath(path)))
        return list(found.values())

    def index_path(self) -> Path:
        """Return where the index of exactly these logs and repositories is kept."""
        if self.index is not None:
            return self.index
        scope = {
            "logs": sorted(os.path.expanduser(spec) for spec in self.logs),
            "repositories": sorted((str(root.path), root.depth) for root in self.repositories),
            "projects": sorted(map(str, self.projects)),
            "results": self.results,
        }
        digest = hashlib.sha256(json.dumps(scope).encode("utf-8", "surrogateescape")).hexdigest()
        return Path(platformdirs.user_cache_dir("explog")) / f"index-{digest[:16]}.sqlite"


def _expand(spec: str) -> Iterator[str]:
    path = os.path.expanduser(spec)
    if os.path.isdir(path):
        yield from sorted(glob.glob(os.path.join(glob.escape(path), "*.org")))
    elif os.path.exists(path) or not glob.has_magic(path):
        yield path
    else:
        yield from sorted(glob.glob(path, recursive=True))


def default_config_path() -> Path:
    """Return the configuration file that is read when none is named."""
    return Path(platformdirs.user_config_dir("explog")) / "config.toml"


def load(path: Path | None = None) -> Settings:
    """Read the TOML configuration at PATH, or the default one, which need not exist."""
    named = path is not None
    path = path or default_config_path()
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        if named:
            raise ExplogError("bad-config", f"{path}: there is no such file") from error
        return Settings()
    except OSError as error:
        raise ExplogError("bad-config", f"{path}: {error.strerror}") from error
    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
        return from_mapping(table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExplogError("bad-config", f"{path}: {error}") from error
    except ExplogError as error:
        raise ExplogError("bad-config", f"{path}: {error.message}") from error


def from_mapping(table: Mapping[str, object]) -> Settings:
    """Return settings from a mapping with the names of `Settings`; raise `bad-config` on any other.

    `repositories` is a list of paths or of {path, depth}; `projects` maps a log to its
    repositories.
    """
    known = {item.name for item in fields(Settings)}
    unknown = sorted(set(table) - known)
    if unknown:
        names = ", ".join(sorted(known))
        raise ExplogError("bad-config", f"unknown setting {unknown[0]!r}; there are: {names}")
    values: dict[str, object] = {}
    for name, value in table.items():
        values[name] = _READERS[name](name, value)
    settings = replace(Settings(), **values)  # type: ignore[arg-type]  # each reader checks its own
    results_pattern(settings.results)
    return settings


def with_overrides(
    settings: Settings,
    logs: Iterable[str] = (),
    repositories: Iterable[str] = (),
    index: Path | None = None,
) -> Settings:
    """Return SETTINGS with the ones named on a command line in their stead."""
    logs, roots = tuple(logs), tuple(Root(_path("repo", repo)) for repo in repositories)
    return replace(
        settings,
        logs=logs or settings.logs,
        repositories=roots or settings.repositories,
        index=index or settings.index,
    )


def _bad(name: str, wanted: str, value: object) -> ExplogError:
    return ExplogError("bad-config", f"{name}: expected {wanted}, not {value!r}")


def _string(name: str, value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _bad(name, "a string", value)
    return value


def _tag(name: str, value: object) -> str:
    tag = _string(name, value)
    if not re.fullmatch(r"[\w@#%]+", tag):
        raise _bad(name, "a tag of letters, digits, _, @, # and %", value)
    return tag


def _keywords(name: str, value: object) -> tuple[str, ...]:
    words = _strings(name, value)
    for word in words:
        if re.search(r"[\s|()]", word):
            raise _bad(name, "TODO keywords without blanks, bars and (keys)", word)
    return words


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _bad(name, "a list of strings", value)
    return tuple(_string(name, item) for item in value)


def _path(name: str, value: object) -> Path:
    return Path(os.path.abspath(os.path.expanduser(_string(name, value))))


def _roots(name: str, value: object) -> tuple[Root, ...]:
    if not isinstance(value, list):
        raise _bad(name, "a list of paths or {path, depth}", value)
    return tuple(_root(name, item) for item in value)


def _root(name: str, item: object) -> Root:
    if isinstance(item, str):
        return Root(_path(name, item))
    if not isinstance(item, Mapping) or set(item) - {"path", "depth"} or "path" not in item:
        raise _bad(name, "a path or {path, depth}", item)
    depth = item.get("depth", 0)
    if not isinstance(depth, int) or isinstance(depth, bool) or not 0 <= depth <= 10:
        raise _bad(name, "a depth from 0 to 10", depth)
    return Root(_path(name, item["path"]), depth)


def _projects(name: str, value: object) -> tuple[Project, ...]:
    if not isinstance(value, Mapping):
        raise _bad(name, "a table of log = [repositories]", value)
    return tuple(
        Project(_path(name, log), tuple(_path(name, repo) for repo in _strings(name, repos)))
        for log, repos in value.items()
    )


def _tick(name: str, value: object) -> Tick:
    if value not in ("always", "results", "never"):
        raise _bad(name, "always, results or never", value)
    return value


_READERS = {
    "logs": _strings,
    "repositories": _roots,
    "projects": _projects,
    "index": _path,
    "tag": _tag,
    "steps_heading": _string,
    "results": _string,
    "tick": _tick,
    "todo_open": _keywords,
    "todo_done": _keywords,
}
