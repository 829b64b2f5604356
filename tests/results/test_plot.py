"""Plots of results: what is drawn, and how a picture looks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.results import plot
from explog.results.asked import Asked, read_best
from explog.results.chart import Chart, make_chart
from explog.results.picture import draw_apart, draw_file, picture_format
from explog.results.plot import COLOURS, INK, draw
from explog.results.table import Table, make_table
from support.results import TIME, sample, step

RATES = ("0.1", "0.01", "0.0001")


def table(*rates: str, metrics: str = "acc loss", best: str = "") -> Table:
    """Return a table of a step with three seeds for each of RATES."""
    steps = [
        step(
            (n,),
            *(
                sample(f"acc={70 + n + seed}.5 %, loss={10**-n}", f"lr={rate}, seed={seed}")
                for seed in (1, 2, 3)
            ),
        )
        for n, rate in enumerate(rates, start=1)
    ]
    return make_table(steps, Asked(metrics=tuple(metrics.split()), best=read_best(best)))


# What is drawn


def test_bars_over_steps() -> None:
    chart = make_chart(table(*RATES, best="max:acc"))
    assert (chart.against, chart.axis, chart.names) == (
        "step",
        "names",
        ("201.1", "201.2", "201.3"),
    )
    acc, loss = chart.panels
    assert (acc.metric, loss.metric) == ("acc (%)", "loss")
    assert [(one.x, one.y, one.deviation, one.best) for one in acc.points] == [
        *((0.0, 73.5, 1.0, False), (1.0, 74.5, 1.0, False), (2.0, 75.5, 1.0, True))
    ]
    assert acc.points[0].label == "73.5 ± 1.0 %"


def test_over_time() -> None:
    chart = make_chart(table(*RATES), "date")
    assert chart.axis == "date"
    assert [one.x for one in chart.panels[0].points] == [TIME + 86400 * n for n in (1, 2, 3)]


def test_only_steps_of_one_experiment_are_joined_over_time() -> None:
    def lines(experiments: int) -> int:
        steps = [
            step((n,), f"acc={n}", experiment=str(ident))
            for ident in range(experiments)
            for n in (1, 2)
        ]
        picture = draw(make_chart(make_table(steps), "date"), "svg").decode()
        return picture.count("stroke-width: 1.5")

    assert lines(len(COLOURS)) == 2 * len(COLOURS)  # in the picture and in its legend
    assert lines(len(COLOURS) + 1) == 0  # there is no colour for each


def test_against_a_parameter() -> None:
    acc, loss = make_chart(table(*RATES), "lr").panels
    assert [one.x for one in acc.points] == [0.0001, 0.01, 0.1]
    assert (acc.axis, loss.axis) == ("linear", "log")


@pytest.mark.parametrize(
    ("rates", "axis"),
    [
        (("0.1", "0.001"), "log"),
        (("0.1", "0.01"), "linear"),
        (("0", "100", "1"), "linear"),
        (("-1", "1000"), "linear"),
        (("adam", "sgd", "adam"), "names"),
        (("0.1", "adam"), "names"),
    ],
)
def test_the_axis_of_a_parameter(rates: tuple[str, ...], axis: str) -> None:
    assert make_chart(table(*rates), "lr").axis == axis


def test_values_that_are_no_numbers_are_placed_by_name() -> None:
    chart = make_chart(table("adam", "sgd", "adam"), "lr")
    assert chart.names == ("adam", "sgd")
    assert [one.x for one in chart.panels[0].points] == [0.0, 0.0, 1.0]


def test_what_is_no_number_is_left_out() -> None:
    steps = [step((1,), "acc=nan"), step((2,), "acc=1"), step((3,)), step((4,), "acc=inf")]
    chart = make_chart(make_table(steps))
    assert (chart.names, len(chart.panels[0].points)) == (("201.2",), 1)


@pytest.mark.parametrize(
    ("against", "sentence"),
    [
        ("lrr", "no step has the parameter lrr; did you mean lr?"),
        ("seed", "no step has a number for acc or loss and one value of seed"),
    ],
)
def test_nothing_to_draw(against: str, sentence: str) -> None:
    with pytest.raises(ExplogError) as raised:
        make_chart(table(*RATES), against)
    assert (raised.value.code, raised.value.message) == ("no-plot", sentence)


def test_no_number_to_draw() -> None:
    with pytest.raises(ExplogError, match="no step has a number for any metric"):
        make_chart(make_table([step((1,))]))


# Pictures

CHARTS = [
    make_chart(table(*RATES, best="max:acc")),
    make_chart(table(*RATES), "date"),
    make_chart(table(*RATES), "lr"),
    make_chart(table("adam", "sgd", "adam"), "lr"),
    make_chart(table("1", metrics="acc")),
    make_chart(table("1", metrics="acc"), "date"),
    make_chart(table(*map(str, range(1, 31)), metrics="acc")),
]


@pytest.mark.parametrize("chart", CHARTS)
def test_the_same_chart_gives_the_same_bytes(chart: Chart) -> None:
    picture = draw(chart, "svg")
    assert draw(chart, "svg") == picture
    assert b"<dc:date>" not in picture
    assert not re.search(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}T", picture)


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF-")])
def test_other_formats(form: str, start: bytes) -> None:
    picture = draw(CHARTS[0], form)
    assert picture.startswith(start)
    assert draw(CHARTS[0], form) == picture


def test_a_picture_says_what_it_shows() -> None:
    text = draw(CHARTS[0], "svg").decode()
    words = re.findall(r">([^<>\n]+)</text>", text)
    assert {"acc (%)", "loss", "step", "201.1", "73.5 ± 1.0 %"} <= set(words)


@pytest.mark.parametrize("name", ["a$b$c", "精度", "a_b^{c}", r"\frac", "<&>"])
def test_any_name_can_be_drawn(name: str) -> None:
    text = draw(make_chart(make_table([step((1,), sample(f"{name}=1"))])), "svg").decode()
    shown = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{shown}</text>" in text


def _contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 has it."""
    light, dark = sorted(map(_luminance, (colour, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#000000", "#fdf6e3", "#1e1e1e"])
def test_colours_are_readable_in_light_and_dark(background: str) -> None:
    assert _contrast(INK, background) >= (4.5 if background in ("#ffffff", "#000000") else 3.6)
    assert all(_contrast(colour, background) >= 3 for colour in COLOURS)


def test_a_picture_has_no_background_and_few_colours() -> None:
    text = draw(CHARTS[0], "svg").decode()
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text))
    assert used <= {INK, *COLOURS, "#ffffff", "#000000"}
    background = re.search(r'<g id="patch_1">.*?</g>', text, re.DOTALL)
    assert background is None or "opacity: 0" in background[0] or "fill: none" in background[0]


def test_another_process_draws_the_same() -> None:
    made = table(*RATES, metrics="acc")
    assert draw_apart(made, None, "svg") == draw(make_chart(made), "svg")


def test_a_picture_replaces_the_one_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "a.PNG"
    file.write_text("old")
    draw_file(table("1"), None, file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_where_no_picture_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ExplogError, match=r"there is no such|No such file"):
        draw_file(table("1"), None, tmp_path / "none" / "a.svg")
    with pytest.raises(ExplogError, match=r"ends in one of \.svg, \.png, \.pdf"):
        picture_format(tmp_path / "a.gif")


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "PLOT", "no-such-matplotlib>=3")
    with pytest.raises(ExplogError, match="-m pip install"):
        draw(CHARTS[0], "svg")


def test_matplotlib_is_loaded_to_draw_alone() -> None:
    code = (
        "import sys, explog.methods.results, explog.cli, explog.results.picture;"
        "sys.exit('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
