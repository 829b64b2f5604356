"""The plot of a report: when there is one, where it lies, and how it stands in a page."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.report.period import Period
from explog.report.plotted import draw_plot
from explog.report.values import Report
from explog.results import plot
from explog.results.asked import Asked
from explog.results.table import make_table
from support.program import explog
from support.repo import GitRepo
from support.results import step

JUNE = "2018-06-01..2018-06-30"
LOG = """\
* TODO [201] ABC in XYZ model :exp:
** Experiments
1. [X] one
2. [X] two
3. [X] three
4. [X] four
"""


class Place:
    """A log and a repository in which three steps measured acc, and two of them loss."""

    def __init__(self, folder: Path, repo: GitRepo) -> None:
        self.folder = folder
        log = folder / "log.org"
        log.write_text(LOG)
        for number, said in enumerate(("acc=70, loss=2", "acc=71, loss=1", "acc=72"), start=1):
            day = datetime(2018, 6, number, 12, tzinfo=UTC)
            repo.commit(f"[e201.{number}] Results- {said}", date=day)
        self.options = ["--log", str(log), "--repo", str(repo.path)]

    def run(self, *args: str | Path, status: int = 0) -> tuple[str, str]:
        done = explog("report", JUNE, *args, *self.options)
        assert done.returncode == status, done.stderr
        return done.stdout, done.stderr


@pytest.fixture
def place(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> Place:
    return Place(tmp_path, git_repo("proj"))


@pytest.mark.parametrize(("name", "link"), [("r.org", "[[file:r-plot.svg]]"), ("r.md", "![acc](<")])
def test_the_plot_lies_beside_the_report(place: Place, name: str, link: str) -> None:
    file, kind = place.folder / name, name.partition(".")[2]
    place.run("--metric", "acc", "--format", kind, "-o", file)
    assert link in file.read_text()
    picture = (place.folder / "r-plot.svg").read_bytes()
    assert picture.startswith(b"<svg ")
    assert b">acc</text>" in picture
    before = file.read_bytes()
    place.run("--metric", "acc", "--format", kind, "-o", file)
    assert (file.read_bytes(), (place.folder / "r-plot.svg").read_bytes()) == (before, picture)


def test_org_exports_pictures_to_latex_by_their_names(place: Place) -> None:
    file = place.folder / "r.org"
    place.run("--metric", "acc", "-o", file)
    above, _begin, below = file.read_text().partition("# explog-report: begin")
    [header] = [line for line in above.splitlines() if line.startswith("#+LATEX_HEADER_EXTRA: ")]
    assert r"\providecommand{\includesvg}[2][]{\IfFileExists{#2.pdf}{" in header
    assert header.count("{") == header.count("}")
    assert "LATEX" not in below


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
@pytest.mark.parametrize(
    "title", ["大きい", "عربى", "🎉 é → −", r"\input{x} # $x_1^2$ 50% & ~ \"q\""]
)
def test_pdflatex_makes_a_pdf_of_any_title(place: Place, title: str) -> None:
    log = place.folder / "log.org"
    log.write_text(log.read_text().replace("ABC in XYZ model", f"{title} ABC"))
    file = place.folder / "r.tex"
    place.run("--format", "latex", "-o", file)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", file.name]
    done = subprocess.run(command, cwd=place.folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (place.folder / "r.pdf").exists()


def test_a_file_of_somebody_elses_is_no_plot(place: Place) -> None:
    other = place.folder / "r-plot.svg"
    other.write_text("<svg>mine</svg>")
    _out, said = place.run("--metric", "acc", "-o", place.folder / "r.org", status=2)
    assert f"{other}: it is no picture of explog's, and is left as it is" in said
    assert other.read_text() == "<svg>mine</svg>"


def test_the_plot_in_a_page_shares_nothing_with_the_timeline(place: Place) -> None:
    page, _said = place.run("--metric", "acc", "--format", "html")
    assert page.count("<svg ") == 2
    assert "<?xml" not in page
    assert page.count("<!DOCTYPE") == 1
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:url\(|href=")#([^")]*)', page)
    assert used
    assert set(used) <= set(ids)
    styles = [
        rule for style in re.findall(r"<style[^>]*>([^<]*)", page)[1:] for rule in style.split("}")
    ]
    rules = [rule.strip() for rule in styles if rule.strip() and not rule.strip().startswith("@")]
    assert all(rule.startswith((".plot", ".timeline", "{")) for rule in rules), rules
    assert page == place.run("--metric", "acc", "--format", "html")[0]


def test_of_two_values_there_is_no_plot(place: Place) -> None:
    page, said = place.run("--metric", "loss", "--format", "html")
    assert page.count("<svg ") == 1
    assert "loss is not plotted, which takes 3 values: it has 2 values in the period\n" in said
    _page, said = place.run("--metric", "accc", "--format", "html")
    assert "no step has the metric accc; did you mean acc?" in said


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--format", "latex"], "acc is not plotted: a report in latex has no pictures"),
        (["--json"], "acc is not plotted: a report in json has no pictures"),
        ([], "acc is not plotted: it is a file beside the report, so name that: -o FILE"),
    ],
)
def test_where_no_plot_can_stand(place: Place, args: list[str], sentence: str) -> None:
    out, said = place.run("--metric", "acc", *args, status=2)
    assert "three" in out
    assert sentence in said


def test_a_file_says_what_it_was_asked_for(place: Place) -> None:
    file = place.folder / "r.org"
    place.run("--metric", "a--b", "--author", "all", "--by", "project", "-o", file)
    asked = '# explog-report: asked {"by": "project", "metric": "a-\\u002db"}\n'
    assert file.read_text().partition(": begin ")[2].partition("\n")[2].startswith(asked)
    place.run("-o", file)
    assert ": asked " not in file.read_text()


def measured(metric: str, *values: str) -> Report:
    """Return a report in which a step has each of VALUES of METRIC."""
    steps = [step((n,), f"{metric}={value}") for n, value in enumerate(values, start=1)]
    period = Period(datetime(2024, 5, 1).date(), datetime(2024, 5, 31).date())
    table = make_table(steps, Asked(metrics=(metric,)))
    return Report(period, "", (), metric=metric, measured=table)


@pytest.mark.parametrize("metric", ['a"<b>&', "精度", "url(#x", "$a$"])
def test_any_name_of_a_metric(metric: str) -> None:
    picture = draw_plot(measured(metric, "1", "2", "3"))
    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img"')
    assert "<b>" not in picture


def test_what_is_no_number_is_no_value() -> None:
    with pytest.raises(ExplogError) as failed:
        draw_plot(measured("acc", "nan", "1", "2"))
    assert failed.value.code == "few-values"


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "PLOT", "no-such-matplotlib>=3")
    with pytest.raises(ExplogError, match="a plot needs matplotlib, which is not installed"):
        draw_plot(measured("acc", "1", "2", "3"))


def test_without_a_metric_nothing_is_drawn() -> None:
    assert draw_plot(measured("acc", "1", "2", "3")._replace(measured=None)) == ""
