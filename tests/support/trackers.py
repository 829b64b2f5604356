"""The files of trackers in `tests/data/trackers`, which real libraries made, put where they belong."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from explog.config import Settings
from explog.index.database import Index
from explog.results.asked import Asked
from explog.results.find import find_table
from explog.results.table import Table
from explog.sync.look import sync

from .logs import Logs

DATA = Path(__file__).parents[1] / "data" / "trackers"
LOG = """\
* [201] ABC in XYZ model :exp:
** Experiments
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Write it up
"""
IDENTS = {"201"}


class Tracked:
    """A log with an experiment of three steps, and a repository, beside which a tracker has files."""

    def __init__(self, folder: Path) -> None:
        self.logs = Logs(folder)
        self.logs.log(LOG)
        self.repo = self.logs.repo("proj")
        self.head = self.repo.commit("base", file="base")

    @property
    def top(self) -> Path:
        """The top of the worktree."""
        return self.repo.path

    @property
    def settings(self) -> Settings:
        """The settings of log and repository."""
        return self.logs.settings

    @property
    def index(self) -> Index:
        """The index of both."""
        return self.logs.index

    def table(self, text: str = "201") -> Table:
        """Return the results of the experiment, as a look finds them."""
        assert sync(self.settings, self.index).problems == []
        return find_table(self.settings, self.index, text, Asked())

    def shown(self) -> dict[str, dict[str, str]]:
        """Return the texts of the metrics of each step."""
        rows = self.table().rows
        return {row.result.number: {n: c.text for n, c in row.metrics.items()} for row in rows}


def put_mlruns(folder: Path) -> Path:
    """Put the folder `mlruns` into FOLDER."""
    for path, text in json.loads((DATA / "mlruns.json").read_text("utf-8")).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "mlruns"


def put_database(folder: Path) -> Path:
    """Put the database `mlflow.db` into FOLDER."""
    path = folder / "mlflow.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((DATA / "mlflow.sql").read_text("utf-8"))
    return path


def put_folder(name: str, folder: Path) -> Path:
    """Put the folder NAME, `wandb` or `tb_logs`, into FOLDER."""
    return Path(shutil.copytree(DATA / name, folder / name))
