"""What is installed for work on explog is written down, and is what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
LINES = (CHECKOUT / "tests" / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [line for line in LINES if not line.startswith("#")]
VERSIONS = {
    canonicalize_name(name): version for name, _, version in (p.partition("==") for p in PINS)
}


@pytest.mark.parametrize("line", PINS)
def test_each_line_is_a_name_and_a_version(line: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), "no host, no path"


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_for_is_written_down(asked: str) -> None:
    requirement = Requirement(asked)
    assert requirement.specifier.contains(VERSIONS[canonicalize_name(requirement.name)])


def test_no_git_python_with_known_advisories_is_taken() -> None:
    [asked] = [Requirement(one) for one in ASKED if one.startswith("GitPython")]
    assert not asked.specifier.contains("3.1.59")
