"""Fixtures for every test: a home of its own, and git repositories to make in it."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.home import HomeGuard
from support.repo import CONFIG, GitRepo

settings.register_profile("explog", deadline=None, print_blob=True)  # CI machines stutter
settings.load_profile("explog")

# Whoever starts the tests in the background, or by nohup, has them ignore these, and all that they
# start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Else each worker, and each explog that a test starts, compiles all of it anew.
sys.dont_write_bytecode = False

_guard = HomeGuard(Path.home())
_UNSET = (
    *("COLUMNS", "FORCE_COLOR", "INSIDE_EMACS", "LINES", "NO_COLOR", "PAGER", "VISUAL"),
    "PYTHONDONTWRITEBYTECODE",
)


# Much of these is to wait for an Emacs or a server.
_WAITING = ("e2e", "elisp", "bench")
# With more, the longest test would last until the end.
_MOST_CORES = 8


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use no workers for a few named files or tests: one process starts sooner and is debugged.

    Else one more than there are cores, as much of a test is to wait for an Emacs or a server.
    """
    if any(".py" in name for name in config.args):
        return 0
    return min(os.cpu_count() or 1, _MOST_CORES) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests for the workers, and keep together those that share an Emacs."""
    modules = {item.path: item.path.parent.name in _WAITING for item in items}
    waiting = [path for path, waits in modules.items() if waits]
    others = [path for path, waits in modules.items() if not waits]
    # Tests that wait lie among tests that compute, so that no core is idle, and all of them begin
    # in the first half, so that no core is left with a long one when the others are done.
    place = {path: 2.0 * number for number, path in enumerate(others)}
    step = len(others) / max(1, len(waiting))
    place |= {path: step * number - 1 for number, path in enumerate(waiting)}
    items.sort(key=lambda item: place[item.path])
    for item in items:
        if "keep_emacs" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long text by its beginning: the name of a test goes into the environment."""
    if isinstance(val, str | bytes) and len(val) > 200:
        return f"{val[:30]!r}..."
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    """See that pytest-xdist has put the groups into the names, which is how it keeps them."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
        assert all("@" in item.nodeid for item in grouped), "workers do not keep groups together"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the link to the folder that pytest removes now, in which two runs get in the way."""
    folder = session.config._tmp_path_factory._basetemp  # type: ignore[attr-defined]
    if folder is not None:
        link = folder.with_name("pytest-current")
        if link.resolve() == folder:
            link.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def native_code(pytestconfig: pytest.Config) -> str:
    """The folders with native code that Emacs reads; this worker's, the first, it writes to.

    An Emacs with a new folder compiles each advised primitive anew, a second of work that is the
    same in every run. Two that write to one folder could delete each other's files.
    """
    assert pytestconfig.cache is not None
    own = pytestconfig.cache.mkdir(f"eln-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    others = sorted(set(own.parent.glob("eln-*")) - {own})
    return os.pathsep.join(map(str, [own, *others]))


@pytest.fixture(scope="session")
def git_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git copies into each new repository, without its dozen samples of hooks."""
    folder = tmp_path_factory.mktemp("template")
    for name in ("hooks", "info"):
        (folder / name).mkdir()
    return folder


@pytest.fixture(autouse=True)
def home(
    tmp_path_factory: pytest.TempPathFactory,
    native_code: str,
    git_template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A new, empty home folder, and an environment like on a fresh machine.

    Python code that writes to the real home raises AssertionError, and fails the test even if
    something caught that.
    """
    folder = tmp_path_factory.mktemp("home")
    for name in [*_UNSET, *(name for name in os.environ if name.startswith(("GIT_", "EXPLOG_")))]:
        if name != "EXPLOG_ELPA":
            monkeypatch.delenv(name, raising=False)
    for name, value in _environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EXPLOG_TEST_ELN", native_code)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(git_template))
    (folder / ".gitconfig").write_text(CONFIG, encoding="utf-8")
    with _guard.watch():
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    """What the environment of a test with the home `folder` has in place of the user's."""
    return {
        "HOME": str(folder),
        "EXPLOG_TEST_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "XDG_DATA_HOME": str(folder / ".local/share"),
        "XDG_STATE_HOME": str(folder / ".local/state"),
        "GIT_CONFIG_GLOBAL": str(folder / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "EDITOR": "false",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


@pytest.fixture
def git_repo(tmp_path: Path) -> Callable[..., GitRepo]:
    """Make repositories: `git_repo("name", "--object-format=sha256")`, options for git init."""

    def make(name: str = "repo", *init: str) -> GitRepo:
        return GitRepo(tmp_path / name, *init)

    return make


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """A repository with a commit that bears no reference."""
    made = git_repo("proj")
    made.commit("root")
    return made
