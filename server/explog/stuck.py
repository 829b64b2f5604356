"""Folders that do not answer: nobody waits for one a second time.

What got no answer is asked again in the background, at longer and longer intervals. Until it is
answered, whoever asks anything of that folder is told so at once.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# Seconds in which something neither prints nor works, until nobody waits for it any more.
PATIENCE = 10.0
# Seconds until it is asked again.
_SOON, _LATE = 5.0, 600.0
_LEAST_PATIENCE = 2.0


class NoAnswerError(Exception):
    """A program did nothing for so long that it was ended."""


@dataclass(slots=True)
class _Silence:
    """A folder that does not answer, and how to ASK it again; None if somebody else does."""

    ask: Callable[[], object] | None
    delay: float
    until: float
    asking: bool = False


_lock = threading.Lock()
_silent: dict[str, _Silence] = {}


def patience() -> float:
    """Return for how many seconds to wait: less while others do not answer either."""
    return max(PATIENCE / (1 + len(_silent)), _LEAST_PATIENCE)


def any_silent() -> bool:
    """Tell whether some folder does not answer."""
    return bool(_silent)


def is_silent(path: str | os.PathLike[str]) -> bool:
    """Tell whether PATH, or a folder that it is in, does not answer; ask again if it is time."""
    if not _silent:
        return False
    name = os.path.join(os.path.abspath(path), "")
    with _lock:
        found = next((f for f in _silent if name.startswith(os.path.join(f, ""))), None)
        if found is None:
            return False
        silence = _silent[found]
        if silence.ask is None or silence.asking or time.monotonic() < silence.until:
            return True
        silence.asking = True
        arguments = (found, silence, silence.ask)
    threading.Thread(target=_ask, args=arguments, name="ask-again", daemon=True).start()
    return True


def answers(path: str | os.PathLike[str]) -> bool:
    """Tell whether nobody has waited for PATH in vain, or it has answered since."""
    return not is_silent(path)


def real_path(path: str | os.PathLike[str]) -> str:
    """Return PATH without symbolic links, or as it is if it does not answer."""
    return os.path.abspath(path) if is_silent(path) else os.path.realpath(path)


def note(path: str | os.PathLike[str], ask: Callable[[], object] | None = None) -> None:
    """Note that the folder PATH does not answer; ASK raises NoAnswerError if it still does not."""
    with _lock:
        silence = _Silence(ask, _SOON, time.monotonic() + _SOON)
        _silent.setdefault(os.path.abspath(path), silence)


def forget(path: str | os.PathLike[str]) -> None:
    """Note that the folder PATH has answered."""
    with _lock:
        _silent.pop(os.path.abspath(path), None)


def sentence(path: str | os.PathLike[str]) -> str:
    """Return what to say of PATH, which does not answer."""
    return (
        f"{path}: git gets no answer here (a drive that hangs, or a pipe in .git?);"
        " until it does, nothing of it is read or written"
    )


def _ask(path: str, silence: _Silence, ask: Callable[[], object]) -> None:
    try:
        ask()
    except NoAnswerError:
        with _lock:
            silence.delay = min(2 * silence.delay, _LATE)
            silence.until = time.monotonic() + silence.delay
            silence.asking = False
        return
    except Exception:  # noqa: BLE001, S110 - an answer too
        pass
    forget(path)
