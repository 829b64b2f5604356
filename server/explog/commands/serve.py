"""Serve an Emacs: `explog serve`."""

from __future__ import annotations

import gc
import sys

import click

from explog import __version__
from explog.console import failures


@click.command("serve")
def command() -> None:
    """Serve an Emacs, which starts this command itself.

    The token is read from stdin, the port is printed on stdout.
    """
    gc.disable()  # loading makes no garbage: to look for some takes a tenth of the time
    from explog.build import build_id
    from explog.daemon.loop import Daemon
    from explog.methods import all_methods
    from explog.rpc.registry import Application, Registry
    from explog.rpc.server import serve as serve_emacs

    with failures():
        daemon = Daemon()
        application = Application(
            Registry(all_methods()),
            context=daemon,
            version=__version__,
            build=build_id,
            on_failure=daemon.method_failed,
            on_client_ready=daemon.client_ready,
        )
        gc.freeze()
        gc.set_threshold(700, 10, 10)  # what Python begins with, and __main__ raises
        gc.enable()
        status = serve_emacs(application, stdin=sys.stdin.buffer, stdout=sys.stdout)
        daemon.close()
        sys.exit(status)
