"""What a command says: sentences and bars for people, or one JSON object a line for operators."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ipats_lib.errors import IpatsError, UsageError
from ipats_lib.json_log import JsonLog

Advance = Callable[[str, int, int], None]
"""Called with a stage, how much is done and how much there is."""
err = Console(stderr=True)


@dataclass(slots=True)
class Logs:
    """Where lines for operators go; nowhere while people read."""

    json: JsonLog | None = None

    def line(self, event: str, **facts: object) -> None:
        if self.json:
            self.json.line(event, **facts)


LOGS = Logs()


def log_in_json(take_standard_error: bool) -> None:
    """From now on all is said in JSON, and what others write to a standard error that is taken."""
    err.quiet = True
    LOGS.json = JsonLog()
    if take_standard_error:
        LOGS.json.take_standard_error()


def say(event: str, text: str, style: str = "", **facts: object) -> None:
    """Say a sentence, as it is: a path's brackets and colons mean nothing. facts: for the log."""
    LOGS.line(event, message=text.strip(), **facts)
    err.print(Text(text, style), soft_wrap=True)


def notice(text: str) -> None:
    """Say what is being waited for."""
    say("waiting", text)


def failed(error: IpatsError) -> None:
    """Tell of a failed notebook while the others go on."""
    LOGS.line("failed", message=str(error), **getattr(error, "facts", dict)())
    _alarm("Failed:", str(error))
    if command := getattr(error, "command", ""):
        err.print(Text(f"  {command}"), soft_wrap=True)


def _alarm(head: str, text: str) -> None:
    err.print(Text.assemble((head, "bold red"), " ", text), soft_wrap=True)


def sentences(command: Callable[..., None]) -> Callable[..., None]:
    """What a user can mend ends in one sentence and its exit code, never in a traceback."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except IpatsError as error:
            LOGS.line("stopped", exit_code=error.exit_code, message=str(error))
            _alarm("Stopped:", str(error))
            raise typer.Exit(error.exit_code) from None

    return wrapped


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """UsageError where a command cannot write what it was asked to."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror or error}.") from error


@contextmanager
def shown_progress() -> Iterator[Advance]:
    """A callable that draws one bar per stage, or logs each tenth of it."""
    if LOGS.json:
        yield LOGS.json.progress()
        return
    with _bars() as advance:
        yield advance


@contextmanager
def _bars() -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=err)
    tasks: dict[str, TaskID] = {}

    def advance(stage: str, done: int, total: int) -> None:
        if not tasks:
            bars.start()  # no line is left where nothing took its time
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total, rate="")
        speed = bars.tasks[tasks[stage]].finished_speed or bars.tasks[tasks[stage]].speed
        rate = f"{speed:.1f}/s" if speed else ""
        bars.update(tasks[stage], completed=done, total=total, rate=rate)

    try:
        yield advance
    finally:
        if tasks:
            bars.stop()
