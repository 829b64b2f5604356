"""Run `python -m explog.runs`, which is `explog run` alone."""

import sys

from explog.runs.command import end, main

if __name__ == "__main__":
    end(main(sys.argv[1:]))
