"""The table of results: which metrics and parameters it shows, and what it marks as the best."""

from __future__ import annotations

import pytest

from explog.errors import ExplogError
from explog.results.asked import Asked, Best, read_best, read_names
from explog.results.table import Row, Table, make_table
from support.results import sample, step


def asked(metrics: str = "", parameters: str = "", best: str = "") -> Asked:
    return Asked(read_names(metrics) or None, read_names(parameters) or None, read_best(best))


def metrics(table: Table) -> list[dict[str, str]]:
    return [{name: cell.text for name, cell in row.metrics.items()} for row in table.rows]


def parameters(row: Row) -> dict[str, str]:
    return {name: row.parameter(name) for name in row.parameters}


# What a row has


def test_several_files_are_a_sample() -> None:
    one, two, three = (
        sample(f"acc={acc}", source=f"results/{n}.json")
        for n, acc in enumerate(("71.4", "71.9", "72.0"))
    )
    (row,) = make_table([step((1,), one, two, three)]).rows
    assert (row.n, row.metrics["acc"].text) == (3, "71.77 ± 0.32")
    assert row.source == "results/*.json"


@pytest.mark.parametrize(
    ("files", "source"),
    [
        (("a.json",), "a.json"),
        (("run1.json",), "run1.json"),
        (("run1.json", "run2.json"), "run*.json"),
        (("run1.json", "loss.json", "run12.json"), "run*.json, loss.json"),
        (("a.csv:1", "a.csv:2", "message"), "a.csv, message"),
    ],
)
def test_sources(files: tuple[str, ...], source: str) -> None:
    (row,) = make_table([step((1,), *(sample("acc=1", source=file) for file in files))]).rows
    assert row.source == source


def test_files_with_other_metrics_are_one_observation() -> None:
    (row,) = make_table([step((1,), "acc=71.4", sample("loss=0.3", source="loss.json"))]).rows
    assert row.n == 1


def test_rows_of_a_file_name_it_once() -> None:
    rows = (sample(f"acc={n}", f"seed={n}", source=f"runs.csv:{n}") for n in (1, 2, 3))
    (row,) = make_table([step((1,), *rows)]).rows
    assert (row.n, row.source, row.parameter("seed")) == (3, "runs.csv", "1, 2, 3")


def test_a_step_without_values_has_an_empty_row() -> None:
    (row,) = make_table([step((1,))]).rows
    assert (row.n, row.source, dict(row.metrics)) == (0, "", {})


def test_a_row_of_its_own_says_its_parameters() -> None:
    shared = sample("", "lr=0.1, seed=0", source="params.yaml")
    seeds = (sample("acc=1", f"seed={seed}") for seed in (1, 2))
    (row,) = make_table([step((1,), shared, *seeds)]).rows
    assert parameters(row) == {"lr": "0.1", "seed": "1, 2"}


def test_many_values_of_a_parameter_are_shortened() -> None:
    seeds = (sample("acc=1", f"seed={seed}") for seed in range(5))
    (row,) = make_table([step((1,), *seeds)]).rows
    assert row.parameter("seed") == "0, 1, 2, …"


# Which columns there are


def test_metrics_that_more_rows_have_come_first() -> None:
    table = make_table([step((1,), "rare=1, acc=2, loss=3"), step((2,), "loss=3, acc=2")])
    assert table.metrics == ("acc", "loss", "rare")


def test_metrics_that_are_asked_for_are_shown_in_that_order() -> None:
    table = make_table([step((1,), "acc=2, loss=3, f1=4")], asked("f1,acc"))
    assert table.metrics == ("f1", "acc")


def test_only_parameters_that_differ_are_shown() -> None:
    one = step((1,), sample("acc=1", "lr=0.1, optimizer=adam, layers=3"))
    two = step((2,), sample("acc=1", "lr=0.01, optimizer=adam, layers=3.0"))
    assert make_table([one, two]).parameters == ("lr",)


