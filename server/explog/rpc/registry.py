"""Which methods Emacs may call, and the two lanes that they run in.

A method that answers as the user types is `fast`; one that may take longer than a moment (it
indexes, it runs git) is `slow`. The lanes share no thread, so a slow call never delays a fast one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal, TypeVar

from explog.errors import ExplogError

LaneName = Literal["fast", "slow"]
Function = Callable[..., object]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True)
class Bounds:
    """How many calls of a lane run at once (`workers`), and how many more may wait."""

    workers: int
    waiting: int


BOUNDS: dict[LaneName, Bounds] = {
    # A fast call takes milliseconds and holds the interpreter while it runs: more than four at
    # once gain nothing. 256 wait: what Emacs can ask within a second with every buffer's hooks.
    "fast": Bounds(workers=4, waiting=256),
    # A slow call mostly waits for git, whose processes compete for the disk. With 32 waiting
    # behind 4 the last one has to wait for so long that "busy" is the better answer.
    "slow": Bounds(workers=4, waiting=32),
}


@dataclass(frozen=True)
class Method:
    """A method as registered. It takes `least` to `most` arguments (None: any number)."""

    name: str
    lane: LaneName
    function: Function
    least: int
    most: int | None

    @property
    def doc(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def check(self, args: list[object]) -> None:
        """Raise ExplogError "bad-arguments" if the method does not take that many `args`."""
        if len(args) < self.least or (self.most is not None and len(args) > self.most):
            takes = f"{self.least}" if self.most == self.least else f"{self.least} to {self.most}"
            takes = f"at least {self.least}" if self.most is None else takes
            message = f"{self.name} takes {takes} arguments, not {len(args)}"
            raise ExplogError("bad-arguments", message)


class Registry:
    """The methods by name, and how many of them may run at once."""

    def __init__(self, bounds: dict[LaneName, Bounds] = BOUNDS) -> None:
        self.bounds = bounds
        self._methods: dict[str, Method] = {}

    def __iter__(self) -> Iterator[Method]:
        return iter(self._methods.values())

    def method(self, name: str, *, lane: LaneName) -> Callable[[F], F]:
        """Decorate a function `(client: Client, *args) -> object` to be the method `name`.

        `args` are the values that `wire` describes, positional only; so is the result, and dicts
        arrive in Emacs as plists. An ExplogError that it raises reaches the caller with its code,
        message and data; any other exception as "internal". It may use `client.call`.
        """

        def register(function: F) -> F:
            if name in self._methods:
                raise ValueError(f"two methods are called {name}")
            self._methods[name] = Method(name, lane, function, *_arity(function))
            return function

        return register

    def find(self, name: str) -> Method:
        """Return the method `name`. Raises ExplogError "unknown-method"."""
        try:
            return self._methods[name]
        except KeyError:
            raise ExplogError("unknown-method", f"there is no method {name}") from None


def _arity(function: Function) -> tuple[int, int | None]:
    """Return the least and the most arguments that `function` takes after the client."""
    code = function.__code__
    most = code.co_argcount - 1
    if most < 0:
        raise TypeError(f"{function.__name__} takes no client")
    least = max(0, most - len(function.__defaults__ or ()))
    return least, None if code.co_flags & 0x04 else most  # 0x04: it has *args


class Lane:
    """Threads that run jobs in turn, no more of them than `bounds` says.

    The threads are daemons and start when first needed: a call that runs must not keep the
    process from ending, and start-up stays short.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self._name = name
        self._bounds = bounds
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._unfinished = 0
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> bool:
        """Have `job`, which raises nothing, run; return False if the lane is full."""
        with self._lock:
            if self._unfinished >= self._bounds.workers + self._bounds.waiting:
                return False
            self._unfinished += 1
            if self._threads < min(self._unfinished, self._bounds.workers):
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)
        return True

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            finally:
                with self._lock:
                    self._unfinished -= 1


def lanes(bounds: dict[LaneName, Bounds]) -> dict[LaneName, Lane]:
    """Return a new lane for each of `bounds`."""
    return {name: Lane(name, bound) for name, bound in bounds.items()}
