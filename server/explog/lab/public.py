"""What is public of repositories and logs, by the user's settings."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from explog.config import Settings, expand, place_of
from explog.git.repository import Repository, tips
from explog.git.run import run
from explog.lab_settings import Publish
from explog.org.context import LogContext
from explog.org.files import log_context
from explog.org.heading import ARCHIVED_TAGS, archived_tags
from explog.org.options import org_options
from explog.org.scan import scan_section, split_sections, split_tags
from explog.stuck import is_silent
from explog.sync.sections import Content, read_section
from explog.sync.ways import Ways

_ALWAYS_PRIVATE = ("private", "noexport")
# What follows a change of this is sent anew.
_EDITION = 1


def public_tips(repository: Repository, how: Publish) -> list[str]:
    """Return the tips of REPOSITORY whose commits are public; raise GitError, OSError."""
    if how == "all":
        return tips(repository)
    listed = run(repository.path, "for-each-ref", "--format=%(objectname)", "refs/remotes")
    pushed = set(listed.decode("ascii").split())
    # With the mark for where a shallow clone ends.
    return [tip for tip in tips(repository) if tip in pushed or ":" in tip] if pushed else []


def private_tags(settings: Settings) -> frozenset[str]:
    """Return the tags of the subtrees that stay out."""
    return frozenset((*settings.exclude_tags, *_ALWAYS_PRIVATE))


def public_logs(settings: Settings) -> tuple[list[Path], list[str]]:
    """Return the logs to publish, and a sentence for each name that is none of the logs."""
    logs = {os.path.realpath(path): path for path in settings.log_files()}
    found: dict[str, Path] = {}
    problems = []
    for spec in settings.group.logs:
        if is_silent(place_of(spec)):
            continue
        named = [real for real in map(os.path.realpath, expand(spec)) if real in logs]
        if not named:
            problems.append(f"publish_logs: {spec}: none of the logs is called so")
        found.update((real, logs[real]) for real in named)
    return list(found.values()), problems


def log_state(settings: Settings, data: bytes) -> str:
    """Return what changes when something else of a log with DATA would be public."""
    ways = (_EDITION, settings.tag, settings.steps_heading, org_options(settings))
    said = repr((ways, sorted(private_tags(settings)))).encode()
    return hashlib.blake2b(data + said, digest_size=16).hexdigest()


def repository_state(how: Publish, url: str, public: list[str]) -> str:
    """Return, as JSON, what changes when other commits of a repository are public."""
    return json.dumps([_EDITION, how, url, public])


def known_tips(state: str, url: str) -> list[str] | None:
    """Return the tips in STATE, as `repository_state` made it.

    None if it was of another URL, or is empty: not all was sent.
    """
    edition, _how, known, public = json.loads(state or "[0, 0, 0, 0]")
    return list(public) if (edition, known) == (_EDITION, url) else None


def read_public(settings: Settings, path: Path, data: bytes) -> Iterator[Content]:
    """Yield what is public of the log at PATH with DATA; raise ValueError, NotReadError."""
    context = log_context(path, data, org_options(settings))
    private = private_tags(settings)
    if context.filetags & private:
        return
    ways = Ways(settings.tag, settings.steps_heading)
    for start, end in split_sections(data):
        part = without_private(data[start:end], context, private)
        if part:
            yield read_section(part, context, ways)


def without_private(section: bytes, context: LogContext, private: Collection[str]) -> bytes:
    """Return SECTION without the subtrees that have, or had when archived, a tag of PRIVATE."""
    if not any(tag.encode() in section for tag in private):
        return section
    lines = context.decode(section).split("\n")
    kept = [True] * len(lines)
    archives = ARCHIVED_TAGS.encode() in section
    for chunk in scan_section(section, context):
        stop = len(lines) if chunk.stop is None else chunk.stop
        tags = set(chunk.tags)
        if archives:
            tags.update(archived_tags(lines[chunk.line : stop]) or ())
        if tags.intersection(private):
            kept[chunk.line : stop] = [False] * (stop - chunk.line)
    _hide_inline_tasks(lines, kept, context, private)
    return context.encode(
        "\n".join(line for line, public in zip(lines, kept, strict=True) if public)
    )


def _hide_inline_tasks(
    lines: list[str], kept: list[bool], context: LogContext, private: Collection[str]
) -> None:
    """Take the inline tasks with a tag of PRIVATE out of what is KEPT of LINES."""
    least = context.options.inlinetask_min_level
    if least is None:
        return
    task = re.compile(rf"(\*{{{least},}}) ")
    for number, line in enumerate(lines):
        match = task.match(line)
        if match is None or not set(split_tags(line)[1]).intersection(private):
            continue
        kept[number] = False
        end = next((n for n in range(number + 1, len(lines)) if lines[n].startswith("*")), None)
        if end is not None and lines[end].rstrip() == f"{match[1]} END":
            kept[number : end + 1] = [False] * (end + 1 - number)
