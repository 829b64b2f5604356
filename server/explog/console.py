"""The terminal: common options, progress, failures, exit status.

Exit status: 0 when all is well, 1 when a command that looks for problems found some, 2 when it
could not do its work or a part of it, 130 when interrupted, 141 when nobody reads its output.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from explog import __version__, interrupt
from explog.config import Settings, with_overrides
from explog.config_file import default_config_path, load
from explog.errors import ExplogError
from explog.private import hide, make_file, make_folder
from explog.streams import FAILED, printing, say
from explog.wording import visible

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.sync.report import Progress, Unreadable

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Result = TypeVar("_Result")

# A damaged index is made anew; where that cannot be written, it is kept in memory.
_MOST_RECOVERIES = 2
_MULTIPLE = ("logs", "repos")
_SINGLE = ("index", "config", "as_json")


def _short(path: Path) -> str:
    """Return PATH with `~` for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


_OPTIONS = (
    click.option("--log", "logs", multiple=True, metavar="FILE", help="A log, glob or folder."),
    click.option("--repo", "repos", multiple=True, metavar="DIR", help="A repository."),
    click.option(
        "--index", "index", metavar="FILE", type=click.Path(path_type=Path), help="Index."
    ),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=f"Configuration (TOML); by default {_short(default_config_path())}.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


def with_options(command: _Command) -> _Command:
    """Give COMMAND the options that all commands have."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Give COMMAND the common options, before or after its name, as `settings` and `as_json`."""

    @with_options
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, **values: Any) -> None:
        outer: dict[str, Any] = context.obj or {}
        given: dict[str, Any] = {
            name: (*outer.get(name, ()), *values.pop(name)) for name in _MULTIPLE
        }
        given |= {name: values.pop(name) or outer.get(name) for name in _SINGLE}
        as_json = bool(given["as_json"])
        with failures(as_json=as_json):
            settings = load(given["config"])
            for problem in settings.problems:
                say(problem)
            settings = with_overrides(settings, given["logs"], given["repos"], given["index"])
            command(settings=settings, as_json=as_json, **values)
            if settings.problems:
                sys.exit(FAILED)

    return run


class QueryCommand(click.Command):
    """A command whose arguments are words, also those that begin with a dash and are no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take each argument for a word that is neither an option nor the value of one."""
        options = {name: option for option in self.get_params(ctx) for name in option.opts}
        given: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            name, equals, _value = arg.partition("=")
            if arg == "--":
                words += rest
            elif name not in options or not name.startswith("-"):
                words.append(arg)
            else:
                given.append(arg)
                if not equals and not getattr(options[name], "is_flag", False):
                    given += islice(rest, 1)
        return super().parse_args(ctx, [*given, "--", *words])


@contextmanager
def failures(*, as_json: bool = False) -> Iterator[None]:
    """End the program with one line and an exit status when the block fails."""
    try:
        with printing(), interrupt.taking_precedence():
            yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except ExplogError as error:
        _fail(error, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - no user should see a traceback
        _fail(_of_the_host(error) or _unexpected(error), as_json=as_json)


def _fail(error: ExplogError, *, as_json: bool) -> None:
    if as_json:
        said = {"code": error.code, "message": error.message, "data": error.data}
        click.echo(json.dumps({"error": said}, default=str))
    say(error.message)
    sys.exit(FAILED)


# What no program can help: no room, no descriptor, a disk that fails or is read-only.
_HOST = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.EROFS,
    errno.ENOMEM,
}


def _of_the_host(error: Exception) -> ExplogError | None:
    """Return what to say if ERROR comes from the machine that explog runs on."""
    if not isinstance(error, OSError) or error.errno not in _HOST:
        return None
    where = "" if error.filename is None else f"{error.filename}: "
    return ExplogError("not-done", f"{where}{error.strerror}")


def _unexpected(error: Exception) -> ExplogError:
    """Write a report and return an error that names its file; print it if EXPLOG_DEBUG is set."""
    trace = "".join(traceback.format_exception(error))
    said = f"unexpected {type(error).__name__}: {error}"
    if os.environ.get("EXPLOG_DEBUG"):
        click.echo(trace, err=True, nl=False)
        return ExplogError("unexpected", said)
    import platformdirs

    path = Path(platformdirs.user_state_dir("explog")) / "error.txt"
    report = f"explog {__version__}, Python {sys.version}\n{sys.argv}\n\n{trace}"
    try:
        make_folder(path.parent)
        make_file(path)
        hide(path)
        path.write_text(report, "utf-8", "backslashreplace")
    except OSError:
        return ExplogError("unexpected", f"{said}; set EXPLOG_DEBUG=1 to see where")
    return ExplogError("unexpected", f"{said}; please report it with {path}", report=str(path))


def ask_index(
    settings: Settings, ask: Callable[[Index, list[Unreadable]], _Result], *, values: bool = False
) -> tuple[list[Unreadable], _Result]:
    """Bring the index of SETTINGS up to date; return the problems, and what ASK makes of both.

    With VALUES, it then has the metrics and parameters of all results commits.
    ASK is called again with another index if the first one turns out to be damaged, or cannot be
    written; so it prints nothing. Raises ExplogError: `bad-config` if no log and no repository is
    configured, `not-an-index`, and what ASK raises.
    """
    from explog.index.database import open_index

    if not (settings.logs or settings.repositories or settings.projects):
        message = (
            "nothing to look at: use --log and --repo, or write a configuration file,"
            f" {_short(default_config_path())}"
        )
        raise ExplogError("bad-config", message)
    index = open_index(settings.index_path())
    if index.problem:
        say(index.problem)
    recoveries = _MOST_RECOVERIES
    while True:
        try:
            problems = bring_up_to_date(settings, index, values=values)
            return problems, ask(index, problems)
        except Exception as error:
            other = _recovered(index, error) if recoveries else None
            if other is None:
                raise
            recoveries -= 1
        finally:
            index.close()
        index = other


def _recovered(index: Index, error: Exception) -> Index | None:
    """Return what to use instead of INDEX if ERROR comes from it, and say why."""
    from explog.index.recovery import recover

    recovery = recover(index, error)
    if recovery is None:
        return None
    say(recovery.message)
    return recovery.index


def bring_up_to_date(settings: Settings, index: Index, *, values: bool = False) -> list[Unreadable]:
    """Sync, and read all VALUES if asked to, with a progress bar; return the problems."""
    from explog.sync.look import sync

    with progress_bar() as progress:
        problems = sync(settings, index, progress=progress).problems
        if values:
            from explog.results.reading import read_all

            read_all(settings, index, progress)
    return problems


def say_problems(problems: Iterable[Unreadable]) -> None:
    """Print a line for each of PROBLEMS, on stderr."""
    for problem in problems:
        say(problem.message)


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """Yield a function that shows progress on the terminal, None if stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(visible(what), total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show
