"""Decide which hash goes where: the rule, asked about each step of each experiment.

Facts go in, and plans of entries come out, without the texts of entries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from explog.model import Commit, Experiment, Step, StepNumber
from explog.org.edit import Mark
from explog.plan.facts import Claims, Facts
from explog.plan.plans import Dead, Edit, EntryPlan, Misplaced, Unplaced
from explog.plan.rule import Decision, Outcome, Standing, Stray, age, decide
from explog.plan.strays import Strays
from explog.refs import Place, Reference

Only = Mapping[str, Collection[StepNumber]]
"""The steps to plan for, by experiment."""

_SENTENCES = {
    "unknown-experiment": "{commit} says [{reference}], and no log has that experiment",
    "unknown-step": "{commit} says [{reference}], and the experiment has no such step",
    "ambiguous": "{commit} says [{reference}], and there is more than one",
    "renumbered": "{commit} says [{reference}], and its hash stands on another step",
    "older": "{commit} says [{reference}], and the list was renumbered after it was made",
    "kept-by-hand": "{commit} says [{reference}], and another hash was put there by hand",
    "dead-hash": "{commit} says [{reference}], and a hash that no repository knows stands there",
}
_REASONS = {"dead-hash": "kept-by-hand", "older": "renumbered"}
"""The reason to report, where a sentence has a name of its own."""


def decide_all(
    facts: Facts,
    found: Mapping[str, Sequence[Experiment]],
    idents: Iterable[str],
    wanted: Only | None = None,
) -> tuple[list[EntryPlan], list[Unplaced]]:
    """Decide on the experiments IDENTS, which are FOUND in logs, or only on the WANTED steps.

    Return the plans of the entries, with full ids in the marks, and all commits without a place,
    also those whose experiment is in no log or in several.
    """
    decided = {
        ident: list(_decide_ident(ident, found.get(ident, ()), claims, facts, wanted))
        for ident, claims in facts.claims(idents)
    }
    unplaced: list[Unplaced] = []
    entries: list[EntryPlan] = []
    for ident in sorted(decided):
        for one in decided[ident]:
            unplaced += one.unplaced if isinstance(one, EntryPlan) else [one]
            if isinstance(one, EntryPlan) and not one.says_nothing:
                entries.append(one)
    return entries, unplaced


def _decide_ident(
    ident: str,
    entries: Sequence[Experiment],
    claims: Claims,
    facts: Facts,
    wanted: Only | None,
) -> Iterator[EntryPlan | Unplaced]:
    """Yield the plans of the ENTRIES that have the id IDENT, and what belongs to none of them."""
    only = None if wanted is None else wanted[ident]
    asked = {step: c for step, c in claims.candidates.items() if only is None or step in only}
    if not entries and facts.may_be_experiment(ident):
        for step, candidates in asked.items():
            yield from _unplaced("unknown-experiment", ident, step, candidates)
    for entry in entries:
        yield decide_entry(entry, own_claims(entry, entries, claims, facts), facts, only)
    if len(entries) > 1:
        for step, candidates in asked.items():
            owner = facts.owners.owner
            nobodys = [c for c in candidates if owner(c.common_dir, entries) is None]
            yield from _unplaced("ambiguous", ident, step, nobodys, entries[0])


def own_claims(
    entry: Experiment, entries: Sequence[Experiment], claims: Claims, facts: Facts
) -> Claims:
    """Return those of CLAIMS that mean ENTRY, one of the ENTRIES that have its id."""
    if len(entries) == 1:
        return claims
    belonging = facts.owners.belonging(entry, entries, claims.candidates)
    return replace(claims, candidates=belonging)


def decide_entry(
    entry: Experiment, claims: Claims, facts: Facts, only: Collection[StepNumber] | None = None
) -> EntryPlan:
    """Decide on the steps of ENTRY, or ONLY on some of them.

    A hash that is reachable no more gets its successor on whichever step it stands. The marks of
    the edits bear full ids.
    """
    steps = facts.steps(entry, claims)
    strays = Strays(_lasting_strays(entry, steps, claims, facts))
    times = Counter(step.number for step in steps)
    edits: list[Edit] = []
    unplaced: list[Unplaced] = []
    dead: list[Dead] = []
    told: set[StepNumber] = set()
    for step in steps:
        standing = _standing(step, claims, facts)
        if not (only is None or step.number in only or standing is Standing.UNREACHABLE):
            continue
        edit = None
        if times[step.number] == 1:
            decision = _decision(entry, step, standing, strays, claims, facts)
            edit, reports = _edit_or_report(decision, entry, step, standing, strays)
            edits += [edit] if edit is not None else []
            unplaced += reports
        elif step.number not in told:
            told.add(step.number)
            candidates = claims.candidates.get(step.number, ())
            unplaced += _unplaced("ambiguous", entry.ident, step.number, candidates, entry, step)
        if edit is None and standing in (Standing.UNREACHABLE, Standing.UNKNOWN):
            dead.append(Dead(entry, step, known=standing is Standing.UNREACHABLE))
    for number in claims.candidates.keys() - times.keys():
        if (only is None or number in only) and not facts.has_unread_steps(entry):
            candidates = claims.candidates[number]
            unplaced += _unplaced("unknown-step", entry.ident, number, candidates, entry)
    misplaced = _misplaced(entry, steps, strays.all, edits, only)
    return EntryPlan(
        entry, tuple(edits), tuple(unplaced), tuple(dead), tuple(misplaced), claims=claims
    )


def _lasting_strays(
    entry: Experiment, steps: Sequence[Step], claims: Claims, facts: Facts
) -> list[Stray]:
    """Return the strays on STEPS, without those that a commit for their step replaces now.

    The next run will not see those, and has to decide the same.
    """
    strays = facts.hashes.strays(entry.ident, steps, claims.candidates)
    while strays:
        now = Strays(strays)
        stands = {stray.stands for stray in strays}
        replaced = {
            step.number
            for step in steps
            if step.number in stands
            and _is_claimed_by(
                _decision(entry, step, _standing(step, claims, facts), now, claims, facts)
            )
        }
        if not replaced:
            break
        strays = [stray for stray in strays if stray.stands not in replaced]
    return strays


def _is_claimed_by(decision: Decision) -> bool:
    """Tell whether DECISION puts a commit on a step that the commit claims."""
    commit = decision.candidate
    placed = decision.outcome is Outcome.PLACE and decision.put_hash
    return placed and commit is not None and commit.place < Place.MENTION


def _standing(step: Step, claims: Claims, facts: Facts) -> Standing:
    return facts.hashes.standing(step, claims.candidates.get(step.number, ()))


def _decision(
    entry: Experiment,
    step: Step,
    standing: Standing,
    strays: Strays,
    claims: Claims,
    facts: Facts,
) -> Decision:
    candidates = claims.candidates.get(step.number, ())
    return decide(
        step=step.number,
        standing=standing,
        hash_now=step.hash,
        box=step.box,
        candidates=candidates,
        successor=facts.hashes.successor(entry.ident, step),
        strays=strays.concerning(step, candidates),
        preference=claims.preference,
        tick=facts.tick,
    )


def _edit_or_report(
    decision: Decision, entry: Experiment, step: Step, standing: Standing, strays: Strays
) -> tuple[Edit | None, list[Unplaced]]:
    """Return what DECISION does with STEP, and the commit that cannot be placed on it, if any."""
    commit = decision.candidate
    if commit is None or decision.outcome is Outcome.NOTHING:
        return None, []
    if decision.outcome is Outcome.PLACE:
        mark = Mark(
            step=step.number,
            hash=commit.oid if decision.put_hash else None,
            tick=decision.tick,
            old=step.hash or "",
            commit=commit.oid,
        )
        lost = decision.put_hash and standing in (Standing.UNREACHABLE, Standing.UNKNOWN)
        return Edit(entry, step, commit, mark, lost), []
    reason = decision.outcome.value
    if decision.outcome is Outcome.RENUMBERED and not strays.is_one(commit):
        reason = "older"
    return None, _unplaced(reason, entry.ident, step.number, [commit], entry, step)


def _unplaced(
    reason: str,
    ident: str,
    number: StepNumber,
    candidates: Iterable[Commit],
    entry: Experiment | None = None,
    step: Step | None = None,
) -> list[Unplaced]:
    """Return a report of the newest of CANDIDATES that claims step NUMBER, if one does."""
    claiming = [commit for commit in candidates if commit.place != Place.MENTION]
    if not claiming:
        return []
    newest = max(claiming, key=age)
    reference = str(Reference(ident, number))
    message = _SENTENCES[reason].format(reference=reference, commit=newest.oid[:10])
    reason = _REASONS.get(reason, reason)
    if entry is None:
        return [Unplaced(reason, reference, newest.repository, newest.oid, message)]
    line = entry.line + (step.line if step is not None else 0)
    return [
        Unplaced(
            reason=reason,
            reference=reference,
            repository=newest.repository,
            commit=newest.oid,
            message=f"{entry.file}:{line}: {message}",
            file=entry.file,
            line=line,
            entry_line=entry.line,
        )
    ]


def _misplaced(
    entry: Experiment,
    steps: Iterable[Step],
    strays: Iterable[Stray],
    edits: Iterable[Edit],
    only: Collection[StepNumber] | None,
) -> list[Misplaced]:
    """Return each of STRAYS that concerns one of the steps asked for, and that EDITS leave there.

    An edit that puts the successor of an unreachable commit there leaves it as misplaced.
    """
    mended = {
        edit.step.number
        for edit in edits
        if edit.mark.hash is not None and edit.commit.place < Place.MENTION
    }
    at: dict[StepNumber, list[Step]] = defaultdict(list)
    for step in steps:
        if step.hash and step.number not in mended:
            at[step.number].append(step)
    found = dict.fromkeys(
        (step, stray.oid, stray.claims)
        for stray in strays
        if only is None or not stray.claims.union([stray.stands]).isdisjoint(only)
        for step in at[stray.stands]
    )
    return [Misplaced(entry, *one) for one in sorted(found, key=lambda one: one[0].line)]
