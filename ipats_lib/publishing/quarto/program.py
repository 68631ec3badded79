"""Quarto as it is installed on this machine: found, asked for its version, run on one project."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ipats_lib.errors import UsageError

LEAST = (1, 6)
_ANSWER_SECONDS = 60
_START_SECONDS = 300
_PAGE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Quarto:
    """A Quarto that is recent enough."""

    path: str
    version: str

    def render(self, project: Path, pages: int) -> str:
        """Render a project without executing anything; empty, or what Quarto wrote as it failed.

        Its temporary files, which hold the pages, stay beside the project. No setting of the
        caller's (`QUARTO_PROFILE` merges another configuration) changes what comes out.
        """
        scratch = project.with_name(f"{project.name}-tmp")
        scratch.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUARTO_")}
        try:
            done = subprocess.run(  # noqa: S603  # a program that the operator chose
                [self.path, "render", str(project), "--no-execute", "--to", "html"],
                env={**kept, "TMPDIR": str(scratch), "NO_COLOR": "1"},
                cwd=project,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=_START_SECONDS + pages * _PAGE_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            return f"It did not end within {error.timeout:,.0f} seconds."
        said = done.stdout.decode("utf-8", "replace")
        return f"Exit code {done.returncode}.\n{said}" if done.returncode else ""


def find_quarto() -> Quarto:
    """The Quarto that `QUARTO_PATH` names, else the one on PATH.

    UsageError when there is none, it does not answer, or it is too old.
    """
    least = ".".join(map(str, LEAST))
    needs = f"--renderer quarto needs Quarto {least} or newer; without --renderer a site needs none"
    named = os.environ.get("QUARTO_PATH", "")
    path = shutil.which(named or "quarto")
    if path is None:
        where = f"QUARTO_PATH names {named}, which is no program" if named else "none is on PATH"
        raise UsageError(f"{needs}. {where[0].upper()}{where[1:]}: install it, or set QUARTO_PATH.")
    try:
        command = [path, "--version"]
        answer = subprocess.check_output(  # noqa: S603
            command, text=True, stdin=subprocess.DEVNULL, timeout=_ANSWER_SECONDS
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        answer = ""
    found = re.search(r"(\d+)\.(\d+)\.\d+", answer)
    if found is None:
        raise UsageError(f"{needs}. {path} does not say which version it is.")
    if (int(found[1]), int(found[2])) < LEAST:
        raise UsageError(f"{needs}. {path} is {found[0]}.")
    return Quarto(path, found[0])
