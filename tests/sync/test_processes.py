"""What holds while much is made."""

import gc

from explog.sync.processes import few_collections


def test_garbage_is_looked_for_as_often_as_before() -> None:
    before = gc.get_threshold()
    with few_collections():
        seldom = gc.get_threshold()
    assert seldom[0] > 10 * before[0]
    assert gc.get_threshold() == before
