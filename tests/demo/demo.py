"""The demo: make a small world, bring its log true to git, and open an Emacs on it.

Nothing outside the demo's own folder is touched, and nothing of the user's own git or Emacs is
read but a magit that is installed: HOME and the XDG folders lie in the demo.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
EMACS = os.environ.get("EMACS") or "emacs"
ON_TERMINAL = (
    sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
)

CONFIG = """\
logs = ["{folder}/experiment_log.org"]
repositories = [{{path = "{folder}/repositories", depth = 1}}]
"""


class DemoError(Exception):
    """What went wrong, in words for who runs the demo."""


class World:
    """The folder of the demo, and how programs are run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "experiment_log.org"
        self.config = folder / "home" / "config" / "explog" / "config.toml"
        self.environment = environment(folder)
        self._day = 4

    def run(self, *command: str, cwd: Path | None = None, **more: str) -> str:
        """Run COMMAND and return what it prints; raise DemoError with its words if it fails."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=False,
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise DemoError(f"{' '.join(command[:4])} … failed (exit {done.returncode}):\n{words}")
        return done.stdout

    def show(self, *command: str) -> None:
        """Run COMMAND in front of the user, as she would type it."""
        print(f"$ {' '.join(command)}", flush=True)
        done = subprocess.run(command, cwd=self.folder, env=self.environment, check=False)
        if done.returncode:
            raise DemoError(f"{' '.join(command)} failed (exit {done.returncode})")
        print(flush=True)

    def commit(self, name: str, file: str, message: str, *options: str) -> str:
        """Commit a new line of FILE to the repository NAME, a day later; return the short hash."""
        repository = self.folder / "repositories" / name
        with (repository / file).open("a", encoding="utf-8") as stream:
            stream.write(f"# {message.splitlines()[0]}\n")
        self._day += 1
        date = f"2018-06-{self._day:02}T01:56:44+0530"
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        self.run("git", "add", file, cwd=repository)
        self.run("git", "commit", "--quiet", "-m", message, *options, cwd=repository, **dates)
        return self.run("git", "rev-parse", "--short=7", "HEAD", cwd=repository).strip()


def environment(folder: Path) -> dict[str, str]:
    """Return the user's environment with a home in FOLDER and nothing that reaches the real one."""
    user_packages = [Path.home() / ".emacs.d/elpa", Path.home() / ".config/emacs/elpa"]
    ours = {
        "HOME": str(folder / "home"),
        "EXPLOG_TEST_HOME": str(folder / "home"),
        "EXPLOG_DEMO": str(folder),
        "EXPLOG_ELPA": os.environ.get("EXPLOG_ELPA", os.pathsep.join(map(str, user_packages))),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Ada Demo" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    for name in ("config", "cache", "data", "state", "runtime"):
        path = folder / "home" / name
        path.mkdir(parents=True, mode=0o700)
        ours[f"XDG_{name.upper()}_{'DIR' if name == 'runtime' else 'HOME'}"] = str(path)
    theirs = ("GIT_", "EMACS", "PYTHON", "XDG_", "EXPLOG_")
    return {n: v for n, v in os.environ.items() if not n.startswith(theirs)} | ours


def make_folder() -> Path:
    """Return a new folder, or the one that EXPLOG_DEMO names if it is empty."""
    named = os.environ.get("EXPLOG_DEMO")
    if not named:
        return Path(tempfile.mkdtemp(prefix="explog-demo-")).resolve()
    folder = Path(named).expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoError(f"EXPLOG_DEMO: {folder} is not empty; name a new folder")
    return folder


def make_world(world: World) -> None:
    """Make two repositories, and a log that nobody has kept up to date with them."""
    for name in ("data", "model"):
        world.run("git", "init", "--quiet", "-b", "main", f"repositories/{name}")
    stale = world.commit("data", "labels.csv", "[e200.1] Results- labels cleaned")
    world.commit("data", "labels.csv", "[e200.1] Results- labels cleaned twice", "--amend")
    world.commit("model", "train.py", "Add the XYZ model")
    world.commit("model", "results.txt", "[e200.2] Results- XYZ as it is")
    world.commit(
        "model",
        "results.txt",
        "[e201.1] Results- XYZ without ABC\n\nRe trained the model XYZ with a modified data\n"
        "pipeline for [e201]. The changes to the pipeline\nhaven't made much of a difference.",
    )
    world.commit("model", "train.py", "[e201.2] Add ABC to XYZ")
    log = (HERE / "experiment_log.org").read_text(encoding="utf-8")
    world.log.write_text(log.format(stale=stale), encoding="utf-8")
    world.config.parent.mkdir()
    world.config.write_text(CONFIG.format(folder=world.folder), encoding="utf-8")


def open_emacs(world: World) -> None:
    """Run an Emacs that goes on with the story: for the user to play in, or by itself."""
    command = [EMACS, "-nw" if ON_TERMINAL else "--batch", "-Q", "-l", str(HERE / "init.el")]
    stdin = None if ON_TERMINAL else subprocess.DEVNULL
    done = subprocess.run(
        command, cwd=world.folder, env=world.environment, stdin=stdin, check=False
    )
    if done.returncode:
        raise DemoError(f"{' '.join(command)} failed (exit {done.returncode})")


def wait_for_reader(seconds: int) -> None:
    """Leave the reader some SECONDS before Emacs covers the screen; Enter shortens them."""
    print(f"Emacs opens on this log in {seconds} seconds; Enter opens it now. ", end="", flush=True)
    if select.select([sys.stdin], [], [], seconds)[0]:
        sys.stdin.readline()
    else:
        print()


def main() -> int:
    """Run the demo; return the exit status."""
    try:
        world = World(make_folder())
        print(f"A log and two repositories, made in {world.folder}\n", flush=True)
        make_world(world)
        world.show("explog", "index")
        world.show("explog", "backfill", "--write")
        if ON_TERMINAL:
            wait_for_reader(15)
        open_emacs(world)
    except (DemoError, OSError, subprocess.SubprocessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nAll of it is in {world.folder}: look around, then delete it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
