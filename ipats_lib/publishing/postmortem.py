"""What is left of runs that failed, for whoever looks into them.

    FOLDER/20261129T064500.123456Z-performance-summary-for-lwia-07-x1y2z3/summary.ipynb
                                                                        /traceback.txt

An executed notebook and a traceback hold records: folders are 0700 and files 0600, only the last
`KEPT` stay, and none of it ever lies below a site, which a web server serves.
"""

import errno
import json
import os
import re
import shlex
import shutil
import stat
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ipats_lib.errors import UsageError
from ipats_lib.modes import PRIVATE_FOLDER, open_private
from ipats_lib.places import SNAPSHOTS, is_url
from ipats_lib.publishing.failed import RunFailed, tracebacks

KEPT = 20
_OURS = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-.*")


def failures_folder(asked: Path | None, store: str, site: Path) -> Path:
    """Where failed runs are kept: where asked, or in `failed` beside the store of snapshots.

    Where that would be below the site, in `ipats/failed` of the user's state folder. UsageError
    when somebody asks for a folder below the site.
    """
    beside = Path(SNAPSHOTS if is_url(store) else store).absolute().parent / "failed"
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    for folder in (asked,) if asked else (beside, state / "ipats" / "failed"):
        if not folder.resolve().is_relative_to(site.resolve()):
            return folder
    raise UsageError(f"Failed runs hold records: name a folder for --failures outside of {site}.")


def keep(failed: RunFailed, folder: Path, snapshot: Path) -> str:
    """Keep what is left of a run; gives the command that opens it in JupyterLab.

    The kept notebook opens the same scope and period of the whole snapshot. Raises OSError.
    """
    # A publication without a failure need not wait for these.
    import nbformat
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.from_dict(json.loads(failed.executed))
    parameters = dict(notebook.metadata.papermill.parameters, snapshot=str(snapshot.resolve()))
    notebook = parameterize_notebook(notebook, parameters, kernel_name="python3", language="python")
    place = _place_in(folder, failed.label)
    name = failed.label.partition(" for ")[0].rpartition("/")[2]
    path = place / f"{re.sub(r'[^a-z0-9_-]', '-', name)}.ipynb"
    _write(path, nbformat.writes(notebook))
    traces = "\n\n".join(tracebacks(notebook))
    _write(place / "traceback.txt", f"{failed}\n\n{traces}\n")
    _keep_the_last(folder)
    root = ["--allow-root"] if os.geteuid() == 0 else []
    return shlex.join([sys.executable, "-m", "jupyterlab", *root, str(path)])


def keep_text(label: str, text: str, folder: Path) -> Path:
    """Keep what a program wrote as it failed; gives the file.  Raises OSError."""
    path = _place_in(folder, label) / "output.txt"
    _write(path, text)
    _keep_the_last(folder)
    return path


def _place_in(folder: Path, label: str) -> Path:
    """A new folder of our own (0700) for one failure."""
    _make_private(folder)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    name = re.sub(r"[^\w]+", "-", label)
    return Path(tempfile.mkdtemp(prefix=f"{stamp}-{name}-", dir=folder.resolve()))


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
    except FileExistsError:
        if stat.S_IMODE(folder.stat().st_mode) & ~PRIVATE_FOLDER:
            raise PermissionError(errno.EACCES, "others may enter it: chmod 700") from None


def _write(path: Path, text: str) -> None:
    number = open_private(path, os.O_WRONLY | os.O_EXCL)
    with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


def _keep_the_last(folder: Path) -> None:
    kept = sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    for old in kept[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
