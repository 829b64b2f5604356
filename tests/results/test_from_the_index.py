"""A table of a thousand steps comes from the index alone: `make bench` says how fast."""

from __future__ import annotations

from pathlib import Path

from explog.results.asked import Asked, read_best
from explog.results.find import find_table
from explog.sync.look import sync
from support.logs import Logs

EXPERIMENTS, STEPS = 200, 5


def test_a_thousand_steps(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    repo = logs.repo("proj")
    log, history = [], []
    for number in range(EXPERIMENTS * STEPS):
        ident, step = 1 + number // STEPS, 1 + number % STEPS
        log += [f"* [{ident}] Title :exp:\n** Experiments\n"] if step == 1 else []
        log.append(f"{step}. [ ] Test\n")
        history.append(_commit(number, f"[e{ident}.{step}] Results", f'{{"acc": {number}}}'))
    repo.run("fast-import", "--quiet", stdin="".join(history))
    logs.log("".join(log))
    sync(logs.settings, logs.index)
    asked = Asked(best=read_best("max:acc"))
    text = "after:2000-01-01"
    first = find_table(logs.settings, logs.index, text, asked)  # reads the numbers
    repo.path.rename(tmp_path / "away")
    table = find_table(logs.settings, logs.index, text, asked)
    assert len(table.rows) == EXPERIMENTS * STEPS
    assert table == first
    assert [row.metrics["acc"].text for row in table.rows if row.best] == ["999"]


def _commit(number: int, message: str, metrics: str) -> str:
    return (
        f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number * 60} +0000\n"
        f"data {len(message)}\n{message}\nM 644 inline metrics.json\n"
        f"data {len(metrics)}\n{metrics}\n"
    )
