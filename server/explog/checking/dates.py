"""Find dates that contradict history: the commit on a step has the latest date of those that name
the step, though another one was made after it.

The rule of the hash goes by author dates. They are wrong if a clock was, and only people know which
commit they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from explog.errors import ExplogError
from explog.git.ancestry import newest_of
from explog.git.repository import Repository
from explog.index.commits import DatedBackwards, dated_backwards
from explog.index.database import Index
from explog.model import Experiment, Problem, Step
from explog.refs import step_text


def check_dates(index: Index, entries: Iterable[Experiment]) -> Iterator[Problem]:
    """Yield a problem for each step of ENTRIES whose commit is older in history than by its dates.

    A commit that was rebased or picked has an old author date and a new committer date; that is no
    problem.
    """
    pairs = dated_backwards(index)
    wanted = {(pair.experiment, pair.step) for pair in pairs}
    for entry in entries if pairs else ():
        for step in entry.steps:
            if step.hash is None or (entry.ident, step.number) not in wanted:
                continue
            followed = (pair for pair in pairs if _stands(entry, step, pair) and _follows(pair))
            if pair := next(followed, None):
                number = step_text(step.number)
                said = (
                    f"{step.hash} has the latest date of the commits that say"
                    f" [e{entry.ident}.{number}], though {pair.later[:10]} was made after it:"
                    " was a clock wrong?"
                )
                yield Problem(
                    "dates", entry.file, entry.line + step.line, entry.ident, number, said
                )


def _stands(entry: Experiment, step: Step, pair: DatedBackwards) -> bool:
    """Tell whether the commit with the later dates is the one on STEP."""
    same = (pair.experiment, pair.step) == (entry.ident, step.number)
    return same and pair.earlier.startswith(step.hash or "-")


def _follows(pair: DatedBackwards) -> bool:
    repository = Repository(Path(pair.path), Path(pair.common_dir))
    try:
        return newest_of(repository, [pair.earlier, pair.later]) == {pair.later}
    except ExplogError:
        return False  # sync reports a repository that cannot be read
