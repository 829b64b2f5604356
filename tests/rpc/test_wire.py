"""The wire: whatever is written reads back, and whatever comes is either read or refused."""

from __future__ import annotations

import io
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.rpc import wire
from explog.rpc.wire import Bulk, Symbol

TEXT = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "null",
        "[null",
        "\tnull",
        "[true\tfalse]",
        "{",
        "[{",
        "\\",
        '"',
        '\\"',
        "\\377",
        "nil",
        "\udcff",
    ]
)
ATOMS = (
    TEXT
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([None, True, False])
)
VALUES = st.recursive(ATOMS, st.lists, max_leaves=20)


def over_the_wire(value: object) -> object:
    """Return `value` as the other side reads it."""
    frame = wire.encode("return", 1, value)
    [message] = wire.frames(io.BytesIO(frame).read, lambda: wire.MAX_FRAME)
    kind, uid, read = wire.decode(message)
    assert (kind, uid) == (Symbol("return"), 1)
    return read


def normal(value: object) -> object:
    """Return `value` with what is one in Lisp made one, and strings as their bytes."""
    if isinstance(value, str) and not isinstance(value, Symbol):
        return b"".join(
            c.encode("utf-8", "surrogateescape" if "\udc80" <= c <= "\udcff" else "surrogatepass")
            for c in value
        )
    if isinstance(value, list):
        return [normal(item) for item in value]
    return [] if value is None or value is False else value


@given(VALUES)
@example("a\ud800b\udfff\udcff é")
def test_values_read_back(value: object) -> None:
    assert normal(over_the_wire(value)) == normal(value)


@given(st.lists(VALUES))
@example([None, [None, "[null", [True, [False]]], "\tnull", "{"])
@example(["no word first", "[{ in a string"])
def test_bulk_reads_back_like_a_list(rows: list[object]) -> None:
    assert normal(over_the_wire(Bulk(rows))) == normal(rows)
    assert normal(over_the_wire({"total": 1, "hits": Bulk(rows)})) == [
        Symbol(":total"), 1, Symbol(":hits"), normal(rows),
    ]  # fmt: skip


