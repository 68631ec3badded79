"""What a command says: sentences and bars for people, or one JSON object a line for operators."""

import codecs
import errno
import functools
import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

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
# The extra that installs a package, by the name it is imported by.
EXTRAS = {
    **dict.fromkeys(("argon2", "authlib", "granian", "httpx2", "joserfc", "starlette"), "serve"),
    **dict.fromkeys(("cryptography", "distributed"), "cluster"),
    **{"jupyterlab": "lab", "psycopg": "postgres"},
}
err = Console(stderr=True)


@dataclass(slots=True)
class Logs:
    """Where lines for operators go; nowhere while people read."""

    json: JsonLog | None = None

    def line(self, event: str, **facts: object) -> None:
        if self.json:
            self.json.line(event, **facts)


LOGS = Logs()


class _Outlet(io.RawIOBase):
    """A standard stream that stops nothing when its reader is gone.

    lost: why nothing is written any more: a reader that has gone, a full disk.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.lost: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        while self.lost is None:
            try:
                return os.write(self._number, data)
            except BlockingIOError:  # another program's terminal does not wait
                select.select([], [self._number], [])
            except OSError as error:
                self.lost = error
        return len(data)


_OUTLETS: dict[int, _Outlet] = {}


def _spell(error: UnicodeError) -> tuple[bytes, int]:
    """What a stream's encoding lacks is escaped; a byte of a name that is no UTF-8 stays as it is,
    so that a path on standard output is still the path."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return b"".join(map(_bytes_of, signs)), error.end


def _bytes_of(sign: str) -> bytes:
    byte = ord(sign) - 0xDC00
    return bytes([byte]) if 0x80 <= byte <= 0xFF else sign.encode("unicode_escape")


def ready_streams() -> None:
    """Make the standard streams fit for use, however this process was started.

    One that is closed leads nowhere from now on: the next file that is opened would otherwise take
    its number, and receive what is said.
    """
    codecs.register_error("ipats", _spell)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is given: this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115  (for good)
    sys.stdout, sys.stderr = _written(1, sys.stdout), _written(2, sys.stderr)


def _written(number: int, before: TextIO | None) -> TextIO:
    if before is not None:
        before.flush()
    outlet = _OUTLETS[number] = _Outlet(number)
    return io.TextIOWrapper(
        io.BufferedWriter(outlet),
        encoding=before.encoding if before is not None else "utf-8",
        errors="ipats",
        line_buffering=number == 2 or outlet.isatty(),
    )


def _delivered() -> None:
    """UsageError when standard output did not take what was printed; a reader may leave early."""
    sys.stdout.flush()
    lost = _OUTLETS[1].lost if _OUTLETS else None
    if lost is not None and lost.errno != errno.EPIPE:
        raise UsageError(f"Standard output cannot be written: {lost.strerror}.")


def log_in_json(take_standard_error: bool) -> None:
    """From now on all is said in JSON, and what others write to a standard error that is taken."""
    err.quiet = True
    LOGS.json = JsonLog()
    if take_standard_error:
        LOGS.json.take_standard_error()


def say(event: str, text: str, style: str = "", **facts: object) -> None:
    """Say a sentence, as it is: a path's brackets and colons mean nothing. facts: for the log."""
    text = _as_started(text)
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
    err.print(Text.assemble((head, "bold red"), " ", _as_started(text)), soft_wrap=True)


def _as_started(text: str) -> str:
    """A sentence that names our commands, by the name that this process was started by."""
    installed = Path(sys.argv[0]).name == "ipats"
    return text.replace("`publish.py ", "`ipats ") if installed else text


class Commands(typer.Typer):
    """Commands in which an error a user can fix ends in one sentence and its exit code, never in a
    traceback."""

    def command(self, *args: Any, **options: Any) -> Callable[[Callable[..., None]], Any]:
        """As typer's."""
        register = super().command(*args, **options)
        return lambda function: register(_in_sentences(function))


def _in_sentences(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
            _delivered()
        except (IpatsError, ModuleNotFoundError) as raised:
            error = _missing(raised) if isinstance(raised, ModuleNotFoundError) else raised
            LOGS.line("stopped", exit_code=error.exit_code, message=str(error))
            _alarm("Stopped:", str(error))
            raise typer.Exit(error.exit_code) from None

    return wrapped


def _missing(error: ModuleNotFoundError) -> UsageError:
    """What to install for this command; the error itself where it is no optional package."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRAS:
        raise error
    return UsageError(f"{name} is not installed: run `pip install 'ipats[{EXTRAS[name]}]'`.")


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
