"""Every method checks every argument, and says which one is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explog.config import Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from explog.rpc.registry import Method
from explog.rpc.wire import Symbol
from support.calls import REGISTRY, call

METHODS = sorted(REGISTRY, key=lambda method: method.name)
GOOD: dict[Any, object] = {str: "1", FileName: "/tmp/x", int: 1, bool: True}  # noqa: S108
WRONG = ["x\udcff", 10**30, 1.5, True, Symbol("x"), [[["deep"]]], 7, "text", []]
ALLOWED: dict[Any, list[object]] = {
    str: ["text"],
    str | None: ["text", []],
    FileName: ["x\udcff", "text"],
    int: [7],
    bool: [True, []],
    str | None: ["text", []],
    FileName | None: ["x\udcff", "text", []],
    int | None: [7, []],
}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon(background=False)
    one.configure(Settings(index=tmp_path / "index.sqlite"), 0)
    one.look()
    yield one
    one.close()


def cases() -> Iterator[tuple[str, int, object]]:
    for method in METHODS:
        for place, parameter in enumerate(method.parameters):
            for value in WRONG:
                allowed = ALLOWED.get(parameter.annotation, [[]])
                if not any(value is one or value == one for one in allowed):
                    yield method.name, place, value


@pytest.mark.parametrize(("name", "place", "value"), list(cases()))
def test_a_wrong_argument_is_named(name: str, place: int, value: object) -> None:
    method = REGISTRY.find(name)
    args = [GOOD.get(parameter.annotation, []) for parameter in method.parameters]
    args[place] = value
    with pytest.raises(ExplogError) as caught:
        method.check(args)
    assert caught.value.code == "bad-arguments"
    assert caught.value.message.startswith(f"{name}: {method.parameters[place].name}")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_fits_is_answered_or_refused_with_a_reason(
    daemon: Daemon, method: Method[Any, Any]
) -> None:
    """Nothing that the arguments' types allow makes a method fail in a way nobody thought of."""
    texts = ["", "1", "\0", "\n", "x" * 10_000, "é\u2028", "[" * 10_000, "-1", "%", "OR OR", '"']
    numbers = [0, -1, 1, 2**63 - 1, -(2**63)]
    for text, number in zip(texts * 2, numbers * 5, strict=False):
        values: dict[Any, object] = {
            str: text, FileName: text, int: number, bool: [],
            list[str]: [text], list[int]: [number],
        }  # fmt: skip
        args = [values.get(parameter.annotation, []) for parameter in method.parameters]
        try:
            call(daemon, Client(lambda *_: None), method.name, *args)
        except ExplogError as error:
            assert error.message
