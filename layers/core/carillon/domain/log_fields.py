"""What every log line about a run says of it, under the same names everywhere."""

from carillon.domain.run import Run


def about(run: Run) -> dict[str, str]:
    """The run's id as `task_id`, its schedule, and its trace."""
    return {
        "task_id": str(run.run_id),
        "schedule_id": run.run_id.schedule_id,
        "trace_id": run.trace.trace_id,
    }
