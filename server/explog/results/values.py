"""The values of commits: numbers with the digits that were written, and where they come from.

A commit never changes, so its values are read once and kept in the index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from explog.git.repository import Repository

MESSAGE, FILES = "message", "files"
"""The `source` of what stands in the message of a commit, and of what is said of all its files."""


class Number(NamedTuple):
    """A number as it was written, or the value of a parameter.

    `text` has the digits without the unit; it is `nan`, `inf` or `-inf` for these, however they
    were written. `value` is None if the text is no number. `unit` is "%" or "".
    """

    text: str
    value: float | None
    unit: str = ""


_NOTHING: Mapping[str, Number] = MappingProxyType({})


class Sample(NamedTuple):
    """One observation of a commit: numbers by the names of their metrics.

    `source` is the path of the file in the repository, followed by `:ROW` (from 1) if several of
    its rows are observations, or MESSAGE. `parameters` are those of this observation, as the seed
    in a row of a table. A file of parameters gives a sample without metrics: its parameters are
    those of all samples of the commit that do not say otherwise.

    `reference` is `e201.1` if the sample is of this step alone, and empty if it is of each step
    that the commit claims.
    """

    source: str
    metrics: Mapping[str, Number]
    parameters: Mapping[str, Number] = _NOTHING
    reference: str = ""


class Trouble(NamedTuple):
    """What could not be read in `source`; `message` is a sentence with the file and the commit."""

    source: str
    message: str


class Values(NamedTuple):
    """What is known of one commit."""

    samples: tuple[Sample, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def of(self, reference: str) -> tuple[Sample, ...]:
        """Return the samples of the step with REFERENCE, such as `e201.1`."""
        return tuple(one for one in self.samples if one.reference in ("", reference))


class Message(NamedTuple):
    """What a commit says: its full id, and its message in two parts."""

    oid: str
    subject: str
    body: str


class Source(Protocol):
    """Something that knows values of commits: files in them, their messages."""

    def read(self, repository: Repository, commits: Sequence[Message]) -> Mapping[str, Values]:
        """Return {full id: values} for those of COMMITS, all of REPOSITORY, that have any."""
        ...


def trouble(source: str, oid: str, repository: Repository, complaint: str) -> Trouble:
    """Return that there is a COMPLAINT about SOURCE of a commit."""
    name = f"the {source}" if source in (MESSAGE, FILES) else source
    return Trouble(source, f"{name} at {oid[:10]} of {repository.name}: {complaint}")
