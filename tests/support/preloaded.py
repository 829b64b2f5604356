"""Forks an explog for each request, with its modules loaded. `support.program` starts it.

A request is JSON, with the three standard files beside it: arguments, environment, folder. The
answers are the process, and when it has ended its status.
"""

import importlib
import json
import os
import pkgutil
import runpy
import socket
import sys
import time

import explog

#: These look at their environment, or catch Ctrl-C, when they are loaded.
_LATER = {"__main__", "cli", "commands", "console", "interrupt"}


def load() -> None:
    """Load all that a command may need, but for what is to happen in the new process."""
    for module in pkgutil.walk_packages(explog.__path__, "explog."):
        if module.name.split(".")[1] not in _LATER:
            importlib.import_module(module.name)


def serve(door: socket.socket) -> bool:
    """Answer requests until the end; return in each new process with true, and here with false."""
    while True:
        data, files, _flags, _address = socket.recv_fds(door, 1 << 20, 3)
        if not data:
            return False
        process = os.fork()
        if process == 0:
            door.close()
            become(files, **json.loads(data))
            return True
        for file in files:
            os.close(file)
        door.send(str(process).encode())
        _process, status = os.waitpid(process, 0)
        door.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(files: list[int], arguments: list[str], environment: dict[str, str], cwd: str) -> None:
    """Make this process what a new one with these FILES, ARGUMENTS and so on is."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv[1:] = arguments


if __name__ == "__main__":
    load()
    with socket.socket(fileno=int(sys.argv[1])) as own:
        mine = serve(own)
    if mine:
        runpy.run_module("explog", run_name="__main__", alter_sys=True)
