"""What a table of results looks like in each format, as text; and that text stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.errors import ExplogError
from explog.results.asked import Asked, Best
from explog.results.exchange import csv_text, guarded, json_value, unguarded
from explog.results.formats import latex, markdown, org, terminal
from explog.results.grid import make_grid
from explog.results.table import Table, make_table
from support.results import sample, step

SEEDS = [
    sample(f"acc={acc} %", f"lr=0.1, seed={seed}", source=f"runs.csv:{seed}")
    for seed, acc in enumerate(("71.4", "71.9", "72.0"), start=1)
]
STEPS = [
    step((1,), *SEEDS, text="Test XYZ without ABC"),
    step((2,), sample("acc=72.40 %, loss=0.31", "lr=0.01"), text="Test 漢字 | with ABC"),
    step((3,), text="Test nothing"),
    step((10,), "loss=nan", text="Diverged"),
]
TABLE = make_table(STEPS, Asked(best=(Best("acc", largest=True),)))
COLUMNS = ("step", "text", "n", "parameters", "metrics")


def table(text: str = "x", metric: str = "1", name: str = "acc") -> Table:
    """Return a table of one row with this text of its step, and a metric with NAME."""
    return make_table([step((1,), sample(f"{name}={metric}"), text=text)])


def test_terminal() -> None:
    assert terminal(make_grid(TABLE, COLUMNS)) == (
        "step    text                  n  lr               acc    loss\n"
        "201.1   Test XYZ without ABC  3  0.1   71.77 ± 0.32 %\n"
        "201.2   Test 漢字 | with ABC  1  0.01         72.40 % *  0.31\n"
        "201.3   Test nothing\n"
        "201.10  Diverged              1                           nan\n"
    )


def test_terminal_makes_the_best_bold() -> None:
    text = terminal(make_grid(TABLE, ("step", "acc")), lambda text: f"<{text}>")
    assert "<       72.40 % *>\n" in text


def test_no_control_character_reaches_a_terminal() -> None:
    text = terminal(make_grid(table("\x1b[31mred\x9b\x7f\r\n"), ("text",)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


# Emacs holds org against the same file: tests/elisp/explog-results-table-tests.el.
ORG = Path(__file__).parents[1] / "data" / "results.org"


def test_org() -> None:
    steps = [
        *STEPS[:1],
        step((2,), sample("acc=72.40 %, loss=0.31", "lr=0.01, net=ab_c"), text=STEPS[1].text),
        *STEPS[2:3],
        step((10,), "loss=nan", text="<r5>"),
    ]
    made = make_table(steps, Asked(best=(Best("acc", largest=True),)))
    assert org(make_grid(made, COLUMNS)) == ORG.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("see [[file:a.org][the | notes]]", r"see the \vert{} notes"),
        ("[[https://example.org]]", "https://example.org"),
        ("<r5>", r"\lt{}r5>"),
        ("<r5> and more", "<r5> and more"),
        ("=lr=0.1= stays /org/", "=lr=0.1= stays /org/"),
    ],
)
def test_text_in_org(text: str, field: str) -> None:
    assert org(make_grid(table(text), ("text",))).splitlines()[2] == f"| {field} |"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("acc", "acc"), ("val_acc", "=val_acc="), ("a^2", "=a^2="), ("test/acc", "test/acc")],
)
def test_names_in_org(name: str, shown: str) -> None:
    assert org(make_grid(table(name=name), ("metrics",))).splitlines()[0] == f"| {shown} |"


def test_markdown() -> None:
    assert markdown(make_grid(TABLE, COLUMNS)) == (
        "| step   | text                  |   n | lr   |            acc | loss |\n"
        "| ---    | ---                   | --: | ---  |            --: |  --: |\n"
        "| 201.1  | Test XYZ without ABC  |   3 | 0.1  | 71.77 ± 0.32 % |      |\n"
        "| 201.2  | Test 漢字 \\| with ABC |   1 | 0.01 |    **72.40 %** | 0.31 |\n"
        "| 201.3  | Test nothing          |     |      |                |      |\n"
        "| 201.10 | Diverged              |   1 |      |                |  nan |\n"
    )


def test_text_in_markdown() -> None:
    text = markdown(make_grid(table("a_b* `c` <d> [e](f)"), ("text",))).splitlines()[2]
    assert text == r"| a\_b\* \`c\` \<d\> \[e\](f) |"


def test_latex() -> None:
    assert latex(make_grid(TABLE, COLUMNS)) == "\n".join(
        [
            r"\begin{tabular}{llrlrr}",
            r"\toprule",
            r"step & text & n & lr & acc & loss \\",
            r"\midrule",
            r"201.1 & Test XYZ without ABC & 3 & 0.1 & 71.77 $\pm$ 0.32 \% &  \\",
            r"201.2 & Test 漢字 \textbar{} with ABC & 1 & 0.01 & \textbf{72.40 \%} & 0.31 \\",
            r"201.3 & Test nothing &  &  &  &  \\",
            r"201.10 & Diverged & 1 &  &  & nan \\",
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % of a_b & #1", r"50 \% of a\_b \& \#1"),
        (
            r"C:\new {x} $1 ~a^2",
            r"C:\textbackslash{}new \{x\} \$1 \textasciitilde{}a\textasciicircum{}2",
        ),
        ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
        ("--lr", "-{}-lr"),
        ("[e201.1] again", "{}[e201.1] again"),
        ("*starred", "{}*starred"),
    ],
)
def test_text_in_latex(text: str, written: str) -> None:
    assert latex(make_grid(table(text), ("text",))).splitlines()[4] == rf"{written} \\"


def test_minus_signs_in_latex() -> None:
    row = latex(make_grid(table(metric="-0.5"), ("metrics",))).splitlines()[4]
    assert row == r"$-$0.5 \\"


# CSV


def test_csv() -> None:
    assert csv_text(TABLE, ("step", "text", "n", "parameters", "metrics")) == (
        "step,text,n,lr,acc,acc sd,acc unit,loss,loss sd\r\n"
        "e201.1,Test XYZ without ABC,3,0.1,71.77,0.32,%,,\r\n"
        "e201.2,Test 漢字 | with ABC,1,0.01,72.40,,%,0.31,\r\n"
        "e201.3,Test nothing,0,,,,,,\r\n"
        "e201.10,Diverged,1,,,,,nan,\r\n"
    )


def test_csv_has_all_that_a_program_needs() -> None:
    first, second = list(csv.DictReader(io.StringIO(csv_text(TABLE), newline="")))[:2]
    assert first["commit"] == STEPS[0].commit
    assert second["date"] == "2024-05-03T12:00:00Z"
    assert second["repository"] == "/home/ada/proj"
    assert second["source"] == "metrics.json"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd", "-x", "\t=1", "'=1", "''-x", "-"])
def test_no_spreadsheet_runs_a_text(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["-0.5", "+1e-05", "-inf", "1", "", "'quoted'", "a=b"])
def test_numbers_stay_numbers(text: str) -> None:
    assert guarded(text) == text


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXTS, TEXTS)
def test_any_text_comes_back_from_csv(text: str, title: str) -> None:
    made = make_table([step((1,), "acc=1", text=text, title=title)])
    lines = list(csv.reader(io.StringIO(csv_text(made, ("text", "title", "acc")), newline="")))
    assert [list(map(unguarded, line)) for line in lines][1:] == [[text, title, "1", ""]]


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_any_text_stays_in_its_row_and_column(texts: list[str]) -> None:
    made = make_table(step((n,), "acc=1", text=text) for n, text in enumerate(texts, start=1))
    grid = make_grid(made, ("step", "text", "acc"))
    for lines in (org(grid).splitlines(), markdown(grid).replace(r"\|", "").splitlines()):
        rows = [line for line in lines if not line.startswith("|-")]
        assert len(lines) == len(texts) + 2
        assert all(row.count("|") == 4 for row in rows)
    assert len(terminal(grid).splitlines()) == len(texts) + 1
    assert len(latex(grid).splitlines()) == len(texts) + 6


# JSON


def test_json() -> None:
    said: dict[str, Any] = json_value(TABLE)
    assert said["metrics"] == ["acc", "loss"]
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    first, second, third, fourth = said["rows"]
    deviation = pytest.approx(0.3214550)
    assert first == {
        "experiment": "201",
        "step": "1",
        "title": "ABC in XYZ model",
        "repository": "/home/ada/proj",
        "commit": STEPS[0].commit,
        "date": "2024-05-02T12:00:00Z",
        "source": "runs.csv",
        "n": 3,
        "metrics": {
            "acc": {"values": [71.4, 71.9, 72], "mean": pytest.approx(71.766667), "sd": deviation}
        },
        "parameters": {"lr": 0.1},
    }
    assert second["metrics"]["loss"] == {"values": [0.31], "mean": 0.31, "sd": None}
    assert (third["n"], third["source"], third["metrics"]) == (0, None, {})
    assert fourth["metrics"]["loss"] == {"values": ["nan"], "mean": "nan", "sd": None}


def test_json_of_parameters() -> None:
    one = step((1,), sample("acc=1", "optimizer=adam, layers=3, dropout=50 %, lr=1e-3"))
    two = step((2,), sample("acc=1", "layers=4"), sample("acc=2", "layers=5"))
    rows: Any = json_value(make_table([one, two]))["rows"]
    expected = {"optimizer": "adam", "layers": 3, "dropout": "50 %", "lr": 0.001}
    assert rows[0]["parameters"] == expected
    assert rows[1]["parameters"] == {"layers": [4, 5]}


def values(metric: str) -> object:
    """Return the values in the JSON of a table with the number METRIC."""
    rows: Any = json_value(table(metric=metric))["rows"]
    return rows[0]["metrics"]["acc"]["values"]


def test_json_keeps_long_numbers() -> None:
    assert values("7" * 400) == [int("7" * 400)]
    assert values("-inf") == ["-inf"]


# Columns


def test_columns_with_the_same_in_all_rows_are_left_out() -> None:
    headings = [column.heading for column in make_grid(TABLE).columns]
    assert headings == ["step", "text", "commit", "date", "n", "lr", "acc", "loss", "source"]
    other = step((1,), experiment="202", title="Other", repository="/home/ada/other.git")
    grid = make_grid(make_table([STEPS[2], other]))
    assert [column.heading for column in grid.columns] == [
        *("step", "title", "text", "repository", "commit", "date", "source")
    ]
    assert grid.rows[1][3].text == "other"


def test_a_metric_named_like_a_column_says_which_it_is() -> None:
    made = make_table([step((n,), sample(f"n={n}, lr=2", f"lr={n}")) for n in (1, 2)])
    headings = [
        column.heading for column in make_grid(made, ("n", "parameters", "metrics")).columns
    ]
    assert headings == ["n", "lr (parameter)", "n (metric)", "lr (metric)"]


def test_an_unknown_column() -> None:
    with pytest.raises(ExplogError, match="there is no column x; there are step, title, "):
        make_grid(TABLE, ["step", "x"])


def test_an_empty_table_has_its_headings() -> None:
    grid = make_grid(make_table([]))
    assert terminal(grid) == "step  text  commit  date  source\n"
    assert org(grid).count("\n") == 2
