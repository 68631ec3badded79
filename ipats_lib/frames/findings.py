"""The frame `findings`: the records that break an edit check, and what is written in them."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload import checks, questions
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.cases import Cases, program_titles
from ipats_lib.frames.element_names import element_names, named, parts_of
from ipats_lib.scopes import AreaType

_WAGES = ("1703", "1704", "1705", "1706")
BLANK = "blank"


def findings(cases: Cases) -> pd.DataFrame:
    """A row per check and record, the newest exit or entry first; for the state a row per check
    and area, with the number of records."""
    known, case_tables = checks.load_checks(), cases.combined.case_tables
    broken = questions.found_to_fix(case_tables)
    place = cases.places(broken["row"])
    found = broken[["rule", "dated", "there"]].assign(
        area=cases.combined.areas[place], place=place, planner=cases.planner[place]
    )
    lines = _by_area(cases, found) if cases.kind == "state" else _by_record(cases, found)
    rules = lines["rule"]
    return lines.assign(
        area_title=cases.titles(lines["area_type"], lines["area"]),
        program_title=program_titles(lines["program"].to_numpy()),
        severity=rules.map({rule: check.severity for rule, check in known.items()}),
        check=rules.map({rule: check.message for rule, check in known.items()}),
        elements=rules.map({rule: element_names(c.elements) for rule, c in known.items()}),
        enter=rules.map({rule: check.enter for rule, check in known.items()}),
        source=rules.map({rule: check.source for rule, check in known.items()}),
        measures=rules.map({rule: ", ".join(check.measures) for rule, check in known.items()}),
        planner_name=cases.planner_names(lines["planner"].to_numpy()),
    )


def _by_area(cases: Cases, found: pd.DataFrame) -> pd.DataFrame:
    lines = cases.inside(found).rename(columns={"area": "scope", "inner": "area"})
    sizes = lines.groupby(["scope", "rule", "area_type", "area"]).size().rename("records")
    blank = dict.fromkeys(("customer", "program", "planner", "values"), "")
    nobody = {"row": pd.array([pd.NA] * len(sizes), dtype="Int64"), "dated": pd.NaT}
    return sizes.reset_index().assign(**blank, **nobody, effect=np.nan)


def _by_record(cases: Cases, found: pd.DataFrame) -> pd.DataFrame:
    place = found["place"].to_numpy(dtype=np.intp)
    rows = cases.combined.case_tables.rows.assign(**{"100": cases.customer})
    own_values = pd.Series(
        values(rows, found["rule"], place, cases.kind), found.index, dtype="object"
    )
    lines = found.assign(
        scope=found["area"],
        area_type=cases.kind,
        row=cases.lines(place),
        customer=cases.customer[place],
        program=cases.program[place],
        values=(own_values + "; " + found["there"]).where(found["there"] != "", own_values),
        records=1,
        effect=_effect(cases, found["rule"], place),
    )
    return lines.sort_values("scope", kind="stable", ignore_index=True)


def _effect(cases: Cases, rules: pd.Series, place: NDArray[np.intp]) -> NDArray[np.float64]:
    """What one more success of each record adds, in the measure of its check where that is most."""
    found = np.full(len(place), np.nan)
    for rule, lines in pd.Series(range(len(place))).groupby(rules.to_numpy()):
        at = lines.to_numpy()
        for measure in checks.load_checks()[str(rule)].measures:
            if measure in cases.effect:
                found[at] = np.fmax(found[at], cases.effect[measure][place[at]])
    return found


def values(
    rows: pd.DataFrame, rules: pd.Series, places: NDArray[np.intp], kind: AreaType
) -> list[str]:
    """What is written in the elements of each broken check: `number name: value; ...`.

    rules, places: a check and the position of a record in rows, for each line. Wages are shown
    where readers of this kind of scope may see them (`params/disclosure.csv`).
    """
    found = np.full(len(places), "", dtype=object)
    for rule, lines in pd.Series(range(len(places))).groupby(rules.to_numpy()):
        at, elements = lines.to_numpy(), checks.load_checks()[str(rule)].elements
        found[at] = _texts(rows, elements, places[at], kind)
    return list(found)


def _texts(rows: pd.DataFrame, listed: str, places: NDArray[np.intp], kind: AreaType) -> list[str]:
    """Of each place, the elements that a check names and their values; of a range the filled."""
    lines: list[list[str]] = [[] for _ in places]
    for numbers in parts_of(listed):
        for number in numbers:
            if number not in rows:
                continue
            written = _written(rows[number].take(places), number, kind)
            for line, value in zip(lines, written, strict=True):
                if value != BLANK or len(numbers) == 1:
                    line.append(f"{named(number)}: {value}")
    return ["; ".join(line) for line in lines]


def _written(values: pd.Series, number: str, kind: AreaType) -> list[str]:
    plain = [_text(value) for value in values.tolist()]
    if number in _WAGES and not load_thresholds().shows_wages(kind):
        return [v if v == BLANK else "found" for v in plain]
    return plain


def texts_of(rows: pd.DataFrame, element: str, places: NDArray[np.intp]) -> list[str]:
    """What is written in one element at these positions; wages as `found`."""
    return _written(rows[element].take(places), element, "planner")


def _text(value: object) -> str:
    if pd.isna(value) or value == "":  # type: ignore[call-overload]
        return BLANK
    text = value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)
    return text.removesuffix(".0")