@given(st.binary())
def test_any_byte_survives(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for value in (text, data, Bulk([text])):
        read = over_the_wire(value)
        read = read[0] if isinstance(read, list) else read
        assert isinstance(read, str)
        assert read.encode("utf-8", "surrogateescape") == data


@given(st.binary())
@example(b'("unclosed')
@example(b"((((((")
@example(b"(return 1 " + b"(" * 5000 + b")" * 5000 + b")")
@example(b"(return 1 " + b"9" * 5000 + b")")
@example(b'"\\')
def test_garbage_is_refused_in_one_way(data: bytes) -> None:
    try:
        wire.decode(data)
    except ExplogError as error:
        refusal = error
    else:
        return
    assert refusal.code == "bad-message"
    assert "\n" not in refusal.message


@pytest.mark.parametrize("depth", [50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 1000, 5000])
@pytest.mark.parametrize("pair", [b"()", b"[]"])
def test_deep_nesting_is_read_or_refused(depth: int, pair: bytes) -> None:
    nested = pair[:1] * depth + pair[1:] * depth
    try:
        assert wire.decode(b"(return 1 %b)" % nested)[:2] == [Symbol("return"), 1]
    except ExplogError as error:
        assert error.code == "bad-message"


SHAPES: dict[str, tuple[bytes, bytes, bytes]] = {
    "digits": (b"", b"1", b"x"),
    "decimals": (b"", b"1.5", b""),
    "exponents": (b"", b"1e", b""),
    "signs": (b"", b"-", b""),
    "string": (b'"', b"a", b'"'),
    "escapes": (b'"', b"\\n", b'"'),
    "octal": (b'"', b"\\303", b'"'),
    "open string": (b'"', b"\\\\", b""),
    "open strings": (b"", b'"a', b""),
    "symbols": (b"", b"a ", b""),
    "escaped symbol": (b"", b"\\a", b""),
    "open lists": (b"", b"(", b""),
    "lists": (b"", b"()", b""),
    "pairs": (b"", b"(a . b)", b""),
    "quotes": (b"", b"'", b"a"),
    "comment": (b"", b";", b""),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_takes_time_in_proportion_to_the_length(shape: str) -> None:
    """Before `hello` anybody may send 4 kB; they must not hold the interpreter."""
    begin, middle, end = SHAPES[shape]

    def seconds(count: int) -> float:
        message = b"(call 1 x (" + begin + middle * count + end + b"))"
        began = time.process_time()
        with suppress(ExplogError):
            wire.decode(message)
        wire.recover(message)
        return time.process_time() - began

    short = min(seconds(1000) for _ in range(3))
    long = min(seconds(16_000) for _ in range(3))
    assert long < 0.01 + 64 * short  # 16 times as long; a square would be 256


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_frames_come_apart_where_they_were_joined(messages: list[bytes]) -> None:
    stream = b"".join(b"%06x%b" % (len(message), message) for message in messages)
    assert list(wire.frames(io.BytesIO(stream).read, lambda: 50)) == messages


@pytest.mark.parametrize(
    "stream",
    [b"zzzzzz(a)", b"GET / HTTP/1.1\r\n", b" 0000a", b"0x0005(a)\n", b"+00005(a)\n", b"000000",
     b"00", b"000010(half", b"000033" + b"x" * 0x33],
)  # fmt: skip
def test_broken_streams_are_noticed(stream: bytes) -> None:
    with pytest.raises(wire.BrokenStreamError):
        list(wire.frames(io.BytesIO(stream).read, lambda: 50))


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (rb'"\303\251"', "é"),  # a unibyte string
        (rb'"a\377b"', "a\udcffb"),
        (rb'"\\377"', "\\377"),
        (rb'"\"\\\""', '"\\"'),
        (b'"a\nb"', "a\nb"),
        (b"(a . b)", [Symbol("a"), Symbol("."), Symbol("b")]),
        (b"[1 [2.5] nil t]", [1, [2.5], [], True]),
        (b"(1.0e+INF 1e3 -1.5e-07 .5 7. -0)", [Symbol("1.0e+INF"), 1000.0, -1.5e-07, 0.5, 7, 0]),
        (b"(nan inf 1_000 t1 nil2)", [Symbol(s) for s in ("nan", "inf", "1_000", "t1", "nil2")]),
        (b"(quote x)", [Symbol("quote"), Symbol("x")]),
        (b"'x", [Symbol("quote"), Symbol("x")]),
        (b"(:a nil)", [Symbol(":a"), []]),
    ],
)
def test_reads_what_emacs_prints(printed: bytes, value: object) -> None:
    [read] = wire.decode(b"(%b)" % printed)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "value",
    [object(), float("nan"), float("inf"), {1, object()}, Bulk([float("nan")]), Bulk([b"x"]),
     Bulk([{"a": 1}]), Bulk([[{}]]), Bulk(["[{", {}]), Bulk([1, {}])],
)  # fmt: skip
def test_what_has_no_lisp_form_is_refused(value: object) -> None:
    with pytest.raises(ExplogError, match="cannot be sent") as raised:
        wire.encode("return", 1, value)
    assert raised.value.code == "unencodable"


def test_the_longest_message_fits_and_a_longer_one_is_refused() -> None:
    room = wire.MAX_FRAME - len('(return 1 "")\n')
    frame = wire.encode("return", 1, "x" * room)
    assert frame[:6] == b"ffffff"
    assert len(frame) == 6 + wire.MAX_FRAME
    with pytest.raises(ExplogError) as raised:
        wire.encode("return", 1, "é" * (room // 2 + 1))
    assert raised.value.code == "reply-too-large"
    assert raised.value.data == {"size": wire.MAX_FRAME + 1, "limit": wire.MAX_FRAME}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'(call 12 foo ("unclosed', ("call", 12)),
        (b" ( return-error 7 (((", ("return-error", 7)),
        (b"(methods 3)", ("methods", 3)),
        (b"(call x foo)", None),
        (b"call 12", None),
        (b"", None),
    ],
)
def test_the_uid_of_an_unreadable_message(data: bytes, found: tuple[str, int] | None) -> None:
    assert wire.recover(data) == found


def test_plists() -> None:
    assert wire.plist([Symbol(":a"), 1, Symbol(":b"), [2]]) == {"a": 1, "b": [2]}
    for other in ([], [Symbol(":a")], ["a", 1], "text", None):
        assert wire.plist(other) == {}


def test_the_reason_of_an_error_is_one_short_line() -> None:
    line = wire.one_line(ValueError("a\n  b\n" + "c" * 1000))
    assert line.startswith("ValueError: a b ccc")
    assert len(line) == 300