def test_a_step_whose_parameters_are_unknown_makes_none_differ() -> None:
    steps = [step((n,), sample("acc=1", "lr=0.1")) for n in (1, 2)]
    assert make_table([*steps, step((3,), "acc=1")]).parameters == ()
    other = step((4,), sample("acc=1", "warmup=5"))
    assert make_table([*steps, other]).parameters == ("lr", "warmup")


def test_parameters_that_are_asked_for_need_not_differ() -> None:
    steps = [step((n,), sample("acc=1", "lr=0.1, seed=1")) for n in (1, 2)]
    assert make_table(steps, asked(parameters="seed")).parameters == ("seed",)
    assert make_table(steps, Asked(parameters=())).parameters == ()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ac", "no step has the metric ac; did you mean acc?"),
        ("top1", "no step has the metric top1; did you mean test.top1?"),
        ("zzz", "no step has the metric zzz; there are acc, test.top1"),
    ],
)
def test_an_unknown_metric(name: str, sentence: str) -> None:
    table = make_table([step((1,), "acc=1, test.top1=2")], asked(f"acc {name}"))
    assert (table.metrics, table.troubles) == (("acc",), (sentence,))


def test_an_unknown_metric_where_there_is_none() -> None:
    table = make_table([step((1,))], asked("acc", "lr"))
    assert table.troubles == (
        "no step has the metric acc; none has any metric",
        "no step has the parameter lr; none has any parameter",
    )


# The best


def best(said: str, *texts: str) -> list[int]:
    steps = [step((n,), *filter(None, text.split(";"))) for n, text in enumerate(texts, start=1)]
    table = make_table(steps, asked(best=said))
    return [place for place, row in enumerate(table.rows, start=1) if row.best]


@pytest.mark.parametrize(
    ("said", "texts", "places"),
    [
        ("max:acc", ("acc=1", "acc=3", "acc=2"), [2]),
        ("min acc", ("acc=1", "acc=3", "acc=2"), [1]),
        ("max:acc", ("acc=3", "acc=3.0", "acc=2"), [1, 2]),
        ("max:acc", ("acc=-3", "", "loss=5"), [1]),
        ("max:acc", ("acc=nan", "acc=2", "acc=inf"), [2]),
        ("max:acc", ("acc=nan",), []),
        ("max:acc", ("acc=1;acc=5", "acc=4", "acc=2"), [2]),
        ("max:acc", ("acc=71 %", "acc=72 %"), [2]),
        ("max:acc", ("acc=71 %", "acc=0.72"), []),
    ],
)
def test_best(said: str, texts: tuple[str, ...], places: list[int]) -> None:
    assert best(said, *texts) == places


def test_other_units_are_named_where_no_best_is_marked() -> None:
    table = make_table([step((1,), "acc=71 %"), step((2,), "acc=0.72")], asked(best="max:acc"))
    assert table.troubles == ("acc is written with % and no unit: no row is marked as the best",)


def test_what_is_to_be_best_is_shown() -> None:
    table = make_table([step((1,), "acc=1, loss=2, f1=3")], asked("acc", best="min:loss"))
    assert table.metrics == ("acc", "loss")


# What is asked


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("acc", ("acc",)),
        ("acc loss  f1", ("acc", "loss", "f1")),
        ("acc,loss", ("acc", "loss")),
        ("val acc, loss,", ("val acc", "loss")),
        ("acc acc", ("acc",)),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    assert read_names(text) == names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("max:acc", (Best("acc", True),)),
        ("max acc", (Best("acc", True),)),
        ("min: loss", (Best("loss", False),)),
        ("max:acc,min:loss", (Best("acc", True), Best("loss", False))),
        ("max acc min loss", (Best("acc", True), Best("loss", False))),
        ("max val acc, min val loss", (Best("val acc", True), Best("val loss", False))),
        ("max:acc:top1", (Best("acc:top1", True),)),
    ],
)
def test_what_is_best(text: str, found: tuple[Best, ...]) -> None:
    assert read_best(text) == found


@pytest.mark.parametrize("text", ["acc", "max", "max:", "largest:acc", "max:acc loss,x"])
def test_what_is_no_best(text: str) -> None:
    with pytest.raises(ExplogError, match=r"is not max:METRIC or min:METRIC"):
        read_best(text)
