"""Every finding about an extract in one table, for whoever corrects it in IWDS (domain 4.1 to 4.3).

The rules are data: of cells, lines and tables (`params/rules.csv`, found while the snapshot was
made), of records (`edit_checks.csv`), of areas and programs (`distribution.csv`). All stages run;
the summary says at which one WIPS would have stopped.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ipats_lib.caseload.checks import SEVERITIES, load_checks
from ipats_lib.caseload.desk import Desk
from ipats_lib.caseload.distribution import distribution, load_distribution
from ipats_lib.caseload.extending import SERVICES
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.gaps import services_only
from ipats_lib.caseload.mix import asked
from ipats_lib.caseload.thresholds import threshold
from ipats_lib.caseload.vocabulary import ELEMENTS
from ipats_lib.cohorts import PROGRAMS, STREAMS, Records
from ipats_lib.frames.findings import values
from ipats_lib.frames.rule_book import ODD, SHARES, Stage, load_stages, stage_of
from ipats_lib.snapshot import Snapshot
from ipats_lib.validation.rules import load_rules

COLUMNS = ("run", "rule", "severity", "row", "id", "element", "value", "message")
STOPPING, FAILING = "reject", ("reject", "error")
AT_ENTRY = ("202", "300", "408", "409", *(str(number) for number in range(800, 807)))
FOLLOW_UP = ("1412", "1503")
_TITLE_I = ("adult", "dw", "youth")
_NOT_TOLD = 9
NEVER = pd.Timestamp("2999-12-31").as_unit("s")  # the exit of who has not left


def every_finding(snapshot: Snapshot) -> pd.DataFrame:
    """What every rule finds, in `COLUMNS`, by rule and line of its file.

    run: the snapshot's id. row: the line, missing for what concerns a file or an area as a whole.
    id: PIRL 100. element: the elements that the rule asks about; for a case table `service.csv`
    and the column; for a distribution the area and the program. value: what is recorded there,
    without wages. Each record counts, whatever its program. SnapshotError where a file has changed.
    """
    columns = dict.fromkeys([*ELEMENTS, *SERVICES, *AT_ENTRY, *FOLLOW_UP])
    rows = snapshot.rows(columns=[*columns])
    parts = [
        _of_intake(snapshot, rows),
        _of_records(snapshot, rows),
        contradictions(snapshot, rows),
    ]
    every = pd.concat([*parts, _of_areas(snapshot, rows)], ignore_index=True)
    every = every.assign(run=snapshot.id).sort_values(["rule", "row"], kind="stable")
    return every.reset_index(drop=True)[list(COLUMNS)]


def _of_intake(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """What was found while the snapshot was made."""
    found, pirl = snapshot.findings(), snapshot.provenance.sources[0].name
    whose = dict(zip(rows["row"], rows["100"], strict=True))
    main = (found["file"] == pirl).to_numpy(dtype=bool)
    element = found["element"].fillna("").where(main, found["file"] + " " + found["element"])
    named = found["row"].map(whose).astype("string").where(main).fillna("")
    return found.assign(id=named.astype("object"), element=element.str.strip())[
        [name for name in COLUMNS if name != "run"]
    ]


def _of_records(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Which records break an edit check that was not asked while the snapshot was made."""
    view, places = view_of(Records(rows), snapshot.as_of), {}
    checks = {rule: one for rule, one in load_checks().items() if rule not in load_rules()}
    for rule, check in checks.items():
        places[rule] = np.flatnonzero(check.holds(view))
    at = np.concatenate(list(places.values()))
    rule = pd.Series(np.repeat(list(places), [len(one) for one in places.values()]), dtype=object)
    return pd.DataFrame(
        {
            "rule": rule,
            "severity": rule.map({name: one.severity for name, one in checks.items()}),
            "row": rows["row"].to_numpy()[at],
            "id": rows["100"].to_numpy(dtype=object, na_value="")[at],
            "element": rule.map({name: one.elements for name, one in checks.items()}),
            "value": values(rows, rule, at, "planner"),
            "message": rule.map({name: one.message for name, one in checks.items()}),
        }
    )


