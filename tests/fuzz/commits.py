"""Operations that make commits: what their subjects and bodies say, and when they were made."""

from fuzz.kinds import Pick, operation
from fuzz.world import Unfit


def _commit(pick: Pick, message: str, **env: str) -> str:
    repo = pick.repo()
    return repo.commit(message, file=pick.world.name("file"), **(pick.author() | env))


@operation(3)
def plain(pick: Pick) -> None:
    _commit(pick, f"{pick.reference()} {pick.words()}")


@operation(6)
def results(pick: Pick) -> None:
    _commit(pick, pick.results() + pick.words())


@operation()
def results_without_change(pick: Pick) -> None:
    pick.repo().commit(pick.results() + pick.words())


@operation(2)
def several_results(pick: Pick) -> None:
    between = pick.choice(["", " "])
    _commit(pick, pick.reference() + between + pick.results() + pick.words())


@operation()
def several(pick: Pick) -> None:
    _commit(pick, f"{pick.reference()}{pick.reference()} {pick.words()}")


@operation()
def sub_step(pick: Pick) -> None:
    items = [item for item in pick.world.steps if "." in item.number]
    item = pick.some(items)
    end = pick.choice(["", "Results- "])
    _commit(pick, f"[e{item.experiment}.{item.number}] {end}{pick.words()}")


@operation(2)
def prefixed(pick: Pick) -> None:
    prefix = pick.choice(
        ["feat: ", "fix(model)!: ", "PROJ-12 ", ":sparkles: ", "Merged PR 42: ", "revert: ", "WIP "]
    )
    _commit(pick, prefix + pick.results() + pick.words())


@operation()
def reference_at_the_end(pick: Pick) -> None:
    _commit(pick, f"{pick.words()} for {pick.reference()}")


@operation(2)
def mention(pick: Pick) -> None:
    _commit(pick, f"{pick.words()}\n\nThis prepares {pick.reference()}, and more.")


@operation()
def experiment_only(pick: Pick) -> None:
    _commit(pick, f"[e{pick.item().experiment}] {pick.words()}")


@operation(2)
def no_reference(pick: Pick) -> None:
    _commit(pick, pick.words())


@operation(2)
def body_line(pick: Pick) -> None:
    bullet = pick.choice(["", "- ", "* ", "  * ", "+ "])
    _commit(pick, f"{pick.words()}\n\n{bullet}{pick.reference()} {pick.words()}")


@operation(2)
def body_results(pick: Pick) -> None:
    bullet = pick.choice(["", "- ", "* ", "  * "])
    _commit(pick, f"{pick.words()}\n\n{bullet}{pick.results()}{pick.words()}\n")


@operation()
def body_results_under_subject(pick: Pick) -> None:
    subject = f"{pick.reference()} {pick.words()}"
    _commit(pick, f"{subject}\n\n* {pick.results()}{pick.words()}\n* {pick.results()}more")


@operation()
def body_of_several(pick: Pick) -> None:
    lines = "\n".join(f"* {pick.reference()}{pick.results()}{pick.words()}" for _ in range(3))
    _commit(pick, f"{pick.words()} (#{pick.randint(1, 99)})\n\n{lines}\n\n---------\n")


@operation()
def long_subject(pick: Pick) -> None:
    _commit(pick, f"{pick.words()} and\n{pick.reference()} in the second line\n\nThe body.")


@operation()
def unknown_step(pick: Pick) -> None:
    _commit(pick, f"[e{pick.item().experiment}.{pick.randint(8, 12)}] Results- {pick.words()}")


@operation()
def unknown_experiment(pick: Pick) -> None:
    _commit(pick, f"[e{pick.randint(300, 303)}.1] Results- {pick.words()}")


@operation()
def no_references_at_all(pick: Pick) -> None:
    _commit(pick, f"{pick.words()} [e] [e201.] [ex1] [e2e] \\[e]\n\n[e201.1.]")


# Subjects that only quote another


def _subject(pick: Pick) -> str:
    repo = pick.repo()
    return repo.ask("log", "-1", "--format=%s", pick.any_commit(repo))


@operation()
def fixup_by_hand(pick: Pick) -> None:
    _commit(pick, f"{pick.choice(['fixup', 'squash', 'amend'])}! {pick.results()}{pick.words()}")


@operation()
def fixup_by_git(pick: Pick) -> None:
    repo = pick.repo()
    pick.world.write(f"{repo.name}/{pick.world.name('file')}", pick.words())
    repo.git("add", ".")
    kind = pick.choice(["--fixup=", "--squash=", "--fixup=amend:"])
    repo.git("commit", "-q", kind + pick.any_commit(repo), GIT_EDITOR="true")


@operation()
def revert_by_git(pick: Pick) -> None:
    repo = pick.repo()
    repo.back(1)
    if len(repo.ask("rev-list", "--parents", "-1", "HEAD").split()) > 2:  # a merge
        raise Unfit
    repo.try_or_abort("revert", "--no-edit", "HEAD", GIT_EDITOR="true")


@operation()
def quoting(pick: Pick) -> None:
    quoted = pick.results() + pick.words()
    _commit(
        pick,
        pick.choice(
            [
                f'Revert "{quoted}"',
                f'Reapply "{quoted}"',
                f'Revert^2 "{quoted}"',
                f'Revert "Revert "{quoted}""',
                f"Revert D123: {quoted}",
                f'Merge "{quoted}"',
                f'Merge "{quoted}" into main',
                f'Back out "{quoted}"',
                f'Backed out changeset 1234567: "{quoted}"',
                f"Update base for {quoted}",
                f'Update base for Update on "{quoted}"',
            ]
        ),
    )


# Clocks


@operation()
def same_second(pick: Pick) -> None:
    repo = pick.repo()
    date = f"{pick.world.now + 60} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    for _ in range(2):
        message = pick.choice([pick.results(), ""]) + pick.words()
        repo.commit(message, file=pick.world.name("file"), **env)


@operation()
def same_second_and_step(pick: Pick) -> None:
    repo, begin = pick.repo(), pick.results()
    date = f"{pick.world.now + 60} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    for _ in range(2):
        repo.commit(begin + pick.words(), file=pick.world.name("file"), **env)


@operation(2)
def skewed(pick: Pick) -> None:
    away = pick.choice([3600, 90_000, -3600, -90_000, 400_000_000, -400_000_000])
    dates = dict.fromkeys(_DATES, f"{pick.world.now + away} +0000")
    _commit(pick, pick.results() + pick.words(), **dates)


@operation()
def skewed_author(pick: Pick) -> None:
    away = pick.choice([3600, 90_000, -3600, -90_000, 400_000_000])
    zone = pick.choice(["+0000", "-0930", "+1400"])
    _commit(pick, pick.results() + pick.words(), GIT_AUTHOR_DATE=f"{pick.world.now + away} {zone}")


@operation()
def skewed_committer(pick: Pick) -> None:
    away = pick.choice([3600, 90_000, -3600, -90_000, 400_000_000])
    date = f"{pick.world.now + away} +0000"
    _commit(pick, pick.results() + pick.words(), GIT_COMMITTER_DATE=date)


_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")
