"""Run `python -m explog.runs`, which is `explog run` alone."""

import sys

from explog.runs.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
