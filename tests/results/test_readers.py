"""Files of metrics and parameters: what is read of them, and what is said of the rest."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.results import yaml_reader
from explog.results.reader import read_file
from explog.results.rows import MOST_ROWS, MOST_VALUES, Read
from explog.results.values import Number
from support.clock import cpu_seconds

FORMATS = ("json", "jsonl", "yaml", "yml", "toml", "csv", "tsv")
MEGABYTE = 1 << 20


def read(path: str, text: str | bytes, *, lists: bool = False) -> Read:
    return read_file(path, text.encode() if isinstance(text, str) else text, lists=lists)


def shown(found: Read) -> list[str]:
    """Return the rows as `acc=71.4% loss=0.31`, each with its number if it has one."""
    return [
        " ".join(
            [
                *([f"{number}:"] if number else []),
                *(f"{n}={v.text}{v.unit}" for n, v in row.items()),
            ]
        )
        for number, row in found.rows
    ]


@pytest.mark.parametrize(
    ("path", "text", "rows"),
    [
        ("m.json", '{"acc": 0.7140, "n": 12}', ["acc=0.7140 n=12"]),
        ("m.json", '\ufeff{"acc": 1}', ["acc=1"]),
        ("m.json", '{"val": {"acc": 1, "top": {"5": 2}}}', ["val.acc=1 val.top.5=2"]),
        ("m.json", '{"acc": "71.4 %", "loss": "1e-3", "net": "vit"}', ["acc=71.4% loss=1e-3 net=vit"]),
        ("m.json", '{"acc": null, "ok": true}', ["ok=true"]),
        ("m.json", '{"a": NaN, "b": Infinity, "c": -Infinity}', ["a=nan b=inf c=-inf"]),
        ("m.json", '{"acc": 1E400, "b": 1e-400}', ["b=1e-400"]),
        ("m.json", '{"a b": 1, "ä": 2, " c\\n": 3}', ["a b=1 ä=2 c=3"]),
        ("m.json", '{"a.b": 1, "a": {"c": 2}}', ["a.b=1 a.c=2"]),
        ("m.json", '{"a": 1, "a": 1, "b": 1, "b": 2}', ["a=1"]),
        ("m.json", "7", [""]),
        ("m.json", "{}", [""]),
        ("m.json", "[]", [""]),
        ("m.json", '[{"acc": 1}, {"acc": 2}]', ["2: acc=2"]),
        ("m.json", '[{"seed": 1, "acc": 1}, {"Seed": 2, "acc": 2}]', ["1: seed=1 acc=1", "2: Seed=2 acc=2"]),
        ("m.json", '{"step": 1, "acc": 1}\n{"step": 2, "acc": 2}\n', ["2: step=2 acc=2"]),
        ("m.jsonl", '{"run": "a", "acc": 1}\n\n{"run": "b", "acc": 2}', ["1: run=a acc=1", "3: run=b acc=2"]),
        ("m.yaml", "acc: 0.710\nval:\n  loss: .5\n  x: -.inf\n  y: .NaN", ["acc=0.710 val.loss=.5 val.x=-inf val.y=nan"]),
        ("m.yaml", "lr: 1e-3\nn: 1_000\nt: 10:30\nz: 010\nh: 0x1F", ["lr=1e-3 n=1_000 t=10:30 z=010 h=0x1F"]),
        ("m.yaml", "a: ~\nb:\nc: null\nd: yes\ne: True\nf: 'null'", ["d=yes e=true f=null"]),
        ("m.yaml", "x: &x {a: 1, b: 2}\ny: *x", ["x.a=1 x.b=2 y.a=1 y.b=2"]),
        ("m.yaml", "d: &d {a: 1, b: 2}\ne:\n  <<: *d\n  b: 3", ["d.a=1 d.b=2 e.b=3 e.a=1"]),
        ("m.yaml", "d: &d {a: 1}\nf: &f {a: 2, c: 3}\ne:\n  <<: [*d, *f]", ["d.a=1 f.a=2 f.c=3 e.a=1 e.c=3"]),
        ("m.yaml", "a: !!float 3\nb: !!str 4\nc: !!int '5'", ["a=3 b=4 c=5"]),
        ("m.yaml", "k: &a acc\n*a : 3", ["k=acc acc=3"]),
        ("m.yaml", "1: 2\ntrue: 3", ["1=2 true=3"]),
        ("m.yaml", "- seed: 1\n  acc: 2\n- seed: 2\n  acc: 3", ["1: seed=1 acc=2", "2: seed=2 acc=3"]),
        ("m.yml", "a: 1\n---\na: 2\n", ["2: a=2"]),
        ("m.yaml", "# nothing\n", []),
        ("m.toml", "acc = 0.710\nn = 12\n[val]\nloss = inf\nok = true\nday = 2024-01-02", ["acc=0.710 n=12 val.loss=inf val.ok=true val.day=2024-01-02"]),
        ("m.csv", "epoch,acc\n1,0.5\n2,0.710\n", ["2: epoch=2 acc=0.710"]),
        ("m.csv", "seed,acc,net\n1,0.5,vit\n2,0.6,vit\n", ["1: seed=1 acc=0.5 net=vit", "2: seed=2 acc=0.6 net=vit"]),
        ("m.csv", "acc;loss\n0,71;1,5e-3\n", ["1: acc=0,71 loss=1,5e-3"]),
        ("m.csv", "acc\tloss\r\n0.71\t12 %\r\n", ["1: acc=0.71 loss=12%"]),
        ("m.tsv", "acc\tloss, all\n0.71\t2\n", ["1: acc=0.71 loss, all=2"]),
        ("m.csv", '"acc, top",b\n"1",2', ["1: acc, top=1 b=2"]),
        ("m.csv", ",acc\n0,0.5\n1,0.6\n", ["2: acc=0.6"]),
        ("m.csv", "# acc,b,\n1,,\n\n , \n", ["1: acc=1"]),
        ("m.csv", "acc,n\n1,NA\n", ["1: acc=1 n=NA"]),
        ("m.csv", "acc\n", []),
    ],
)  # fmt: skip
def test_values(path: str, text: str, rows: list[str]) -> None:
    assert shown(read(path, text)) == rows


@pytest.mark.parametrize(
    ("path", "text", "rows", "complaint"),
    [
        ("m.json", '{"acc": 0.7', [], "it is no JSON: Expecting ',' delimiter (line 1)"),
        ("m.json", "{'acc': 1}", [], "it is no JSON: Expecting property name enclosed in double quotes (line 1)"),
        ("m.json", '{"a": 1} x', [], "it is no JSON: Extra data (line 1)"),
        ("m.json", '{"a": 1}\n{"a": 2', [], "its line 2 is no JSON: Expecting ',' delimiter"),
        ("m.json", "3\n4", [], "it is no JSON: Extra data (line 2)"),
        ("m.json", "[" * 100_000, [], "it is nested too deep"),
        ("m.json", '{"a":' * 40 + "1" + "}" * 40, [""], f"left out as nested deeper than 32 tables: {'a.' * 19}a…"),
        ("m.json", '{"acc": 1e400, "b": 2}', ["b=2"], "left out as too large a number: acc = 1e400"),
        ("m.json", '{"acc": %s}' % ("9" * 300), [""], f"left out as too large a number: acc = {'9' * 33}…"),
        ("m.json", '{"a": 1, "a": 2, "b": 3}', ["b=3"], "left out as said twice, and differently: a"),
        ("m.json", '{"a.b": 1, "a": {"b": 2}}', [""], "left out as said twice, and differently: a.b"),
        ("m.json", '{"a": [[1, 2], [3]], "b": 1}', ["b=1"], "left out as a list: a"),
        ("m.json", '{"a": [], "b": [1], "c": [1], "d": [1], "e": [1]}', [""], "left out as a list: a, b, c, and 2 more"),
        ("m.json", "[1, 2]", [""], "left out as a list: its whole content"),
        ("m.json", "7", [""], "left out as without a name: 7"),
        ("m.json", '{"%s": 1, "b": 2}' % ("n" * 300), ["b=2"], f"left out as too long a name: {'n' * 39}…"),
        ("m.json", json.dumps({f"n{n}": n for n in range(MOST_VALUES + 2)}), None, "left out as more than 1,000 values: n1000, n1001"),
        ("m.json", json.dumps([{"seed": n} for n in range(MOST_ROWS + 2)]), None, "left out as more than 1,000 rows: 2"),
        ("m.json", "", [], "it is empty"),
        ("m.json", " \n", [], "it is empty"),
        ("m.json", b"\xff\xfe{\0", [], "it is in UTF-16, and not in UTF-8"),
        ("m.json", b"{\0}", [], "it is binary"),
        ("m.csv", "acc\n0.7 \xe9".encode("latin-1"), [], "it is not in UTF-8 (line 2)"),
        ("m.json", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", [], "it is a pointer of Git LFS, and its content is not in git"),
        ("m.yaml", "outs:\n- md5: 1\n  path: m.yaml\n", [], "it is a pointer of DVC, and its content is not in git"),
        ("m.json", "/annex/objects/SHA256E-s1--a.json\n", [], "it is a pointer of git-annex, and its content is not in git"),
        ("m.xml", "<a/>", [], "it is none of the files that are read: .json, .jsonl, .yaml, .yml, .toml, .csv, .tsv"),
        ("m.yaml", "a: [1, 2\nb: }", [], "it is no YAML: did not find expected ',' or ']' (line 2)"),
        ("m.yaml", "a: \x01", [], "it is no YAML: control characters are not allowed"),
        ("m.yaml", "a: !!python/object/apply:os.system ['true']\nb: 2", ["b=2"], "left out as of the type tag:yaml.org,2002:python/object/apply:o…: a"),
        ("m.yaml", "a: !numpy 3\nc: !numpy {x: 1}\nb: 2", ["b=2"], "left out as of the type !numpy: a, c"),
        ("m.yaml", "a: &a [*a]", [], "its alias *a stands for what is not there yet"),
        ("m.yaml", "a: *a", [], "its alias *a stands for what is not there yet"),
        ("m.yaml", "[" * 40, [], "it is nested deeper than 32 tables"),
        ("m.yaml", "- a\n" * 30_000, [], "it has more than 20,000 parts"),
        ("m.yaml", "? {a: 1}\n: 2\nb: 3", ["b=3"], "left out as without a name: 2"),
        ("m.toml", "a = ", [], "it is no TOML: Invalid value (at end of document)"),
        ("m.toml", f"a = {'9' * 5000}", [], "it is no TOML: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use sys.set_int_max_str_digits() to increase the limit"),
        ("m.toml", f"{'a.' * 600}b = 1", [], "its line 1 has more than 500 dots"),
        ("m.toml", "a = 1\na = 2", [], "it is no TOML: Cannot overwrite a value (at end of document)"),
        ("m.csv", "0.5,0.6\n0.7,0.8\n", [], "it has no header: there are nothing but numbers on its first line"),
        ("m.csv", "acc,loss\n1,2\n3,4,5\n", [""], "left out as of 3 cells below a header of 2: row 2"),
        ("m.csv", "seed,acc\n1,2\n3\n", ["1: seed=1 acc=2", ""], "left out as of 1 cells below a header of 2: row 2"),
        ("m.csv", "acc,acc\n1,2\n", ["1:"], "left out as said twice, and differently: acc"),
        ("m.csv", 'acc\n"' + "1" * 200_000, [], "its line 2 is no table: field larger than field limit (131072)"),
        ("m.csv", "\n\n,\n", [], "it is empty"),
    ],
)  # fmt: skip
def test_complaints(path: str, text: str | bytes, rows: list[str] | None, complaint: str) -> None:
    found = read(path, text)
    assert list(found.complaints) == [complaint]
    if rows is not None:
        assert [row.removeprefix("2:") for row in shown(found)] == rows


def test_the_digits_are_kept_and_have_a_value() -> None:
    ((_number, row),) = read(
        "m.json", '{"a": 0.7140, "b": "71.40 %", "c": NaN, "d": "\u22123"}'
    ).rows
    assert row["a"] == Number("0.7140", 0.714)
    assert row["b"] == Number("71.40", 71.4, "%")
    assert math.isnan(row["c"].value or 0)
    assert row["d"] == Number("\u22123", -3)


def test_a_parameter_may_be_a_list() -> None:
    text = '{"betas": [0.9, 0.999], "net": [{"k": 3, "on": true}, null], "long": [%s]}' % (
        "1, " * 500 + "1"
    )
    found = read("params.json", text, lists=True)
    assert shown(found) == ["betas=[0.9, 0.999] net=[{k: 3, on: true}, null]"]
    assert list(found.complaints) == ["left out as too long a text: long"]


def test_a_text_that_aliases_make_large_is_left_where_it_begins_to_be() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [
        f"a{n}: &a{n} {{{', '.join(f'k{k}: *a{n - 1}' for k in range(9))}}}" for n in range(1, 10)
    ]
    for lists in (True, False):
        found = read("m.yaml", "\n".join(lines), lists=lists)
        assert len(found.rows[0][1]) == MOST_VALUES
    lines = ["a0: &a0 [1, 2]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert shown(read("m.yaml", "\n".join(lines), lists=True)) == [
        "a0=[1, 2]" + " a1=[" + ", ".join(["[1, 2]"] * 9) + "]"
    ]


BOMBS = {
    "json": [
        "[" * MEGABYTE, '{"a":' * (MEGABYTE // 5), '{"a":1}\n' * (MEGABYTE // 8), "9" * MEGABYTE,
        '{"' + "a" * MEGABYTE, "[" + "1," * (MEGABYTE // 2) + "1]", '{"a":"' + "\\u0041" * (MEGABYTE // 6) + '"}',
        "[" + '{"a":1},' * (MEGABYTE // 8) + "{}]", "{" + ",".join(f'"k{n}":{n}' for n in range(80_000)) + "}",
        '{"a": "' + " 1" * (MEGABYTE // 2) + '"}', '{"a": "' + "1_" * (MEGABYTE // 2) + '"}',
    ],
    "yaml": [
        "[" * MEGABYTE, "- " * (MEGABYTE // 2), "{a: " * (MEGABYTE // 4), "&a " * (MEGABYTE // 3), "a: 1\n" * (MEGABYTE // 5),
        "a: |\n" + " x\n" * (MEGABYTE // 3), "'" + "x\n" * (MEGABYTE // 2), "? " * (MEGABYTE // 2),
        "a: &a {b: 1}\n" + "c: {<<: *a}\n" * 80_000, "x: &x\n" + "".join(f" k{n}: {n}\n" for n in range(4000)) + "y: {" + "<<: *x, " * 900 + "}",
    ],
    "toml": [
        "a." * (MEGABYTE // 2) + "b = 1", f"{'a.' * 400}b = 1\n" * 1300, "a = " + "[" * MEGABYTE, "a = " + "{b = " * (MEGABYTE // 5),
        "a = " + "9" * MEGABYTE, 'a = """' + '\\"' * (MEGABYTE // 2), "[a]\n" * (MEGABYTE // 4), "\n".join(f"k{n} = {n}" for n in range(80_000)),
        "\n".join(f"[a.b{n}]" for n in range(80_000)), "a = 1" + " " * MEGABYTE,
    ],
    "csv": [
        "," * MEGABYTE, "a,b\n" + "1,2\n" * (MEGABYTE // 4), '"' * MEGABYTE, "a\n" * (MEGABYTE // 2), "seed\n" + "1\n" * (MEGABYTE // 2),
        ",".join("a" * (MEGABYTE // 2)) + "\n" + ",".join("1" * (MEGABYTE // 2)), ";" * MEGABYTE, "\r" * MEGABYTE,
    ],
}  # fmt: skip


def slow(suffix: str, seconds: float) -> list[tuple[str, float]]:
    """Return those texts for SUFFIX that take longer than SECONDS."""
    found = []
    for text in BOMBS[suffix]:
        taken = min(_took(suffix, text, seconds))
        if taken > seconds:
            found.append((text[:20], taken))
    return found


def _took(suffix: str, text: str, seconds: float) -> Iterator[float]:
    """Yield how long TEXT took, up to three times, as others may be using the caches."""
    for _ in range(3):
        begun = cpu_seconds()
        read(f"m.{suffix}", text)
        yield (taken := cpu_seconds() - begun)
        if taken <= seconds:
            return


@pytest.mark.parametrize("suffix", BOMBS)
def test_no_megabyte_takes_long(suffix: str) -> None:
    assert slow(suffix, 5) == []  # half of that on a slow machine; a square takes hours


def test_no_megabyte_takes_long_without_the_library_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.setattr(yaml_reader, "_yaml", lambda: (yaml, yaml.SafeLoader))
    assert slow("yaml", 20) == []
    assert shown(read("m.yaml", "a: 1\nb: {c: 2}")) == ["a=1 b.c=2"]


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["1e400", "71 %", "nan"])
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


@given(TREES, st.sampled_from(["json", "jsonl", "yaml"]), st.booleans())
def test_whatever_json_says_is_read(tree: object, suffix: str, lists: bool) -> None:
    check(read(f"m.{suffix}", json.dumps(tree), lists=lists))


@given(st.binary(max_size=200), st.sampled_from(FORMATS), st.booleans())
def test_no_bytes_make_a_reader_fail(data: bytes, suffix: str, lists: bool) -> None:
    check(read_file(f"m.{suffix}", data, lists=lists))


@given(
    st.text(
        st.sampled_from("ab1.5e-%:=,;\t\n\"'[]{}&*!<>|#~ \\-_?x\u22120\r") | st.characters(),
        max_size=60,
    ),
    st.sampled_from(FORMATS),
    st.booleans(),
)
def test_no_text_makes_a_reader_fail(text: str, suffix: str, lists: bool) -> None:
    check(read_file(f"m.{suffix}", text.encode("utf-8", "surrogatepass"), lists=lists))


def check(found: Read) -> None:
    """Names and texts can be kept and shown, and a value is that of its text."""
    for complaint in found.complaints:
        complaint.encode()
        assert complaint.isprintable()
    for _number, row in found.rows:
        for name, number in row.items():
            assert name
            assert name.isprintable()
            assert number.text.isprintable()
            name.encode()
            number.text.encode()
            if number.value is not None and not math.isnan(number.value):
                text = number.text.replace("_", "").replace(",", ".").replace("\u2212", "-")
                assert float(text) == number.value


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.floats(), max_size=5))
def test_what_python_writes_is_read_as_it_was(numbers: dict[str, float]) -> None:
    ((_number, row),) = read("m.json", json.dumps(numbers)).rows
    assert {name: repr(number.value) for name, number in row.items()} == {
        name: repr(value) for name, value in numbers.items()
    }
