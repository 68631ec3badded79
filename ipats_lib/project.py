"""The folders that an agency changes, `params/` and `notebooks/`, wherever IPATS is installed."""

import os
import shutil
from pathlib import Path

from ipats_lib.errors import UsageError

LIBRARY = Path(__file__).resolve().parent
FOLDERS = ("params", "notebooks")


def given() -> Path:
    """The folder with what comes with IPATS: the checkout, or the copy in an installed package."""
    packed = LIBRARY / "given"
    return packed if packed.is_dir() else LIBRARY.parent


def in_checkout() -> bool:
    """Whether IPATS runs from a checkout, whose own parameters and notebooks count."""
    return given() == LIBRARY.parent


def project_folder() -> Path:
    """The folder whose `params/` and `notebooks/` count.

    It is the checkout itself. An installed IPATS takes the working folder, or the nearest one
    above it, that holds both (`ipats init` writes them); without one, those that came with it.
    """
    own = given()
    if in_checkout():
        return own
    here = Path.cwd()
    return next((one for one in (here, *here.parents) if _is_project(one)), own)


def _is_project(folder: Path) -> bool:
    return (folder / "params" / "areas.csv").is_file() and (folder / "notebooks").is_dir()


def settle() -> None:
    """Make the parameters found here those of every process that this one starts elsewhere."""
    if (found := project_folder()) != given():
        os.environ.setdefault("IPATS_PARAMS", str(found / "params"))


def write_project(folder: Path) -> None:
    """Copy `params/` and `notebooks/` to `folder`; UsageError where it has one of them already."""
    for name in FOLDERS:
        if (folder / name).exists():
            raise UsageError(f"{folder / name} is there already: name another folder.")
    for name in FOLDERS:
        shutil.copytree(
            given() / name,
            folder / name,
            ignore=shutil.ignore_patterns(".*", "__pycache__", "models"),
        )
