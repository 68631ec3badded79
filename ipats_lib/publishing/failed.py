"""A run of a notebook that gave no page: which one, where and why, without a value of a record."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ipats_lib.errors import IpatsError, NotebookError
from ipats_lib.frames.schemas import KINDS

LIBRARY = Path(__file__).resolve().parents[1]
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^(?:File (?P<file>.+?):\d+|Cell In)", re.MULTILINE)
_RUNNING = re.compile(r"^-+> .*$", re.MULTILINE)
# What could come from a record: words with a digit, and what stands in quotes.
_DOUBTFUL = re.compile(r"(?<!\w)(?P<quote>['\"`])(?P<inside>.+?)(?P=quote)(?!\w)|\S*\d\S*")
_LEAVES = "it ends the notebook, and the cells after it are not run"
_ASKS = "no one can answer while it is published; declare a parameter instead"
_SAID = {"SystemExit": _LEAVES, "EOFError": _ASKS, "StdinNotImplementedError": _ASKS}


class NotShown(Exception):  # noqa: N818  (an output that is not shown, not a kind of error)
    """An output that a page cannot show. Its text says what it holds and what to do, and repeats no
    value of a record. cell: its place in the notebook that ran, counted from 0, once known."""

    cell: int | None = None


class RunFailed(NotebookError):  # noqa: N818  (a run that failed, not a kind of error)
    """Its text is a whole sentence.

    label: notebook and scope. reason: a class of error, or a few words. cell: counted from 1, as
    in the notebook's file; None when it was no cell that failed. executed: the notebook as far as
    it ran, in JSON, where there is one: it holds records, and is for `postmortem` alone. command:
    what opens it in JupyterLab, once it is kept.
    """

    def __init__(
        self, said: str, label: str, reason: str, cell: int | None = None, executed: str = ""
    ) -> None:
        super().__init__(said, label, reason, cell, executed)  # so that it can be pickled
        self.said, self.label, self.reason, self.cell = said, label, reason, cell
        self.executed = executed
        self.command = ""

    def __str__(self) -> str:
        return self.said

    def facts(self) -> dict[str, Any]:
        """For operators' logs."""
        notebook, _, scope = self.label.partition(" for ")
        where = {"notebook": notebook, "scope": scope, "cell": self.cell}
        return {**where, "reason": self.reason, "open": self.command}


def plain(traceback: list[str]) -> str:
    """A kernel's traceback without colors."""
    return _ANSI.sub("", "\n".join(traceback))


def tracebacks(notebook: Mapping[str, Any]) -> list[str]:
    """What the cells that failed left: a traceback, or what a magic says of a wrong use."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    found = [plain(one["traceback"]) for one in outputs if one["output_type"] == "error"]
    failed = [
        cell for cell in notebook["cells"] if cell["metadata"].get("papermill", {}).get("exception")
    ]
    return found or [logged(cell) for cell in failed]


def logged(cell: Mapping[str, Any]) -> str:
    """What a cell wrote to standard error."""
    outputs = cell.get("outputs", ())
    return "".join(one["text"] for one in outputs if one.get("name") == "stderr").strip()


def why(error: Any, code: str) -> str:
    """What the error output of a cell says that comes from code and not from a record.

    code: the notebook's own text. The sentence of an error of this library, if the library raised
    it; what another quotes (a missing package, name, column or file), if it is in the code.
    In a sentence `...` stands for what neither the notebook nor the module that raised it wrote,
    nor the frames' columns are.
    """
    if error["ename"] in _SAID:
        return _SAID[error["ename"]]
    said, frames = str(error["evalue"]), plain(list(error["traceback"])[:-1])
    module = _raised_in(frames)
    if module is None or "\n" in said or error["ename"] not in set(_names_of(IpatsError)):
        written = "\n".join([code, *_RUNNING.findall(frames)])
        quoted = [one["inside"] for one in _DOUBTFUL.finditer(said.partition("\n")[0].strip('"'))]
        named = dict.fromkeys(one for one in quoted if one and _stands_in(one, written))
        return ", ".join(f"`{one}`" for one in named)
    written = "\n".join([code, module.read_text(encoding="utf-8"), *KINDS])
    return _DOUBTFUL.sub(lambda found: _known(found, written), said)


def _known(found: re.Match[str], written: str) -> str:
    words = found["inside"] or found[0].strip(".,:;()")
    return found[0] if _stands_in(words, written) else "..."


def _stands_in(words: str, written: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", written) is not None


def _raised_in(frames: str) -> Path | None:
    """The module of the library that the last frame of a traceback is in."""
    places = list(_FRAME.finditer(frames))
    if not places or places[-1]["file"] is None:
        return None
    path = Path(places[-1]["file"]).expanduser()
    return path if path.is_relative_to(LIBRARY) and path.is_file() else None


def _names_of(kind: type[IpatsError]) -> Iterator[str]:
    for each in kind.__subclasses__():
        yield each.__name__
        yield from _names_of(each)
