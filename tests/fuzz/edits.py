"""Operations on the log: what a person and org do to its text."""

import re
from collections.abc import Callable

from fuzz.kinds import Pick, operation
from fuzz.logtext import HASH, Entry, Item, read_log
from fuzz.world import Unfit

LOG = "log.org"


def _lines(pick: Pick) -> list[str]:
    return pick.world.read(LOG).split("\n")


def _save(pick: Pick, lines: list[str], *, repaired: bool = False) -> None:
    text = "\n".join(lines)
    pick.world.write(LOG, _repair(text) if repaired else text)


def _repair(text: str) -> str:
    """Number the steps anew, as org does."""
    lines = text.split("\n")
    for entry in read_log(text):
        counts: dict[int, int] = {}
        for item in entry.items:
            key = id(item.parent)
            counter = re.match(r" *\d+[.)] \[@(\d+)\]", lines[item.line])
            counts[key] = int(counter[1]) if counter else counts.get(key, 0) + 1
            lines[item.line] = re.sub(r"^( *)\d+", rf"\g<1>{counts[key]}", lines[item.line])
    return "\n".join(lines)


def _ends(item: Item, lines: list[str]) -> int:
    """Return the line after ITEM and all that belongs to it."""
    at = item.line + 1
    while at < len(lines) and re.match(rf" {{{item.indent + 1},}}\S", lines[at]):
        at += 1
    return at


def _top(pick: Pick) -> Item:
    return pick.some([item for item in pick.world.steps if item.indent == 0])


def _change(pick: Pick, item: Item, change: Callable[[str], str], line: int | None = None) -> None:
    lines = _lines(pick)
    at = item.line if line is None else line
    lines[at] = change(lines[at])
    _save(pick, lines)


def _entry_of(pick: Pick, item: Item) -> Entry:
    return next(entry for entry in pick.world.entries if entry.line < item.line < entry.end)


# The list


@operation(2)
def insert_step(pick: Pick) -> None:
    item, lines = _top(pick), _lines(pick)
    close = re.match(r"\d+([.)])", lines[item.line])
    assert close
    lines.insert(item.line, f"1{close[1]} [ ] {pick.words()}")
    _save(pick, lines, repaired=True)


@operation()
def append_step(pick: Pick) -> None:
    item, lines = _entry_of(pick, _top(pick)).items[-1], _lines(pick)
    while item.parent:
        item = item.parent
    close = re.match(r"\d+([.)])", lines[item.line])
    assert close
    lines.insert(_ends(item, lines), f"{int(item.number) + 1}{close[1]} [ ] {pick.words()}")
    _save(pick, lines)


@operation()
def delete_step(pick: Pick) -> None:
    item, lines = _top(pick), _lines(pick)
    if len(_entry_of(pick, item).items) < 3:
        raise Unfit
    del lines[item.line : _ends(item, lines)]
    _save(pick, lines, repaired=True)


@operation()
def delete_step_unrepaired(pick: Pick) -> None:
    item, lines = _entry_of(pick, _top(pick)).items[-1], _lines(pick)
    if item.indent or item.number == "1":
        raise Unfit
    del lines[item.line : _ends(item, lines)]
    _save(pick, lines)


@operation(2)
def move_step_down(pick: Pick) -> None:
    entry, lines = _entry_of(pick, _top(pick)), _lines(pick)
    top = [item for item in entry.items if item.indent == 0]
    at = pick.randrange(len(top))
    if at + 1 == len(top):
        raise Unfit
    one, other = top[at], top[at + 1]
    end = _ends(other, lines)
    lines[one.line : end] = lines[other.line : end] + lines[one.line : other.line]
    _save(pick, lines, repaired=True)


@operation()
def demote_step(pick: Pick) -> None:
    entry, lines = _entry_of(pick, _top(pick)), _lines(pick)
    top = [item for item in entry.items if item.indent == 0]
    if len(top) < 3:
        raise Unfit
    item = pick.choice(top[1:])
    if lines[item.line - 1].startswith("   - "):  # org would make bullets of the two
        raise Unfit
    for at in range(item.line, _ends(item, lines)):
        lines[at] = "   " + lines[at]
    _save(pick, lines, repaired=True)


