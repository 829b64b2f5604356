"""What is read from the words behind `explog run`."""

from __future__ import annotations

import pytest

from explog.errors import ExplogError
from explog.runs.options import OPTIONS, help_text, parse


@pytest.mark.parametrize(
    ("words", "reference", "argv", "values"),
    [
        ("e1 -- a b", "e1", "a b", {}),
        ("e1 a -- b", "e1", "a -- b", {}),
        ("e1.2 python x.py --lr 3", "e1.2", "python x.py --lr 3", {}),
        ("[e1] -- a", "e1", "a", {}),
        ("--experiment 1.2 a", "e1.2", "a", {"experiment": "1.2"}),
        ("--experiment=1 e1 a", "e1", "a", {"experiment": "1"}),
        ("--commit e1 --out a --out=b -- c", "e1", "c", {"commit": True, "out": ["a", "b"]}),
        ("e1 --pin -- a", "e1", "a", {"pin": True}),
        ("e1 --pin=abc a", "e1", "a", {"pin": "abc"}),
        ("e1 -- e2", "e1", "e2", {}),
        ("-- x e2", "e9", "x e2", {}),
        ("--show x --diff", None, "", {"show": "x", "diff": True}),
        ("--checkout x folder", None, "folder", {"checkout": "x"}),
        ("e1 --dirty refuse a", "e1", "a", {"dirty": "refuse"}),
    ],
)
def test_words(words: str, reference: str | None, argv: str, values: dict[str, object]) -> None:
    request = parse(words.split(), "e9")
    assert (request.reference, " ".join(request.argv)) == (reference, argv)
    assert request.values == values


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "which command"),
        ("e1", "which command"),
        ("e1 --", "which command"),
        ("a b", "which experiment"),
        ("e1 --nonsense a", "no option --nonsense"),
        ("e1 -x a", "no option -x"),
        ("e1 --dirty maybe a", "snapshot, record, refuse"),
        ("e1 --commit=yes a", "takes no value"),
        ("e1 --out", "needs PATH"),
        ("e1 --out= a", "needs PATH"),
        ("e1 --experiment 2 a", "e1 or e2"),
        ("--experiment x a", "no experiment"),
    ],
)
def test_wrong_words(words: str, said: str) -> None:
    with pytest.raises(ExplogError, match=said) as caught:
        parse(words.split())
    assert caught.value.code == "usage"


def test_help_has_every_option() -> None:
    for option in OPTIONS:
        assert f"--{option.name}" in help_text()
