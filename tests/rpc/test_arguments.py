"""Arguments are what the annotations say, or are refused by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.rpc.arguments import FileName, check_argument
from explog.rpc.registry import Registry, method
from explog.rpc.wire import Symbol


class Point(NamedTuple):
    name: str
    place: list[int]
    label: str | None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (str, "é", "é"),
        (FileName, "a\udcff", "a\udcff"),
        (int, -(2**63), -(2**63)),
        (float, 1, 1),
        (float, 1.5, 1.5),
        (bool, True, True),
        (bool, [], False),
        (str | None, [], None),
        (str | None, "x", "x"),
        (list[int], [], []),
        (list[int], [1, 2], [1, 2]),
        (list[str], ["a"], ["a"]),
        (Point, ["a", [1], []], Point("a", [1], None)),
        (list[Point], [["a", [], "b"]], [Point("a", [], "b")]),
        (object, [[Symbol("x")]], [[Symbol("x")]]),
    ],
)
def test_a_value_that_fits(kind: Any, value: object, wanted: object) -> None:
    found = check_argument(kind, value, "value")
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (str, 1, "value must be a string, not 1"),
        (str, [], "value must be a string, not nil"),
        (str, True, "value must be a string, not t"),
        (str, Symbol("x"), "value must be a string, not the symbol x"),
        (str, "a\udcff", "value must be text in UTF-8, not the string 'a\\udcff'"),
        (FileName, [1, 2], "value must be a file name, not a list of 2"),
        (FileName, "/a\0b", "value must be a file name, not the string '/a\\x00b'"),
        (int, True, "value must be an integer, not t"),
        (int, 1.0, "value must be an integer, not 1.0"),
        (int, 2**63, "value must be an integer of at most 64 bits, not 9223372036854775808"),
        (float, "1", "value must be a number, not the string '1'"),
        (bool, 0, "value must be t or nil, not 0"),
        (str | None, 1, "value must be a string, not 1"),
        (list[int], "12", "value must be a list, not the string '12'"),
        (list[int], [1, "2"], "value[1] must be an integer, not the string '2'"),
        (list[str], [[]], "value[0] must be a string, not nil"),
        (Point, "a", "value must be a list, not the string 'a'"),
        (Point, ["a", []], "value must be a list of name, place, label, not a list of 2"),
        (list[Point], [["a", [[]], []]], "value[0].place[0] must be an integer, not nil"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit(kind: Any, value: object, message: str) -> None:
    with pytest.raises(ExplogError) as caught:
        check_argument(kind, value, "value")
    assert (caught.value.code, caught.value.message) == ("bad-arguments", message)


VALUES = st.recursive(
    st.text(st.characters(exclude_categories=())) | st.integers() | st.floats() | st.just(True),
    st.lists,
)


@given(VALUES, st.sampled_from([str, FileName, int, bool, float, list[str], list[Point], Point]))
def test_any_value_is_taken_or_refused_in_one_line(value: object, kind: Any) -> None:
    try:
        check_argument(kind, value, "value")
    except ExplogError as error:
        assert error.code == "bad-arguments"
        assert error.message.startswith("value")
        assert "\n" not in error.message
        assert len(error.message) < 200


def deep(size: int) -> list[object]:
    value: list[object] = []
    for _ in range(size):
        value = [value]
    return value


@pytest.mark.parametrize("value", [deep(100_000), 10**4000, "x" * 10**6])
def test_what_is_far_too_large_is_refused_as_well(value: object) -> None:
    for kind in (bool, list[int], list[Point]):
        with pytest.raises(ExplogError, match=r"value.* must be") as caught:
            check_argument(kind, value, "value")
        assert len(caught.value.message) < 200


@method("move", lane="fast")
def move(_context: object, _client: object, point: Point, far: bool = False) -> str:
    """Move a point.

    Somewhere.
    """
    return f"{point.name} {far}"


@method("rest", lane="fast")
def rest(_context: object, _client: object) -> None:
    """Rest."""


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("move", [], "move takes 1 to 2 arguments (point, far), not 0"),
        ("move", [1, 2, 3], "move takes 1 to 2 arguments (point, far), not 3"),
        ("move", [["a", [], []], 1], "move: far must be t or nil, not 1"),
        ("rest", [1], "rest takes no argument, not 1"),
        ("fly", [], "there is no method fly"),
    ],
)
def test_a_call_that_does_not_fit(name: str, args: list[object], message: str) -> None:
    with pytest.raises(ExplogError) as caught:
        Registry([move, rest]).find(name).check(args)
    assert caught.value.message == message


def test_a_call_that_fits() -> None:
    found = Registry([move, rest]).find("move")
    args = found.check([["a", [], []]])
    assert found.run(None, None, args) == "a False"  # type: ignore[arg-type]
    assert found.doc == "Move a point."


def test_two_methods_with_one_name() -> None:
    with pytest.raises(ValueError, match="two methods have the name rest"):
        Registry([rest, method("rest", lane="slow")(lambda _context, _client: None)])
