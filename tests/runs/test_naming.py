"""Which experiment is meant, by a word or by the name of a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from explog.refs import find_references
from explog.runs.naming import parse_experiment, parse_reference, reference_of_script


@pytest.mark.parametrize(
    ("word", "reference"),
    [
        ("e201", "e201"),
        ("e201.1", "e201.1"),
        ("[e201.1.2]", "e201.1.2"),
        ("e201b-x.1", "e201b-x.1"),
        ("201.1", None),
        ("[e201.1", None),
        ("e201.1]", None),
        ("e201.", None),
        ("ex1", None),
        ("python", None),
        ("e" + "1" * 65, None),
        ("e201.1\n", None),
    ],
)
def test_word(word: str, reference: str | None) -> None:
    assert parse_reference(word) == reference
    if reference:
        (mention,) = find_references(f"[{reference}]")
        assert str(mention.reference) == reference


@pytest.mark.parametrize(
    ("word", "reference"),
    [("201", "e201"), ("201.1", "e201.1"), ("e201", "e201"), ("[e201.2]", "e201.2"), ("x", None)],
)
def test_experiment(word: str, reference: str | None) -> None:
    assert parse_experiment(word) == reference


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("201_1_train.py", "e201.1"),
        ("e201.1-train.py", "e201.1"),
        ("E201.1-train.py", "e201.1"),
        ("e201_1_2_train.py", "e201.1.2"),
        ("201_train.py", "e201"),
        ("201.sh", "e201"),
        ("e201b.2_train.py", "e201b.2"),
        ("201.1.py", "e201.1"),
        ("train_201.py", None),
        ("2026_01_05_train.py", None),
        ("2026-01-05.py", None),
        ("20260105_train.py", None),
        ("e2e_test.py", None),
        ("e2e.py", None),
        ("3d_unet.py", None),
        ("e10s-x.py", None),
        ("export.py", None),
        ("1.5b-model.py", None),
    ],
)
def test_script(
    name: str, reference: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    for argv in (["python", "-u", name, "--lr", "1"], [f"./{name}"], ["python", "../x", name]):
        assert reference_of_script(argv) == reference, argv


def test_only_the_first_file_is_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "201_1.yaml"):
        Path(name).touch()
    assert reference_of_script(["python", "train.py", "201_1.yaml"]) is None
    assert reference_of_script(["python", "202_1_train.py"]) is None  # there is no such file
