"""The audit of hashes in prose: where each lives, that it is dead, and what is no hash at all."""

import random
import re
import uuid

import pytest

from explog.checking.audit import FoundHash, dead_hashes
from explog.git.keeping import keeping_refs, unreached
from explog.git.repository import Repository
from explog.org.hashes import HashContext, find_hashes
from support.logs import Logs
from support.repo import GitRepo

DEAD = "83d45cd"
FULL = "83d45cd1128a8feda93af551ba099234fa52c48b"


# What stands in the context of a commit


def contexts(text: str) -> list[tuple[str, str]]:
    """Return (digits, context) of what is found in TEXT."""
    return [(found.digits, found.context.value) for found in find_hashes(text.split("\n"))]


@pytest.mark.parametrize(
    "text",
    [
        f"=git show {DEAD}=",
        f"~git checkout {DEAD}~1~",
        f"commit {DEAD}",
        f"Commit: {DEAD}.",
        f"commit ={DEAD}=",
        f"commit hash {DEAD}",
        f"commit #{DEAD}",
        f"committed as {DEAD}",
        f"cherry-picked {DEAD}",
        f"see git show {DEAD}",
        f"it went well ({DEAD})",
        f"it went well (commit {DEAD})",
        f"({DEAD}) at the start",
        f"* TODO a heading ({DEAD}) :tag:",
        f"1. [X] a step ({DEAD})",
        f"- [2018-06-06 Wed 16:16] {DEAD} it went well",
        f"[2018-06-06 Wed] {DEAD}: it went well",
        f":PROPERTIES:\n:COMMIT: {DEAD}\n:END:",
        f":PROPERTIES:\n:GIT_SHA: {DEAD}\n:END:",
        f":LOGBOOK:\n- a note ({DEAD})\n:END:",
        f"| lr | Commit |\n|----+--------|\n| 1 | {DEAD} |",
        f"| Git commit |\n| ={DEAD}= |",
        f"[fn:1] as of commit {DEAD}",
        f"| note |\n\n({DEAD})",
    ],
)
def test_context(text: str) -> None:
    assert contexts(text) == [(DEAD, "plain")]


@pytest.mark.parametrize(
    "text",
    [
        f"={DEAD}=",
        f"~{DEAD}~",
        f"as in ={DEAD}=, which",
        f"={DEAD}='s plan",
        f"=proj@{DEAD}= is it",
        f"revision {DEAD}",
        f"changeset {DEAD}",
        f"| a | b |\n| 1 | ({DEAD}) |",
        f"| Revision |\n| {DEAD} |",
        f":PROPERTIES:\n:MODEL_REVISION: {DEAD}\n:END:",
        f"the best run so far ({DEAD})",
        f"better ({DEAD}) than before",
        f"- [2018-06-06 Wed 16:16] {DEAD}: the run of the day",
        f"upstream commit {DEAD}",
        f"commit {DEAD} of pytorch/pytorch",
        f"pytorch/pytorch commit {DEAD}",
    ],
)
def test_a_context_that_other_things_have_as_well(text: str) -> None:
    assert contexts(text) == [(DEAD, "bare")]


@pytest.mark.parametrize(
    "text",
    [
        f'={DEAD} "Fix the loader"=',
        f'{DEAD} "Fix the loader"',
        f'see {DEAD} ("Fix lr=0.1, again", 2024-01-02) for it',
        f"see {DEAD} (Fix the loader, 2024-01-02)",
        f'~{DEAD} ("Fix the loader", 2024-01-02)~',
    ],
)
def test_a_hash_with_its_subject_says_commit(text: str) -> None:
    assert contexts(text) == [(DEAD, "plain")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"commits {DEAD}, 1a2b3c4 and 5d6e7f8", [DEAD, "1a2b3c4", "5d6e7f8"]),
        (f"({DEAD}, 1a2b3c4)", [DEAD, "1a2b3c4"]),
        (f"=git log {DEAD}..1a2b3c4=", [DEAD, "1a2b3c4"]),
        (f"commit {FULL}", [FULL]),
        (f"commit ={'a1' * 32}=", ["a1" * 32]),
    ],
)
def test_several(text: str, expected: list[str]) -> None:
    assert contexts(text) == [(digits, "plain") for digits in expected]


