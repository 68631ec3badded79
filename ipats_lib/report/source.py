"""The small synthetic state that notebooks open by default."""

import os
import shutil
import tempfile
from pathlib import Path

from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot

SCALE, SEED = 0.05, 7


def sample_snapshot() -> Path:
    """Folder of the default sample's snapshot, made on first use (some ten seconds).

    It stands in `$IPATS_SAMPLE`, or in `var/notebook-sample` of the checkout. A folder is only
    ever renamed into place, so two notebooks that start together do not disturb each other.
    """
    root = Path(__file__).resolve().parents[2] / "var"
    home = Path(os.environ.get("IPATS_SAMPLE") or root / "notebook-sample")
    if not (home / "made").exists():
        _make(home)
    return home / "snapshots" / (home / "made").read_text()


def _make(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=home, prefix=".making-"))
    try:
        write_sample(work / "extract", seed=SEED, scale=SCALE)
        snapshot = make_snapshot(work / "extract", home / "snapshots")
        (work / "made").write_text(snapshot.id)
        (work / "made").replace(home / "made")
    finally:
        shutil.rmtree(work)
