"""From an extract's folder to a snapshot in the store."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ipats_lib import __version__
from ipats_lib.durable import file_hash
from ipats_lib.errors import ExtractError, UsageError
from ipats_lib.extract.folder import CASE_TABLES, TABLES, Folder, load_settings, open_folder
from ipats_lib.extract.pirl import ESTIMATED, PirlFile, estimate_as_of, open_pirl
from ipats_lib.extract.scan import FileFacts, Unreadable, UnreadableLineError, scan
from ipats_lib.extract.tables import TableFile, open_table
from ipats_lib.extract.unreadable import leave_out_unreadable
from ipats_lib.params import load_layout, params_folder
from ipats_lib.snapshot.areas import (
    CONTACT_RULES,
    ContactRule,
    Contacts,
    Customers,
    Homes,
    Masks,
    Planners,
)
from ipats_lib.snapshot.cases import CaseIntake
from ipats_lib.snapshot.manifest import FORMAT, Manifest, Provenance, Source, shape_of
from ipats_lib.snapshot.parts import Held, Keys, Parts, PartsWriter
from ipats_lib.snapshot.records import RecordIntake
from ipats_lib.snapshot.snapshot import Passing, Snapshot, open_snapshot
from ipats_lib.snapshot.store import find, keep, stored_files, workspace
from ipats_lib.snapshot.whole import read_accounts, read_fiscal, read_planners
from ipats_lib.validation.findings import FindingsLog, note

_MEGABYTE = 1 << 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    as_of: date | None
    layout: str
    contact_rule: ContactRule


@dataclass(frozen=True, slots=True)
class Opened:
    """An extract whose files were scanned and whose columns are known."""

    folder: Folder
    pirl: PirlFile
    tables: dict[str, TableFile]
    as_of: date
    as_of_source: str


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
    name, an estimate. `progress` is called with stage, done and total. Raises ExtractError when the
    extract cannot be read, ParamsError, SnapshotError when the store cannot be written; earlier
    snapshots stay as they were.
    """
    read = _Read.of(extract, Options(as_of, layout, contact_rule), progress)
    if (known := find(Path(store), read.key)) is not None:
        return open_snapshot(known)
    opened = read.opened()
    with workspace(Path(store)) as work:
        making = Making(opened, read.options, work, read.tell)
        contacts = Contacts(contact_rule, opened.as_of)
        planners = making.take(making.stored, contacts)
        pq.write_table(contacts.table(planners), making.content / "contacts.parquet")
        return open_snapshot(keep(making.content, making.manifest(read.key), Path(store)))


@contextmanager
def passing_snapshot(
    extract: Path,
    store: Path,
    asked: Mapping[str, Sequence[str]],
    as_of: date | None = None,
    progress: Progress | None = None,
) -> Iterator[Snapshot]:
    """The snapshot of an extract while the context lasts: that in `store`, else one that is not
    kept, and knows of its rows only the columns asked for by table.

    Storing takes most of the time that a snapshot takes. Lines that cannot be read are findings
    here (F-01, F-02), and all others are read. Otherwise as `make_snapshot`.
    """
    with ExitStack() as stack:
        try:
            found = stack.enter_context(_passing(extract, {}, store, asked, as_of, progress))
        except UnreadableLineError:
            target = stack.enter_context(workspace(Path(store))) / "readable"
            unreadable = leave_out_unreadable(Path(extract), target)
            if not unreadable:
                raise
            passing = _passing(target, unreadable, store, asked, as_of, progress)
            found = stack.enter_context(passing)
        yield found


@contextmanager
def _passing(
    extract: Path,
    unreadable: Mapping[str, Unreadable],
    store: Path,
    asked: Mapping[str, Sequence[str]],
    as_of: date | None,
    progress: Progress | None,
) -> Iterator[Snapshot]:
    read = _Read.of(extract, Options(as_of, "pirl_2021", "any_contact"), progress, unreadable)
    if (known := find(Path(store), read.key)) is not None:
        yield open_snapshot(known)
        return
    opened = read.opened()
    with workspace(Path(store)) as work:
        making = Making(opened, read.options, work, read.tell)
        held = {name: Held(asked.get(name, ())) for name in ("pirl", *CASE_TABLES)}
        making.take(held.__getitem__)
        yield Passing(making.content, making.manifest(read.key), held)


