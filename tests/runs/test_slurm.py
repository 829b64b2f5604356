"""Runs as jobs of a real SLURM, which the tests start on this machine for themselves."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.repo import GitRepo
from support.waiting import wait_until

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
CONFIGURATION = """\
ClusterName=explog
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobRequeue=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(None in map(program, PROGRAMS), reason="SLURM is not installed"),
]


class Slurm:
    """A cluster of one node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self.started: list[subprocess.Popen[bytes]] = []
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir(mode=0o755)
        for path in (folder, *folder.parents[:2]):
            path.chmod(path.stat().st_mode | 0o055)  # munge wants its socket to be in reach
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        # It would not start where no cgroups are mounted, as in a container.
        if self._version() >= "23.11":
            (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            ports = one.getsockname()[1], other.getsockname()[1]
        self.conf.write_text(
            CONFIGURATION.format(
                folder=folder, host=socket.gethostname().partition(".")[0],
                user=getpass.getuser(), port=ports[0], node_port=ports[1],
                cores=min(os.cpu_count() or 1, 2),
            )
        )  # fmt: skip

    def _version(self) -> str:
        """Return the version of SLURM, as 24.11.5."""
        return subprocess.check_output([str(program("slurmd")), "-V"], text=True).split()[-1]

    def start(self) -> None:
        """Start the cluster, and wait until its node is idle."""
        munge = self.folder / "munge"
        files = [f"--{one}-file={munge / one}" for one in ("pid", "log", "seed")]
        key = f"--key-file={self.folder / 'key'}"
        self._start(
            "munged", "--foreground", "--force", key, f"--socket={munge / 'socket'}", *files
        )
        wait_until((munge / "socket").exists)
        self._start("slurmctld", "-D")
        wait_until(lambda: self.ask("scontrol", "ping").stdout.count("UP"))
        self._start("slurmd", "-D")
        wait_until(lambda: self.ask("sinfo", "-h", "-o", "%T").stdout.strip() == "idle")

    def stop(self) -> None:
        """End the cluster and its jobs."""
        self.ask("scancel", "--quiet", f"--user={getpass.getuser()}")
        for process in reversed(self.started):
            process.terminate()
            process.wait(60)

    def ask(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of SLURM."""
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False, timeout=60,
            **options,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.conf)}

    def submit(self, repo: GitRepo, script: str, *options: str) -> str:
        """Submit SCRIPT as a job that starts in REPO; return its number."""
        output = f"--output={repo.path}/runs.out"
        words = ["sbatch", "--parsable", "--open-mode=append", output, *options, f"--wrap={script}"]
        done = self.ask(*words, cwd=repo.path)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _start(self, name: str, *words: str) -> None:
        log = (self.folder / f"{name}.out").open("wb")
        path = str(program(name))
        with log:
            self.started.append(
                subprocess.Popen([path, *words], env=self.environment, stdout=log, stderr=log)
            )


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    made = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo], tmp_path: Path) -> GitRepo:
    """A repository, and beside it the program that a node has."""
    made = git_repo()
    made.commit("Start", file="file", text="one\n")
    made.commit("Ignore", file=".gitignore", text="runs.out\n")
    pyz = tmp_path / "explog-run.pyz"
    subprocess.run([sys.executable, CHECKOUT / "server/zipapp_run.py", pyz], check=True)
    return made


@pytest.fixture
def pyz(tmp_path: Path) -> str:
    return f"{sys.executable} -S -I {tmp_path}/explog-run.pyz"


def records(repo: GitRepo, name: str = "run.json") -> list[dict[str, Any]]:
    """Return the records of the runs in REPO, by the tasks of their jobs."""
    found = []
    for path in (repo.path / "runs").glob(f"*/{name}"):
        found.append(json.loads(path.read_text()))
    return sorted(found, key=lambda record: record["job"]["task"] or "")


def ended(repo: GitRepo, count: int = 1) -> bool:
    found = records(repo)
    return len(found) == count and all(record["end"] for record in found)


def test_a_job(slurm: Slurm, repo: GitRepo, pyz: str) -> None:
    job = slurm.submit(repo, f"{pyz} e201.1 -- cat file")
    wait_until(lambda: ended(repo))
    (record,) = records(repo)
    assert record["state"] == "ok"
    assert record["job"] == {
        "scheduler": "slurm", "id": job, "task": None, "process": None, "restart": 0, "size": None,
    }  # fmt: skip
    assert record["repository"] == str(repo.path)
    wait_until(lambda: (repo.path / "runs.out").read_text() == "one\n")


