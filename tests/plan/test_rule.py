"""The rule of the hash (docs/design.md, section 2) as tables: what stands, what is known, what is done."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explog.config import Tick
from explog.digits import may_be_hash
from explog.model import Commit, Step
from explog.plan.rule import Decision, Outcome, Standing, Stray, age, decide, tied
from explog.plan.strays import Strays
from explog.refs import Place

SUBJECT, BODY, MENTION = int(Place.SUBJECT), int(Place.BODY), int(Place.MENTION)


def commit(
    name: str,
    time: int,
    *,
    place: int = SUBJECT,
    results: bool = False,
    generation: int = 1,
    author_time: int | None = None,
    repository: str = "/r",
) -> Commit:
    """Return a commit whose id begins with NAME, in hexadecimal."""
    return Commit(
        oid=name.ljust(40, "0"),
        repository=repository,
        common_dir=f"{repository}/.git",
        author="Ada",
        email="ada@example.org",
        author_time=time if author_time is None else author_time,
        committer_time=time,
        generation=generation,
        place=place,
        results=results,
    )


OLD = commit("aaaaaaa1", 10)
NEW = commit("bbbbbbb1", 20)
NEWEST = commit("ccccccc1", 30)
OLD_RESULTS = commit("aaaaaaa2", 10, results=True)
NEW_RESULTS = commit("bbbbbbb2", 20, results=True)
IN_BODY = commit("ddddddd1", 40, place=BODY)
RESULTS_IN_BODY = commit("ddddddd2", 40, place=BODY, results=True)
MENTIONED = commit("eeeeeee1", 50, place=MENTION)
REBASED = commit("2222222", 100, author_time=15)
PARENT = commit("fffffff1", 20, generation=5)
CHILD = commit("0000001", 20, generation=6)

NONE, CLAIMS, USERS = Standing.NONE, Standing.CLAIMS, Standing.USERS
UNREACHABLE, UNKNOWN = Standing.UNREACHABLE, Standing.UNKNOWN

# sentence of docs/design.md; standing, hash, box, candidates; outcome, commit, put_hash, tick
TABLE: list[
    tuple[
        str,
        tuple[Standing, str | None, str | None, list[Commit]],
        tuple[Outcome, Commit | None, bool, bool],
    ]
] = [
    # 1
    ("a subject", (NONE, None, " ", [OLD]), (Outcome.PLACE, OLD, True, False)),
    ("no candidate", (NONE, None, " ", []), (Outcome.NOTHING, None, False, False)),
    (
        "a body line if no subject",
        (NONE, None, " ", [IN_BODY]),
        (Outcome.PLACE, IN_BODY, True, False),
    ),
    (
        "a subject before a newer body line",
        (NONE, None, " ", [OLD, IN_BODY]),
        (Outcome.PLACE, OLD, True, False),
    ),
    (
        "results in a body line before another subject",
        (NONE, None, " ", [OLD, RESULTS_IN_BODY]),
        (Outcome.PLACE, RESULTS_IN_BODY, True, True),
    ),
    (
        "results in a subject before newer results in a body line",
        (NONE, None, " ", [OLD_RESULTS, RESULTS_IN_BODY]),
        (Outcome.PLACE, OLD_RESULTS, True, True),
    ),
    (
        "results in a body line",
        (NONE, None, " ", [IN_BODY, RESULTS_IN_BODY]),
        (Outcome.PLACE, RESULTS_IN_BODY, True, True),
    ),
    ("a mention is none", (NONE, None, " ", [MENTIONED]), (Outcome.NOTHING, None, False, False)),
    (
        "a mention beside a subject",
        (NONE, None, " ", [OLD, MENTIONED]),
        (Outcome.PLACE, OLD, True, False),
    ),
    # 2
    ("the newest", (NONE, None, " ", [NEW, NEWEST, OLD]), (Outcome.PLACE, NEWEST, True, False)),
    (
        "the newest results commit",
        (NONE, None, " ", [OLD_RESULTS, NEW_RESULTS, NEWEST]),
        (Outcome.PLACE, NEW_RESULTS, True, True),
    ),
    (
        "the newest by author date, whatever a rebase did",
        (NONE, None, " ", [REBASED, NEW]),
        (Outcome.PLACE, NEW, True, False),
    ),
    (
        "then by committer date",
        (NONE, None, " ", [NEW._replace(oid=NEWEST.oid, committer_time=19), NEW]),
        (Outcome.PLACE, NEW, True, False),
    ),
    ("then topology", (NONE, None, " ", [CHILD, PARENT]), (Outcome.PLACE, CHILD, True, False)),
    (
        "no box, no tick",
        (NONE, None, None, [NEW_RESULTS]),
        (Outcome.PLACE, NEW_RESULTS, True, False),
    ),
    (
        "a half-ticked box",
        (NONE, None, "-", [NEW_RESULTS]),
        (Outcome.PLACE, NEW_RESULTS, True, True),
    ),
    (
        "what the user ticked stays ticked",
        (NONE, None, "X", [OLD]),
        (Outcome.PLACE, OLD, True, False),
    ),
    (
        "with a small x too",
        (NONE, None, "x", [NEW_RESULTS]),
        (Outcome.PLACE, NEW_RESULTS, True, False),
    ),
    ("what stands is right", (CLAIMS, "bbbbbbb", "X", [NEW]), (Outcome.NOTHING, NEW, False, False)),
    ("at full length too", (CLAIMS, NEW.oid, " ", [NEW]), (Outcome.NOTHING, NEW, False, False)),
    (
        "right and to be ticked",
        (CLAIMS, "bbbbbbb", " ", [NEW_RESULTS]),
        (Outcome.PLACE, NEW_RESULTS, False, True),
    ),
    (
        "an older one gives way",
        (CLAIMS, "aaaaaaa", " ", [OLD, NEW]),
        (Outcome.PLACE, NEW, True, False),
    ),
    (
        "one without results gives way to older results",
        (CLAIMS, "ccccccc", " ", [OLD_RESULTS, NEWEST]),
        (Outcome.PLACE, OLD_RESULTS, True, True),
    ),
    (
        "one that only mentions gives way",
        (CLAIMS, "eeeeeee", " ", [MENTIONED, OLD]),
        (Outcome.PLACE, OLD, True, False),
    ),
    (
        "and stays where it is alone",
        (CLAIMS, "eeeeeee", " ", [MENTIONED]),
        (Outcome.NOTHING, None, False, False),
    ),
    # 3
    (
        "the user's is kept",
        (USERS, "9999999", " ", [NEW_RESULTS]),
        (Outcome.KEPT_BY_HAND, NEW_RESULTS, False, False),
    ),
    ("the user's alone", (USERS, "9999999", " ", []), (Outcome.NOTHING, None, False, False)),
    # 4
    (
        "unreachable, else rule 2",
        (UNREACHABLE, "9999999", " ", [OLD, NEW]),
        (Outcome.PLACE, NEW, True, False),
    ),
    (
        "unreachable, and results",
        (UNREACHABLE, "9999999", "X", [OLD_RESULTS, NEW]),
        (Outcome.PLACE, OLD_RESULTS, True, False),
    ),
    (
        "unreachable, without one",
        (UNREACHABLE, "9999999", "X", []),
        (Outcome.DEAD, None, False, False),
    ),
    (
        "unreachable, and only mentioned",
        (UNREACHABLE, "9999999", "X", [MENTIONED]),
        (Outcome.DEAD, None, False, False),
    ),
    (
        "a number that nobody knows is text",
        (UNKNOWN, "9999999", " ", [NEW_RESULTS]),
        (Outcome.DEAD, NEW_RESULTS, False, False),
    ),
    (
        "so is a word",
        (UNKNOWN, "deadbeef", " ", [NEW_RESULTS]),
        (Outcome.DEAD, NEW_RESULTS, False, False),
    ),
    (
        "and a word with a number",
        (UNKNOWN, "decade1", " ", [NEW_RESULTS]),
        (Outcome.DEAD, NEW_RESULTS, False, False),
    ),
    (
        "a hash that nobody knows gives way",
        (UNKNOWN, "83d45cd", "X", [NEW_RESULTS]),
        (Outcome.PLACE, NEW_RESULTS, True, False),
    ),
    (
        "and stays where no commit claims the step",
        (UNKNOWN, "83d45cd", "X", [MENTIONED]),
        (Outcome.DEAD, None, False, False),
    ),
    ("what nobody knows, alone", (UNKNOWN, "9999999", " ", []), (Outcome.DEAD, None, False, False)),
]


@pytest.mark.parametrize(
    ("given_", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_rule(
    given_: tuple[Standing, str | None, str | None, list[Commit]],
    expected: tuple[Outcome, Commit | None, bool, bool],
) -> None:
    standing, hash_now, box, candidates = given_
    for order in (candidates, candidates[::-1]):
        made = decide(step=(1,), standing=standing, hash_now=hash_now, box=box, candidates=order)
        assert made == Decision(*expected)


@pytest.mark.parametrize(
    ("tick", "candidate", "ticks"),
    [
        ("results", OLD, False),
        ("results", OLD_RESULTS, True),
        ("always", OLD, True),
        ("always", OLD_RESULTS, True),
        ("never", OLD, False),
        ("never", OLD_RESULTS, False),
    ],
)
def test_option_tick(tick: Tick, candidate: Commit, ticks: bool) -> None:
    made = decide(
        step=(1,), standing=NONE, hash_now=None, box=" ", candidates=[candidate], tick=tick
    )
    assert (made.outcome, made.put_hash, made.tick) == (Outcome.PLACE, True, ticks)


# 4: what became of a commit that never claimed the step

SUCCESSOR = commit("1111111", 60)


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([], SUCCESSOR),
        ([NEW_RESULTS], SUCCESSOR),
        ([MENTIONED], SUCCESSOR),
        # It bears the reference by now, so rule 2 decides.
        ([SUCCESSOR, NEW_RESULTS], NEW_RESULTS),
        ([SUCCESSOR._replace(place=MENTION), OLD], OLD),
        ([SUCCESSOR._replace(place=MENTION)], SUCCESSOR),
    ],
)
def test_successor(candidates: list[Commit], expected: Commit) -> None:
    made = decide(
        step=(1,),
        standing=UNREACHABLE,
        hash_now="9999999",
        box=" ",
        candidates=candidates,
        successor=SUCCESSOR,
    )
    assert (made.outcome, made.candidate, made.put_hash) == (Outcome.PLACE, expected, True)
    assert made.tick == expected.results


# 5: the list was renumbered


def stray(
    claims: tuple[int, ...], stands: tuple[int, ...], commit: Commit, *, gone: bool = False
) -> Stray:
    return Stray(frozenset({claims}), stands, commit.author_time, None if gone else age(commit))


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(
    ("step", "hash_now", "strayed", "candidates", "expected"),
    [
        # A step was put in front: 1 stands on 2 now.
        ((1,), None, ((1,), (2,)), [NEW], "renumbered"),
        ((1,), None, ((1,), (2,)), [OLD, NEW], "renumbered"),
        ((1,), None, ((1,), (2,)), [OLD, NEW, NEWEST], NEWEST),
        # No lesser candidate takes the place of the best.
        ((1,), None, ((1,), (2,)), [OLD_RESULTS, NEW, NEWEST], "renumbered"),
        ((1,), "ccccccc", ((1,), (2,)), [NEW, NEWEST], "nothing"),
        ((3,), None, ((1,), (2,)), [OLD], OLD),
        # A step was taken out above: 3 stands on 2, what claims 1 or 2 may be its commits.
        ((1,), None, ((3,), (2,)), [OLD], "renumbered"),
        ((2,), None, ((3,), (2,)), [OLD], "renumbered"),
        ((1,), None, ((3,), (2,)), [OLD, NEWEST], NEWEST),
        ((1,), "aaaaaaa", ((3,), (2,)), [OLD], "nothing"),
        ((1,), "aaaaaaa", ((3,), (2,)), [OLD, NEWEST], NEWEST),
        ((4,), None, ((3,), (2,)), [OLD], OLD),
        # In nested lists only those of the same list are concerned.
        ((1, 1), None, ((1, 3), (1, 2)), [OLD], "renumbered"),
        ((1,), None, ((1, 3), (1, 2)), [OLD], OLD),
        ((2, 1), None, ((1, 3), (1, 2)), [OLD], OLD),
        ((1, 4), None, ((2, 1), (1, 1)), [OLD], "renumbered"),
        ((1, 4), None, ((1,), (2,)), [OLD], OLD),
        ((1,), None, ((1, 2), (1,)), [OLD], OLD),
    ],
)
def test_renumbered(
    step: tuple[int, ...],
    hash_now: str | None,
    strayed: tuple[tuple[int, ...], tuple[int, ...]],
    candidates: list[Commit],
    expected: Commit | str,
    gone: bool,
) -> None:
    made = decide(
        step=step,
        standing=CLAIMS if hash_now else NONE,
        hash_now=hash_now,
        box="X",
        candidates=candidates,
        strays=[stray(*strayed, NEW, gone=gone)],
    )
    if isinstance(expected, str):
        assert made.outcome.value == expected
        assert (made.put_hash, made.tick) == (False, False)
    else:
        assert (made.outcome, made.candidate) == (Outcome.PLACE, expected)


def test_old_commit_that_a_rebase_made_newer_is_still_old() -> None:
    rebased = commit("2222222", 100, author_time=5)
    made = decide(
        step=(1,),
        standing=NONE,
        hash_now=None,
        box=" ",
        candidates=[rebased],
        strays=[stray((1,), (2,), NEW)],
    )
    assert made == Decision(Outcome.RENUMBERED, rebased)


@pytest.mark.parametrize("standing", [UNREACHABLE, Standing.USERS, CLAIMS])
@pytest.mark.parametrize("candidates", [[OLD, OLD_RESULTS], [OLD, NEWEST]])
def test_what_takes_the_place_of_a_stray(standing: Standing, candidates: list[Commit]) -> None:
    """Without it, nothing tells that the list was renumbered: only newer ones settle that."""
    made = decide(
        step=(3,),
        standing=standing,
        hash_now="bbbbbbb",
        box=" ",
        candidates=candidates,
        strays=[stray((2,), (3,), NEW, gone=standing is UNREACHABLE)],
    )
    settles = standing is UNREACHABLE and NEWEST in candidates
    assert made.outcome is (Outcome.PLACE if settles else Outcome.RENUMBERED)
    assert made.put_hash == settles


def test_a_commit_is_as_old_as_itself_in_a_fork() -> None:
    made = decide(
        step=(1,),
        standing=NONE,
        hash_now=None,
        box=" ",
        candidates=[NEW_RESULTS, NEW_RESULTS._replace(repository="/s", generation=9)],
        strays=[stray((1,), (2,), NEW_RESULTS)],
    )
    assert made.outcome is Outcome.RENUMBERED


def test_no_lesser_claim_takes_the_place_of_the_best() -> None:
    made = decide(
        step=(1,),
        standing=NONE,
        hash_now=None,
        box=" ",
        candidates=[OLD, NEW, IN_BODY],
        strays=[stray((1,), (2,), NEW)],
    )
    assert made == Decision(Outcome.RENUMBERED, NEW)


@pytest.mark.parametrize(
    ("step", "hash_now", "outcome"),
    [((1,), None, "renumbered"), ((3,), "bbbbbbb", "nothing")],
)
def test_commit_that_also_stands_rightly(
    step: tuple[int, ...], hash_now: str | None, outcome: str
) -> None:
    """The commit of the steps 1 and 3 stands on 3, and on 2, which it does not claim."""
    there = Stray(frozenset({(1,), (3,)}), (2,), NEW.author_time, age(NEW), frozenset({(3,)}))
    made = decide(
        step=step,
        standing=CLAIMS if hash_now else NONE,
        hash_now=hash_now,
        box="X",
        candidates=[NEW],
        strays=[there],
    )
    assert made.outcome.value == outcome


@pytest.mark.parametrize("standing", [CLAIMS, UNREACHABLE])
def test_a_step_with_a_hash_of_its_own_was_not_moved(standing: Standing) -> None:
    """The hash of a newer commit was typed on another step: an amended one is followed."""
    made = decide(
        step=(1,),
        standing=standing,
        hash_now="9999999",
        box=" ",
        candidates=[OLD_RESULTS, NEW],
        strays=[stray((1,), (2,), NEW)],
    )
    assert (made.outcome, made.candidate) == (Outcome.PLACE, OLD_RESULTS)


@pytest.mark.parametrize(("box", "outcome"), [("X", "nothing"), (" ", "renumbered")])
def test_a_commit_that_stands_elsewhere_too_ticks_no_box(box: str, outcome: str) -> None:
    here = Stray(
        *(frozenset({(1,)}), (2,), NEW_RESULTS.author_time, age(NEW_RESULTS)),
        *(frozenset({(1,)}), NEW_RESULTS.oid),
    )
    made = decide(
        step=(1,),
        standing=CLAIMS,
        hash_now="bbbbbbb",
        box=box,
        candidates=[NEW_RESULTS],
        strays=[here],
    )
    assert made.outcome.value == outcome
    assert not made.tick


@pytest.mark.parametrize("preferred", [OLD, NEW])
def test_preference_decides_between_commits_of_one_time(preferred: Commit) -> None:
    twin = NEW._replace(oid=OLD.oid)
    made = decide(
        step=(1,),
        standing=NONE,
        hash_now=None,
        box=None,
        candidates=[NEW, twin],
        preference={preferred.oid: 1},
    )
    assert made.candidate is not None
    assert made.candidate.oid == preferred.oid


def test_tied_are_the_strongest_of_one_time() -> None:
    twin, results = NEW._replace(oid=OLD.oid), NEW._replace(results=True)
    assert tied([NEW, twin, OLD, MENTIONED]) == [NEW, twin]
    assert tied([results, twin]) == tied([NEW, NEW]) == tied([]) == []


# Whatever there is


CANDIDATES = st.builds(
    commit,
    st.integers(0, 15).map(lambda n: f"{n:x}" * 8),
    st.integers(1, 3),
    place=st.sampled_from([SUBJECT, BODY, MENTION]),
    results=st.booleans(),
    generation=st.integers(1, 3),
    author_time=st.integers(1, 3),
    repository=st.sampled_from(["/r", "/s"]),
)
STEPS = st.sampled_from([(1,), (2,), (3,), (1, 1), (1, 2)])
STRAYS = st.builds(
    lambda claims, stands, candidate, gone: stray(claims, stands, candidate, gone=gone),
    STEPS,
    STEPS,
    CANDIDATES,
    st.booleans(),
)
NAMED_STRAYS = st.builds(
    lambda one, candidate, rightly: replace(one, oid=candidate.oid, rightly=rightly),
    STRAYS,
    CANDIDATES,
    st.frozensets(STEPS, max_size=2),
)


@given(
    number=STEPS,
    standing=st.sampled_from(Standing),
    candidates=st.lists(CANDIDATES, max_size=6),
    strays=st.lists(NAMED_STRAYS, max_size=6),
    known=st.integers(0, 15).map(lambda n: f"{n:x}" * 7),
)
def test_the_strays_that_concern_a_step_decide_as_all_of_them(
    number: tuple[int, ...],
    standing: Standing,
    candidates: list[Commit],
    strays: list[Stray],
    known: str,
) -> None:
    digits = None if standing is NONE else known
    step = Step(number, 1, "", " ", digits)

    def made(some: Iterable[Stray]) -> Decision:
        return decide(
            step=number,
            standing=standing,
            hash_now=digits,
            box=" ",
            candidates=candidates,
            strays=list(some),
        )

    assert made(Strays(strays).concerning(step, candidates)) == made(strays)


@given(
    step=STEPS,
    standing=st.sampled_from(Standing),
    hash_now=st.integers(0, 15).map(lambda n: f"{n:x}" * 7),
    box=st.sampled_from([None, " ", "X", "x", "-"]),
    candidates=st.lists(CANDIDATES, max_size=6),
    successor=st.none() | CANDIDATES,
    strays=st.lists(STRAYS, max_size=2),
    tick=st.sampled_from(["always", "results", "never"]),
)
def test_whatever_there_is(
    step: tuple[int, ...],
    standing: Standing,
    hash_now: str,
    box: str | None,
    candidates: list[Commit],
    successor: Commit | None,
    strays: list[Stray],
    tick: Tick,
) -> None:
    made = decide(
        step=step,
        standing=standing,
        hash_now=None if standing is NONE else hash_now,
        box=box,
        candidates=candidates,
        successor=successor if standing is UNREACHABLE else None,
        strays=strays,
        tick=tick,
    )
    if made.outcome is not Outcome.PLACE:
        assert (made.put_hash, made.tick) == (False, False)
    if standing is USERS or (standing is UNKNOWN and not may_be_hash(hash_now)):
        assert made.outcome is not Outcome.PLACE
    if made.tick:
        assert box in (" ", "-")
        assert tick != "never"
    if made.outcome is Outcome.PLACE:
        assert made.candidate is not None
        assert made.put_hash or made.tick
        assert made.candidate.place < MENTION or made.candidate == successor