def test_very_many_options_of_git_take_no_longer_than_their_number_asks() -> None:
    assert contexts("git log" + " --graph" * 100 + " x") == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (f"https://github.com/me/proj/commit/{FULL}", "proj"),
        (f"[[https://gitlab.com/a/b/proj/-/commit/{DEAD}][{DEAD}]]", "proj"),
        (f"https://example.org/proj.git/commit/{DEAD}?x=1", "proj"),
        (f"https://github.com/me/proj/tree/{DEAD}/file.py", "proj"),
        (f"[[orgit-rev:~/src/proj/::{DEAD}][proj]]", "~/src/proj/"),
        (f"[[magit:~/src/proj::{DEAD}]]", "~/src/proj"),
        (f"[[git:/src/proj::{DEAD}]]", "/src/proj"),
    ],
)
def test_links(text: str, target: str) -> None:
    [found] = find_hashes([text])
    assert found.context in (HashContext.ADDRESS, HashContext.LINK)
    assert found.target == target


@pytest.mark.parametrize(
    "text",
    [
        "a word: 83d45cd, in no context",
        "lr (0.1234567) and 1e-05, (3.2e7), =1.975424e+07=",
        "(550e8400-e29b-41d4-a716-446655440000) =550e8400-e29b=",
        "(xyz83d45cd) =x83d45cd= (83d45cdx) (83d45cd_2)",
        "=0x83d45cd= =#83d45cd= (sha256:83d45cd) =md5:83d45cd=",
        "(83d45c) =83D45CD=",
        "=runs/83d45cd/out= =model-83d45cd.pt= =83d45cd.ckpt=",
        "#+begin_src sh\ngit show 83d45cd\n#+end_src",
        "#+BEGIN_EXAMPLE\ncommit 83d45cd\n#+END_EXAMPLE",
        "#+RESULTS:\n: commit 83d45cd",
        "# commit 83d45cd",
        "#+name: commit 83d45cd",
        ":PROPERTIES:\n:ID: 83d45cd\n:CUSTOM_ID: 83d45cd\n:RUN_ID: 83d45cd\n:END:",
        "| Run |\n| 83d45cd |",
        "| Commit | Run |\n| x | 83d45cd |",
        "uncommitted83d45cd",
        "recommit, 83d45cd",
        "file (83d45cd.txt)",
    ],
)
def test_no_context(text: str) -> None:
    assert contexts(text) == []


def test_what_says_that_it_is_something_else() -> None:
    text = f"run ={DEAD}=, wandb id: ~{DEAD}~, docker image ={DEAD}="
    assert contexts(text) == [(DEAD, "doubtful")] * 3


# What becomes of it


NOTEBOOK = """\
#+title: A notebook that never heard of explog

* Baseline
Trained at commit {live}, see =git show {live}=.
- [2024-02-01 Thu] {live} first run, lr 0.1234567, loss 1.975424e+07 (3.2e7)
- the next day ({other}), wandb 3k2j4h5g, run =a1b2c3d4=
* Ablation
Reverted in commit {dead}; tagged as ={tagged}=.
| lr   | Commit   | Run      | val      |
|------+----------+----------+----------|
| 0.01 | {live}  | 83d45cd1 | 1234567  |
| 0.02 | {gone}  | deadbeef | 20180606 |
:PROPERTIES:
:ID: 550e8400-e29b-41d4-a716-446655440000
:END:
#+begin_src sh
git checkout 1234abc
#+end_src
: commit 1234abc
md5 (d41d8cd98f00b204e9800998ecf8427e), mlflow ~0123456789abcdef0123456789abcdef~,
the defaced sign (defaced), the date (20180606), the count (1234567), =1e-05=, (12345e10),
a colour =#a1b2c3d=, [[https://github.com/torch/torch/commit/{full}][theirs]],
[[https://github.com/me/proj/commit/{full}][ours]], checkpoint =model-83d45cd.pt=.
"""


