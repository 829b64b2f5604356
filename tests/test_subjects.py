"""Which subjects only quote another, and what may stand in front of a reference."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explog.refs import Claim, Place, Reference, claims

QUOTING = """
fixup! [e1.1] Results- x
fixup! fixup! [e1.1] Results- x
squash! [e1.1] Results- x
amend! [e1.1] Results- x
PROJ-12 fixup! [e1.1] Results- x
[main] squash! [e1.1] Results- x
Revert "[e1.1] Results- x"
revert "[e1.1] Results- x"
Revert '[e1.1] Results- x'
Revert “[e1.1] Results- x”
Revert "[e1.1] Results- x…
Revert "[e1.1] Results- x" (#13)
Revert "Revert "[e1.1] Results- x""
Revert "feat: [e1.1] Results- x"
Revert 'Merged PR 42: [e1.1] Results- x'
Merged PR 43: Revert 'Merged PR 42: [e1.1] Results- x'
[PROJ-12][SQL] Revert "[e1.1] Results- x"
fix: Revert "[e1.1] Results- x"
revert: "[e1.1] Results- x"
↩️ Revert "[e1.1] Results- x"
:rewind: Revert "[e1.1] Results- x"
Revert [e1.1] Results- x
Revert feat(model)!: [e1.1] Results- x
Revert of [e1.1] Results- x (patchset #2 id:1 of https://example.org/1)
Revert^2 "[e1.1] Results- x"
Revert^3 "[e1.1] Results- x"
Reland^2 "[e1.1] Results- x"
Revert D123: [e1.1] Results- x
Revert D1234567: [pytorch][PR] [e1.1] Results- x
Revert "D123: [e1.1] Results- x"
Revert r1234: [e1.1] Results- x
Revert rXYZ83d45cd: [e1.1] Results- x
Revert 83d45cd: [e1.1] Results- x
Revert commit 83d45cd "[e1.1] Results- x"
Revert #12: [e1.1] Results- x
Revert PR #12: [e1.1] Results- x
Revert pull request #12: [e1.1] Results- x
Reverts "[e1.1] Results- x"
Reverted [e1.1] Results- x
Partially revert "[e1.1] Results- x"
Temporarily revert "[e1.1] Results- x"
Unrevert "[e1.1] Results- x"
[Revert] [e1.1] Results- x
(reverted) [e1.1] Results- x
Reapply "[e1.1] Results- x"
Re-apply "[e1.1] Results- x"
Reapply [e1.1] Results- x
Reland "[e1.1] Results- x"
[reland] [e1.1] Results- x
Re-land [e1.1] Results- x
Recommit "[e1.1] Results- x"
Back out "[e1.1] Results- x"
Backout "[e1.1] Results- x"
Backed out changeset 83d45cd81a5e (bug 12) "[e1.1] Results- x"
Backed out changeset 83d45cd81a5e: [e1.1] Results- x
Backed out 2 changesets (bug 12) for what [e1.1] broke
Automated rollback of commit 83d45cd: [e1.1] Results- x
Automatic rollback of [e1.1] Results- x
Rollback of [e1.1] Results- x
Roll back "[e1.1] Results- x"
Rolled back [e1.1] Results- x
Undo "[e1.1] Results- x"
Undo [e1.1] Results- x
Backport of "[e1.1] Results- x"
Backport PR #12: [e1.1] Results- x
Automated cherry pick of #12: [e1.1] Results- x
Cherry-pick of "[e1.1] Results- x"
Cherry-picked 83d45cd: [e1.1] Results- x
Update base for Update on "[e1.1] Results- x"
Update base for [e1.1] Results- x
Update on "[e1.1] Results- x"
Merge "[e1.1] Results- x"
Merge "[e1.1] Results- x" into main
Merge "Merge "[e1.1] Results- x" into stable" into main
[main] Merge "[e1.1] Results- x"
Merge pull request '[e1.1] Results- x' (#12) from ada/b into main
Merge branch '[e1.1] Results- x' into main
Merge remote-tracking branch 'origin/[e1.1] Results- x'
Merge commit '[e1.1] Results- x'
Merge change "[e1.1] Results- x"
WIP on main: 83d45cd [e1.1] Results- x
WIP on (no branch): 83d45cd [e1.1] Results- x
index on main: 83d45cd [e1.1] Results- x
untracked files on main: 83d45cd [e1.1] Results- x
[e1.1] Results- x am: 83d45cd81a
[e1.1] Results- x am: 83d45cd81a am: 93d45cd81a -s ours
Merge "[e1.1] Results- x" into stable am: 83d45cd81a
""".strip().splitlines()

RESULTS = """
[e1.1] Results- x
[e1.1] Results- x (#12)
[e1.1] Results- x (cherry picked from commit 83d45cd)
[e1.1] Results- x (backport #12)
feat: [e1.1] Results- x
Feat: [e1.1] Results- x
feat:[e1.1] Results- x
feat(scope): [e1.1] Results- x
feat(two words)!: [e1.1] Results- x
feat!: [e1.1] Results- x
fix[core]: [e1.1] Results- x
revert: [e1.1] Results- x
Revert: [e1.1] Results- x
revert(model)!: [e1.1] Results- x
train: [e1.1] Results- x
net/mlx5: [e1.1] Results- x
data,model: [e1.1] Results- x
Résultats : [e1.1] Results- x
WIP: feat: [e1.1] Results- x
WIP [e1.1] Results- x
Draft: [e1.1] Results- x
DO NOT MERGE [e1.1] Results- x
DO NOT MERGE - [e1.1] Results- x
[DO NOT MERGE] [e1.1] Results- x
BACKPORT: [e1.1] Results- x
PROJ-12 [e1.1] Results- x
PROJ-12: [e1.1] Results- x
PROJ-12 - [e1.1] Results- x
PROJ-12 | [e1.1] Results- x
proj-12/[e1.1] Results- x
PROJ-12, PROJ-13: [e1.1] Results- x
PROJ-12: feat(x): [e1.1] Results- x
feat: PROJ-12 [e1.1] Results- x
gh-1234: [e1.1] Results- x
[3.12] gh-1234: [e1.1] Results- x
D123: [e1.1] Results- x
AB#123 [e1.1] Results- x
ada/trials#12: [e1.1] Results- x
CU-86abc1x [e1.1] Results- x
bug 1234 - [e1.1] Results- x
Fixes #12: [e1.1] Results- x
Refs #12 -- [e1.1] Results- x
#12 [e1.1] Results- x
#12: [e1.1] Results- x
!12 [e1.1] Results- x
(#12) [e1.1] Results- x
(PROJ-12) [e1.1] Results- x
<PROJ-12> [e1.1] Results- x
[PROJ-12] [e1.1] Results- x
[PROJ-12][e1.1] Results- x
[PROJ-12][model][e1.1] Results- x
[main] [e1.1] Results- x
[PATCH v2 1/3] [e1.1] Results- x
[Backport 2.x] [e1.1] Results- x
[cherry-pick] [e1.1] Results- x
[skip ci] [e1.1] Results- x
Merged PR 42: [e1.1] Results- x
Merged PR 42: feat: [e1.1] Results- x
Pull request #42: [e1.1] Results- x
PR #42: [e1.1] Results- x
MR !42: [e1.1] Results- x
✨ [e1.1] Results- x
✨[e1.1] Results- x
♻️ feat: [e1.1] Results- x
👩‍🔬 [e1.1] Results- x
:sparkles: [e1.1] Results- x
:sparkles: feat(x): [e1.1] Results- x
:children_crossing::+1: [e1.1] Results- x
:bug: :+1: [e1.1] Results- x
feat: ✨ [e1.1] Results- x
- [e1.1] Results- x
* [e1.1] Results- x
""".strip().splitlines()

# A person speaks of a step, and does not say that these are its results.
SPOKEN = """
See [e1.1] Results- x
See: [e1.1] Results- x
cf: [e1.1] Results- x
TODO: [e1.1] Results- x
Better than [e1.1] Results- x
The loader: [e1.1] Results- x
No [e1.1] Results- x
"[e1.1] Results- x" is wrong
> [e1.1] Results- x
1. [e1.1] Results- x
[ ] [e1.1] Results- x
Revert the rate, see [e1.1]
Revert to [e1.1] Results- x
Revert to the rate of [e1.1]
Reverting lr as [e1.1] says
Undo what [e1.1] did
Redo [e1.1] Results- x
re-run [e1.1] Results- x
Pre-train [e1.1] Results- x
fixups for [e1.1]
Backport [e1.1] to the old loader
Merge [e1.1] Results- x
Merge branch 'dropout' for [e1.1]
Merge branch 'a' into 'b': [e1.1] Results- x
Update the base for [e1.1]
Work in progress on main: [e1.1] Results- x
I am: [e1.1]
""".strip().splitlines()


@pytest.mark.parametrize("subject", QUOTING)
def test_a_subject_that_only_quotes_claims_nothing(subject: str) -> None:
    for message in (subject, f"{subject}\n\n[e1.1] Results- x"):
        assert {claim.place for claim in claims(message)} == {Place.MENTION}


@pytest.mark.parametrize("subject", RESULTS)
def test_prefixes_may_stand_before_results(subject: str) -> None:
    assert claims(subject) == (Claim(Reference("1", (1,)), Place.SUBJECT, True),)


@pytest.mark.parametrize("subject", SPOKEN)
def test_what_a_person_says_claims_without_results(subject: str) -> None:
    assert claims(subject) == (Claim(Reference("1", (1,)), Place.SUBJECT, False),)


def test_all_references_behind_a_prefix_have_the_results() -> None:
    assert claims("feat: [e1.1], [e1.2] Results") == (
        Claim(Reference("1", (1,)), Place.SUBJECT, True),
        Claim(Reference("1", (2,)), Place.SUBJECT, True),
    )


UNITS = [
    *("feat: ", "[a] ", "(a)", "PROJ-12 ", "#12 ", "PR #12 ", "✨", ":a:", "WIP ", "- ", "a", "a/"),
    *("[", "[a", "(", "(a", "<", "{", ":", ":a", "a(", "a (", "a[", "a-", "a-1", "1", "#", "!", " "),
    *("fixup! ", "Revert ", "Revert^2 ", 'Revert "', "Revert of the ", "revert of commit ", "undo "),
    *("back out ", "merge ", "Merge branch ", "Merge '", "pull request ", '"', "'", "wip on a", "a: "),
    *("partially ", "automated ", "Update on ", " am: 83d45cd", " am: ", "the ", "cherry pick of ", "0"),
    *("[e1] ", "[e", "x: ", "Merged PR 42: ", "fixes ", "\ufe0f", "1\ufe0f\u20e3", "\uff1a"),
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_twice_as_long_a_subject_takes_twice_as_long(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + "[e1.1] Results"
        messages = (text, "x\n\n" + text, "x\n\n* " + text, "[a] Revert " + text)
        start = time.process_time()
        for message in messages:
            claims(message)
        return time.process_time() - start

    seconds(1000)
    assert seconds(400_000) < 20 * seconds(50_000) + 0.5  # one that is quadratic takes 64 times


@settings(derandomize=True, max_examples=300)
@given(st.lists(st.sampled_from([*UNITS, "[e1.1]", " Results", "\n", "x"]), max_size=12))
def test_whatever_stands_in_front_no_reference_is_lost(parts: list[str]) -> None:
    message = "".join(parts) + " [e9.9]"
    assert Reference("9", (9,)) in {claim.reference for claim in claims(message)}
