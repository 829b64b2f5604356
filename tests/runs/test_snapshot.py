"""The state of the code: kept as it was, byte for byte, and nothing of the user's touched."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.repo import GitRepo
from support.runs import explog_run, only_run, record_of, run_folders

Make = Callable[..., GitRepo]


def tree(folder: Path) -> dict[str, object]:
    """Return what is in FOLDER: {name: content, or where a link leads, with whether it is run}."""
    found: dict[str, object] = {}
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", "runs")]
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        for name in (*names, *links):
            file = Path(path, name)
            if name == ".git":
                continue
            if file.is_symlink():
                found[str(file.relative_to(folder))] = os.readlink(file)
            else:
                mode = file.stat().st_mode & stat.S_IXUSR
                found[str(file.relative_to(folder))] = (file.read_bytes(), bool(mode))
    return found


def untouched(repo: GitRepo) -> tuple[Any, ...]:
    """Return all that a run must leave as it is."""
    index = repo.path / ".git/index"
    return (
        index.read_bytes(),
        index.stat().st_mtime_ns,
        repo.run("for-each-ref", "refs/heads", "refs/tags", "refs/stash"),
        (repo.path / ".git/HEAD").read_text(),
        tree(repo.path),
        sorted(os.listdir(repo.path / ".git")),
    )


def run_and_check_out(repo: GitRepo, folder: Path) -> dict[str, object]:
    """Make a run in REPO, and return what a checkout of it has."""
    done = explog_run("e1", "--", "true", cwd=repo.path)
    assert done.returncode == 0, done.stderr
    run = only_run(repo.path).name
    done = explog_run("--checkout", run, folder, cwd=repo.path)
    assert done.returncode == 0, done.stderr
    return tree(folder)


@pytest.fixture
def repo(git_repo: Make) -> GitRepo:
    made = git_repo()
    for name in ("staged", "unstaged", "both", "renamed", "mode", "deleted", "gone", "kind", "a b"):
        made.write(name, f"{name}\n" * 3)
    made.write("sub/file", "in a folder\n")
    made.write("becomes-folder", "file\n")
    made.write("was-folder/file", "file\n")
    (made.path / "link").symlink_to("staged")
    made.run("add", "link")
    made.write(".gitignore", "ignored\n")
    made.commit("[e1.1] Start")
    return made


def make_changes(repo: GitRepo) -> None:
    path = repo.path
    repo.write("staged", "new\n")
    (path / "unstaged").write_bytes(b"raw \xff\x00 bytes\r\n")
    repo.write("both", "staged\n")
    (path / "both").write_text("and then this\n")
    repo.run("mv", "renamed", "new name")
    (path / "mode").chmod(0o755)
    repo.run("rm", "-q", "deleted")
    (path / "gone").unlink()
    (path / "kind").unlink()
    (path / "kind").symlink_to("nowhere")
    (path / "link").unlink()
    (path / "link").write_text("no link any more\n")
    (path / "untracked\nname \t").write_text("x\n")
    (path / os.fsdecode(b"latin-\xe9")).write_text("x\n")
    (path / "-rf").write_text("x\n")
    (path / ":(top)*").write_text("x\n")
    (path / "new/deep").mkdir(parents=True)
    (path / "new/deep/file").write_text("x\n")
    (path / "new/deep/program").write_text("#!/bin/sh\n")
    (path / "new/deep/program").chmod(0o755)
    (path / "new/link").symlink_to("../sub")
    (path / "becomes-folder").unlink()
    (path / "becomes-folder").mkdir()
    (path / "becomes-folder/inside").write_text("x\n")
    shutil.rmtree(path / "was-folder")
    (path / "was-folder").write_text("x\n")
    repo.run("add", "-N", "./-rf")


def test_every_kind_of_change(repo: GitRepo, tmp_path: Path) -> None:
    make_changes(repo)
    (repo.path / "ignored").write_text("x\n")
    before = untouched(repo)
    wanted = {name: value for name, value in tree(repo.path).items() if name != "ignored"}
    assert run_and_check_out(repo, tmp_path / "copy") == wanted
    after = untouched(repo)
    # `worktrees` came with the checkout.
    assert after[:5] == before[:5]
    assert set(after[5]) - set(before[5]) == {"worktrees"}
    assert repo.run("stash", "list") == ""
    record = record_of(repo.path)
    assert record["head"] == record["head_after"] == repo.head
    assert record["branch"] == "main"
    assert set(record["changed"]) >= {"staged", "gone", "untracked\nname \t", "new/link"}
    ref = repo.run("for-each-ref", "--format=%(refname) %(objectname)", "refs/explog")
    assert ref == f"refs/explog/runs/{record['run']} {record['snapshot']}"
    assert repo.run("rev-parse", f"{record['snapshot']}^") == repo.head


def test_a_clean_worktree_needs_no_snapshot(repo: GitRepo, tmp_path: Path) -> None:
    wanted = tree(repo.path)
    assert run_and_check_out(repo, tmp_path / "copy") == wanted
    assert record_of(repo.path)["snapshot"] is None
    assert repo.run("for-each-ref", "refs/explog") == ""


def test_the_same_state_is_one_commit(repo: GitRepo) -> None:
    repo.write("staged", "new\n")
    for _ in range(2):
        explog_run("e1", "--", "true", cwd=repo.path)
    listed = repo.run("for-each-ref", "--format=%(objectname)", "refs/explog").split("\n")
    assert len(listed) == 2
    assert len(set(listed)) == 1


def test_from_a_folder_below(repo: GitRepo, tmp_path: Path) -> None:
    make_changes(repo)
    wanted = tree(repo.path)
    done = explog_run("e1", "--", "sh", "-c", "pwd", cwd=repo.path / "sub")
    assert done.stdout.decode().strip() == str(repo.path / "sub")
    assert record_of(repo.path)["cwd"] == "sub"
    explog_run("--checkout", only_run(repo.path), tmp_path / "copy", cwd=tmp_path)
    assert tree(tmp_path / "copy") == wanted


@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_was_told_not_to_look_at(bit: str, repo: GitRepo, tmp_path: Path) -> None:
    repo.run("update-index", bit, "staged", "both")
    (repo.path / "staged").write_text("my own settings\n")
    before = untouched(repo)
    wanted = tree(repo.path)
    assert run_and_check_out(repo, tmp_path / "copy") == wanted
    assert untouched(repo)[:4] == before[:4]
    assert record_of(repo.path)["changed"] == ["staged"]


@pytest.mark.parametrize("cone", [True, False])
def test_a_sparse_checkout_is_whole(cone: bool, repo: GitRepo) -> None:
    wanted = tree(repo.path)
    pattern, option = ("sub", "--cone") if cone else ("/sub/", "--no-cone")
    repo.run("sparse-checkout", "set", option, pattern)
    assert not (repo.path / "was-folder").exists()
    (repo.path / "sub/file").write_text("changed\n")
    explog_run("e1", "--", "true", cwd=repo.path)
    commit = record_of(repo.path)["snapshot"]
    names = repo.run("ls-tree", "-r", "--name-only", "-z", commit).split("\0")
    assert set(names) - {""} == set(wanted)
    assert repo.run("show", f"{commit}:sub/file") == "changed"


def test_a_merge_with_conflicts(repo: GitRepo, tmp_path: Path) -> None:
    repo.branch("other")
    repo.commit("Other", file="both", text="other\n")
    repo.switch("main")
    repo.commit("Main", file="both", text="main\n")
    with pytest.raises(AssertionError, match="CONFLICT"):
        repo.run("merge", "other")
    before = untouched(repo)
    wanted = tree(repo.path)
    assert run_and_check_out(repo, tmp_path / "copy") == wanted
    assert untouched(repo)[:4] == before[:4]


def test_an_unborn_branch(git_repo: Make, tmp_path: Path) -> None:
    repo = git_repo()
    (repo.path / "file").write_text("x\n")
    assert run_and_check_out(repo, tmp_path / "copy") == {"file": (b"x\n", False)}
    record = record_of(repo.path)
    assert (record["head"], record["branch"]) == (None, "main")


def test_a_detached_head(repo: GitRepo) -> None:
    repo.run("checkout", "-q", "--detach")
    assert explog_run("e1", "--", "true", cwd=repo.path).returncode == 0
    record = record_of(repo.path)
    assert (record["head"], record["branch"]) == (repo.head, None)


def test_a_linked_worktree(repo: GitRepo, tmp_path: Path) -> None:
    linked = tmp_path / "linked\nworktree"
    repo.run("worktree", "add", "-q", "-b", "linked", str(linked))
    (linked / "staged").write_text("new\n")
    done = explog_run("e1", "--", "true", cwd=linked)
    assert done.returncode == 0, done.stderr
    record = record_of(linked)
    assert record["repository"] == str(linked)
    assert repo.run("show", f"{record['snapshot']}:staged") == "new"


def test_a_bare_repository_and_none(git_repo: Make, tmp_path: Path) -> None:
    bare = git_repo("bare", "--bare")
    for folder in (bare.path, tmp_path):
        done = explog_run("e1", "--", "true", cwd=folder)
        assert done.returncode == 0
        assert "there is no repository here" in done.stderr.decode()
        assert record_of(folder)["repository"] is None


def test_a_submodule(repo: GitRepo, git_repo: Make) -> None:
    library = git_repo("library")
    library.commit("One", file="code", text="1\n")
    repo.run("submodule", "-q", "add", str(library.path), "lib")
    repo.commit("Add it")
    (repo.path / "lib/code").write_text("2\n")
    done = explog_run("e1", "--", "true", cwd=repo.path)
    assert "the submodule lib has changes that were not kept" in done.stderr.decode()
    assert record_of(repo.path)["notes"] == ["the submodule lib has changes that were not kept"]
    subprocess.run(["git", "commit", "-qam", "2"], cwd=repo.path / "lib", check=True)
    explog_run("e2", "--", "true", cwd=repo.path)
    commit = repo.run("rev-parse", run_ref(repo, "e2"))
    inner = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repo.path / "lib", check=True, capture_output=True
    )
    assert repo.run("rev-parse", f"{commit}:lib") == inner.stdout.decode().strip()


def run_ref(repo: GitRepo, reference: str) -> str:
    refs = repo.run("for-each-ref", "--format=%(refname)", f"refs/explog/runs/{reference}-*")
    return refs.split("\n")[-1]


def test_files_that_are_too_large_or_cannot_be_read(repo: GitRepo) -> None:
    (repo.path / "large").write_bytes(b"x" * (2 << 20))
    (repo.path / "small").write_bytes(b"x")
    nested = repo.path / "nested"
    nested.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=nested, check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-mx"], cwd=nested, check=True)
    done = explog_run("e1", "--", "true", cwd=repo.path, EXPLOG_SNAPSHOT_LIMIT="1")
    said = done.stderr.decode()
    assert "large takes 2 MB, and was not kept" in said
    assert "nested/ is a repository of its own, and was not kept" in said
    commit = record_of(repo.path)["snapshot"]
    names = repo.run("ls-tree", "--name-only", commit).split("\n")
    assert "small" in names
    assert "large" not in names


def test_filters_of_the_user_keep_secrets_secret(repo: GitRepo) -> None:
    repo.run("config", "filter.rot.clean", "tr a-z n-za-m")
    repo.write(".gitattributes", "secret filter=rot\n")
    repo.commit("Encrypt")
    (repo.path / "secret").write_text("password\n")
    explog_run("e1", "--", "true", cwd=repo.path)
    assert repo.run("show", f"{record_of(repo.path)['snapshot']}:secret") == "cnffjbeq"


@pytest.mark.parametrize("how", ["record", "refuse"])
def test_other_ways_with_changes(how: str, repo: GitRepo) -> None:
    repo.write("staged", "new\n")
    done = explog_run("e1", "--dirty", how, "--", "touch", "ran", cwd=repo.path)
    assert repo.run("for-each-ref", "refs/explog") == ""
    if how == "refuse":
        assert done.returncode == 2
        assert "not committed: staged" in done.stderr.decode()
        assert run_folders(repo.path) == []
        assert not (repo.path / "ran").exists()
    else:
        assert done.returncode == 0
        assert record_of(repo.path)["changed"] == ["staged"]
        assert record_of(repo.path)["snapshot"] is None


def test_a_repository_that_cannot_be_written_does_not_stop_it(repo: GitRepo) -> None:
    repo.write("staged", "new\n")
    objects = repo.path / ".git/objects"
    shutil.move(objects, repo.path / ".git/away")
    objects.symlink_to("/proc/self")  # where nobody may make a file
    (repo.path / ".git/info").mkdir(exist_ok=True)
    done = explog_run("e1", "--", "echo", "ran", cwd=repo.path)
    assert done.returncode == 0
    assert done.stdout == b"ran\n"
    assert "explog: " in done.stderr.decode()


def test_show_and_difference(repo: GitRepo) -> None:
    make_changes(repo)
    explog_run("e1.1", "--", "true", cwd=repo.path)
    shown = explog_run("--show", "e1.1", cwd=repo.path).stdout.decode()
    assert "state     ok after 0:00" in shown
    assert repo.head[:10] in shown
    diff = explog_run("--show", "e1.1", "--diff", cwd=repo.path).stdout
    assert b"+raw \xff" in diff or b"Binary files a/unstaged" in diff
    applied = subprocess.run(
        ["git", "apply", "--check", "--reverse", "--allow-empty", "--exclude=unstaged"],
        cwd=repo.path, input=diff, capture_output=True, check=False,
    )  # fmt: skip
    assert applied.returncode == 0, applied.stderr


def test_a_change_in_the_same_second_and_of_the_same_size(repo: GitRepo) -> None:
    repo.run("config", "core.trustctime", "false")
    moment = repo.now.timestamp()
    file = repo.path / "staged"
    os.utime(file, (moment, moment))
    repo.run("add", "staged")
    file.write_bytes(file.read_bytes().upper())
    for path in (file, repo.path / ".git/index"):
        os.utime(path, (moment, moment))
    explog_run("e1", "--", "true", cwd=repo.path)
    assert (
        repo.run("show", f"{record_of(repo.path)['snapshot']}:staged") == "STAGED\n" * 2 + "STAGED"
    )


# Pinned


def test_pinned_code_is_not_what_is_edited_meanwhile(repo: GitRepo) -> None:
    (repo.path / "staged").write_text("as submitted\n")
    commit = explog_run("--snapshot", cwd=repo.path).stdout.decode().strip()
    (repo.path / "staged").write_text("edited while the job waits\n")
    read = ["sh", "-c", "cat ../staged; git rev-parse HEAD; pwd"]
    done = explog_run("e1", f"--pin={commit}", "--", *read, cwd=repo.path / "sub")
    assert done.returncode == 0, done.stderr
    text, head, folder = done.stdout.decode().split("\n")[:3]
    assert (text, head) == ("as submitted", commit)
    assert folder == str(only_run(repo.path) / "code/sub")
    record = record_of(repo.path)
    assert (record["snapshot"], record["head"]) == (commit, repo.head)
    assert record["changed"] == ["staged"]
    assert (repo.path / "staged").read_text() == "edited while the job waits\n"


def test_pinned_now(repo: GitRepo) -> None:
    (repo.path / "staged").write_text("now\n")
    script = f"echo later > {repo.path}/staged; cat staged"
    done = explog_run("e1", "--pin", "--", "sh", "-c", script, cwd=repo.path)
    assert done.stdout == b"now\n"


def test_pinned_to_what_does_not_exist(repo: GitRepo) -> None:
    done = explog_run("e1", "--pin=--upload-pack=x", "--", "touch", "ran", cwd=repo.path)
    assert done.returncode == 2
    assert not (repo.path / "ran").exists()
    # Nothing is left of a run that did not begin.
    assert [path.name for path in (repo.path / "runs").iterdir()] == [".gitignore"]
    assert repo.run("for-each-ref", "refs/explog") == ""


def test_pinned_without_a_repository(tmp_path: Path) -> None:
    done = explog_run("e1", "--pin", "--", "touch", "ran", cwd=tmp_path)
    assert (done.returncode, "no repository" in done.stderr.decode()) == (2, True)
    assert not (tmp_path / "ran").exists()


def test_pinned_code_never_gives_way_to_other_code(repo: GitRepo) -> None:
    (repo.path / "runs").write_text("a file\n")
    words = ("e1", "--pin", "--", "touch", f"{repo.path}/ran")
    done = explog_run(*words, cwd=repo.path, XDG_STATE_HOME="/proc/self")
    assert done.returncode == 2
    assert not (repo.path / "ran").exists()
