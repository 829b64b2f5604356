"""Make the files of trackers that are beside this one anew, by the libraries that really make them.

    python -m venv /tmp/trackers
    /tmp/trackers/bin/pip install mlflow-skinny sqlalchemy alembic wandb tensorboardX tensorboard
    /tmp/trackers/bin/python tests/data/trackers/make.py

What tells of the machine is replaced: folders, user, host. What is text is kept as one file: the
folder of MLflow, and the statements that make its database, with the tables that are read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HOME = "/home/ada/proj"
COMMIT = "83d45cd0" * 5
_TABLES = ("experiments", "runs", "tags", "params", "latest_metrics")

os.environ |= {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "WANDB_SILENT": "true",
    "LOGNAME": "ada",
}


def make_mlflow(folder: Path) -> None:
    """Make `mlruns.json`, which has the files of a folder, and `mlflow.sql`, with the same runs."""
    for uri in ("file:./mlruns", "sqlite:///mlflow.db"):
        _log_to_mlflow(uri)
    files = [path for path in (folder / "mlruns").rglob("*") if path.is_file()]
    kept = {
        str(path.relative_to(folder)): path.read_text("utf-8").replace(str(folder), HOME)
        for path in sorted(files)
    }
    (HERE / "mlruns.json").write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")
    database = sqlite3.connect("mlflow.db")
    wanted = f'CREATE TABLE "?({"|".join(_TABLES)})\\b|INSERT INTO "({"|".join(_TABLES)})"'
    lines = [re.sub(r"\s+", " ", line) for line in database.iterdump() if re.match(wanted, line)]
    text = "\n".join(lines).replace(str(folder), HOME)
    (HERE / "mlflow.sql").write_text(f"{text}\n", encoding="utf-8")


def _log_to_mlflow(uri: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("ABC in XYZ model")

    def run(name: str, accuracy: float, status: str = "FINISHED", **tags: str) -> None:
        given = {"mlflow.source.git.commit": COMMIT, "mlflow.source.name": "train.py", **tags}
        started = mlflow.start_run(run_name=name, tags=given)
        mlflow.log_params({"lr": 0.1, "optimizer": "adam", "seed": name[-1]})
        for step, value in enumerate((0.25, 0.5, accuracy)):
            mlflow.log_metric("acc", value, step=step)
            mlflow.log_metric("val/loss", 1 - value, step=step)
        mlflow.log_metric("bleu", float("nan"))
        mlflow.log_metric("ppl", float("inf"))
        mlflow.end_run(status)
        if status == "DELETED":
            mlflow.delete_run(started.info.run_id)

    run("[e201.1] seed 1", 0.714)
    run("[e201.1] seed 2", 0.719)
    run("calm-owl-3", 0.72, reference="e201.2")
    run("bold-fox-4", 0.73, **{"mlflow.note.content": "A trial\nfor [e201.3], as said."})
    run("e201.1-failed-5", 0.1, status="FAILED")
    run("keen-bee-6", 0.2)


def make_wandb(folder: Path) -> None:
    """Make `wandb`, as runs that were offline leave it."""
    import wandb

    def run(name: str, accuracy: float, status: int = 0, **options: Any) -> None:
        settings = wandb.Settings(
            x_disable_stats=True, x_disable_meta=True, x_disable_machine_info=True, host="node7"
        )
        config = {"lr": 0.1, "optimizer": {"name": "adam"}, "layers": [1, 2]}
        started = wandb.init(
            project="abc", name=name, config=config, mode="offline", settings=settings, **options
        )
        for value in (0.25, 0.5, accuracy):
            started.log({"acc": value, "val": {"loss": 1 - value}, "val/f1": value})
        started.summary["best"] = float("inf")
        started.log({"histogram": wandb.Histogram([1, 2, 3]), "said": "a text"})
        started.finish(exit_code=status)

    run("[e201.1] seed 1", 0.714)
    run("calm-owl-3", 0.719, tags=["baseline", "e201.1"])
    run("bold-fox-4", 0.73, notes="A trial\nfor [e201.3], as said.")
    run("e201.1-failed-5", 0.1, status=1)
    run("keen-bee-6", 0.2)
    shutil.rmtree(HERE / "wandb", ignore_errors=True)
    for place, path in enumerate(sorted((folder / "wandb").glob("offline-run-*"))):
        kept = HERE / "wandb" / f"offline-run-20260105_10150{place}-{path.name[-8:]}"
        kept.mkdir(parents=True)
        shutil.copy(path / f"run-{path.name[-8:]}.wandb", kept)


def make_tensorboard(_folder: Path) -> None:
    """Make `tb_logs`, by tensorboardX; by TensorFlow and PyTorch the files have the same form."""
    from tensorboardX import SummaryWriter

    def run(name: str, accuracy: float) -> None:
        writer = SummaryWriter(f"tb_logs/{name}")
        for step, value in enumerate((0.25, 0.5, accuracy)):
            writer.add_scalar("acc", value, step)
            writer.add_scalar("val/loss", 1 - value, step)
        writer.add_text("said", "a text")
        writer.add_histogram("weights", [1.0, 2.0, 3.0])
        writer.close()

    run("e201.1-seed1", 0.714)
    run("e201.1-seed2", 0.719)
    run("e201.2/train", 0.9)
    run("e201.2/validation", 0.8)
    run("other", 0.1)
    _log_tensors("tb_logs/e201.3-tensors")
    shutil.rmtree(HERE / "tb_logs", ignore_errors=True)
    for path in Path("tb_logs").rglob("*tfevents*"):
        kept = HERE / path.parent
        kept.mkdir(parents=True)
        shutil.copy(path, kept / f"events.out.tfevents.{path.name.split('.')[3]}.node7")


def _log_tensors(folder: str) -> None:
    """Log scalars as tensors, as TensorFlow 2 does."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(folder)
    for step, value in enumerate((0.25, 0.5, 0.73)):
        summary = scalar_pb("acc", value)
        if step:  # what a tag is, is said once
            summary.value[0].ClearField("metadata")
        writer.add_event(Event(step=step, summary=summary))
    writer.close()


def main(names: list[str]) -> None:
    """Make what NAMES name, or all."""
    for name, make in {
        "mlflow": make_mlflow,
        "wandb": make_wandb,
        "tensorboard": make_tensorboard,
    }.items():
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                make(Path(folder))
                os.chdir("/")


if __name__ == "__main__":
    main(sys.argv[1:])
