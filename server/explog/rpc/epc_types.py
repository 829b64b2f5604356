"""Types for the parts of the package `epc` that are used here: it has none."""

from __future__ import annotations

import logging
import socketserver
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:

    class BaseRemoteError(Exception):
        """An error that the other side sent; its argument is what came over the wire."""

    class EPCCallManager:
        """The calls that wait for the other side's reply, by uid."""

        callbacks: dict[int, tuple[Callable[[object], None], Callable[[Exception], None]]]
        get_uid: Callable[[], int]

        def handle_return(self, uid: int, reply: object) -> None: ...
        def handle_return_error(self, uid: int, reply: object) -> None: ...

    class EPCHandler(socketserver.StreamRequestHandler):
        """A connection."""

    class EPCServer(socketserver.TCPServer):
        """A server with a list of its clients."""

        clients: list[Any]

        def add_client(self, handler: Any) -> None: ...
        def remove_client(self, handler: Any) -> None: ...
        def print_port(self, stream: TextIO) -> None: ...

else:
    # epc tries this module's name in Python 2 before it imports xmlrpc.server, which it would
    # need for a feature not in use, and which takes longer to load than all the rest of the server.
    _NAME = "SimpleXMLRPCServer"
    sys.modules.setdefault(_NAME, ModuleType(_NAME))
    from epc.handler import BaseRemoteError, EPCCallManager, EPCHandler
    from epc.server import EPCServer

    del sys.modules[_NAME]
    logging.getLogger("epc").handlers.clear()  # epc adds one that writes to stderr

__all__ = ["BaseRemoteError", "EPCCallManager", "EPCHandler", "EPCServer"]
