"""What holds while much is made."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from explog.sync.prefetch import few_collections


@pytest.fixture
def _usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Whatever the threads of other tests are at.
    monkeypatch.setattr("explog.sync.prefetch._thresholds", [])
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_usual")
def test_garbage_is_looked_for_as_often_as_before_when_all_are_done() -> None:
    one, other = ExitStack(), ExitStack()
    one.enter_context(few_collections())
    assert gc.get_threshold()[0] > 7000
    other.enter_context(few_collections())
    one.close()  # as threads do, in any order
    assert gc.get_threshold()[0] > 7000
    other.close()
    assert gc.get_threshold() == (700, 10, 10)