@operation()
def duplicate_number(pick: Pick) -> None:
    item, lines = _top(pick), _lines(pick)
    bullet = re.match(r"\d+[.)]", lines[item.line])
    assert bullet
    lines.insert(item.line, f"{bullet[0]} [ ] {pick.words()}")
    _save(pick, lines)


@operation()
def repair_list(pick: Pick) -> None:
    _save(pick, _lines(pick), repaired=True)


@operation()
def counter(pick: Pick) -> None:
    entry, lines = _entry_of(pick, _top(pick)), _lines(pick)
    item = pick.choice([item for item in entry.items if item.indent == 0])
    if "[@" in lines[item.line]:
        lines[item.line] = re.sub(r" \[@\d+\]", "", lines[item.line])
    else:
        number = int(item.number) + pick.randint(0, 3)
        lines[item.line] = re.sub(r"^(\d+[.)])", rf"\1 [@{number}]", lines[item.line])
    _save(pick, lines, repaired=True)


@operation()
def counter_of_one(pick: Pick) -> None:
    """A counter on a first item that is still written 1, the others numbered as one reads them."""
    entry, lines = _entry_of(pick, _top(pick)), _lines(pick)
    first = entry.items[0]
    if "[@" in lines[first.line] or any("[@" in lines[item.line] for item in entry.items):
        raise Unfit
    lines[first.line] = re.sub(r"^(\d+[.)])", r"\1 [@3]", lines[first.line])
    lines = _repair("\n".join(lines)).split("\n")
    lines[first.line] = re.sub(r"^\d+", "1", lines[first.line])
    _save(pick, lines)


@operation()
def new_experiment(pick: Pick) -> None:
    ids = [entry.id for entry in pick.world.entries]
    new = next(str(number) for number in range(203, 300) if str(number) not in ids)
    if len(ids) > 4:
        raise Unfit
    lines = _lines(pick)
    at = pick.world.entries[-1].end
    lines[at:at] = [f"* TODO [{new}] One more :exp:", "** Experiments [0/2]"]
    lines[at + 2 : at + 2] = ["1. [ ] first", "2. [ ] second"]
    _save(pick, lines)


@operation()
def archive_entry(pick: Pick) -> None:
    entry, lines = pick.world.entries[-1], _lines(pick)
    if len(pick.world.entries) < 3:
        raise Unfit
    gone = lines[entry.line : entry.end]
    del lines[entry.line : entry.end]
    pick.world.write(f"{LOG}_archive", "\n".join([*gone, ""]))
    pick.world.archived.add(entry.id)
    _save(pick, lines)


@operation()
def archive_tag(pick: Pick) -> None:
    entry = pick.some(pick.world.entries)
    lines = _lines(pick)
    lines[entry.line] = lines[entry.line].replace(":exp:", ":exp:ARCHIVE:")
    if lines[entry.line].count("ARCHIVE") > 1:
        raise Unfit
    _save(pick, lines)


@operation()
def state_note(pick: Pick) -> None:
    """A state note of org right above the list, where it puts one without a drawer."""
    entry = pick.some([entry for entry in pick.world.entries if entry.items])
    lines = _lines(pick)
    note = '- State "DONE"       from "INPROGRESS" [2024-01-01 Mon 10:00]'
    lines.insert(entry.list_line + 1, note)
    _save(pick, lines)


@operation()
def drawer(pick: Pick) -> None:
    entry = pick.some([entry for entry in pick.world.entries if entry.items])
    lines = _lines(pick)
    note = "CLOCK: [2024-01-01 Mon 10:00]--[2024-01-01 Mon 11:00] =>  1:00"
    lines[entry.list_line + 1 : entry.list_line + 1] = [":LOGBOOK:", note, ":END:"]
    if lines.count(":LOGBOOK:") > 3:
        raise Unfit
    _save(pick, lines)


@operation()
def note_below_a_step(pick: Pick) -> None:
    item, lines = _top(pick), _lines(pick)
    if item.children:
        raise Unfit
    lines.insert(item.last + 1, f"   - {pick.words()} (1234abc)")
    _save(pick, lines)


@operation()
def rename_step(pick: Pick) -> None:
    item = pick.item()
    word = pick.words().replace("[", "")
    _change(pick, item, lambda line: re.sub(r"(\[[ xX-]\]) ", rf"\1 {word} ", line, count=1))


