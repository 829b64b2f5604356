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
    from explog.daemon.loop import Service
    from explog.methods.core import make_registry
    from explog.rpc import wire
    from explog.rpc.server import serve

    service = Service()
    registry = make_registry(service)
    registry.method("rows", lane="fast")(lambda _client, count: wire.Bulk(rows(count)))
    return serve(registry, stdin=sys.stdin.buffer, stdout=sys.stdout, version="bench")


if __name__ == "__main__":
    if sys.argv[1] == "epc":
        _serve_epc()
    else:
        sys.exit(_serve_explog())
