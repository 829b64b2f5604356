"""Operations that rewrite history, and move branches, worktrees and repositories."""

from fuzz.kinds import Pick, operation
from fuzz.world import Repo, Unfit


def _message(pick: Pick) -> str:
    return pick.choice([pick.results(), pick.reference() + " ", ""]) + pick.words()


@operation(2)
def amend_tree(pick: Pick) -> None:
    repo = pick.repo()
    pick.world.write(f"{repo.name}/{pick.world.name('amended')}", pick.words())
    repo.git("add", ".")
    repo.git("commit", "-q", "--amend", "--no-edit", "--allow-empty")


@operation()
def amend_nothing(pick: Pick) -> None:
    pick.repo().git("commit", "-q", "--amend", "--no-edit", "--allow-empty")


@operation()
def amend_date(pick: Pick) -> None:
    date = f"--date={pick.world.now + pick.choice([60, -7200, 7200])} +0000"
    pick.repo().git("commit", "-q", "--amend", "--no-edit", "--allow-empty", date)


@operation()
def amend_author(pick: Pick) -> None:
    name = pick.choice(["--author=Carol <carol@example.org>", "--reset-author"])
    pick.repo().git("commit", "-q", "--amend", "--no-edit", "--allow-empty", name)


@operation(2)
def reword(pick: Pick) -> None:
    message = _message(pick)
    pick.repo().git("commit", "-q", "--amend", "--allow-empty", "-F", "-", stdin=message)


@operation()
def reword_deeper(pick: Pick) -> None:
    repo = pick.repo()
    count = repo.back(4)
    exec_ = f"git commit -q --amend --allow-empty -m '{_message(pick)}'"
    repo.rebase(f"sed '1a exec {exec_}'", f"HEAD~{count}")


@operation(2)
def rebase(pick: Pick) -> None:
    repo = pick.repo()
    repo.try_or_abort("rebase", "-q", "--force-rebase", f"HEAD~{repo.back(6)}")


@operation()
def rebase_root(pick: Pick) -> None:
    pick.repo().try_or_abort("rebase", "-q", "--root", "--force-rebase")


@operation()
def rebase_onto(pick: Pick) -> None:
    repo = pick.repo()
    repo.try_or_abort("rebase", "-q", pick.some(repo.branches))


@operation()
def rebase_drop(pick: Pick) -> None:
    repo = pick.repo()
    count = repo.back(5)
    repo.rebase(f"sed '{pick.randint(1, count)}s/^pick/drop/'", f"HEAD~{count}")


@operation()
def rebase_reorder(pick: Pick) -> None:
    repo = pick.repo()
    repo.rebase("grep ^pick | tac", f"HEAD~{repo.back(4)}")


@operation()
def rebase_squash(pick: Pick) -> None:
    repo = pick.repo()
    way = pick.choice(["squash", "fixup"])
    repo.rebase(f"sed '2,$s/^pick/{way}/'", f"HEAD~{repo.back(4)}")


@operation()
def rebase_autosquash(pick: Pick) -> None:
    repo = pick.repo()
    repo.rebase("cat", "--autosquash", f"HEAD~{repo.back(8)}")


@operation()
def cherry_pick(pick: Pick) -> None:
    repo = pick.repo()
    back = repo.back(5)
    commits = [pick.any_commit(repo) for _ in range(pick.randint(1, 2))]
    options = pick.choice([[], ["-x"]])
    repo.git("checkout", "-q", "-b", pick.world.name("picked"), f"HEAD~{back}")
    repo.try_or_abort(
        "cherry-pick", "--allow-empty", "--keep-redundant-commits", *options, *commits
    )


@operation()
def cherry_pick_and_delete(pick: Pick) -> None:
    repo = pick.repo()
    old, back = repo.branch, repo.back(4)
    if old is None:
        raise Unfit
    repo.git("checkout", "-q", "-b", pick.world.name("picked"), f"HEAD~{back}")
    repo.try_or_abort("cherry-pick", "--allow-empty", "--keep-redundant-commits", f"HEAD..{old}")
    repo.git("branch", "-q", "-D", old)


def _topic(pick: Pick, repo: Repo) -> tuple[str, str]:
    """Make a branch with two commits; return the branch before and the new one."""
    old, topic = repo.branch, pick.world.name("topic")
    if old is None:
        raise Unfit
    repo.git("checkout", "-q", "-b", topic)
    for _ in range(2):
        repo.commit(_message(pick), file=pick.world.name("file"), **pick.author())
    return old, topic


@operation()
def merge(pick: Pick) -> None:
    repo = pick.repo()
    old, topic = _topic(pick, repo)
    repo.git("checkout", "-q", old)
    repo.git("merge", "-q", "--no-ff", "-m", f"Merge branch '{topic}'", topic)
    if pick.random() < 0.5:
        repo.git("branch", "-q", "-D", topic)


@operation()
def merge_any_branch(pick: Pick) -> None:
    repo = pick.repo()
    other = pick.some([name for name in repo.branches if name != repo.branch])
    repo.git("merge", "-q", "-s", "ours", "-m", f"Merge {other}", other)


@operation(2)
def squash_merge_by_git(pick: Pick) -> None:
    repo = pick.repo()
    old, topic = _topic(pick, repo)
    repo.git("checkout", "-q", old)
    repo.git("merge", "-q", "--squash", topic)
    repo.git("commit", "-q", "--no-edit", "--allow-empty")
    repo.git("branch", "-q", "-D", topic)