@pytest.fixture
def world(logs: Logs, repo: GitRepo) -> dict[str, str]:
    """Commits in all states of life."""
    live = repo.commit("live")
    tagged = repo.commit("tagged")
    repo.run("tag", "v1")
    repo.run("reset", "--quiet", "--hard", "HEAD~1")
    gone = repo.commit("gone", file="a")
    repo.amend("gone", file="a")
    other = logs.repo("other")
    return {
        "live": live[:7],
        "other": other.commit("other")[:7],
        "dead": "83d45cd",
        "tagged": tagged[:7],
        "gone": gone[:7],
        "full": FULL,
    }


def test_a_notebook(logs: Logs, repo: GitRepo, world: dict[str, str]) -> None:
    log = logs.log(NOTEBOOK.format(**world))
    other = logs.repositories[1]
    names = {digits: name for name, digits in world.items()}
    found = [(one.line, names[one.hash], one.state, one.repositories) for one in logs.audit()]
    proj = (str(repo.path),)
    assert found == [
        (4, "live", "branch", proj),
        (4, "live", "branch", proj),
        (5, "live", "branch", proj),
        (6, "other", "branch", (str(other),)),
        (8, "dead", "dead", ()),
        (8, "tagged", "ref", proj),
        (11, "live", "branch", proj),
        (12, "gone", "object", proj),
        (23, "full", "dead", ()),
    ]
    assert logs.check() == []
    problems = list(dead_hashes(logs.audit(), []))
    assert [(p.kind, p.file, p.line) for p in problems] == [
        ("dead-hash", str(log), line) for line in (8, 12, 23)
    ]
    new = repo.head[:10]
    assert [p.message for p in problems] == [
        "no repository knows 83d45cd",
        f"{world['gone']} is still in {repo.path}, but on no branch; {new} took its place",
        f"no repository knows {FULL}",
    ]


@pytest.mark.parametrize("how", ["latin-1", "crlf", "bom"])
def test_a_notebook_in_any_encoding(logs: Logs, world: dict[str, str], how: str) -> None:
    text = NOTEBOOK.replace("Baseline", "Überblick").format(**world)
    data = text.encode("latin-1" if how == "latin-1" else "utf-8")
    data = data.replace(b"\n", b"\r\n") if how == "crlf" else data
    logs.log(b"\xef\xbb\xbf" + data if how == "bom" else data)
    assert [one.line for one in logs.audit()] == [4, 4, 5, 6, 8, 8, 11, 12, 23]


def test_gone_for_good(logs: Logs, repo: GitRepo) -> None:
    old = repo.commit("[e1.1] x", file="a")
    logs.log(f"commit {old[:7]}\n")
    assert [one.state for one in logs.audit()] == ["branch"]
    repo.amend("[e1.1] x", file="a")
    logs.audit()
    repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.run("gc", "--quiet", "--prune=now")
    [found] = logs.audit()
    assert (found.state, found.commit, found.now) == ("gone", old, repo.head)
    assert found.message == f"{old[:7]} is on no branch any more; {repo.head[:10]} took its place"


def test_numbers_and_words_count_when_they_resolve(logs: Logs, repo: GitRepo) -> None:
    """A repository of some hundred commits has one whose first seven digits are a number."""
    oid = next(
        oid for n in range(5000) if re.match(r"\d{7}", oid := repo.commit(f"{n}"))
    )  # fmt: skip
    logs.log(f"({oid[:7]}) and (7654321), run ={oid[:7]}=\n")
    assert [(one.hash, one.state) for one in logs.audit()] == [(oid[:7], "branch")] * 2


