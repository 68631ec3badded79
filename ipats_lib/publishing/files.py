"""Durable file steps: what they return from is on the disk, whole, under its own name."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SYNCS_AT_ONCE = 8
TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
DOCS = Path(__file__).resolve().parents[2] / "docs"
# What the site's guide is made of, in its order.
GUIDE = (DOCS / "guide.md", DOCS / "glossary.md")
# In each scope's folder: `{"scopes": [{"path", "title"}]}` of the scope and of those inside it.
SCOPES_FILE = "scopes.json"


def joined(pattern: str) -> bytes:
    """The style sheets or scripts under `static/` as one file, in the order of their names."""
    return b"\n".join(path.read_bytes() for path in sorted(STATIC.glob(pattern)))


def write_file(path: Path, data: bytes) -> None:
    """Write beside and rename, so that no reader ever meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Bring every file and folder below `folder` to the disk.

    Several at a time: the disk's journal then settles many of them in one step.
    """
    paths = [
        path
        for parent, _, names in os.walk(folder)
        for path in (*(os.path.join(parent, name) for name in names), parent)
    ]
    with ThreadPoolExecutor(SYNCS_AT_ONCE) as pool:
        for _ in pool.map(_sync, paths):
            pass


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries to the disk."""
    _sync(str(folder))


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def point_to(link: Path, target: str) -> None:
    """Make `link` a symbolic link to `target` in one step that every reader sees as one."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    os.symlink(target, beside)
    os.replace(beside, link)
    sync_folder(link.parent)


def notebook_files(folder: Path) -> list[Path]:
    """The notebooks in the family folders of `folder`, sorted.

    Files whose name starts with a dot are left out: a Mac puts `._name.ipynb` beside `name.ipynb`.
    """
    return sorted(path for path in folder.glob("*/*.ipynb") if not path.name.startswith("."))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_sound(path: Path) -> bool:
    """Whether a file that is named by its content (`style.<hash>.css`) is there and holds it."""
    try:
        return sha256(path).startswith(path.name.split(".")[-2])
    except OSError:
        return False
