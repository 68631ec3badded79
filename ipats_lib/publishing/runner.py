"""Runs of notebooks: found kept, or sent to the workers; each handed on as soon as it is done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.cache import Content, RunCache
from ipats_lib.publishing.execute import Job, Made
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.options import Progress
from ipats_lib.publishing.plan import Plan, Step
from ipats_lib.publishing.postmortem import keep
from ipats_lib.publishing.site import Manifest
from ipats_lib.publishing.workers import Workers, run_jobs

# So many failures mean that the notebook is wrong, not a scope: the rest is not tried.
MOST_FAILURES = 25


@dataclass(frozen=True, slots=True)
class Done:
    """A run whose content is there. made: what it cost where it was made now for this reader;
    shared: made now for another reader. Neither: found in the cache."""

    step: Step
    content: Content
    made: Made | None = None
    shared: bool = False


def run_plan(
    pool: Workers,
    plan: Plan,
    steps: Iterable[Step],
    kept: RunCache,
    before: Manifest | None,
    snapshot: Path,
    progress: Progress,
) -> Iterator[Done]:
    """Every run, in the order that they are done: what is kept at once, equal keys made once.

    before: the publication that reasons compare with. snapshot: what a failed run is opened on.
    Raises NotebookError, which lists all failures, after the others are made.
    """
    waiting: dict[str, list[Step]] = {}  # readers of what is being made
    failures: list[NotebookError] = []

    def jobs() -> Iterator[tuple[Step | Done, Job | None]]:
        """What to make; without a job, what is kept."""
        for step in steps:
            key = step.job.key
            if key not in waiting and (content := kept.get(key)):
                yield Done(step, content, shared=key in kept.made), None
                continue
            for path in step.page.paths:
                plan.options.explain(path.as_posix(), plan.why(step, before))
            if key in waiting:
                waiting[key].append(step)
            else:
                waiting[key] = []
                yield step, step.job

    for step, made in run_jobs(pool, jobs()):
        if isinstance(step, Done):
            yield step
        elif isinstance(made, Made):
            kept.put(step.job.key, made.content)
            yield Done(step, made.content, made)
            for other in waiting.pop(step.job.key):
                yield Done(other, made.content, shared=True)
        elif made is not None:
            failures.append(_kept_for_a_look(made, plan.options.failures, snapshot))
            plan.options.failed(made)
            progress("failed", len(failures), len(plan.pages))
            if len(failures) == MOST_FAILURES:
                break
    if failures:
        raise NotebookError(list_failures(failures))


def _kept_for_a_look(failed: NotebookError, folder: Path | None, snapshot: Path) -> NotebookError:
    """The same failure; where it left a notebook, with the command that opens it."""
    if folder and isinstance(failed, RunFailed) and failed.executed:
        try:
            failed.command = keep(failed, folder, snapshot)
        except OSError as error:
            why = error.strerror or type(error).__name__
            failed.said += f" It could not be kept in {folder} ({why})."
    return failed


def list_failures(failed: Sequence[NotebookError]) -> str:
    """All failures, and the command that opens the first one that is kept."""
    kept = "Nothing was published; what was finished is kept for the next run."
    commands = (failure.command for failure in failed if isinstance(failure, RunFailed))
    if command := next(filter(None, commands), ""):
        kept = f"{kept} To open what failed{' first' * (len(failed) > 1)}:\n  {command}"
    if len(failed) == 1:
        return f"{failed[0]} {kept}"
    most = ", and more were not tried" if len(failed) == MOST_FAILURES else ""
    said = " ".join(sorted(map(str, failed)))
    return f"{len(failed)} notebooks failed{most}. {said} {kept}"
