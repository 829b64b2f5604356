"""What makes git safe to run on any repository, for all who run it: `git.run` and `runs.git`.

Bars, environment and options turn off everything that a repository's configuration may have git
execute, ask or fetch.
"""

from __future__ import annotations

import os

# Whoever starts us from a git hook hands us GIT_DIR, GIT_INDEX_FILE and more, with which git would
# read the wrong repository. Kept is what says where git and the user's own settings are.
_KEPT = {
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
}
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_PYTHON_")


def is_kept(name: str) -> bool:
    """Tell whether git may see the variable NAME of the environment."""
    return not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)


# What single commands are kept from.
OPTIONS = {"diff-tree": ("--no-ext-diff", "--no-textconv", "--no-color")}
# What all are: a repository's configuration may name programs here.
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "log.showSignature": "false",
    "submodule.recurse": "false",
}
BARS = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]

ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    # Not a write for each commit.
    "GIT_FLUSH": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_PROXY_COMMAND": "false",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    # What is in a name are no wildcards, and no options.
    "GIT_LITERAL_PATHSPECS": "1",
    # Replace refs would show one commit under another's name.
    "GIT_NO_REPLACE_OBJECTS": "1",
    # Grafts would show one with other parents.
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone must not fetch, and so run what its configuration names, because its history
    # is read: the first holds from git 2.45 on (and 2.39.4), the second, no protocol, before too.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}
