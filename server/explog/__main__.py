"""Run `explog`, or `python -m explog`: the first thing that is imported, so it imports little."""

import gc
import os
import sys

try:
    from explog import interrupt, surroundings
except KeyboardInterrupt:
    sys.exit(130)


_FEW_COLLECTIONS = 100_000


def run() -> None:
    """Run the program; `explog run` starts without all that the other commands need."""
    surroundings.set_right()
    if sys.argv[1:2] == ["run"] and not _asks_for_help(sys.argv[2:]):
        from explog.runs.command import end, main

        end(main(sys.argv[2:], _doubt))
    _run_command()


def _doubt(reference: str) -> str | None:
    """Return what is wrong with REFERENCE by the index that is there; asked while a run runs."""
    from explog.config_file import load
    from explog.index.known import what_is_unknown

    ident, _dot, step = reference[1:].partition(".")
    unknown = what_is_unknown(load().index_path(), ident, step)
    if unknown is None:
        return None
    return f"no log has {'the experiment ' + ident if unknown == 'experiment' else reference}"


def _asks_for_help(arguments: list[str]) -> bool:
    """Tell whether a person or a shell asks what may be typed."""
    return arguments[:1] in (["-h"], ["--help"]) or "_EXPLOG_COMPLETE" in os.environ


def _run_command() -> None:
    """Run a command of `explog.cli`, which Ctrl-C ends with one line, also while it is loaded."""
    interrupt.install()
    # What is loaded is no garbage: to look through it takes an eighth of the time of a command.
    gc.set_threshold(_FEW_COLLECTIONS)
    try:
        with interrupt.taking_precedence():
            from explog.cli import main
            from explog.streams import printing

            with printing():
                main(prog_name="explog")
    except interrupt.Interrupt:
        interrupt.tell()
        raise
    finally:
        gc.freeze()  # and Python, as it ends, looks through it once more


if __name__ == "__main__":
    run()
