"""Which files of a repository a pattern means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.globs import Globs, expanded, is_plain, part_regexp


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("metrics.json", ["metrics.json"], ["a/metrics.json", "metricsXjson", "metrics.json\n", "metrics.jsonl"]),
        ("./metrics.json", ["metrics.json"], []),
        ("*/metrics.json", ["a/metrics.json", ".hidden/metrics.json"], ["metrics.json", "a/b/metrics.json"]),
        ("**/metrics.json", ["metrics.json", "a/b/metrics.json"], ["ametrics.json"]),
        ("results/**", ["results/a", "results/a/b"], ["results"]),
        ("results/*.{json,yaml}", ["results/a.json", "results/.yaml"], ["results/a.toml", "results/a/b.json"]),
        ("{a,b{c,d}}/x", ["a/x", "bc/x", "bd/x"], ["b/x"]),
        ("run?/[a-c]*.csv", ["run1/ab.csv"], ["run12/a.csv", "run/a.csv", "run1/d.csv"]),
        ("[!ab].csv", ["c.csv", "!.csv"], ["a.csv", "/.csv"]),
        ("[^a].csv", ["^.csv", "a.csv"], ["b.csv"]),
        ("[]a].csv", ["].csv", "a.csv"], ["b.csv"]),
        ("[+--].csv", ["+.csv", ",.csv", "-.csv"], ["..csv"]),
        ("[a&&b~~[[].csv", ["a.csv", "&.csv", "~.csv", "[.csv"], ["c.csv"]),
        ("a[.csv", ["a[.csv"], ["a.csv"]),
        ("a{b.csv", ["a{b.csv"], []),
        ("größe (1)+.csv", ["größe (1)+.csv"], []),
    ],
)  # fmt: skip
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    globs = Globs([pattern])
    assert [path for path in yes if globs.place(path) is None] == []
    assert [path for path in no if globs.place(path) is not None] == []


def test_the_first_pattern_counts() -> None:
    globs = Globs(["b.{json,csv}", "*.csv"])
    assert globs.patterns == ["b.json", "b.csv", "*.csv"]
    assert [globs.place(path) for path in ("b.json", "b.csv", "a.csv", "a.json")] == [0, 1, 2, None]
    assert Globs([]).place("a") is None


@pytest.mark.parametrize("pattern", ["[z-a].csv", "[?--]", "{a,b}" * 10])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ExplogError) as raised:
        Globs([pattern])
    assert raised.value.code == "bad-config"


@given(st.text(st.sampled_from("ab*?[]!{},/.-^\\\n"), max_size=12))
def test_a_pattern_without_wildcards_is_a_path(pattern: str) -> None:
    try:
        globs = Globs([pattern])
    except ExplogError:
        return
    if is_plain(pattern) and expanded(pattern) == [pattern] and pattern:
        assert globs.place(pattern) == 0
        assert part_regexp(pattern).fullmatch(pattern)
