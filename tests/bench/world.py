"""Make the world of the benchmark: one long log, ten repositories, from a fixed seed.

    python -m bench.world DIR [--scale 1.0] [--metrics]

A third of the commits bear a reference. Sizes at scale 1: 10,000 experiments in about 9 MB of org,
10 repositories of 20,000 commits. Scale `lab` has the same log, and 300 repositories of 3,333
commits: what a group comes to.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

SEED = 2018
_EPOCH = 1_400_000_000
_SECONDS = 300_000_000

_VERBS = "test train tune fix add remove compare measure plot rerun port split merge clean".split()
_NOUNS = (
    "model baseline encoder decoder loader pipeline sampler augmentation schedule optimizer loss"
    " metric checkpoint dataset tokenizer head backbone attention dropout embedding normalisation"
    " gradient batch seed config ablation calibration distillation pruning quantisation"
).split()
_CODE = (
    "resnet50 conv2d_3 lr=0.01 lr=3e-4 C++ batch_size=128 vit-b/16 top-1 utf8 naïve Müller 学習率"
    " weight_decay=1e-5 adamw layer_norm fp16 cuda:0 train.py --resume"
).split()
_AUTHORS = [
    ("Ada Byron", "ada@example.org"),
    ("Jürgen Müller", "jm@example.org"),
    ("Li Wei", "li@example.org"),
    ("Sam Seed", "sam@example.org"),
]
_STATES = ["TODO", "INPROGRESS", "WAIT", "DONE", "DONE", "DONE", "CANCELED"]


class Size(NamedTuple):
    """How much there is; `commits` are those of each repository."""

    experiments: int = 10_000
    repositories: int = 10
    commits: int = 20_000


_LAB = Size(repositories=300, commits=3_333)


def read_scale(text: str) -> str:
    """Return TEXT as the name of a scale: `lab`, or a number such as `1.0`; raise ValueError."""
    return text if text == "lab" else str(float(text))


def _size(scale: str) -> Size:
    if scale == "lab":
        return _LAB
    whole, share = Size(), float(scale)
    experiments, commits = (max(1, int(n * share)) for n in (whole.experiments, whole.commits))
    return Size(experiments, whole.repositories, commits)


@dataclass(frozen=True)
class World:
    """Where the world is, and how large."""

    folder: Path
    scale: str = "1.0"

    @property
    def log(self) -> Path:
        """The log."""
        return self.folder / "experiment_log.org"

    @property
    def repositories(self) -> list[Path]:
        """The repositories."""
        return sorted(path for path in (self.folder / "repos").iterdir() if path.is_dir())


def make_world(folder: Path, scale: str = "1.0", *, metrics: bool = False) -> World:
    """Make the world in FOLDER, unless it is there already.

    With METRICS, each commit with results has a file of them, and there is one of parameters.
    """
    world = World(folder, scale)
    done = folder / f"done-{scale}"
    if done.exists():
        return world
    for other in folder.glob("done-*"):
        other.unlink()
    shutil.rmtree(folder / "repos", ignore_errors=True)  # half made, or of another scale
    folder.mkdir(parents=True, exist_ok=True)
    size = _size(scale)
    source = random.Random(SEED)
    world.log.write_text("".join(_log(source, size.experiments)), encoding="utf-8")
    for number in range(size.repositories):
        path = folder / "repos" / f"project{number}"
        source = random.Random(SEED + 1 + number)
        make_repository(path, source, size.commits, size.experiments, metrics)
    done.touch()
    return world


def _words(source: random.Random, least: int, most: int) -> str:
    words = [source.choice(_VERBS)]
    for _ in range(source.randint(least, most)):
        words.append(source.choice(_CODE if source.random() < 0.08 else _NOUNS))
    return " ".join(words)


def _log(source: random.Random, experiments: int) -> Iterator[str]:
    yield "#+TITLE: Experiment log\n#+TODO: TODO INPROGRESS WAIT | DONE CANCELED\n\n"
    for ident in range(1, experiments + 1):
        yield _experiment(source, ident, experiments)


def _experiment(source: random.Random, ident: int, experiments: int) -> str:
    when = datetime.fromtimestamp(_EPOCH + _SECONDS * ident // experiments, UTC)
    stamp = when.strftime("[%Y-%m-%d %a %H:%M]")
    state = source.choice(_STATES)
    steps = source.randint(2, 6)
    done = steps if state == "DONE" else source.randint(0, steps - 1)
    lines = [
        f"* {state} [{ident}] {_words(source, 3, 6).capitalize()} [50%]   :@work:exp:",
        ":PROPERTIES:",
        f":ID:       {ident}",
        ":END:",
        stamp,
        "",
        f"- {_words(source, 8, 16).capitalize()}.",
        "",
        "** Notes",
        f"- {stamp} {_words(source, 8, 20)}",
        f"- {stamp} see [e{source.randint(1, experiments)}], {_words(source, 6, 14)}",
        "",
        f"** TODO Experiments [{done}/{steps}]",
    ]
    for number in range(1, steps + 1):
        box = "X" if number <= done else " "
        lines.append(f"{number}. [{box}] {_words(source, 3, 7).capitalize()}")
    lines += ["", "** TODO Conclusions"]
    if state == "DONE":
        lines += [f"{_words(source, 12, 30).capitalize()}."]
    return "\n".join([*lines, "", ""])


def make_repository(
    path: Path, source: random.Random, commits: int, experiments: int, metrics: bool = False
) -> None:
    """Make a repository at PATH with COMMITS, some of which bear a reference."""
    path.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", path], check=True)
    stream = subprocess.Popen(
        ["git", "-C", path, "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE
    )
    assert stream.stdin is not None
    for mark in range(1, commits + 1):
        message = _message(source, experiments)
        files = {f"results-{mark % 50}.txt": f"{mark}"}
        if metrics and "Results-" in message:
            numbers = f'"acc": {mark / commits:.4f}, "loss": {commits / mark:.3f}, "epoch": {mark}'
            files["metrics.json"] = f"{{{numbers}}}"
        if metrics and mark % 100 == 1:
            files["params.yaml"] = f"lr: 1e-{mark // 100 % 5}\nnet: resnet50\nbatch: 128"
        stream.stdin.write(_commit(source, mark, commits, message, files))
    stream.stdin.close()
    if stream.wait() != 0:
        raise RuntimeError(f"git fast-import failed in {path}")


def _commit(
    source: random.Random, mark: int, commits: int, text: str, files: dict[str, str]
) -> bytes:
    message = text.encode()
    name, mail = source.choice(_AUTHORS)
    when = _EPOCH + _SECONDS * mark // commits + source.randint(0, 3600)
    who = f"{name} <{mail}> {when} +0000\n".encode()
    parent = b"" if mark == 1 else b"from :%d\n" % (mark - 1)
    changes = b"".join(_change(name, content) for name, content in files.items())
    return (
        b"commit refs/heads/main\nmark :%d\nauthor %scommitter %sdata %d\n%s\n"
        % (mark, who, who, len(message), message)
        + parent
        + changes
    )


def _change(name: str, content: str) -> bytes:
    data = f"{content}\n".encode()
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data)


def _message(source: random.Random, experiments: int) -> str:
    subject = _words(source, 3, 8)
    if source.random() < 1 / 3:
        reference = f"[e{source.randint(1, experiments)}.{source.randint(1, 5)}]"
        results = " Results-" if source.random() < 0.4 else ""
        subject = f"{reference}{results} {subject}"
    if source.random() < 0.5:
        return subject
    return f"{subject}\n\n" + "\n".join(_words(source, 8, 12) for _ in range(source.randint(1, 4)))


def main() -> None:
    """Make a world from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=read_scale, default="1.0")
    parser.add_argument("--metrics", action="store_true")
    arguments = parser.parse_args()
    world = make_world(arguments.folder, arguments.scale, metrics=arguments.metrics)
    print(world.log, world.log.stat().st_size, len(world.repositories))


if __name__ == "__main__":
    main()
