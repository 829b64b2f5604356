"""The job of a cluster that a run is in, as SLURM and PBS tell it by the environment."""

from __future__ import annotations

from collections.abc import Mapping

from explog.runs.record import Job


def job_of(environment: Mapping[str, str]) -> Job | None:
    """Return the job that ENVIRONMENT is of, or None."""
    get = environment.get
    if get("SLURM_JOB_ID"):
        return Job(
            "slurm",
            get("SLURM_ARRAY_JOB_ID") or get("SLURM_JOB_ID", ""),
            get("SLURM_ARRAY_TASK_ID") or None,
            get("SLURM_PROCID") if get("SLURM_STEP_ID") else None,
            _count(get("SLURM_RESTART_COUNT")),
            _slurm_size(environment),
        )
    if get("PBS_JOBID"):
        task = get("PBS_ARRAY_INDEX") or get("PBS_ARRAYID")
        return Job("pbs", get("PBS_JOBID", ""), task or None, None, _count(get("PBS_RESTARTS")))
    return None


def same_task(one: Job | None, other: Job | None) -> bool:
    """Tell whether ONE and OTHER are one job, but for how often it was restarted."""
    if one is None or other is None:
        return False
    return one._replace(restart=0, size=None) == other._replace(restart=0, size=None)


def array_of(job: Job | None) -> str | None:
    """Return what the tasks of the array that JOB is in have in common, or those of one `srun`.

    It is None if JOB is by itself.
    """
    if job is None or (job.task is None and job.process is None):
        return None
    ident = job.id
    if job.scheduler == "pbs" and job.task is not None:  # `7[4].server`, or `7-4.server`
        ident = ident.replace(f"[{job.task}]", "[]", 1).replace(f"-{job.task}.", ".", 1)
    return f"{job.scheduler} {ident}"


def _slurm_size(environment: Mapping[str, str]) -> int | None:
    if environment.get("SLURM_ARRAY_TASK_ID"):
        return _count(environment.get("SLURM_ARRAY_TASK_COUNT")) or None
    if environment.get("SLURM_STEP_ID"):
        return _count(environment.get("SLURM_STEP_NUM_TASKS")) or None
    return None


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else 0