def test_an_array_runs_the_code_as_it_was_submitted(slurm: Slurm, repo: GitRepo, pyz: str) -> None:
    (repo.path / "file").write_text("as submitted\n")
    done = subprocess.run(
        [*pyz.split(), "--snapshot"], cwd=repo.path, capture_output=True, text=True, check=True
    )
    commit = done.stdout.strip()
    begin = ("--array=1-3", "--hold")
    script = f"{pyz} e201.2 --pin={commit} -- sh -c 'cat file; echo $SLURM_ARRAY_TASK_ID'"
    job = slurm.submit(repo, script, *begin)
    (repo.path / "file").write_text("edited while it waits\n")
    slurm.ask("scontrol", "release", job)
    wait_until(lambda: ended(repo, 3))
    found = records(repo)
    assert [record["job"]["task"] for record in found] == ["1", "2", "3"]
    assert {record["job"]["id"] for record in found} == {job}
    assert {record["snapshot"] for record in found} == {commit}
    logs = [path.read_text().split("\n")[1:3] for path in (repo.path / "runs").glob("*/output.log")]
    assert sorted(logs) == [["as submitted", n] for n in ("1", "2", "3")]


LISTENER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("terminated", flush=True))
print("begun", flush=True)
end = time.monotonic() + 2
while time.monotonic() < end:
    time.sleep(0.1)
sys.exit(7)
"""


def output(repo: GitRepo) -> str:
    return "".join(path.read_text() for path in (repo.path / "runs").glob("*/output.log"))


@pytest.mark.parametrize("options", [(), ("--batch", "--signal=TERM"), ("--full", "--signal=TERM")])
def test_a_job_that_is_cancelled_is_told_once(
    options: tuple[str, ...], slurm: Slurm, repo: GitRepo, pyz: str, tmp_path: Path
) -> None:
    (tmp_path / "listen.py").write_text(LISTENER)
    # A batch signal reaches the shell of the script, too, which would otherwise end before us.
    job = slurm.submit(repo, f"exec {pyz} e201.3 -- {sys.executable} {tmp_path}/listen.py")
    wait_until(lambda: "begun" in output(repo))
    slurm.ask("scancel", *options, job)
    wait_until(lambda: ended(repo))
    assert output(repo).count("terminated") == 1
    assert (records(repo)[0]["state"], records(repo)[0]["exit"]) == ("failed", 7)


def test_a_job_that_is_cancelled_is_killed(slurm: Slurm, repo: GitRepo, pyz: str) -> None:
    job = slurm.submit(repo, f"exec {pyz} e201.3 -- sh -c 'echo begun; exec sleep 1000'")
    wait_until(lambda: "begun" in output(repo))
    slurm.ask("scancel", job)
    wait_until(lambda: ended(repo))
    assert (records(repo)[0]["state"], records(repo)[0]["signal"]) == ("killed", "SIGTERM")


KILLED = "exec sleep 1000"
SAVES_AND_ENDS = 'trap "exit 0" TERM; sleep 1000 & wait'


@pytest.mark.parametrize("waits", [KILLED, SAVES_AND_ENDS])
def test_a_job_that_is_requeued_goes_on_with_its_run(
    waits: str, slurm: Slurm, repo: GitRepo, pyz: str, tmp_path: Path
) -> None:
    training = tmp_path / "train.sh"
    training.write_text(
        f'echo begun "$SLURM_RESTART_COUNT"\nif test -z "$SLURM_RESTART_COUNT"; then {waits}; fi\n'
    )
    job = slurm.submit(repo, f"exec {pyz} e201.4 -- sh {training}")
    wait_until(lambda: "begun \n" in output(repo), seconds=180)
    assert slurm.ask("scontrol", "requeue", job).returncode == 0
    wait_until(lambda: [record["state"] for record in records(repo)] == ["requeued"], seconds=180)
    assert records(repo)[0]["signal"] == ("SIGTERM" if waits == KILLED else None)
    wait_until(
        lambda: slurm.ask("squeue", "-h", "-j", job, "-o", "%T").stdout == "PENDING\n", seconds=180
    )
    # A node starts no job that was ended in the same second.
    slurm.ask("scontrol", "update", f"jobid={job}", "StartTime=now+2")
    wait_until(lambda: ended(repo) and records(repo)[0]["state"] == "ok", seconds=180)
    (record,) = records(repo)
    assert (record["attempt"], record["job"]["restart"]) == (2, 1)
    (first,) = records(repo, "run.1.json")
    assert (first["attempt"], first["state"], first["run"]) == (1, "requeued", record["run"])
    log = output(repo)
    assert log.index("begun \n") < log.index("attempt 2") < log.index("begun 1\n")
