"""The settings of a group's search: where the lab is, and what of one's own is published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, cast

from explog.errors import ExplogError

Publish = Literal["pushed", "all", "none"]
PUBLISH: tuple[Publish, ...] = ("pushed", "all", "none")
SCOPES = ("mine", "lab")
"""Where a query may search."""
NAMES = ("lab", "publish", "publish_logs", "scope")


class LabSettings(NamedTuple):
    """Where the lab is, and what is published there.

    `address` is a URL or settings of libpq; empty for no lab. `publish` says which commits,
    `repositories` of which repositories others. `logs` are files, globs or folders. `scope` is
    where a query searches that does not say so.
    """

    address: str = ""
    publish: Publish = "pushed"
    repositories: tuple[tuple[Path, Publish], ...] = ()
    logs: tuple[str, ...] = ()
    scope: str = "mine"

    def published(self, *folders: Path) -> Publish:
        """Return which commits of the repository are published that is at one of FOLDERS."""
        real = {os.path.realpath(folder) for folder in folders}
        own = (how for path, how in self.repositories if os.path.realpath(path) in real)
        return next(own, self.publish)


DEFAULT_LAB = LabSettings()


def with_setting(settings: LabSettings, name: str, value: object) -> LabSettings:
    """Return SETTINGS with NAME, one of NAMES, set to VALUE; raise ExplogError `bad-config`."""
    if name == "publish":
        return _with_publish(settings, value)
    if name == "publish_logs":
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise _bad(name, "a list of strings", value)
        return settings._replace(logs=tuple(value))
    if name == "scope":
        if value not in SCOPES:
            raise _bad(name, " or ".join(SCOPES), value)
        return settings._replace(scope=str(value))
    if not _is_text(value):
        raise ExplogError("bad-config", "lab: expected the address of a database")  # unseen
    return settings._replace(address=str(value))


def _with_publish(settings: LabSettings, value: object) -> LabSettings:
    """Take one word for all repositories, or a table of repositories, and `default` for others."""
    wanted = f"{', '.join(PUBLISH[:-1])} or {PUBLISH[-1]}, or a table of repository = such a word"
    table = value if isinstance(value, Mapping) else {"default": value}
    if any(how not in PUBLISH for how in table.values()) or not all(map(_is_text, table)):
        raise _bad("publish", wanted, value)
    own = cast(dict[str, Publish], dict(table))
    return settings._replace(
        publish=own.pop("default", settings.publish),
        repositories=tuple(
            (Path(os.path.abspath(os.path.expanduser(name))), how) for name, how in own.items()
        ),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _bad(name: str, wanted: str, value: object) -> ExplogError:
    return ExplogError("bad-config", f"{name}: expected {wanted}, not {value!r:.100}")
