"""Make the pictures of the README: real screens of a real Emacs (`make pictures`)."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta

from pyte.screens import Char

from . import steps
from .emacs import Emacs
from .home import CHECKOUT, explog_init, lisp
from .repository import Repository
from .svg import draw

FOLDER = CHECKOUT / "docs" / "pictures"
SIZE = (96, 26)

#: The day on which all pictures are taken, so that ages and hashes are the same in each run.
TODAY = datetime.fromisoformat("2018-06-08T10:00:00+00:00")

LOG = """\
#+TITLE: Experiment log
#+TODO: TODO INPROGRESS(i) WAIT(w) | DONE(d) CANCELED(c)

* DONE [200] Baseline of the XYZ model [100%]   :@work:exp:
** DONE Experiments [2/2]
1. [X] Clean the labels
2. [X] Train XYZ
** DONE Conclusions
- 71.4 % on the test set. That is the number to beat.

* INPROGRESS [201] ABC in XYZ model [0%]   :@work:exp:
  [2018-06-06 Wed 16:16]
- Test if adding ABC to XYZ improves results.
** Notes
** TODO Experiments [0/3]
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Both, with the modified pipeline
** TODO Conclusions

* INPROGRESS [202] Smaller batches for XYZ [0%]   :@work:exp:
** TODO Experiments [0/2]
1. [ ] Batches of 32
2. [ ] Batches of 8

* TODO [203] XYZ on the new data [0%]   :@work:exp:
** TODO Experiments [0/1]
1. [ ] Train XYZ on it
"""

#: Before explog is loaded: an Emacs as in a tutorial, and a home that pictures can show.
OPTIONS = """
(menu-bar-mode -1)
(setq frame-background-mode 'light
      org-startup-folded nil
      org-agenda-window-setup 'current-window
      org-agenda-tags-column -94
      inhibit-startup-echo-area-message t
      magit-save-repository-buffers nil
      magit-commit-show-diff nil
      suggest-key-bindings nil
      extended-command-suggest-shorter nil
      explog-search-use-consult nil)
