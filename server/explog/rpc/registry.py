"""Which methods Emacs may call, and what a server needs to know to serve them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

from explog.errors import ExplogError
from explog.rpc.arguments import check_argument
from explog.rpc.client import Client
from explog.rpc.lanes import BOUNDS, Bounds, LaneName

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Method(Generic[P, R]):
    """A function that Emacs may call by `name`; it runs in `lane`."""

    name: str
    lane: LaneName
    function: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function as it is."""
        return self.function(*args, **kwargs)

    @property
    def doc(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """What Emacs passes: the parameters after the first two, with their annotations."""
        signature = inspect.signature(self.function, eval_str=True)
        return list(signature.parameters.values())[2:]

    def check(self, args: list[object]) -> list[Any]:
        """Return ARGS as the annotations have them. Raises ExplogError `bad-arguments`."""
        least = sum(one.default is inspect.Parameter.empty for one in self.parameters)
        if not least <= len(args) <= len(self.parameters):
            raise ExplogError("bad-arguments", f"{self._usage(least)}, not {len(args)}")
        pairs = zip(self.parameters, args, strict=False)
        return [
            check_argument(one.annotation, arg, f"{self.name}: {one.name}") for one, arg in pairs
        ]

    def _usage(self, least: int) -> str:
        names = [parameter.name for parameter in self.parameters]
        if not names:
            return f"{self.name} takes no argument"
        count = f"{least}" if least == len(names) else f"{least} to {len(names)}"
        plural = "" if count == "1" else "s"
        return f"{self.name} takes {count} argument{plural} ({', '.join(names)})"

    def run(self, context: object, client: Client, args: list[Any]) -> object:
        """Call the function for CLIENT with ARGS that `check` returned."""
        function: Callable[..., object] = self.function
        return function(context, client, *args)


def method(name: str, *, lane: LaneName) -> Callable[[Callable[P, R]], Method[P, R]]:
    """Decorate a function `(context, client: Client, *args) -> reply` to be the method NAME.

    `context` is that of the `Application`. The other arguments come from Emacs; they were checked
    against their annotations, of which `arguments` lists those that are possible. The reply is a
    value that `wire` can write; a dict arrives in Emacs as a plist. An ExplogError that the
    function raises reaches Emacs with its code, message and data, any other exception as
    `internal`.
    """
    return lambda function: Method(name, lane, function)


class Registry:
    """The methods by name."""

    def __init__(self, methods: Iterable[Method[Any, Any]]) -> None:
        self._methods: dict[str, Method[Any, Any]] = {}
        for one in methods:
            if self._methods.setdefault(one.name, one) is not one:
                raise ValueError(f"two methods have the name {one.name}")

    def __iter__(self) -> Iterator[Method[Any, Any]]:
        return iter(self._methods.values())

    def find(self, name: str) -> Method[Any, Any]:
        """Return the method NAME. Raises ExplogError `unknown-method`."""
        try:
            return self._methods[name]
        except KeyError:
            raise ExplogError("unknown-method", f"there is no method {name}") from None


@dataclass(frozen=True)
class Application:
    """What a server serves."""

    registry: Registry
    context: object = None
    """The first argument of every method."""
    version: str = ""
    """The version of the program, for the answer to `hello`."""
    build: Callable[[], str] = str
    """Returns the build of the program, for the answer to `hello`; "" if it is not known."""
    bounds: Mapping[LaneName, Bounds] = field(default_factory=lambda: BOUNDS)
    on_failure: Callable[[Exception], ExplogError | None] | None = None
    """Called with what a method raised unexpectedly; returns what to answer if it is known."""
    on_client_ready: Callable[[Client], None] | None = None
    """Called for each client that said hello, in a thread of its own."""
