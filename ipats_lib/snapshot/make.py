"""From an extract's folder to a snapshot in the store."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from ipats_lib.durable import file_hash
from ipats_lib.errors import ExtractError, UsageError
from ipats_lib.extract.folder import Folder, open_folder
from ipats_lib.extract.pirl import ESTIMATED, PirlFile, estimate_as_of, open_pirl
from ipats_lib.extract.scan import FileFacts, scan
from ipats_lib.extract.settings import load_settings
from ipats_lib.extract.tables import open_table
from ipats_lib.params import load_layout, params_folder
from ipats_lib.snapshot.contacts import CONTACT_RULES, ContactRule
from ipats_lib.snapshot.making import Making, Opened, Options, Progress, library_version
from ipats_lib.snapshot.manifest import FORMAT
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot
from ipats_lib.snapshot.store import find, workspace

_MEGABYTE = 1 << 20


def make_snapshot(
    extract: Path,
    store: Path,
    *,
    as_of: date | None = None,
    layout: str = "pirl_2021",
    contact_rule: ContactRule = "any_contact",
    progress: Progress | None = None,
) -> Snapshot:
    """Validate an extract and keep it as an immutable snapshot in `store`, named by its content.

    The same extract read in the same way gives the same snapshot, without reading it again. The
    as-of date is, in this order: `as_of`, extract.json, the date at the end of the PIRL file's
    name, an estimate. `progress` is told stage, done and total. Raises ExtractError when the
    extract cannot be read, ParamsError, SnapshotError when the store cannot be written; earlier
    snapshots stay as they were.
    """
    if contact_rule not in CONTACT_RULES:
        raise UsageError(f"The contact rule must be one of {', '.join(CONTACT_RULES)}.")
    options, tell = Options(as_of, layout, contact_rule), progress or (lambda *_: None)
    folder = open_folder(Path(extract))
    facts = _scan(folder, tell)
    key = _source_key(folder, facts, options)
    if (known := find(Path(store), key)) is not None:
        return open_snapshot(known)
    opened = _open(folder, facts, options)
    with workspace(Path(store)) as work:
        return open_snapshot(Making(opened, options, work, tell).run(key, Path(store)))


def _scan(folder: Folder, tell: Progress) -> dict[str, FileFacts]:
    paths = {"pirl": folder.pirl, **folder.tables}
    sizes = (path.stat().st_size for path in paths.values() if path.is_file())
    total = sum(sizes) // _MEGABYTE + 1
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        tell("check", min(done // _MEGABYTE + 1, total), total)

    return {name: scan(path, advance) for name, path in paths.items()}


def _source_key(folder: Folder, facts: Mapping[str, FileFacts], options: Options) -> str:
    """One hash over everything that a snapshot depends on."""
    params = params_folder()
    used = [
        params / "layouts" / f"{options.layout}.csv",
        params / "areas.csv",
        params / "rules.csv",
        params / "extract.csv",
    ]
    used += sorted((params / "tables").glob("*.csv"))
    said = {
        "format": FORMAT,
        "version": library_version(),
        "libraries": [pa.__version__, np.__version__],
        "files": {name: [fact.name, fact.sha256] for name, fact in facts.items()},
        "params": {path.name: file_hash(path) for path in used if path.is_file()},
        "said": [str(folder.as_of), folder.as_of_source, folder.synthetic],
        "unread": folder.unread,
        "options": {**asdict(options), "as_of": str(options.as_of)},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _open(folder: Folder, facts: Mapping[str, FileFacts], options: Options) -> Opened:
    pirl = open_pirl(facts["pirl"], load_layout(options.layout))
    tables = {name: open_table(name, facts[name]) for name in folder.tables}
    day, source = _as_of(folder, pirl, options)
    return Opened(folder, pirl, tables, day, source)


def _as_of(folder: Folder, pirl: PirlFile, options: Options) -> tuple[date, str]:
    """The as-of date and where it was said; ExtractError for one that cannot be right."""
    if options.as_of is not None:
        day, source = options.as_of, "given when the snapshot was made"
    elif folder.as_of is not None and folder.as_of_source is not None:
        day, source = folder.as_of, folder.as_of_source
    else:
        day, source = estimate_as_of(pirl), ESTIMATED
    first = date(load_settings().as_of_first_year, 1, 1)
    today = datetime.now(UTC).date()
    if not first <= day <= today + timedelta(days=1):
        raise ExtractError(
            f"The as-of date {day} ({source}) is not between {first} and today, {today}: correct "
            'it in extract.json, {"as_of": "YYYY-MM-DD"}, or with --as-of.'
        )
    return day, source
