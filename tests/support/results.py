"""Steps with results, made from texts as they stand in files."""

from __future__ import annotations

from explog.model import StepNumber
from explog.results.table import StepResult
from explog.results.values import Number, Sample

TIME = 1_714_564_800  # 2024-05-01T12:00:00Z


def number(text: str) -> Number:
    """Return the number, or the text of a parameter, that TEXT is; `%` at its end is its unit."""
    digits = text.removesuffix("%").rstrip()
    try:
        value: float | None = float(digits)
    except ValueError:
        return Number(text, None)
    return Number(digits, value, "%" if text.endswith("%") else "")


def numbers(text: str) -> dict[str, Number]:
    """Return the numbers that TEXT has, such as `acc=71.4 %, loss=0.3`."""
    pairs = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name: number(value) for name, _equals, value in pairs}


def sample(metrics: str, parameters: str = "", source: str = "metrics.json") -> Sample:
    return Sample(source, numbers(metrics), numbers(parameters))


def step(
    number: StepNumber,
    *samples: Sample | str,
    text: str = "Test XYZ",
    experiment: str = "201",
    title: str = "ABC in XYZ model",
    repository: str = "/home/ada/proj",
) -> StepResult:
    digits = f"{number[0]:x}"
    return StepResult(
        experiment=experiment,
        step=number,
        title=title,
        text=text,
        file="/home/ada/log.org",
        line=10 + number[0],
        repository=repository,
        commit=f"83d45c{digits}" + "0" * 33,
        abbreviation=f"83d45c{digits}",
        time=TIME + 86400 * number[0],
        samples=tuple(sample(one) if isinstance(one, str) else one for one in samples),
    )
