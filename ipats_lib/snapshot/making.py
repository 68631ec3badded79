"""One snapshot in the making: every file of an extract read, placed and written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ipats_lib.extract.folder import CASE_TABLES, TABLES, Folder
from ipats_lib.extract.pirl import PirlFile
from ipats_lib.extract.tables import TableFile
from ipats_lib.snapshot.areas import Customers, Masks
from ipats_lib.snapshot.cases import CaseIntake
from ipats_lib.snapshot.contacts import ContactRule, Contacts, Homes, Planners
from ipats_lib.snapshot.fiscal import read_fiscal
from ipats_lib.snapshot.log import FindingsLog
from ipats_lib.snapshot.manifest import Manifest, Provenance, Source, shape_of
from ipats_lib.snapshot.parts import Keys, PartsWriter
from ipats_lib.snapshot.people import read_accounts, read_planners
from ipats_lib.snapshot.records import RecordIntake
from ipats_lib.snapshot.store import keep, stored_files
from ipats_lib.validation.findings import note

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


def library_version() -> str:
    try:
        return version("ipats")
    except PackageNotFoundError:
        return "unpackaged"


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

    def run(self, key: str, store: Path) -> Path:
        """Write everything, then move it into the store; returns its folder there."""
        self.content.mkdir()
        opened, customers = self.opened, Customers()
        contacts = Contacts(self.options.contact_rule, opened.as_of)
        with FindingsLog(self.content / "findings.parquet") as log:
            log.add(*(note(name, "N-08") for name in opened.folder.unread))
            planners = self._planners(log)
            self._accounts(log)
            self._fiscal(log)
            parts = self._parts("pirl")
            intake = RecordIntake(opened.pirl, opened.as_of, customers, log, parts)
            compared = intake.run(self._counter("read", opened.pirl.rows))
            keys = parts.keys()
            intake.compare(keys, compared)
            areas = _areas_of_customers(keys, len(customers))
            cases = CaseIntake(opened.as_of, planners, customers, areas, contacts, log)
            self._cases(cases, parts)
        pq.write_table(contacts.table(planners), self.content / "contacts.parquet")
        manifest = Manifest(
            self._provenance(),
            key,
            shape_of(opened.pirl.layout),
            tuple(sorted(opened.tables)),
            stored_files(self.content),
        )
        return keep(self.content, manifest, store)

    def _cases(self, cases: CaseIntake, pirl: PartsWriter) -> None:
        """All case tables; assignments come first, since every table is sorted by them."""
        writers = {"pirl": pirl}
        names = [name for name in CASE_TABLES if name in self.opened.tables]
        homes = Homes()
        for step, name in enumerate(names):
            self.tell("tables", step, len(names))
            writers[name] = self._parts(name)
            cases.run(self.opened.tables[name], writers[name])
            if name == "assignment":
                homes = cases.homes()
        for step, writer in enumerate(writers.values()):
            self.tell("sort", step, len(writers))
            writer.finish(homes)
        self.tell("tables", len(names), len(names))
        self.tell("sort", len(writers), len(writers))

    def _parts(self, name: str) -> PartsWriter:
        return PartsWriter(self.work / "spill" / name, self.content / name)

    def _counter(self, stage: str, total: int) -> Callable[[int], None]:
        done = 0

        def advance(size: int) -> None:
            nonlocal done
            done += size
            self.tell(stage, done, total)

        return advance

    def _planners(self, log: FindingsLog) -> Planners:
        file = self.opened.tables.get("planner")
        if file is None:
            return Planners()
        planners, table = read_planners(file, log)
        pq.write_table(table, self.content / "planner.parquet")
        return planners

    def _accounts(self, log: FindingsLog) -> None:
        file = self.opened.tables.get("account")
        if file is not None:
            pq.write_table(
                read_accounts(file, self.opened.as_of, log), self.content / "account.parquet"
            )

    def _fiscal(self, log: FindingsLog) -> None:
        file = self.opened.tables.get("fiscal")
        if file is not None:
            pq.write_table(read_fiscal(file, log), self.content / "fiscal.parquet")

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
            library_version=library_version(),
            layout=self.options.layout,
            contact_rule=self.options.contact_rule,
            notes=tuple(f"The extract has no table {name}." for name in lacking),
        )


def _areas_of_customers(keys: Keys, customers: int) -> Masks:
    areas = np.zeros(customers, dtype=np.int64)
    known = keys.customers >= 0
    np.bitwise_or.at(areas, keys.customers[known], keys.areas[known])
    return areas
