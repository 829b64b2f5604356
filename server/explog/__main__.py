"""Run `explog`, or `python -m explog`: the first thing that is imported, so it imports little."""

import sys

try:
    from explog import interrupt
except KeyboardInterrupt:
    sys.exit(130)


def run() -> None:
    """Run the program, which Ctrl-C ends with one line, also while it is being loaded."""
    interrupt.install()
    try:
        with interrupt.taking_precedence():
            from explog.cli import main

            main(prog_name="explog")
    except interrupt.Interrupt:
        interrupt.tell()
        raise


if __name__ == "__main__":
    run()
