"""Tick boxes of an entry as org does: which may be ticked, and what becomes of those above them.

The items of the entry bear the new boxes until they get back what they had before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from explog.org.lists import Item, PlainList
from explog.org.steps import StepList


class Boxes:
    """The boxes of the items in STEPS. A box may be ticked here, and none is opened."""

    def __init__(self, steps: StepList | None) -> None:
        self._lists: Sequence[PlainList] = steps.section.lists if steps else ()
        properties: Mapping[str, str] = steps.properties if steps else {}
        self._is_ordered = properties.get("ORDERED", "nil") != "nil"
        self._around: dict[PlainList, tuple[list[Item], int]] = {}
        """The items of a list at the top, and where the first one with an open box is."""
        self._open: dict[PlainList, int] = {}
        """The same, as far as boxes were ticked since: those before it are not looked at again."""
        self._children: dict[Item, Counter[str | None]] = {}
        """How often each box is in the items above those that were ticked."""
        self._before: dict[Item, str | None] = {}

    @property
    def changed(self) -> Collection[Item]:
        """The items whose boxes were set."""
        return self._before.keys()

    def may_tick(self, item: Item) -> bool:
        """Tell whether org would let the box of ITEM be ticked.

        A box above other boxes follows them: it may be ticked when they all are. `:ORDERED:` wants
        every earlier one ticked; org would then also take the ticks after an open box away, and
        what a user ticked stays ticked.
        """
        if item.box not in (" ", "-"):
            return False
        if item.lists and _box_of(child.box for child in item.children()) not in (None, "X"):
            return False
        return not (self._is_ordered and self._is_open_before(item))

    def set(self, item: Item, box: str) -> None:
        """Set the box of ITEM."""
        self._before.setdefault(item, item.box)
        if item.parent is not None and item.parent in self._children:
            self._children[item.parent].subtract([item.box])
            self._children[item.parent].update([box])
        item.box = box

    def fix_above(self, item: Item) -> None:
        """Set the boxes above ITEM as org does from the boxes of their children."""
        for parent in _ancestors(item):
            if parent not in self._children:
                self._children[parent] = Counter(child.box for child in parent.children())
            boxes = self._children[parent]
            box = _box_of(one for one, times in boxes.items() if times)
            if parent.box not in (" ", "-") or box in (None, parent.box):
                return
            self.set(parent, box)
            for child in parent.children() if boxes["x"] else ():
                if child.box == "x":
                    self.set(child, "X")

    def restore(self) -> None:
        """Give the items back the boxes that they had."""
        for item, box in self._before.items():
            item.box = box
        self._before.clear()
        self._children.clear()
        self._open.clear()

    def _is_open_before(self, item: Item) -> bool:
        """Tell whether a box before ITEM in its list is open, but for those above it."""
        above = _ancestors(item)
        top = [item, *above][-1]
        plain = next(one for one in self._lists if top in one.items)
        if plain not in self._around:  # no box of the list was ticked yet
            items = list(plain.walk())
            self._around[plain] = items, _first_open(items, 0)
        items, first = self._around[plain]
        first = self._open[plain] = _first_open(items, self._open.get(plain, first))
        for place in range(first, len(items)):
            other = items[place]
            if other.line >= item.line:
                break
            if other.box == " " and other not in above:
                return True
        return False


def _first_open(items: Sequence[Item], start: int) -> int:
    """Return where among ITEMS the first one from START on is whose box is open."""
    while start < len(items) and items[start].box != " ":
        start += 1
    return start


def _ancestors(item: Item) -> list[Item]:
    """Return the items that ITEM is in, from the inside out."""
    found: list[Item] = []
    while item.parent is not None:
        item = item.parent
        found.append(item)
    return found


def _box_of(children: Iterable[str | None]) -> str | None:
    """Return the box that org gives an item for those of its CHILDREN; None for as it is."""
    boxes = {"X" if box == "x" else box for box in children}
    if "-" in boxes or {" ", "X"} <= boxes:
        return "-"
    if "X" in boxes:
        return "X"
    return " " if " " in boxes else None
