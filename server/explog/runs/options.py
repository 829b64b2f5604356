"""What may be typed behind `explog run`; the help of `explog run -h` is made of the same table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.naming import parse_experiment, parse_reference, reference_of_script

USAGE = "explog run [REFERENCE] [OPTIONS] [--] COMMAND..."
HELP = """\
Run COMMAND, and keep what ran, on which code, how it ended and what it printed.

REFERENCE is e201.1, or e201 for a whole experiment. Without one, the name of the script may begin
with it, as in 201_1_train.py, or EXPLOG_REF may have it.

The exit status is that of COMMAND; 127 if there is no such command, 2 if options are wrong."""


class Option(NamedTuple):
    """An option: its name, the name of its value (none for a switch), and what it is for.

    `values` are its only values, `many` says that it may be repeated, and `optional` that its value
    may be left out; if not, it follows an equals sign.
    """

    name: str
    value: str
    help: str
    values: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False


OPTIONS = (
    Option("experiment", "ID", "The experiment or step, 201 or 201.1, in place of REFERENCE."),
    Option("title", "TEXT", "What the run is about, for its record and its commits."),
    Option("dir", "FOLDER", "Where the folder of the run is made; by default runs/."),
    Option(
        "dirty", "HOW", "What to do about changes that are not committed: keep them, name them, or"
        " refuse to run.", ("snapshot", "record", "refuse"),
    ),
    Option("commit", "", "Commit tracked changes before the run, and its outputs when it is ok."),
    Option("out", "PATH", "An output, for the commit with results.", many=True),
    Option(
        "pin", "COMMIT", "Run in a worktree of the code that is here now, or of COMMIT.",
        optional=True,
    ),
    Option("snapshot", "", "Keep the code as it is now, print its commit, and run nothing."),
    Option("show", "RUN", "Show a run: by its name, its folder, or the newest of a reference."),
    Option("diff", "", "With --show: the changes that were not committed."),
    Option("checkout", "RUN", "Make the folder that follows a worktree of exactly what ran."),
    Option("finish", "RUN", "Make the commit with results that could not be made when RUN ended."),
    Option("config", "FILE", "The configuration (TOML)."),
)  # fmt: skip
_BY_NAME = {option.name: option for option in OPTIONS}
#: What returns a sentence on a reference that seems wrong, or None.
Doubt = Callable[[str], "str | None"]
# For these no command follows.
_ALONE = ("snapshot", "show", "checkout", "finish")


class Request(NamedTuple):
    """What the user asked for: `values` are the options that she gave, by name."""

    reference: str | None
    argv: tuple[str, ...]
    values: dict[str, object]

    def text(self, name: str) -> str | None:
        """Return the value of the option NAME, or None."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None


def parse(arguments: Sequence[str], inherited: str | None = None) -> Request:
    """Return what ARGUMENTS ask for; INHERITED is the reference of the run that this one is in.

    Raises ExplogError `usage`.
    """
    words = list(arguments)
    values: dict[str, object] = {}
    reference = None
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            _take_option(word, words, values)
        elif word.startswith("-") and word != "-":
            raise _usage(f"there is no option {word}")
        elif reference is None and parse_reference(word):
            reference = parse_reference(word)
        else:
            words.insert(0, word)
            break
    if any(name in values for name in _ALONE):
        return Request(reference, tuple(words), values)
    if not words:
        raise _usage("which command?")
    if "experiment" in values:
        reference = _experiment(str(values["experiment"]), reference)
    found = reference or reference_of_script(words) or parse_reference(inherited or "")
    if found is None:
        raise _usage("which experiment? Put e201.1 before the command, or use --experiment")
    return Request(found, tuple(words), values)


def _experiment(word: str, reference: str | None) -> str:
    found = parse_experiment(word)
    if found is None:
        raise _usage(f"{word!r} is no experiment; write 201, or 201.1 for a step")
    if reference not in (None, found):
        raise _usage(f"which one, {reference} or {found}?")
    return found


def _take_option(word: str, words: list[str], values: dict[str, object]) -> None:
    """Put the option WORD into VALUES, and take its value from the front of WORDS."""
    name, equals, value = word[2:].partition("=")
    option = _BY_NAME.get(name)
    if option is None:
        raise _usage(f"there is no option --{name}")
    if not option.value or (option.optional and not equals):
        if equals:
            raise _usage(f"--{name} takes no value")
        values[name] = True
        return
    if not equals:
        if not words:
            raise _usage(f"--{name} needs {option.value}")
        value = words.pop(0)
    if option.values and value not in option.values:
        raise _usage(f"--{name} is one of {', '.join(option.values)}, not {value!r}")
    if not value or "\0" in value:
        raise _usage(f"--{name} needs {option.value}")
    if option.many:
        known = values.setdefault(name, [])
        assert isinstance(known, list)  # noqa: S101 - for the type checker
        known.append(value)
    else:
        values[name] = value


def help_text() -> str:
    """Return what `--help` prints."""
    lines = [f"Usage: {USAGE}", "", HELP, "", "Options:"]
    for option in OPTIONS:
        lines.append(f"  {spelled(option):22}{option.help}")
    return "\n".join(lines)


def spelled(option: Option) -> str:
    """Return OPTION as help shows it: `--pin[=COMMIT]`."""
    if option.optional:
        return f"--{option.name}[={option.value}]"
    return f"--{option.name} {option.value}".rstrip()


def _usage(message: str) -> ExplogError:
    return ExplogError("usage", message)
