"""Compares what explog did with what the oracle allows."""

import itertools
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.history import History
from fuzz.logtext import (
    COOKIE,
    Entry,
    Item,
    read_log,
    without_digits,
    without_what_explog_writes,
)
from fuzz.oracle import Memory, Oracle, Outcome, Verdict, unknown_references
from fuzz.oracle import World as Seen
from fuzz.program import explog, options
from fuzz.world import World


@dataclass(frozen=True)
class Fault:
    """One difference: its kind, where, and what was expected."""

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"


@dataclass
class Judge:
    """Runs explog on a world again and again, and remembers what it saw of the commits."""

    world: World
    history: History = field(default_factory=History)
    memory: Memory = field(default_factory=Memory)

    def forget(self) -> None:
        """Delete the index."""
        self.world.shell("rm -f index*")
        self.memory.seen.clear()

    def look(self) -> list[Fault]:
        """Run explog, which writes into the logs, and return all differences."""
        oracle = self._oracle()
        verdicts = oracle.verdicts()
        before = self._texts()
        self.world.shell("rm -f rebuilt*")
        rebuilt = explog(self.world, "backfill", index="rebuilt")
        kept = explog(self.world, "backfill", "--write")
        self._note_down()
        faults = [] if self._forgotten(oracle) else _compare_edits(rebuilt, kept)
        after = self._texts()
        for log, text in before.items():
            found = verdicts[self.world.folder / log]
            faults += _compare_logs(log, text, after[log], found)
        again = explog(self.world, "backfill", "--write")
        if again["edits"] or after != self._texts():
            faults.append(Fault("unstable", "second run", str(again["edits"])))
        faults += self._compare_unplaced(oracle, verdicts, kept["unplaced"])
        faults += self._compare_check()
        self.memory.seen.update(oracle.world.state.reachable)
        return faults

    def _note_down(self) -> None:
        names = " ".join(map(shlex.quote, options(self.world, "index", relative=True)))
        self.world.script.append(f"$X backfill --write {names}; $X check {names}; cat log.org")

    def _texts(self) -> dict[str, str]:
        return {log: self.world.read(log) for log in self.world.logs}

    def _oracle(self) -> Oracle:
        logs = {self.world.folder / log: text for log, text in self._texts().items()}
        state = self.history.read(self.world.paths)
        return Oracle(self.history, Seen(logs, self.world.paths, state, self.memory))

    def _forgotten(self, oracle: Oracle) -> bool:
        """Tell whether a hash stands in a log that git knows no more; the index may know it."""
        return any(
            item.digits
            and not oracle.resolve(item.digits)
            and not self.history.find(item.digits.lower(), self.world.paths)
            for item in oracle.items
        )

    def _compare_unplaced(
        self, oracle: Oracle, verdicts: dict[Path, list[Verdict]], unplaced: list[dict[str, Any]]
    ) -> list[Fault]:
        said = {(one["reason"], one["reference"]) for one in unplaced}
        faults = []
        for verdict in itertools.chain.from_iterable(verdicts.values()):
            reference = f"e{verdict.item.experiment}.{verdict.item.number}"
            reasons = verdict.reasons
            if reasons and not any((reason, reference) in said for reason in reasons):
                what = f"not reported as {reasons}: {verdict.why}"
                faults.append(Fault("unplaced", reference, what))
        for commit, step, reason in unknown_references(oracle):
            reference = f"e{step[0]}.{step[1]}"
            if (reason, reference) not in said and step[0] not in self.world.archived:
                what = f"{commit.oid[:7]} not reported as {reason}"
                faults.append(Fault("unplaced", reference, what))
        return faults

    def _compare_check(self) -> list[Fault]:
        """Compare what check says with the logs as they are now."""
        problems = explog(self.world, "check")["problems"]
        said: dict[tuple[str, int], set[str]] = {}
        for one in problems:
            said.setdefault((one["file"], one["line"]), set()).add(one["kind"])
        oracle = self._oracle()
        return [
            Fault("check", f"{path.name}:{verdict.item.line + 1}", f"{what}: {verdict.why}")
            for path, verdicts in oracle.verdicts().items()
            for verdict in verdicts
            for what in _compare_kinds(
                said.get((str(path), verdict.item.line + 1), set()), *_problems(oracle, verdict)
            )
        ]


_JUDGED = {"dead-hash", "renumbered", "unreferenced"}


def _compare_kinds(said: set[str], must: set[str], may: set[str]) -> list[str]:
    too_much = (said & _JUDGED) - must - may
    return [f"{kind} not named" for kind in sorted(must - said)] + [
        f"{kind} named" for kind in sorted(too_much)
    ]


