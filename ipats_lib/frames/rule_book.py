"""The rules that data are checked by, in one list, and the frame `rules`: how often each is broken.

They are in four files of `params/`: of cells, lines and tables (`rules.csv`, found while a snapshot
is made), of records (`edit_checks.csv`), of areas (`distribution.csv`, and those of `shares.csv`
that the Department's quarterly review asks too). `stages.csv` says where WIPS would look.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import Annotated

import pandas as pd

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.caseload.mix import load_shares
from ipats_lib.caseload.questions import found_to_fix
from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.frames.cases import Cases
from ipats_lib.frames.dictionary import folded, html_table
from ipats_lib.frames.element_names import element_names
from ipats_lib.params import read_table
from ipats_lib.scopes import STATE_AREA
from ipats_lib.snapshot import Snapshot
from ipats_lib.validation.rules import load_rules

SHARES = {"A-35": "Q-06", "A-34": "Q-10", "A-33e": "Q-10"}  # QRA metrics that are shares
ODD = "warning"  # a distribution: somebody should look
_BY = ["area_type", "area", "rule"]
# What a rule looks at, where it is no single element of the layout.
FIELDS = {
    "OBS": "Observation number", "108": "108 Workforce board codes", "ids": "Identifiers",
    "dates": "Every date", "amounts": "Every amount", "codes": "Every coded field",
    "texts": "Every text", "all": "Every field", "file": "The file", "lwia": "LWIA",
    "planner_id": "Career planner", "customer": "Customer", "switch": "Yes or no",
    "application": "Application", "account": "Training account", "fiscal": "Amounts spent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of `params/stages.csv`: the rules of a stage; wips: its number there, or none."""

    stage: str
    wips: str
    rules: Annotated[re.Pattern[str], re.compile]


@cache
def load_stages() -> tuple[Stage, ...]:
    """The stages in their order; ParamsError names file and line."""
    return tuple(read_table("stages.csv", Stage, more=("source",)))


def stage_of(rule: str) -> int:
    """The place of a rule's stage among `load_stages`."""
    return next(n for n, stage in enumerate(load_stages()) if stage.rules.match(rule))


def rules(cases: Cases) -> pd.DataFrame:
    """Every rule, with the records of each scope that break it; what earlier extracts counted has
    another known_at. None is counted of rules about areas (Q-): `distribution` has those."""
    case_tables = cases.combined.case_tables
    broken = found_to_fix(case_tables)
    now = pd.DataFrame({"area": cases.combined.of(broken), "rule": broken["rule"]})
    now = now.groupby(["area", "rule"]).size().rename("records").reset_index()
    intake = cases.intake()
    mine = intake[intake["area_type"] == cases.kind].drop(columns="area_type")
    counts = pd.concat([now, mine], ignore_index=True)
    book = pd.DataFrame(list(_rules()))
    every = pd.DataFrame({"area": sorted(cases.scopes)}).merge(book[["rule"]], how="cross")
    counts = every.merge(counts, on=["area", "rule"], how="left")
    unknown = counts["rule"].str.startswith("Q-")
    counts["records"] = counts["records"].fillna(0).mask(unknown)
    then = cases.earlier[cases.earlier["kind"].isin(["check", "rule"])]
    then = then.rename(columns={"key": "rule", "n": "records"})[
        ["area", "known_at", "rule", "records"]
    ]
    counts = pd.concat(
        [counts.assign(known_at=case_tables.as_of.isoformat()), then], ignore_index=True
    )
    found = counts.merge(book.assign(order=range(len(book))), on="rule")
    found = found.sort_values(["area", "known_at", "order"], ignore_index=True)
    return found.assign(scope=found["area"], known_at=pd.to_datetime(found["known_at"]))


def _rules() -> Iterator[dict[str, str]]:
    """The rules by stage."""
    found = [*_of_cells(), *_of_records(), *_of_areas()]
    for one in sorted(found, key=lambda one: (stage_of(one["rule"]), one["rule"])):
        stage = load_stages()[stage_of(one["rule"])]
        yield {"stage": stage.stage, "wips": stage.wips, "measures": "", "enter": "", **one}


HEAD = ("Rule", "Severity", "What it says", "Fields", "What to enter", "Source")


def html() -> str:
    """The rule book as a section of the site's guide: a fold for each stage, without counts."""
    stages: dict[str, list[dict[str, str]]] = {}
    for one in _rules():
        title = one["stage"].capitalize() + (f" (WIPS stage {one['wips']})" if one["wips"] else "")
        stages.setdefault(title, []).append(one)
    keys = ("rule", "severity", "check", "elements", "enter", "source")
    folds = [
        folded(
            f"rules-{number}",
            f"{title}: {len(found)} rules",
            html_table(title, HEAD, [[one[key] for key in keys] for one in found]),
        )
        for number, (title, found) in enumerate(stages.items(), start=1)
    ]
    return (
        "<h2 id='Rule-book'>Rule book</h2>\n<p>Every extract is checked by these rules, in this "
        "order. WIPS goes on to its next stage only without a reject. Records to fix lists the "
        "records that break one. Correct errors in IWDS.</p>\n" + "\n".join(folds)
    )


def _of_cells() -> Iterator[dict[str, str]]:
    for rule, one in load_rules().items():
        if rule not in load_checks():
            yield _line(
                rule, one.message_for("The element"), one.elements, one.severity, one.source
            )


def _of_records() -> Iterator[dict[str, str]]:
    for rule, one in load_checks().items():
        line = _line(rule, one.message, one.elements, one.severity, one.source)
        yield {**line, "measures": ", ".join(one.measures), "enter": one.enter}


def _of_areas() -> Iterator[dict[str, str]]:
    for rule, one in load_distribution().items():
        yield _line(rule, f"{one.metric}. {one.definition}", "", ODD, one.source)
    asked: dict[str, list[str]] = {}
    for share, rule in SHARES.items():
        asked.setdefault(rule, []).append(share)
    for rule, shares in asked.items():
        mine = [load_shares()[share] for share in shares]
        definitions = " ".join(f"{one.name}. {one.definition}." for one in mine)
        yield _line(rule, definitions, "", ODD, mine[0].source)


def _line(rule: str, check: str, elements: str, severity: str, source: str) -> dict[str, str]:
    named = FIELDS.get(elements) or element_names(elements) or elements
    return {"rule": rule, "check": check, "elements": named, "severity": severity, "source": source}


def intake_counts(snapshot: Snapshot) -> pd.DataFrame:
    """How often each rule about cells, lines and files was broken while a snapshot was made, that
    no edit check asks again: area_type, area, rule, records. What concerns a file as a whole, or a
    table without areas, counts for the state alone."""
    found = snapshot.findings()
    found = found[~found["rule"].isin([*load_checks()])]
    tables = {snapshot.provenance.sources[0].name: "pirl"}
    tables |= {name: PurePath(name).stem for name in found["file"].unique() if name not in tables}
    parts = [found.assign(area_type="state", area=STATE_AREA)]
    for file, lines in found.dropna(subset=["row"]).groupby("file"):
        if tables[file] in ("pirl", *CASE_TABLES):
            parts.append(lines.merge(snapshot.membership(tables[file]), on="row"))
    every = pd.concat(parts, ignore_index=True).astype({"area_type": "str", "area": "str"})
    return every.groupby(_BY).size().rename("records").reset_index()