def test_in_two_repositories(logs: Logs, repo: GitRepo) -> None:
    logs.folder.joinpath("clones").mkdir()
    repo.run("clone", "--quiet", str(repo.path), str(logs.folder / "clones/one"))
    logs.repositories.append(logs.folder / "clones/one")
    logs.log(f"commit {repo.head[:7]}\n")
    [found] = logs.audit()
    assert found.repositories == (str(logs.folder / "clones/one"), str(repo.path))


def test_a_branch_that_is_called_like_a_hash(logs: Logs, repo: GitRepo) -> None:
    repo.branch("83d45cd")
    logs.log("commit 83d45cd\n")
    assert [one.state for one in logs.audit()] == ["dead"]


def test_what_cannot_be_looked_up_is_not_called_dead(logs: Logs, repo: GitRepo) -> None:
    logs.log(f"commit {DEAD} and commit {repo.head[:7]}\n")
    logs.repositories.append(logs.folder / "missing")
    assert [one.state for one in logs.audit()] == ["branch"]


def test_hashes_on_steps_are_told_of_once(logs: Logs, repo: GitRepo) -> None:
    repo.commit("more")
    log = logs.log(
        "* [201] T :exp:\n** Experiments\n"
        f"1. [ ] one, which\n   is long ({DEAD})\n   - again commit {DEAD}\n2. [ ] two\n"
    )
    problems = logs.check()
    assert [(p.kind, p.line) for p in problems] == [("dead-hash", 3)]
    again = list(dead_hashes(logs.audit(), problems))
    assert [(p.file, p.line) for p in again] == [(str(log), 5)]


def test_links_to_the_repositories_of_others(logs: Logs, repo: GitRepo) -> None:
    logs.log(
        f"[[orgit-rev:{repo.path}/::{DEAD}]]\n[[orgit-rev:proj::{DEAD}]]\n"
        f"[[orgit-rev:~/else/::{DEAD}]]\nhttps://github.com/x/else/commit/{DEAD}\n"
        f"https://github.com/x/proj/commit/{DEAD}\n"
    )
    assert [one.line for one in logs.audit()] == [1, 2, 5]


def test_what_no_ref_reaches(repo: GitRepo) -> None:
    kept = repo.head
    lost = repo.commit("lost")
    repo.run("reset", "--quiet", "--hard", "HEAD~1")
    blob = repo.run("hash-object", "-w", "--stdin", stdin="x")
    repo.run("tag", "a-blob", blob)
    repository = Repository(repo.path, repo.path / ".git")
    assert unreached(repository, [kept, lost]) == {lost}
    assert unreached(repository, []) == set()
    repo.run("tag", "-a", "-m", "x", "kept", lost)
    assert unreached(repository, [kept, lost]) == set()


@pytest.mark.parametrize(
    "ref",
    ["refs/jj/keep/x", "refs/branchless/x", "refs/tags/v1", "refs/stash", "refs/x", "refs/a/b"],
)
def test_which_ref_keeps_a_commit(repo: GitRepo, ref: str) -> None:
    reached = repo.commit("one")
    kept = repo.commit("two")
    repo.run("reset", "--quiet", "--hard", "HEAD~2")
    repo.run("update-ref", ref, kept)
    repo.run("branch", "a/b")
    repository = Repository(repo.path, repo.path / ".git")
    assert keeping_refs(repository, [kept, reached]) == {kept: ref, reached: ref}
    assert keeping_refs(repository, []) == {}


def test_what_a_detached_head_keeps(repo: GitRepo) -> None:
    repo.run("checkout", "--quiet", "--detach")
    oid = repo.commit("one")
    assert keeping_refs(Repository(repo.path, repo.path / ".git"), [oid]) == {oid: "another ref"}


