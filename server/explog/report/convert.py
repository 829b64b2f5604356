"""Convert excerpts of org text, by Emacs's exporters or by pandoc. None of it is written here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

# What makes an exporter read other files, or run something.
_KEYWORD = re.compile(
    r"^[ \t]*#\+(?:INCLUDE|MACRO|SETUPFILE|BIND|CALL|OPTIONS|EXPORT_\w+|LATEX\w*|HTML\w*):.*$",
    re.IGNORECASE | re.MULTILINE,
)
# What in a formula reads files, ends the document or changes what follows. Emacs has the same list.
_COMMAND = re.compile(
    r"\^\^|\\(?:input|include|(?:begin|end)\{document|catcode|[egx]?def\b|open(?:in|out)|read|write"
    r"|immediate|special|csname|newcommand|renewcommand|usepackage|lstinput|verbatiminput"
    r"|(?:let|futurelet|loop|stop|bye)\b)"
)
_WEB = re.compile(r"https?://|mailto:")
_PLAIN = ["", [], []]  # no id, no classes, no attributes
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_ID = re.compile(r'( id="| href="#)([^"]*")')
_MACRO = re.compile(r"\{\{\{")
_SECONDS = 60
_PANDOC = {"html": "html", "latex": "latex", "md": "commonmark"}


def convert(texts: Iterable[str], kind: str) -> Mapping[str, str]:
    """Return {text: the same in the format KIND} for those of the org TEXTS that can be converted.

    KIND is "html", "latex" or "md". Without Emacs and pandoc that is none.
    """
    wanted = [text for text in dict.fromkeys(texts) if text]
    if not wanted:
        return {}
    found = _by_emacs(list(map(_harmless, wanted)), kind)
    if found is None:
        found = [_by_pandoc(text, kind) for text in map(_harmless, wanted)]
    if kind == "html":
        found = [said and _own_ids(said, n) for n, said in enumerate(found, start=1)]
    pairs = zip(wanted, found, strict=True)
    return {text: said.strip("\n") for text, said in pairs if said is not None}


def _own_ids(html: str, number: int) -> str:
    """Return HTML, of the excerpt NUMBER, with ids that no other excerpt in the page has."""
    return _TAG.sub(lambda tag: _ID.sub(rf"\g<1>e{number}-\g<2>", tag[0]), html)


def _harmless(text: str) -> str:
    return _MACRO.sub("{\N{ZERO WIDTH SPACE}{{", _KEYWORD.sub("", text))


def _by_emacs(texts: list[str], kind: str) -> list[str | None] | None:
    """Return what Emacs makes of TEXTS, None for one that it cannot export; None without Emacs."""
    program = shutil.which(os.environ.get("EMACS") or "emacs")
    if program is None:
        return None
    with resources.as_file(resources.files("explog.report") / "export.el") as script:
        command = [program, "-Q", "--batch", "-l", str(script), kind]
        said = _run(command, json.dumps(texts) + "\n")
    try:
        found = json.loads(said) if said is not None else None
    except ValueError:
        return None
    return found if isinstance(found, list) and len(found) == len(texts) else None


def _by_pandoc(text: str, kind: str) -> str | None:
    program = shutil.which("pandoc")
    if program is None:
        return None
    read = _run([program, "--sandbox", "--from=org", "--to=json"], text)
    if read is None:
        return None
    document = json.loads(read)
    document["blocks"] = _without_raw(document["blocks"])
    to = [program, "--sandbox", "--wrap=preserve", "--from=json", f"--to={_PANDOC[kind]}"]
    return _run(to, json.dumps(document))


def _without_raw(node: Any) -> Any:
    """Return NODE of pandoc's document, with what would pass as it is shown as text instead."""
    if isinstance(node, list):
        return [_without_raw(one) for one in node]
    if not isinstance(node, dict):
        return node
    kind: object = node.get("t")
    content: Any = node.get("c")
    if kind in ("RawInline", "RawBlock"):
        return _code("Code" if kind == "RawInline" else "CodeBlock", content[1])
    if kind == "Math" and _COMMAND.search(content[1]):
        return _code("Code", content[1])
    if kind in ("Link", "Image") and (kind == "Image" or not _WEB.match(content[2][0])):
        return {"t": "Span", "c": [_PLAIN, _without_raw(content[1])]}
    return {name: _without_raw(value) for name, value in node.items()}


def _code(kind: str, text: str) -> dict[str, object]:
    return {"t": kind, "c": [_PLAIN, text]}


def _run(command: list[str], text: str) -> str | None:
    """Return what COMMAND prints when it reads TEXT; None if it fails."""
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, check=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