(global-set-key (kbd "C-c a") 'org-agenda)
(with-eval-after-load 'org (setq org-adapt-indentation nil))
"""


#: What a training run has written, with a reference to an experiment that there is not.
TRAINING = """\
09:31:02 run 31 for [e201.2], seed 7
09:31:40 epoch 1  loss 0.412  accuracy 0.688
09:35:12 epoch 2  loss 0.371  accuracy 0.719
09:38:50 epoch 3  loss 0.352  accuracy 0.733
09:38:51 compare with [e200.2] and [e211]
"""

#: Has Emacs believe that it is another day, where it says how long ago something was.
CLOCK = """
(let ((today {today}))
  (advice-add 'float-time :filter-args (lambda (args) (or args (list today))))
  (advice-add 'decode-time :filter-args (lambda (args) (or args (list today)))))
"""


class Stage:
    """An Emacs with a log and two repositories, to take pictures of."""

    def __init__(self) -> None:
        init = explog_init([], [], OPTIONS)
        self.emacs = Emacs(f"{init}\n(require 'magit)\n(require 'org-agenda)", size=SIZE)
        folder = self.emacs.home / "research"
        folder.mkdir()
        self.log = folder / "experiment_log.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.model = Repository(folder / "model")
        self.data = Repository(folder / "data")
        self.data.commit("[e200.1] Results- labels cleaned", date=_before(days=9))
        self.model.commit("[e200.2] Results- 71.4 %", date=_before(days=8))
        self.model.commit("[e202.1] Results- 71.0 %, slower", date=_before(days=2))
        self.model.commit("Plot the modified pipeline", date=_before(days=1))
        folders = f"(({lisp(folder)} . 1))"
        self.emacs.eval(f"(setq explog-logs '{lisp([self.log])} explog-repositories '{folders})")
        self.emacs.wait_until(
            lambda: (
                self.emacs.true("(explog-server-ready-p)")
                and ":commits 6" in self.emacs.eval("(explog-server-call-sync 'status nil)")
            ),
            what="an index",
        )
        self.emacs.eval(CLOCK.format(today=int(TODAY.timestamp())))

    def show_log(self, text: str) -> None:
        """Show the log alone, with point at the first TEXT."""
        self.emacs.eval(f"(progn (find-file {lisp(self.log)}) (delete-other-windows))")
        steps.search(self.emacs, text)
        self.emacs.eval("(message nil)")

    def show_history(self) -> None:
        """Show the commits of the model in the selected window."""
        self.emacs.eval(
            f"(let ((default-directory {lisp(self.model.path)}) (magit-display-buffer-function"
            " (lambda (buffer) (switch-to-buffer buffer) (selected-window))))"
            ' (magit-log-head \'("-n8" "--graph" "--decorate") nil))'
        )

    # The scenes, in the order in which they are played

    def backfill(self) -> None:
        """What an old log lacks, before it is written."""
        emacs = self.emacs
        self.show_log("Baseline")
        emacs.command("explog-backfill")
        emacs.wait_for("+2. [X] Train XYZ")
        emacs.eval("(delete-other-windows)")
        emacs.settle()

    def completion(self) -> None:
        """The steps that a commit may be for, while its message is written."""
        emacs = self.emacs
        self._write_plan()
        self.model.edit()
        self.model.run("add", "--all")
        emacs.eval(f"(magit-status-setup-buffer {lisp(self.model.path)})")
        emacs.settle()
        emacs.keys("c c")
        steps.wait_editor(emacs)
        emacs.wait_until(
            lambda: emacs.true("""(not (memq (explog-cache-get "201") '(nil unknown)))"""),
            what="what is known of experiments",
        )
        emacs.eval("(delete-other-windows)")
        emacs.type("[e20")
        emacs.keys("C-M-i")
        emacs.wait_for("[e201.1]  [ ]")
        emacs.settle()

    def _write_plan(self) -> None:
        """Have all of the backfill written."""
        self.emacs.keys("x")
        self.emacs.wait_until(lambda: "Make" in self.emacs.prompt(), what="the question")
        self.emacs.keys("y")
        self.emacs.wait_until(
            lambda: "1. [X] Batches of 32 (" in self.log.read_text(encoding="utf-8"), what="hashes"
        )

    def commit(self) -> None:
        """A commit, and the log above it that has its hash."""
        emacs = self.emacs
        emacs.keys("C-x h C-w C-c C-k")
        steps.wait_idle(emacs)
        self.show_log("Test XYZ without")
        self.model.commit("[e201.1] Results- 72.9 % without ABC", date=_before(minutes=1))
        emacs.wait_until(lambda: "[1/3]" in self.log.read_text(encoding="utf-8"), what="a hash")
        emacs.eval("(select-window (split-window-below 18))")
        self.show_history()
        emacs.eval("(other-window 1)")
        emacs.keys("C-l")
        emacs.settle()

    def reference(self) -> None:
        """What references in the log of a repository and of a training run stand for."""
        emacs = self.emacs
        training = self.log.with_name("train.log")
        training.write_text(TRAINING, encoding="utf-8")
        emacs.eval(
            f"(progn (global-explog-ref-mode 1) (delete-other-windows) (find-file {lisp(training)})"
            " (split-window-below 8))"
        )
        self.show_history()
        steps.search(emacs, "[e202")
        emacs.keys("C-b")
        emacs.wait_for("Smaller batches for XYZ · 1 Batches of 32")

    def agenda(self) -> None:
        """All experiments, with progress and days since the last commit."""
        self.emacs.keys("C-c a c a")
        steps.wait_mode(self.emacs, "org-agenda-mode")
        self.emacs.eval("(delete-other-windows)")
        self.emacs.settle()

    def dispatch(self) -> None:
        """The menu of all commands, on a step."""
        self.show_log("Test XYZ with ABC")
        self.emacs.keys("C-u 0 C-l")
        self.emacs.command("explog-dispatch")
        self.emacs.wait_for("turn explog-mode off")

    def search(self) -> None:
        """A search, as it is being typed."""
        self.emacs.quit()
        self.show_log("Notes")
        self.emacs.command("explog-search")
        self.emacs.wait_until(lambda: "earch" in self.emacs.prompt(), what="a prompt")
        self.emacs.type("pipelin")
        self.emacs.wait_for(re.compile("step +e201.3"))

    def check(self) -> None:
        """What is wrong in the logs, and what would mend one of it."""
        emacs = self.emacs
        emacs.quit()
        for box, sign in (("[X] Batches of 32", "SPC"), ("[ ] Train XYZ on it", "X")):
            self.show_log(box)
            emacs.keys(f"C-a C-f C-f C-f C-f C-d {sign} C-x C-s")
        self.model.commit("[e201.9] Results- 73.0 % with ABC", date=_before(minutes=1))
        emacs.wait_for("explog:1!")
        emacs.command("explog-check")
        emacs.wait_for("No such step (1)")
        emacs.eval("(delete-other-windows)")
        steps.search(emacs, "→ e202.1")
        emacs.keys("m")
        emacs.wait_for("+1. [X]")
        emacs.eval("(message nil)")

    def results(self) -> None:
        """What the steps of two experiments gave, from their commits."""
        emacs = self.emacs
        emacs.quit()
        for step, said, ago in (
            ("201.2", "acc=73.4 loss=0.352", 50),
            ("201.3", "acc=74.0 loss=0.341", 40),
        ):
            self.model.commit(f"[e{step}] Results- {said}", date=_before(minutes=ago))
        self.model.commit("[e202.2] Results- acc=70.1 loss=0.377", date=_before(minutes=30))
        emacs.eval('(explog-results "e201 OR e202")')
        emacs.wait_for("74.0")
        emacs.eval("(progn (delete-other-windows) (message nil))")

    def report(self) -> None:
        """The report of a week, as an org buffer."""
        emacs = self.emacs
        emacs.eval('(explog-report "2018-06-04..2018-06-10")')
        emacs.wait_for("Results")
        emacs.eval("(progn (delete-other-windows) (message nil))")

    def still(self) -> None:
        """Wait until nothing has moved on the screen for some looks."""
        seen: list[str] = []

        def unmoved() -> bool:
            seen.append(self.emacs.screen())
            return len(seen) > 20 and len(set(seen[-20:])) == 1

        self.emacs.wait_until(unmoved, what="a screen that does not move")

    def picture(self, name: str, title: str) -> None:
        """Write what the screen shows now as the picture NAME, with a TITLE."""
        cells = _without_gaps(self.emacs.cells())
        (FOLDER / f"{name}.svg").write_text(draw(cells, title), encoding="utf-8")


def _without_gaps(rows: list[list[Char]]) -> list[list[Char]]:
    """Return ROWS with one empty row in the place of several."""
    blank = [all(cell.data == " " and not cell.reverse for cell in row) for row in rows]
    return [row for n, row in enumerate(rows) if not (blank[n] and n and blank[n - 1])]


def _before(**ago: float) -> datetime:
    """Return the time that is so long before `TODAY`."""
    return TODAY - timedelta(**ago)


def main() -> None:
    """Make all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stage = Stage()
    scenes = (
        stage.backfill,
        stage.completion,
        stage.commit,
        stage.reference,
        stage.agenda,
        stage.dispatch,
        stage.search,
        stage.results,
        stage.report,
        stage.check,
    )
    try:
        for scene in scenes:
            scene()
            stage.still()
            stage.picture(scene.__name__, (scene.__doc__ or "").rstrip("."))
            print(stage.emacs.screen() if "-v" in sys.argv else scene.__name__)
    finally:
        stage.emacs.close()


if __name__ == "__main__":
    main()