@pytest.mark.parametrize("ref", ["refs/jj/keep/x", "refs/tags/v1", "refs/stash"])
@pytest.mark.parametrize("successor", [False, True])
def test_a_step_whose_commit_another_ref_keeps(
    logs: Logs, repo: GitRepo, ref: str, successor: bool
) -> None:
    """It is not dead, and check says the same with and without its hashes."""
    repo.commit("root")
    repo.run("checkout", "--quiet", "--detach")
    oid = repo.commit("[e1.1] Results")
    logs.log(f"* [1] x :exp:\n** Experiments [1/1]\n1. [X] a ({oid[:7]})\n")
    assert logs.check() == []
    repo.run("update-ref", ref, oid)
    repo.run("checkout", "--quiet", "main")
    if successor:
        new = repo.commit("[e1.1] Results, anew")
    problems = logs.check()
    assert problems == []
    [found] = logs.audit()
    assert (found.state, found.ref, found.commit) == ("ref", ref, oid)
    assert found.message == f"{oid[:7]} lives in {repo.path}, by {ref}, but on no branch"
    assert list(dead_hashes([found], problems)) == []
    repo.run("update-ref", "-d", ref)
    problems = logs.check()
    assert [problem.kind for problem in problems] == ["dead-hash"]
    assert not successor or new[:7] in problems[0].message
    assert [one.state for one in logs.audit()] == ["object"]


def test_one_whose_parent_is_pruned_hides_no_other(logs: Logs, repo: GitRepo) -> None:
    tagged = repo.commit("tagged")
    repo.run("tag", "v1")
    pruned, lost = repo.commit("pruned"), repo.commit("lost")
    repo.run("reset", "--quiet", "--hard", "HEAD~3")
    repo.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.path.joinpath(".git/objects", pruned[:2], pruned[2:]).unlink()
    logs.log(f"commit {tagged[:7]}, commit {lost[:7]}\n")
    assert [one.state for one in logs.audit()] == ["ref", "object"]


def test_message_of_a_hash_by_tag() -> None:
    found = FoundHash("f", 1, DEAD, "ref", ("/r",), FULL, ref="refs/tags/v1")
    assert found.message == f"{DEAD} lives in /r, by refs/tags/v1, but on no branch"


ALIKE = """\
:PROPERTIES:
:ID: 0c8644ff-11aa-4bd2-9f3e-0123456789ab
:CUSTOM_ID: 53b0047d1c
:END:
See =0c8644ff= for the reason; =53b0047d='s plan; commit 0c8644f; (53b0047d1c).
Best run (4f2c9e1d), best so far of all runs (4f2c9e1d), wandb 4f2c9e1d, =4f2c9e1d=, ~a1b2c3d4~,
md5 =d41d8cd9=, md5sum (d41d8cd98f00b204e9800998ecf8427e), etag (5d41402a), layer =sha256:4f2c9e1d=.
- [2024-01-01 Mon] 4f2c9e1d: run with lr 1.975424e+07, loss (0.1234567), =1e-05=, (12345e10), 3.2e7
colours =#a1b2c3= =#a1b2c3d4= (#1a2b3c4d), seed (1234567), job (1a2b3c4), pid 1234567
model revision 8f1b2c3d4e, dataset changeset 1a2b3c4d5e6f, transformers/main commit 83d45cd1,
commit 83d45cd2 of huggingface/transformers, [[https://github.com/x/other/commit/83d45cd3][theirs]]
| run      | wer | id         |
| 4f2c9e1d | 7.1 | (1a2b3c4d) |
trace 4bf92f3577b34da6a3ce929d0e0e4736, span =00f067aa0ba902b7=, gpu-1a2b3c4d, mac 1a:2b:3c:4d:5e:6f
{uuid} and its beginning {beginning} in a commit message: commit {beginning}
"""


def test_nothing_of_what_looks_alike_is_called_dead(logs: Logs, repo: GitRepo) -> None:
    rng = random.Random(12)
    uuids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(50)]
    for n, one in enumerate(uuids):
        logs.log(ALIKE.format(uuid=one, beginning=one[:8]), f"{n}.org")
    assert [one for one in logs.audit() if not one.lives] == []
    logs.log(f"commit {repo.head[:7]} and commit {DEAD}\n")
    assert [one.state for one in logs.audit()] == ["branch", "dead"]
