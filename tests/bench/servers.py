"""Two servers with the same methods: `servers.py epc`, `servers.py explog serve`.

`noop` does nothing, `rows` returns so many search hits: as lists from python-epc's own server, in
bulk from explog's.
"""

from __future__ import annotations

import sys

Rows = list[list[str | int | None]]


def rows(count: int) -> Rows:
    """Return COUNT hits, as a search gives them."""
    snippet = "Tune ⟦encoder⟧ with warmup: the loss falls, but the validation set disagrees"
    file, date = "/home/ada/research/experiment_log.org", "2018-06-06"
    return [
        ["step", f"{n}", "1", f'Müller’s "décay" {n}', snippet, file, n, None, None, date]
        for n in range(1, count + 1)
    ]


def _serve_epc() -> None:
    from epc.server import EPCServer

    server = EPCServer(("localhost", 0))
    server.register_function(lambda: [], "noop")
    server.register_function(rows, "rows")
    server.print_port()
    server.serve_forever()


def _serve_explog() -> int:
    from explog.daemon.loop import Daemon
    from explog.methods import all_methods
    from explog.rpc.registry import Application, Registry, method
    from explog.rpc.server import serve
    from explog.rpc.wire import Bulk

    @method("rows", lane="fast")
    def bulk_rows(_daemon: object, _client: object, count: int) -> object:
        return Bulk(rows(count))

    registry = Registry([*all_methods(), bulk_rows])
    application = Application(registry, context=Daemon(), version="bench")
    return serve(application, stdin=sys.stdin.buffer, stdout=sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "epc":
        _serve_epc()
    else:
        sys.exit(_serve_explog())
