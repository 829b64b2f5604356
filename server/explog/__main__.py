"""Run `explog`, or `python -m explog`: the first thing that is imported, so it imports little."""

import sys


def run() -> None:
    """Run the program; an interrupt while it is still being loaded ends it without a traceback."""
    try:
        from explog.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    main(prog_name="explog")


if __name__ == "__main__":
    run()
