"""A publication that is made and waits: what differs from the one that readers see, and its step.

It counts as published once it is shown: only then its record is put beside the snapshots, which
later publications withhold by (decision 0013).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.files import RUN_FILE
from ipats_lib.publishing.packing import PACKED, files_of, read_published
from ipats_lib.publishing.site import Manifest, Site
from ipats_lib.publishing.verification import scope_of
from ipats_lib.snapshot import keep_released, read_released

KEY = ["period", "window", "area_type", "area", "program", "measure", "group"]
FIGURES = ["numerator", "denominator", "value", "suppressed"]
_FILE = "figures.csv"


@dataclass(frozen=True, slots=True)
class Differences:
    """What two publications of a period do not have in common.

    figures: one figure a row, by `KEY`, its `change` (changed, new or gone) and `FIGURES` as shown
    and as staged. compared: how many figures were. files: of the others, how many scopes' differ,
    by their path in the folder of a scope.
    """

    figures: pd.DataFrame
    compared: int
    files: Mapping[str, int]


def show(root: Path, period: Period) -> str:
    """Show the publication that is staged, and give its name.

    UsageError when none is, its store is gone, or its withholding does not know of a publication
    that was shown since; PublicationError when it is damaged or the disk refuses. Readers then see
    what they saw.
    """
    site, name = Site(root), period.name
    if not site.releases.is_dir():
        raise UsageError(f"{root} holds no publication.")
    try:
        with site.publisher():
            note = _waiting(site, name)
            store, release = Path(note["store"]), note["release"]
            if not store.is_dir():
                raise UsageError(f"{store}, whose record {name} adds to, is not there.")
            known = {one.name for one in read_released(store, period)}
            if unknown := sorted(known.difference(note["released"].split())):
                said = f"{', '.join(unknown)} was published since {name} was staged"
                raise UsageError(f"{said}: small cells would tell of it. Stage {name} again.")
            if not site.is_whole(site.releases / release):
                raise PublicationError(f"{release} is not what was staged: stage {name} again.")
            keep_released(store, name, note["record"].encode())
            site.show(name, release)
            return release
    except OSError as error:
        raise PublicationError(f"{root} cannot be written ({error.strerror}).") from None


def _waiting(site: Site, period: str) -> dict[str, str]:
    if (note := site.waiting(period)) is None:
        raise UsageError(
            f"{site.root} holds no publication of {period} that waits: make one with build --stage."
        )
    return note


def differences(root: Path, period: Period) -> Differences:
    """The staged publication against the one that readers see; all is new where there is none."""
    site, name = Site(root), period.name
    after = site.releases / _waiting(site, name)["release"]
    old, new = (site.current(name), after)
    before = _digests(site.manifest(old) if old else None)
    now = _digests(site.manifest(new))
    differ = sorted(
        file for file in before.keys() | now.keys() if before.get(file) != now.get(file)
    )
    tables = [file for file in differ if file.endswith(f"/{_FILE}")]
    shown = _figures(old, [file for file in tables if file in before])
    staged = _figures(new, [file for file in tables if file in now])
    both = shown.merge(staged, on=KEY, how="outer", suffixes=("_shown", "_staged"), indicator=True)
    change = both.pop("_merge").astype("str")
    unlike = [both[f"{one}_shown"].ne(both[f"{one}_staged"]) for one in FIGURES]
    both.insert(len(KEY), "change", change.map({"left_only": "gone", "right_only": "new"}))
    both["change"] = both["change"].fillna("changed")
    others = [f.removeprefix(f"{scope_of(f).path}/") for f in differ if f not in tables]
    return Differences(
        both[pd.concat(unlike, axis=1).any(axis=1)].fillna(""),
        len(both),
        Counter(file for file in sorted(others) if file != RUN_FILE.name),
    )


def _digests(manifest: Manifest | None) -> dict[str, str]:
    """The hash of each file, by its name whether it is packed or not."""
    files = manifest.files if manifest else {}
    return {name: files.get(name) or files[f"{name}{PACKED}"] for name in files_of(files)}


def _figures(release: Path | None, files: list[str]) -> pd.DataFrame:
    """The figures of these files, as they are printed."""
    empty = pd.DataFrame(columns=[*KEY, *FIGURES], dtype="str")
    if release is None or not files:
        return empty
    read = [
        pd.read_csv(BytesIO(read_published(release / file)), dtype="str", keep_default_na=False)
        for file in files
    ]
    whole = pd.concat([empty, *read])
    return whole.assign(period="PY" + whole["py"] + whole["quarter"])[[*KEY, *FIGURES]]