def contradictions(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Where records of one customer, or a record and a case table, contradict each other (D-, X-).

    Each record counts, whatever its program and area: programs and tables are compared over the
    whole extract (domain 4.3, across programs). Returns rule, severity, row, id, element, value and
    message. rows: the state's.
    """
    known = rows.dropna(subset=["100"]).rename(columns={"100": "id"})
    parts = [_persons(known), *_records(snapshot, known)]
    services, applications = snapshot.table("service"), snapshot.table("application")
    if services is not None and len(known):
        parts += _services(services_only(services), known)
    if applications is not None:
        parts.append(_applications(applications, known))
    return pd.concat(parts, ignore_index=True)


def _persons(known: pd.DataFrame) -> pd.DataFrame:
    told = known[["row", "id", "200", "103"]].dropna()
    persons = told.drop_duplicates(["id", "200", "103"])
    several = persons.groupby(["200", "103"])["id"].transform("nunique") > 1
    return _said("D-06", persons[several], "200|103")


def _records(snapshot: Snapshot, known: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Records of one customer that overlap, or begin on one day."""
    several = known[known.groupby("id")["id"].transform("size") > 1].reset_index(drop=True)
    view = view_of(Records(several.rename(columns={"id": "100"})), snapshot.as_of)
    streams = np.column_stack([STREAMS[p](view) for p in PROGRAMS if p in (*_TITLE_I, "wp")])
    facts = several[["row", "id", "900", "901"]].assign(place=several.index)
    pairs = facts.merge(facts, on="id", suffixes=("", "_2"))
    pairs = pairs[pairs["row"] != pairs["row_2"]].dropna(subset=["900", "900_2"])
    one, two = (streams[pairs[name].to_numpy(dtype=np.intp)] for name in ("place", "place_2"))
    apart = one.any(axis=1) & two.any(axis=1) & ~(one & two).any(axis=1)
    title1 = one[:, :3].any(axis=1) & two[:, :3].any(axis=1)
    last = {name: pairs[name].fillna(NEVER) for name in ("901", "901_2")}
    together = (pairs["900"] <= last["901_2"]) & (pairs["900_2"] <= last["901"])
    other = last["901"] != last["901_2"]
    same = pairs["900"] == pairs["900_2"]
    yield _said("X-02", pairs[apart & title1 & together & other], "900|901|903|904|905")
    yield _said("X-03", pairs[apart & same], "900|903|904|905|918")
    mine = [name for name in AT_ENTRY if name in several]
    answers = several[mine].astype("Float64").replace(_NOT_TOLD, pd.NA).astype("float64").to_numpy()
    first, second = (answers[pairs[name].to_numpy(dtype=np.intp)] for name in ("place", "place_2"))
    differ = ((first != second) & ~np.isnan(first) & ~np.isnan(second)).any(axis=1)
    yield _said("X-04", pairs[same & differ], "900|" + "|".join(mine))


def _services(services: pd.DataFrame, known: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Services before the first entry, or after the last exit without a follow-up as late."""
    first = known.groupby("id")["900"].min()
    active = known["901"].isna().groupby(known["id"]).any()
    latest = known.groupby("id")[["901", *FOLLOW_UP]].max().max(axis=1)
    customer, lines = services["customer"], services.rename(columns={"customer": "id"})
    yield _said("X-01", lines[services["start"] < customer.map(first)], "service.csv start")
    gone = customer.isin(active.index[~active])
    late = gone & (services["start"] > customer.map(latest))
    yield _said("X-05", lines[late], "service.csv start")


def _applications(applications: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    lines = applications.rename(columns={"customer": "id"})
    pairs = lines.merge(known[["id", "900"]], on="id")
    entered = (pairs["applied"] <= pairs["900"]) & (pairs["900"] < pairs["certified"])
    return _said("X-06", pairs[entered], "application.csv certified")


def _said(rule: str, lines: pd.DataFrame, element: str) -> pd.DataFrame:
    """One finding a line that the rule names."""
    text = load_rules()[rule]
    facts = {"rule": rule, "severity": text.severity, "element": element, "value": ""}
    return lines[["row", "id"]].drop_duplicates().assign(**facts, message=text.message)


def _of_areas(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Areas and programs whose records as a whole look odd (Q-)."""
    member = snapshot.membership()
    inner = member.loc[member["area_type"] == "lwia", ["row", "area"]]
    checked = distribution(Desk(rows, snapshot.as_of), inner)
    odd = checked[checked["flag"].astype(bool)]
    told = {one.id: one.definition for one in load_distribution().values()}
    lines = [
        (one.id, f"lwia/{one.area} {one.program}", one.value, one.low, one.high, told[one.id])
        for one in odd.itertuples()
    ]
    lines += _odd_shares(snapshot, rows, inner)
    return pd.DataFrame(
        [
            {
                "rule": rule, "severity": ODD, "row": pd.NA, "id": "", "element": element,
                "value": f"{value:.4f}", "message": f"{what}: {_limits(low, high)}.",
            }
            for rule, element, value, low, high, what in lines
        ],
        columns=[name for name in COLUMNS if name != "run"],
    )  # fmt: skip


def _odd_shares(
    snapshot: Snapshot, rows: pd.DataFrame, inner: pd.DataFrame
) -> Iterator[tuple[str, str, float, float | None, float | None, str]]:
    """Those of the QRA metrics that are shares of the caseload (Q-06, Q-10), beyond their limit:
    rule, area, value, limits and definition. Asked once, then counted by area."""
    place = pd.Index(rows["row"]).get_indexer(inner["row"])
    for share, whole, part in asked(Records(rows), snapshot.as_of):
        if share.id not in SHARES:
            continue
        told = inner.assign(n=whole[place], value=part[place])
        sizes = told.groupby("area", observed=True)[["n", "value"]].sum()
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
        told = ", ".join(f"{number:,} {severity}" for severity, number in self.counts.items())
        name = f"WIPS stage {self.stage.wips}, " if self.stage.wips else ""
        return f"{name}{self.stage.title}: {told or 'nothing'}{', WIPS stops here' * self.stops}."


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