def _problems(oracle: Oracle, verdict: Verdict) -> tuple[set[str], set[str]]:
    """Return the kinds of problems that check must name, and those that it may name."""
    item = verdict.item
    must: set[str] = set()
    here = oracle.resolve(item.digits)
    may = (
        {"renumbered"} if verdict.chosen and (not here or here.oid not in verdict.chosen) else set()
    )
    if oracle.is_stray(item, here):
        several = len(oracle.ids[item.experiment]) > 1  # its commits may be of another log
        (may if several else must).add("renumbered")
    elif here and here.claims and item.step not in here.claims:
        may.add("renumbered")
    if item.digits and not here:
        dead = oracle.recall(item.digits)
        kept_by_ref = bool(dead and dead.oid in oracle.world.state.by_any_ref)
        (may if kept_by_ref or not dead else must).add("dead-hash")
        may.add("renumbered")
    if item.box in "xX" and not item.digits:
        (must if _is_unreferenced(oracle, item) else may).add("unreferenced")
    return must, may


def _is_unreferenced(oracle: Oracle, item: Item) -> bool:
    """Tell whether nobody speaks of ITEM, in a log of which commits speak at all."""
    if item.children:  # its box may follow theirs
        return False
    spoken_of = {step for one in oracle.reachable for step in one.spoken_of}
    return item.step not in spoken_of and item.experiment in {id_ for id_, _ in oracle.claims}


def _compare_edits(rebuilt: dict[str, Any], kept: dict[str, Any]) -> list[Fault]:
    def key(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
        return sorted((one["file"], one["line"], one["old"], one["new"]) for one in answer["edits"])

    one, other = key(rebuilt), key(kept)
    if one == other:
        return []
    return [Fault("rebuilt", "backfill", f"rebuilt: {one}; kept: {other}")]


def _compare_logs(log: str, before: str, after: str, verdicts: list[Verdict]) -> list[Fault]:
    if before == after and not any(Outcome(None) not in one.outcomes for one in verdicts):
        return []
    if without_what_explog_writes(before) != without_what_explog_writes(after):
        return [Fault("bytes", log, "something else in the log was changed")]
    entries = read_log(after)
    items = [item for entry in entries for item in entry.items]
    faults = []
    for verdict, item in zip(verdicts, items, strict=True):
        where = f"{log}:{item.line + 1} [e{item.experiment}.{item.number}]"
        if not any(_fits(one, verdict.item, item) for one in verdict.outcomes):
            allowed = ", ".join(
                f"{(one.oid or 'nothing')[:7]} {one.box}" for one in verdict.outcomes
            )
            stands = f"[{item.box}] {item.text!r}, was [{verdict.item.box}] {verdict.item.text!r}"
            faults.append(Fault("hash", where, f"{stands}; right: {allowed}; {verdict.why}"))
    ticked = {
        item.experiment
        for verdict, item in zip(verdicts, items, strict=True)
        if verdict.item.box.upper() != item.box.upper()
    }
    for entry, old in zip(entries, read_log(before), strict=True):
        faults += _compare_cookies(log, old, before, entry, after, entry.id in ticked)
    return faults


def _fits(outcome: Outcome, before: Item, after: Item) -> bool:
    if after.box not in _boxes(outcome, before, after):
        return False
    was, now = before.text, after.text
    if after.children and _cookie_fits(was, after):
        was, now = COOKIE.sub("[]", was, count=1), COOKIE.sub("[]", now, count=1)
    if outcome.oid is None:
        return was == now
    if not after.digits or not outcome.oid.startswith(after.digits.lower()):
        return False
    if before.digits and outcome.oid.startswith(before.digits.lower()):
        return was == now
    return without_digits(now) in {without_digits(was), f"{was} (#)"}


def _boxes(outcome: Outcome, before: Item, after: Item) -> set[str]:
    """Return what may be in the box; that of a step with sub-steps may follow them, as in org."""
    boxes = {before.box} if before.box != "x" else {"x", "X"}
    if outcome.box == "tick" and before.box not in "xX":
        boxes = boxes | {"X"} if after.children else {"X"}
    states = {child.box for child in after.children}
    if states:
        boxes.add(states.pop() if len(states) == 1 else "-")
    return boxes


def _cookie_fits(was: str, item: Item) -> bool:
    old, new = COOKIE.search(was), COOKIE.search(item.text)
    if not old or not new:
        return not old and not new
    return new[1] in {old[1], _count(item.children, old[1])}


def _count(items: list[Item], like: str) -> str:
    done = sum(item.box == "X" for item in items)
    return f"{100 * done // len(items)}%" if "%" in like else f"{done}/{len(items)}"


def _compare_cookies(
    log: str, old: Entry, before: str, new: Entry, after: str, ticked: bool
) -> list[Fault]:
    if not new.items:
        return []
    was = COOKIE.search(before.split("\n")[old.list_line])
    now = COOKIE.search(after.split("\n")[new.list_line])
    if not was or not now:
        return []
    expected = was[1]
    if ticked:
        expected = _count([item for item in new.items if item.indent == 0], was[1])
    if now[1] != expected:
        return [Fault("cookie", f"{log}:{new.list_line + 1}", f"{now[1]}, right: {expected}")]
    return []
