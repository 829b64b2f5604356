"""Call the methods of the server as Emacs does, without a connection."""

from __future__ import annotations

from typing import Any, cast

from explog.daemon.loop import Daemon
from explog.methods import all_methods
from explog.rpc.client import Client
from explog.rpc.registry import Registry
from explog.rpc.wire import Bulk

REGISTRY = Registry(all_methods())


def call(daemon: Daemon, client: object, name: str, *args: object) -> Any:
    """Return what the method NAME of DAEMON answers to CLIENT, in lists as Emacs reads them."""
    method = REGISTRY.find(name)
    return _lists(method.run(daemon, cast(Client, client), method.check(list(args))))


def _lists(value: Any) -> Any:
    if isinstance(value, Bulk):
        return _lists(value.rows)
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value
