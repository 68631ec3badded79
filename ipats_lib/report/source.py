"""The small synthetic state that notebooks open by default."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from ipats_lib.params import params_folder
from ipats_lib.project import project_folder
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot

SCALE, SEED = 0.05, 7
LIBRARY = Path(__file__).resolve().parents[1]


def sample_snapshot() -> Path:
    """Folder of the default sample's snapshot, made on first use (some ten seconds).

    It is in `$IPATS_SAMPLE`, or in `var/notebook-sample` of the project, and made anew once what
    makes it has changed. A file is only ever renamed into place, so two notebooks that start
    together do not disturb each other.
    """
    home = Path(os.environ.get("IPATS_SAMPLE") or project_folder() / "var" / "notebook-sample")
    made = home / f"made-{_version()}"
    if not made.exists():
        _make(home, made)
    return home / "snapshots" / made.read_text()


def _version() -> str:
    """Of what makes the sample: its code, that of snapshots and extracts, and the parameters."""
    folders = [params_folder(), *(LIBRARY / name for name in ("sample", "snapshot", "extract"))]
    files = (file for folder in folders for file in sorted(folder.rglob("*.*")))
    digest = hashlib.sha256()
    for file in files:
        if file.suffix in (".py", ".csv"):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _make(home: Path, made: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=home, prefix=".making-"))
    try:
        write_sample(work / "extract", seed=SEED, scale=SCALE)
        snapshot = make_snapshot(work / "extract", home / "snapshots")
        (work / made.name).write_text(snapshot.id)
        (work / made.name).replace(made)
    finally:
        shutil.rmtree(work)
