"""Diffs: what is shown of changes is what difflib would show."""

import difflib
import re

from hypothesis import given
from hypothesis import strategies as st

from explog.entries.diff import _hunks


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([b"", b"x", b"\x85", b"y\r"])), max_size=40)
)
def test_hunks_are_those_of_difflib(rows: list[tuple[bool, bytes]]) -> None:
    old = [b"%d %s\n" % (number, text) for number, (_changed, text) in enumerate(rows)]
    new = [
        b"new " + line if changed else line for line, (changed, _t) in zip(old, rows, strict=True)
    ]
    expected = list(difflib.diff_bytes(difflib.unified_diff, old, new))[2:]
    single = re.compile(rb"@@ -(\d+) \+(\d+) @@")
    assert list(_hunks(old, new)) == [
        single.sub(rb"@@ -\1,1 +\2,1 @@", line) if line.startswith(b"@@") else line
        for line in expected
    ]