@operation(0.5)
def second_log(pick: Pick) -> None:
    """A log in a repository, with an experiment that the first log has, too."""
    repo = pick.repo()
    name = f"{repo.name}/notes.org"
    if len(pick.world.logs) > 1:
        raise Unfit
    entry = pick.some(pick.world.entries)
    pick.world.write(
        name,
        f"* TODO [{entry.id}] The same number :exp:\n** Experiments [0/2]\n1. [ ] x\n2. [ ] y\n",
    )
    pick.world.logs.append(name)


@operation()
def second_log_forgotten(pick: Pick) -> None:
    if len(pick.world.logs) < 2:
        raise Unfit
    pick.world.script.append(f"# {pick.world.logs.pop()} is a log no more")


# Boxes


@operation()
def tick(pick: Pick) -> None:
    mark = pick.choice(["X", "X", "x", "-"])
    _change(pick, pick.item(), lambda line: line.replace("[ ]", f"[{mark}]", 1))


@operation()
def untick(pick: Pick) -> None:
    _change(pick, pick.item(), lambda line: re.sub(r"\[[xX-]\]", "[ ]", line, count=1))


# Hashes


def _put(pick: Pick, item: Item, digits: str, form: str = "({})") -> None:
    """Put DIGITS on ITEM, in the place of the hash that stands there."""

    def change(line: str) -> str:
        return HASH.sub("", line).rstrip() + " " + form.format(digits)

    _change(pick, item, change, item.last)


@operation(2)
def hash_by_hand(pick: Pick) -> None:
    oid = pick.any_commit(pick.repo())
    _put(pick, pick.item(), oid[: pick.choice([7, 7, 8, 10, 40])])


@operation()
def hash_by_hand_of_another_step(pick: Pick) -> None:
    history, repo = pick.judge.history, pick.repo()
    pick.judge.history.read([repo.path])
    oids = repo.ask("rev-list", "--branches", "HEAD").split()
    oid = pick.some([oid for oid in oids if history.commits[oid].claims])
    _put(pick, pick.item(), oid[: pick.choice([7, 8])])


@operation(2)
def hash_by_hand_without_reference(pick: Pick) -> None:
    history, repo = pick.judge.history, pick.repo()
    pick.judge.history.read([repo.path])
    oids = repo.ask("rev-list", "--branches", "HEAD").split()
    oid = pick.some([oid for oid in oids if not history.commits[oid].spoken_of])
    _put(pick, pick.item(), oid[: pick.choice([7, 8])])


@operation()
def hash_by_hand_dead(pick: Pick) -> None:
    repo = pick.repo()
    listed = repo.ask("rev-list", "--reflog").split()
    alive = set(repo.ask("rev-list", "--branches", "HEAD").split())
    _put(pick, pick.item(), pick.some([oid for oid in listed if oid not in alive])[:7])


@operation()
def hash_nobody_knows(pick: Pick) -> None:
    digits = pick.choice(["1a2b3c4", "83d45cd", "decade1", "deadbeef", "1234567", "0a1b2c3d4e"])
    _put(pick, pick.item(), digits)


@operation()
def hash_in_another_form(pick: Pick) -> None:
    oid = pick.any_commit(pick.repo())[:7]
    form, digits = pick.choice([("(={}=)", oid), ("({}, a)", oid), ("({}).", oid)])
    _put(pick, pick.item(), digits, form)


@operation()
def form_of_a_hash_changed(pick: Pick) -> None:
    item = pick.some([item for item in pick.world.steps if item.digits])
    assert item.digits
    form = pick.choice(["(={}=)", "({}, a)", "({}).", "({})"])
    digits = pick.choice([item.digits, item.digits.upper()])
    _put(pick, item, digits, form)


@operation()
def hash_removed(pick: Pick) -> None:
    item = pick.some([item for item in pick.world.steps if item.digits])
    _change(pick, item, lambda line: HASH.sub("", line).rstrip(), item.last)


@operation()
def hash_copied(pick: Pick) -> None:
    item = pick.some([item for item in pick.world.steps if item.digits])
    assert item.digits
    _put(pick, pick.item(), item.digits)


@operation()
def line_ends(pick: Pick) -> None:
    text = pick.world.read(LOG)
    pick.world.write(LOG, text.replace("\r\n", "\n") if "\r\n" in text else text + "\n")


# explog's own index


@operation(2)
def index_deleted(pick: Pick) -> None:
    pick.judge.forget()