@dataclass(frozen=True, slots=True)
class _Read:
    """An extract whose files were checked, and the key of what is made of it so."""

    folder: Folder
    facts: dict[str, FileFacts]
    options: Options
    tell: Progress
    key: str

    @classmethod
    def of(
        cls,
        extract: Path,
        options: Options,
        progress: Progress | None,
        unreadable: Mapping[str, Unreadable] = MappingProxyType({}),
    ) -> "_Read":
        if options.contact_rule not in CONTACT_RULES:
            raise UsageError(f"The contact rule must be one of {', '.join(CONTACT_RULES)}.")
        tell, folder = progress or (lambda *_: None), open_folder(Path(extract))
        facts = _scan(folder, tell)
        for name, lines in unreadable.items():
            facts[name] = replace(facts[name], unreadable=lines)
        return cls(folder, facts, options, tell, _source_key(folder, facts, options))

    def opened(self) -> "Opened":
        """ExtractError where it cannot be read as what it claims to be."""
        pirl = open_pirl(self.facts["pirl"], load_layout(self.options.layout))
        tables = {name: open_table(name, self.facts[name]) for name in self.folder.tables}
        return Opened(self.folder, pirl, tables, *_as_of(self.folder, pirl, self.options))


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
        "version": __version__,
        "libraries": [pa.__version__, np.__version__],
        "files": {name: [fact.name, fact.sha256] for name, fact in facts.items()},
        "params": {path.name: file_hash(path) for path in used if path.is_file()},
        "said": [str(folder.as_of), folder.as_of_source, folder.synthetic],
        "unread": folder.unread,
        "options": {**asdict(options), "as_of": str(options.as_of)},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


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


@dataclass(slots=True)
class Making:
    """One snapshot in the making, in a folder of its own."""

    opened: Opened
    options: Options
    work: Path
    tell: Progress

    @property
    def content(self) -> Path:
        return self.work / "content"

    def take(self, parts_of: Callable[[str], Parts], contacts: Contacts | None = None) -> Planners:
        """Read everything: rows into parts by table, all else into files below `content`."""
        self.content.mkdir()
        opened, customers = self.opened, Customers()
        with FindingsLog(self.content / "findings.parquet") as log:
            log.add(*(note(name, "N-08") for name in opened.folder.unread))
            planners = Planners.of(self._whole("planner", read_planners, log))
            self._whole("account", read_accounts, log)
            self._whole("fiscal", read_fiscal, log)
            parts = {"pirl": parts_of("pirl")}
            intake = RecordIntake(opened.pirl, opened.as_of, customers, log, parts["pirl"])
            compared = intake.run(self._counter("read", opened.pirl.rows))
            keys = parts["pirl"].keys()
            intake.compare(keys, compared)
            areas = _areas_of_customers(keys, len(customers))
            cases = CaseIntake(opened.as_of, planners, customers, areas, contacts, log)
            self._cases(cases, parts, parts_of)
        return planners

    def manifest(self, key: str) -> Manifest:
        """What the snapshot says of itself, when everything was taken."""
        return Manifest(
            self._provenance(),
            key,
            shape_of(self.opened.pirl.layout),
            tuple(sorted(self.opened.tables)),
            stored_files(self.content),
        )

    def _cases(
        self, cases: CaseIntake, writers: dict[str, Parts], parts_of: Callable[[str], Parts]
    ) -> None:
        """All case tables; assignments come first, since every table is sorted by them."""
        names = [name for name in CASE_TABLES if name in self.opened.tables]
        homes = Homes()
        for step, name in enumerate(names):
            self.tell("tables", step, len(names))
            writers[name] = parts_of(name)
            cases.run(self.opened.tables[name], writers[name])
            if name == "assignment":
                homes = cases.homes()
        for step, writer in enumerate(writers.values()):
            self.tell("sort", step, len(writers))
            writer.finish(homes)
        self.tell("tables", len(names), len(names))
        self.tell("sort", len(writers), len(writers))

    def stored(self, name: str) -> PartsWriter:
        """Parts below `content`."""
        return PartsWriter(self.work / "spill" / name, self.content / name)

    def _counter(self, stage: str, total: int) -> Callable[[int], None]:
        done = 0

        def advance(size: int) -> None:
            nonlocal done
            done += size
            self.tell(stage, done, total)

        return advance

    def _whole(
        self,
        name: str,
        read: Callable[[TableFile, date, FindingsLog], pa.Table],
        log: FindingsLog,
    ) -> pa.Table | None:
        """Keep a table that is read whole; None when the extract has none."""
        if (file := self.opened.tables.get(name)) is None:
            return None
        table = read(file, self.opened.as_of, log)
        pq.write_table(table, self.content / f"{name}.parquet")
        return table

    def _provenance(self) -> Provenance:
        opened = self.opened
        files = [opened.pirl.facts, *(file.facts for file in opened.tables.values())]
        rows = [opened.pirl.rows, *(file.facts.lines - 1 for file in opened.tables.values())]
        lacking = [name for name in TABLES if name not in opened.tables]
        return Provenance(
            sources=tuple(
                Source(fact.name, fact.sha256, fact.bytes, count)
                for fact, count in zip(files, rows, strict=True)
            ),
            as_of=opened.as_of,
            as_of_source=opened.as_of_source,
            synthetic=opened.folder.synthetic,
            library_version=__version__,
            layout=self.options.layout,
            contact_rule=self.options.contact_rule,
            notes=tuple(f"The extract has no table {name}." for name in lacking),
        )


def _areas_of_customers(keys: Keys, customers: int) -> Masks:
    areas = np.zeros(customers, dtype=np.int64)
    known = keys.customers >= 0
    np.bitwise_or.at(areas, keys.customers[known], keys.areas[known])
    return areas
