"""Every finding about an extract in one table, for whoever corrects it in IWDS (domain 4.1 to 4.3).

The rules are data: of cells, lines and tables (`params/rules.csv`, found while the snapshot was
made), of records (`edit_checks.csv`), of areas and programs (`distribution.csv`). All stages run;
the summary says at which one WIPS would have stopped.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from ipats_lib.caseload.case_tables import CaseTables
from ipats_lib.caseload.catalogue import threshold
from ipats_lib.caseload.checks import SEVERITIES, asked_of_records, load_checks
from ipats_lib.caseload.distribution import distribution, load_distribution
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.mix import asked
from ipats_lib.caseload.services import SERVICES
from ipats_lib.caseload.table_checks import READ, contradictions
from ipats_lib.caseload.vocabulary import ELEMENTS
from ipats_lib.caseload.whole_customer import SPAN
from ipats_lib.frames.findings import values
from ipats_lib.frames.rule_book import ODD, SHARES, Stage, load_stages, stage_of
from ipats_lib.snapshot import Snapshot
from ipats_lib.validation.rules import load_rules

COLUMNS = ("run", "rule", "severity", "row", "id", "element", "value", "message")
STOPPING, FAILING = "reject", ("reject", "error")
ASKED = {"pirl": [*dict.fromkeys([*ELEMENTS, *SERVICES, *SPAN])], **READ}  # of each table
# Rules that say what a table has not: of a table whose lines cannot all be read, nobody knows.
UNREADABLE = ("F-01", "F-02")
LACKING = {
    "pirl": ("C-07", "C-08", "X-01", "X-05"),
    "planner": ("C-01",),
    "application": ("X-06",),
}
_FOUND = [name for name in COLUMNS if name != "run"]


def every_finding(
    snapshot: Snapshot, progress: Callable[[str, int, int], None] = lambda *_: None
) -> pd.DataFrame:
    """What every rule finds, in `COLUMNS`, by rule and line of its file.

    run: the snapshot's id. row: the line, missing for what concerns a file or an area as a whole.
    id: PIRL 100. element: the elements that the rule asks about; for a case table `service.csv`
    and the column; for a distribution the area and the program. value: what is recorded there,
    without wages. Each record counts, whatever its program. Rules of `not_asked` have no finding.
    SnapshotError where a file has changed.
    """
    tables = {name: snapshot.table(name, columns=asked) for name, asked in READ.items()}
    known = {name: table for name, table in tables.items() if table is not None}
    case_tables = CaseTables(snapshot.rows(columns=ASKED["pirl"]), snapshot.as_of, known)
    steps, parts = (_of_intake, _of_records, _of_tables, _of_areas), []
    for done, step in enumerate(steps, start=1):
        parts.append(step(snapshot, case_tables))
        progress("rules", done, len(steps))
    every = pd.concat(parts, ignore_index=True)
    every = every[~every["rule"].isin(not_asked(snapshot))]
    every = every.assign(run=snapshot.id).sort_values(["rule", "row"], kind="stable")
    return every.reset_index(drop=True)[list(COLUMNS)]


def not_asked(snapshot: Snapshot) -> list[str]:
    """The rules that have no answer, since lines of a table they look into cannot be read."""
    found, pirl = snapshot.findings(), snapshot.provenance.sources[0].name
    files = found.loc[found["rule"].isin(UNREADABLE), "file"].unique()
    tables = ["pirl" if name == pirl else PurePath(name).stem.casefold() for name in files]
    return sorted(rule for name in tables for rule in LACKING.get(name, ()))


def _of_intake(snapshot: Snapshot, case_tables: CaseTables) -> pd.DataFrame:
    """What was found while the snapshot was made."""
    rows, found, pirl = case_tables.rows, snapshot.findings(), snapshot.provenance.sources[0].name
    main = (found["file"] == pirl).to_numpy(dtype=bool)
    element = found["element"].fillna("").where(main, found["file"] + " " + found["element"])
    place = pd.Index(rows["row"]).get_indexer(found["row"].fillna(0).where(main, 0))
    named = np.append(rows["100"].to_numpy(dtype=object, na_value=""), "")[place]
    return found.assign(id=pd.Series(named, dtype="object"), element=element.str.strip())[_FOUND]


def _of_records(_: Snapshot, case_tables: CaseTables) -> pd.DataFrame:
    """Which records break an edit check that was not asked while the snapshot was made."""
    rows, checks = case_tables.rows, load_checks()
    view = view_of(case_tables.records, case_tables.as_of)
    asked = {rule: holds for rule, holds in asked_of_records().items() if rule not in load_rules()}
    places = [np.flatnonzero(holds(view)) for holds in asked.values()]
    at, named = np.concatenate(places), np.repeat([*asked], [len(one) for one in places])
    rule = pd.Series(named, dtype=object)
    found = {
        "rule": rule,
        "row": rows["row"].to_numpy()[at],
        "id": rows["100"].to_numpy(dtype=object, na_value="")[at],
        "element": rule.map({name: one.elements for name, one in checks.items()}),
        "value": values(rows, rule, at, "planner"),
    }
    return _said(pd.DataFrame(found))


def _of_tables(_: Snapshot, case_tables: CaseTables) -> pd.DataFrame:
    """Which lines of a case table contradict the records of their customer."""
    lines = contradictions(case_tables).drop(columns="row")
    lines = lines.rename(columns={"line": "row", "customer": "id", "there": "value"})
    return _said(lines.drop_duplicates(["rule", "row"]))


def _said(lines: pd.DataFrame) -> pd.DataFrame:
    """Findings with the severity and message of their edit check."""
    columns = {
        name: lines["rule"].map({rule: getattr(one, name) for rule, one in load_checks().items()})
        for name in ("severity", "message")
    }
    return lines.assign(**columns)[_FOUND]


def _of_areas(snapshot: Snapshot, case_tables: CaseTables) -> pd.DataFrame:
    """Areas and programs whose records as a whole look odd (Q-)."""
    member = snapshot.membership()
    inner = member.loc[member["area_type"] == "lwia", ["row", "area"]]
    checked = distribution(case_tables, inner)
    odd = checked[checked["flag"].astype(bool)]
    definitions = {one.id: one.definition for one in load_distribution().values()}
    lines = [
        (
            one.id,
            f"lwia/{one.area} {one.program}",
            one.value,
            one.low,
            one.high,
            definitions[one.id],
        )
        for one in odd.itertuples()
    ]
    lines += _odd_shares(case_tables, inner)
    return pd.DataFrame(
        [
            {
                "rule": rule, "severity": ODD, "row": pd.NA, "id": "", "element": element,
                "value": f"{value:.4f}", "message": f"{what}: {_limits(low, high)}.",
            }
            for rule, element, value, low, high, what in lines
        ],
        columns=_FOUND,
    )  # fmt: skip


def _odd_shares(
    case_tables: CaseTables, inner: pd.DataFrame
) -> Iterator[tuple[str, str, float, float | None, float | None, str]]:
    """Those of the QRA metrics that are shares of the caseload (Q-06, Q-10), beyond their limit:
    rule, area, value, limits and definition. Asked once, then counted by area."""
    place = pd.Index(case_tables.rows["row"]).get_indexer(inner["row"])
    for share, whole, part in asked(case_tables.records, case_tables.as_of):
        if share.id not in SHARES:
            continue
        scaled = inner.assign(n=whole[place], value=part[place])
        sizes = scaled.groupby("area", observed=True)[["n", "value"]].sum()
        sizes = sizes[sizes["n"] >= threshold("distribution_least")]
        for area, value in (sizes["value"] / sizes["n"]).items():
            low, high = share.at_least, share.at_most
            if (low is not None and value < low) or (high is not None and value > high):
                yield SHARES[share.id], f"lwia/{area}", value, low, high, share.definition


def _limits(low: float | None, high: float | None) -> str:
    """What a value is expected to be; a limit that is not set is missing."""
    ends = [
        f"{word} {end:.4g}"
        for word, end in (("at least", low), ("at most", high))
        if end is not None and not math.isnan(end)
    ]
    return f"expected {' and '.join(ends)}"


@dataclass(frozen=True, slots=True)
class Summary:
    """How many findings a stage has of each severity; stops: whether WIPS would stop there."""

    stage: Stage
    counts: dict[str, int]
    stops: bool

    def __str__(self) -> str:
        numbers = ", ".join(f"{number:,} {severity}" for severity, number in self.counts.items())
        name = f"WIPS stage {self.stage.wips}, " if self.stage.wips else ""
        return (
            f"{name}{self.stage.stage}: {numbers or 'nothing'}{', WIPS stops here' * self.stops}."
        )


def summary(findings: pd.DataFrame) -> list[Summary]:
    """The findings by stage. WIPS goes on after a stage only when nothing there is a reject."""
    stages, stopped, found = load_stages(), False, []
    names = findings["rule"].drop_duplicates()
    place = {rule: stage_of(rule) for rule in names}
    each = findings["rule"].map(place)
    for number, stage in enumerate(stages):
        sizes = findings["severity"][each == number].value_counts()
        counts = {name: int(sizes[name]) for name in SEVERITIES if name in sizes}
        stops = bool(stage.wips) and STOPPING in counts and not stopped
        stopped |= stops
        found.append(Summary(stage, counts, stops))
    return found
