"""Text as it is compared."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from explog.index.words import fold, fold_with_places


@given(st.text(st.characters(max_codepoint=0x2FFF)))
@example("Straße ΟΔΟΣ İstanbul ﬁnder")
@example("nai\u0308ve \u1e9e\u13a0 学習率")
def test_a_text_is_folded_character_by_character(text: str) -> None:
    folded, places = fold_with_places(text)
    assert fold(text) == folded
    assert len(places) == len(folded) + 1