@operation(2)
def squash_merge_by_a_forge(pick: Pick) -> None:
    repo = pick.repo()
    old, topic = _topic(pick, repo)
    subjects = repo.ask("log", "--reverse", "--format=* %s%n", f"{old}..{topic}")
    repo.git("checkout", "-q", old)
    repo.git("merge", "-q", "--squash", topic)
    message = f"{pick.words()} (#{pick.randint(1, 99)})\n\n{subjects}\n"
    repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message)
    repo.git("branch", "-q", "-D", topic)


@operation()
def octopus(pick: Pick) -> None:
    repo = pick.repo()
    old, one = _topic(pick, repo)
    repo.git("checkout", "-q", old)
    _, other = _topic(pick, repo)
    repo.git("checkout", "-q", old)
    repo.git("merge", "-q", "--no-ff", "-m", "Octopus", one, other)
    repo.git("branch", "-q", "-D", one, other)


@operation(2)
def reset(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("reset", "-q", "--hard", f"HEAD~{repo.back(4)}")


@operation()
def reset_to_the_reflog(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("reset", "-q", "--hard", f"HEAD@{{{pick.randint(1, 5)}}}")


@operation()
def branch(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("checkout", "-q", "-b", pick.world.name("branch"), f"HEAD~{repo.back(4)}")


@operation()
def backup(pick: Pick) -> None:
    pick.repo().git("branch", pick.world.name("backup"))


@operation()
def delete_branches(pick: Pick) -> None:
    repo = pick.repo()
    others = [name for name in repo.branches if name != repo.branch]
    repo.git("branch", "-q", "-D", *others) if others else None


@operation(2)
def switch(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("checkout", "-q", pick.some([name for name in repo.branches if name != repo.branch]))


@operation()
def detach(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("checkout", "-q", "--detach")
    repo.commit(_message(pick), file=pick.world.name("file"))


@operation()
def orphan(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("checkout", "-q", "--orphan", pick.world.name("orphan"))
    repo.commit(_message(pick), file=pick.world.name("file"))


@operation()
def remote_branch(pick: Pick) -> None:
    repo = pick.repo()
    name = pick.world.name("refs/remotes/origin/r")
    repo.git("update-ref", name, pick.any_commit(repo))


@operation()
def only_a_tag(pick: Pick) -> None:
    repo = pick.repo()
    back = repo.back(3)
    name = pick.world.name(pick.choice(["refs/tags/t", "refs/jj/keep/k", "refs/stash-of/s"]))
    repo.git("update-ref", name, "HEAD")
    repo.git("reset", "-q", "--hard", f"HEAD~{back}")


@operation()
def worktree(pick: Pick) -> None:
    repo, folder = pick.repo(), pick.world.name("linked")
    repo.git("worktree", "add", "-q", "--detach", f"../{folder}", f"HEAD~{repo.back(3)}")
    pick.world.linked.append((repo, folder))
    message = _message(pick)
    repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message, folder=folder)


@operation()
def commit_in_a_worktree(pick: Pick) -> None:
    repo, folder = pick.some(pick.world.linked)
    message = _message(pick)
    repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message, folder=folder)


@operation()
def worktree_removed(pick: Pick) -> None:
    repo, folder = pick.some(pick.world.linked)
    pick.world.linked.remove((repo, folder))
    repo.git("worktree", "remove", "--force", f"../{folder}")


@operation()
def filter_messages(pick: Pick) -> None:
    _filter(pick, "--msg-filter", pick.choice(["cat; echo; echo Trailer: x", "sed '1s/$/ !/'"]))


@operation()
def filter_authors(pick: Pick) -> None:
    _filter(pick, "--env-filter", "GIT_AUTHOR_EMAIL=new@example.org")


def _filter(pick: Pick, *args: str) -> None:
    repo = pick.repo()
    if repo.branch is None:
        raise Unfit
    env = {"FILTER_BRANCH_SQUELCH_WARNING": "1"}
    repo.git("filter-branch", "-f", *args, repo.branch, **env)
    for ref in repo.ask("for-each-ref", "--format=%(refname)", "refs/original").split():
        repo.git("update-ref", "-d", ref)


@operation()
def gc(pick: Pick) -> None:
    repo = pick.repo()
    repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.git("gc", "-q", "--prune=now")


@operation()
def pack_refs(pick: Pick) -> None:
    pick.repo().git("pack-refs", "--all")


@operation()
def fresh_clone(pick: Pick) -> None:
    repo = pick.repo()
    if any(one is repo for one, _ in pick.world.linked) or repo.branch is None:
        raise Unfit
    old = pick.world.name("old")
    logs = [log for log in pick.world.logs if log.startswith(f"{repo.name}/")]
    copies = "".join(f" && cp {old}/{log.split('/')[1]} {log}" for log in logs)
    pick.world.shell(
        f'mv {repo.name} {old} && git clone -q "file://$PWD/{old}" {repo.name}{copies}'
    )


@operation(0.5)
def fork(pick: Pick) -> None:
    repo = pick.repo()
    if len(pick.world.repos) > 3:
        raise Unfit
    name = pick.world.name("fork")
    pick.world.shell(f'git clone -q "file://$PWD/{repo.name}" {name}')
    pick.world.add_repo(name)


@operation(0.5)
def fork_forgotten(pick: Pick) -> None:
    forks = [repo for repo in pick.world.repos if repo.name.startswith("fork")]
    repo = pick.some(forks)
    if any(one is repo for one, _ in pick.world.linked):
        raise Unfit
    pick.world.repos.remove(repo)
    pick.world.script.append(f"# {repo.name} is registered no more")
