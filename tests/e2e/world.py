"""A log, repositories, and an Emacs with explog that is told of them: what a user works in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .emacs import Emacs
from .home import explog_init, lisp
from .repository import Repository

#: The init.el of an Emacs whose logs and repositories a `World` names later.
INIT = explog_init([], [])

#: The steps of experiment 201 in `LOG`.
STEPS = {1: "Test XYZ without ABC", 2: "Test XYZ with ABC", 3: "Test both"}

LOG = """\
* TODO [201] ABC in XYZ model [0%]   :@work:exp:
  :PROPERTIES:
  :ID:       201
  :END:
  [2018-06-06 Wed 16:16]

- Test if adding ABC to XYZ improves results.

** Notes

** TODO Experiments [0/3]
1. [ ] Test XYZ without ABC
2. [ ] Test XYZ with ABC
3. [ ] Test both

** TODO Conclusions

* INPROGRESS [202] Deeper XYZ model [0%]   :@work:exp:
  :PROPERTIES:
  :ID:       202
  :END:

** TODO Experiments [0/1]
1. [ ] Train it
"""

#: Asks the server for its status; nil if there is no server to ask.
_ASK = """
(progn
  (setq e2e-status 'asked)
  (when (explog-server-ready-p)
    (explog-server-call "status" nil :success (lambda (status) (setq e2e-status status))
                        :error (lambda (_) (setq e2e-status nil)))
    t))
"""


class World:
    """EMACS watching a log and a repository in FOLDER, and what can be said of them."""

    def __init__(self, emacs: Emacs, folder: Path, text: str = LOG) -> None:
        """Make the log, of TEXT, and the repository, and wait until they are served."""
        self.emacs = emacs
        self.folder = folder
        self.log = folder / "log.org"
        self.log.write_text(text, encoding="utf-8")
        self.repository = Repository(folder / "project")
        self.watch([self.log], [self.repository.path])

    # The server

    def watch(self, logs: Iterable[Path], repositories: Iterable[Path], depth: int = 0) -> None:
        """Set the options, as a user does who customizes them, and wait until they are served.

        With a DEPTH, each of REPOSITORIES is a folder with one of them.
        """
        logs, repositories = list(logs), list(repositories)
        before = self.status("index")
        folders = " ".join(f"({lisp(folder)} . {depth})" for folder in repositories)
        self.emacs.eval(
            '(progn (message "---") (setq e2e-said (with-current-buffer "*Messages*" '
            "(copy-marker (point-max)))"
            f" explog-logs '{lisp(logs)} explog-repositories '({folders})))"
        )
        self.emacs.wait_until(lambda: self.status("index") not in ("nil", before), what="a server")
        self.wait_counts(repositories=len(repositories), logs=len(logs))

    def status(self, key: str) -> str:
        """Return what the server says of itself under KEY; nil without a server."""
        if not self.emacs.true(_ASK):
            return "nil"
        self.emacs.wait_until(
            lambda: self.emacs.true("(listp e2e-status)"), what="the status of the server"
        )
        return self.emacs.eval(f"(plist-get e2e-status :{key})")

    def wait_counts(self, **counts: int) -> None:
        """Wait until the server has indexed as many of each as COUNTS says."""

        def counted() -> bool:
            found = self.status("counts")
            return all(f":{name} {number}" in found for name, number in counts.items())

        self.emacs.wait_until(counted, what=f"an index of {counts}")

    # The log

    def lines(self, log: Path | None = None) -> list[str]:
        """Return the lines of the log on disk, or of another one."""
        return (log or self.log).read_text(encoding="utf-8").splitlines()

    def expect(
        self, step: int, commit: str | None, *, ticked: bool = False, cookie: str = ""
    ) -> str:
        """Wait until STEP of 201 bears COMMIT in the file, and see that all that goes with it is so.

        TICKED is its box, and COOKIE, if given, what the heading above counts. Return the line.
        """
        line = self.line(step, commit, ticked=ticked)
        self.wait_line(line)
        if commit is not None:
            self.said(f"e201.{step} ← {self.short(commit)} ({self.repository.path.name})")
        if cookie:
            assert f"** TODO Experiments {cookie}" in self.lines()
        self.same_in_buffer()
        return line

    def line(self, step: int, commit: str | None, *, ticked: bool = False) -> str:
        """Return the line of STEP of 201 when it bears COMMIT."""
        end = f" ({self.short(commit)})" if commit else ""
        return f"{step}. [{'X' if ticked else ' '}] {STEPS[step]}{end}"

    def short(self, commit: str) -> str:
        """Return COMMIT as it stands on a step."""
        return commit[:7]

    def wait_line(self, line: str, log: Path | None = None) -> None:
        """Wait until LINE is in the log on disk, or in another one."""
        self.emacs.wait_until(
            lambda: line in self.lines(log),
            what=f"{line!r} in the log, which has\n" + "\n".join(self.lines(log)),
        )

    def same_in_buffer(self) -> None:
        """See that the buffer that visits the log, if there is one, is as the file is."""
        visited = f"(find-buffer-visiting {lisp(self.log)})"
        self.emacs.wait_until(
            lambda: not self.emacs.true(f"(and {visited} (buffer-modified-p {visited}))"),
            what="the log to be saved",
        )
        if self.emacs.true(visited):
            assert self.buffer() == self.log.read_text(encoding="utf-8")
            assert self.emacs.true(f"(verify-visited-file-modtime {visited})")

    def buffer(self) -> str:
        """Return the text of the buffer that visits the log."""
        return self.emacs.buffer_text(self.log)

    def visit(self) -> None:
        """Visit the log."""
        self.emacs.find_file(self.log)
        self.emacs.settle()

    # The echo area

    def messages(self) -> str:
        """Return what the echo area has shown since the options were set."""
        return self.emacs.string(
            '(with-current-buffer "*Messages*" (buffer-substring e2e-said (point-max)))'
        )

    def said(self, text: str | re.Pattern[str], times: int = 1) -> None:
        """Wait until explog has said TEXT, so often and no more."""
        plain = re.escape(text) if isinstance(text, str) else text.pattern
        pattern = re.compile(f"^explog: .*{plain}.*$", re.MULTILINE)
        self.emacs.wait_until(
            lambda: len(pattern.findall(self.messages())) >= times, what=f"explog to say {plain}"
        )
        assert len(pattern.findall(self.messages())) == times, self.messages()

    # Afterwards

    def wait_settled(self) -> None:
        """Wait until the server has nothing more to do."""
        self.emacs.wait_until(lambda: self.status("pending") == "0", what="nothing to be pending")

    def prove(self, step: int = 3) -> None:
        """Commit results in a shell, and see that they land: everything before is done with."""
        self.expect(step, self.repository.commit(f"[e201.{step}] Results"), ticked=True)

    def forget(self) -> None:
        """Kill the buffers of this world, changed or not, and have its files watched no more.

        They are going to be removed, which the server would tell the user of.
        """
        empty = self.emacs.home / "empty.org"
        empty.touch()
        self.emacs.eval(f"(setq explog-logs '{lisp([empty])} explog-repositories nil)")
        self.emacs.eval(
            "(dolist (buffer (buffer-list)) (with-current-buffer buffer"
            f" (when (and buffer-file-name (string-prefix-p {lisp(self.folder)} buffer-file-name))"
            " (set-buffer-modified-p nil) (kill-buffer buffer))))"
        )
