"""The steps of a log, read from its text as a person reads it."""

import re
from collections import Counter
from dataclasses import dataclass, field

from fuzz.history import Step

ITEM = re.compile(r"( *)(\d+)([.)]) (?:\[@(\d+)\] )?\[([ xX-])\] (.*)")
HASH = re.compile(
    r"\((?P<before>=?)(?P<digits>[0-9a-fA-F]{7,64})(?P<after>=?(?:, [\w-]+)?)\)(?P<end>\.?)$"
)
COOKIE = re.compile(r"\[(\d*/\d*|\d*%)\]")


@dataclass
class Item:
    """A step and where it stands: line numbers count from 0."""

    experiment: str
    number: str
    line: int
    last: int  # the last line of its first paragraph
    indent: int
    box: str
    text: str  # the first paragraph behind the box, in one piece
    parent: "Item | None" = None
    children: "list[Item]" = field(default_factory=list)

    @property
    def step(self) -> Step:
        """The key of the step."""
        return self.experiment, self.number

    @property
    def digits(self) -> str | None:
        """The digits that stand in a hash's place."""
        match = HASH.search(self.text)
        return match["digits"] if match else None


@dataclass
class Entry:
    """An experiment: the line of its heading, the line of its list's heading, its steps."""

    id: str
    line: int
    end: int
    list_line: int
    items: list[Item]


def read_log(text: str) -> list[Entry]:
    """Return the experiments of TEXT."""
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if line.startswith("* ")]
    found = []
    for at, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        if not re.search(r":exp:", lines[at]):
            continue
        named = re.search(r"\[(\d\w*)\]", lines[at])
        named = named or re.search(r":CUSTOM_ID: (\S+)", "\n".join(lines[at:end]))
        if named:
            found.append(_entry(named[1], lines, at, end))
    return found


def _entry(id_: str, lines: list[str], at: int, end: int) -> Entry:
    start = next(
        (n for n in range(at + 1, end) if re.match(r"\*\* (\w+ )?Experiments\b", lines[n])), None
    )
    if start is None:
        return Entry(id_, at, end, end, [])
    stop = next((n for n in range(start + 1, end) if lines[n].startswith("*")), end)
    return Entry(id_, at, end, start, _items(id_, lines, start + 1, stop))


def _items(id_: str, lines: list[str], start: int, stop: int) -> list[Item]:
    found: list[Item] = []
    above: list[Item] = []
    for at in range(start, stop):
        match = ITEM.match(lines[at])
        if not match:
            continue
        indent = len(match[1])
        above = [item for item in above if item.indent < indent]
        parent = above[-1] if above else None
        number = match[4] or match[2]
        name = f"{parent.number}.{number}" if parent else number
        last = at
        while last + 1 < stop and re.match(r" +[^\s\d:+-]", lines[last + 1]):
            last += 1
        text = "\n".join([match[6], *lines[at + 1 : last + 1]])
        item = Item(id_, name, at, last, indent, match[5], text, parent)
        if parent:
            parent.children.append(item)
        found.append(item)
        above.append(item)
    return found


def without_digits(text: str) -> str:
    """Return the TEXT of a step without the digits of its hash."""
    return HASH.sub(r"(\g<before>#\g<after>)\g<end>", text)


def given_twice(items: list[Item]) -> set[str]:
    """Return the numbers that more than one of ITEMS has."""
    return {number for number, times in Counter(item.number for item in items).items() if times > 1}


def without_what_explog_writes(text: str) -> list[str]:
    """Return the lines of TEXT with neither hashes nor boxes nor cookies of its experiments."""
    lines = text.split("\n")
    for entry in read_log(text):
        if entry.items:
            lines[entry.list_line] = COOKIE.sub("[]", lines[entry.list_line])
        for item in entry.items:
            first = lines[item.line]
            lines[item.line] = re.sub(r"\[[ xX-]\]", "[]", COOKIE.sub("[c]", first), count=1)
            lines[item.last] = re.sub(rf" {HASH.pattern}", "", lines[item.last])
    return lines
