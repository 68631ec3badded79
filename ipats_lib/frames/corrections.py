"""The frame `corrections`: what correcting the records that break a check does to each figure.

Each record is counted once more with every correction that its check allows
(`params/corrections.csv`), by the indicators' own rules. Of these the best and the worst one count:
a success is better than not being counted, and that is better than a failure. Of a median the
highest and the lowest wage count, and not being counted is like the median.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.checks import corrected, load_checks, load_corrections
from ipats_lib.caseload.questions import found_to_fix
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.cases import Cases, program_titles
from ipats_lib.indicators.outcomes import outcome_table
from ipats_lib.indicators.rules import INDICATORS

_FIGURE = ["scope", "program", "measure"]
FAILURE, UNCOUNTED, SUCCESS = range(3)
_RANK = {"success": SUCCESS, "failure": FAILURE, "pending": FAILURE}
PROGRAMS, RATES = ("adult", "dw", "youth"), ("ERQ2", "ERQ4", "CR", "MSG")
MEDIAN = "ME"


def corrections(cases: Cases) -> pd.DataFrame:
    """A row per check, program and measure that correcting moves, where the main report's window
    counts a record that breaks the check, or would count it."""
    case_tables = cases.combined.case_tables
    broken = found_to_fix(case_tables)
    tried = _tried(cases, broken["rule"], cases.places(broken["row"]))
    now = outcome_table(case_tables.rows, cases.reports, case_tables.as_of)
    found = pd.concat(
        [_of_rates(cases, tried, now), _of_medians(cases, tried, now)], ignore_index=True
    )
    checks, corrections = load_checks(), load_corrections()
    return found.assign(
        up=found["value_best"] - found["value"],
        down=found["value_worst"] - found["value"],
        program_title=program_titles(found["program"].to_numpy(dtype=object)),
        measure_title=found["measure"].map({code: rule.title for code, rule in INDICATORS.items()}),
        severity=found["rule"].map({rule: one.severity for rule, one in checks.items()}),
        check=found["rule"].map({rule: one.message for rule, one in checks.items()}),
        assumes=found["rule"].map({rule: "; ".join(each) for rule, each in corrections.items()}),
    ).sort_values(["scope", "up", "rule"], ascending=[True, False, True], ignore_index=True)


def _of_rates(cases: Cases, tried: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    figures = _figures(cases, now)
    ranks = _ranks(cases, tried)
    ranks = ranks[ranks[["now", "best", "worst"]].nunique(axis=1) > 1]
    by = [*_FIGURE, "rule"]
    ranks["records"] = 1
    for name in ("now", "best", "worst"):
        ranks[f"{name}_numerator"] = ranks[name] == SUCCESS
        ranks[f"{name}_denominator"] = ranks[name] != UNCOUNTED
    sums = ranks.drop(columns=["place", "now", "best", "worst"]).groupby(by).sum().reset_index()
    found = sums.merge(figures, on=_FIGURE, how="left").fillna({"numerator": 0, "denominator": 0})
    for name in ("best", "worst"):
        counts = [
            found[part] + found[f"{name}_{part}"] - found[f"now_{part}"]
            for part in ("numerator", "denominator")
        ]
        found[f"value_{name}"] = counts[0] / counts[1].where(counts[1] > 0)
    value = found["numerator"] / found["denominator"].where(found["denominator"] > 0)
    return found.assign(value=value)


def _of_medians(cases: Cases, tried: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The median wage with the highest and the lowest wage that correcting gives each record; none
    where readers see no wages, since three medians of a few tell some."""
    if load_thresholds().hides_wages(cases.kind):
        now, tried = now.head(0), tried.head(0)
    wages, each = _wages(now), _wages(tried)
    wages = wages.assign(scope=cases.combined.of(wages), place=cases.places(wages["row"]))
    mine = _ends(cases, each, "value", ["rule", "place", "program"])
    middle = wages.groupby(["scope", "program"])["value"].median().reset_index()
    mine = mine.merge(middle, on=["scope", "program"], how="left")
    for name, out in (
        ("best", mine["best"] < mine["value"]),
        ("worst", mine["worst"] > mine["value"]),
    ):
        mine[name] = mine[name].mask(mine["some"] & out)
    mine = mine[mine[["now", "best", "worst"]].nunique(axis=1, dropna=False) > 1]
    lines = []
    for (scope, program, rule), part in mine.groupby(["scope", "program", "rule"], observed=True):
        all_ = wages[(wages["scope"] == scope) & (wages["program"] == program)]
        rest = all_.loc[~all_["place"].isin(part["place"]), "value"]
        new = [pd.concat([rest, part[name].dropna()]).median() for name in ("best", "worst")]
        line = (scope, program, MEDIAN, rule, len(part), len(all_), len(all_))
        lines.append((*line, all_["value"].median(), *new))
    sizes = ("records", "numerator", "denominator", "value", "value_best", "value_worst")
    return pd.DataFrame(lines, columns=[*_FIGURE, "rule", *sizes])


def _wages(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The wages that medians are made of, a line each."""
    counted = (outcomes["indicator"] == MEDIAN) & (outcomes["state"] == "success")
    mine = outcomes[counted & outcomes["program"].isin(PROGRAMS)]
    return mine.astype({"program": "object"}).reset_index(drop=True)


def _figures(cases: Cases, now: pd.DataFrame) -> pd.DataFrame:
    """Numerator and denominator of every rate of each scope."""
    every = _rates(now)
    every = every.assign(
        scope=cases.combined.of(every),
        numerator=every["rank"] == SUCCESS,
        denominator=every["rank"] != UNCOUNTED,
    )
    return every.groupby(_FIGURE)[["numerator", "denominator"]].sum().reset_index()


def _rates(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The outcomes of rates, with measure and rank."""
    mine = outcomes[outcomes["indicator"].isin(RATES) & outcomes["program"].isin(PROGRAMS)]
    rank = mine["state"].astype("object").map(_RANK).fillna(UNCOUNTED).astype("int64")
    named = mine.astype({"program": "object"})
    return named.assign(measure=mine["indicator"].astype("object"), rank=rank)


def _tried(cases: Cases, rules: pd.Series, places: NDArray[np.intp]) -> pd.DataFrame:
    """The outcomes of each record that breaks a check, as it is and with each correction: rule,
    place and whether a correction is `tried`, and what `outcome_table` gives."""
    case_tables, parts = cases.combined.case_tables, []
    for rule, corrections_of in load_corrections().items():
        mine = places[(rules == rule).to_numpy()]
        rows = case_tables.rows.take(mine).assign(rule=rule, place=mine).reset_index(drop=True)
        parts.append(rows.assign(tried=False))
        parts += [
            corrected(rows, steps, case_tables.as_of).assign(tried=True)
            for steps in corrections_of.values()
        ]
    stacked = pd.concat(parts, ignore_index=True)
    stacked["row"] = np.arange(len(stacked))
    found = outcome_table(stacked, cases.reports, case_tables.as_of)
    facts = stacked[["rule", "place", "tried"]].take(found["row"].to_numpy())
    return pd.concat([found.reset_index(drop=True), facts.reset_index(drop=True)], axis=1)


def _ends(cases: Cases, lines: pd.DataFrame, value: str, by: list[str]) -> pd.DataFrame:
    """The scope of each record, its value now, the highest (best) and the lowest (worst) that
    corrections give it, and whether some of these do not count the record: they have no line."""
    ends = lines[lines["tried"]].groupby(by)[value].agg(best="max", worst="min", n="size")
    found = ends.join(lines[~lines["tried"]].set_index(by)[value].rename("now"), how="outer")
    found = found.reset_index()
    every = found["rule"].map({rule: len(each) for rule, each in load_corrections().items()})
    return found.assign(
        scope=cases.combined.areas[found["place"].to_numpy(dtype=np.intp)],
        some=found.pop("n").fillna(0) < every.astype("float64"),
    )


def _ranks(cases: Cases, outcomes: pd.DataFrame) -> pd.DataFrame:
    """scope, rule, place, program, measure, and the rank of a record now, at best and at worst."""
    found = _ends(cases, _rates(outcomes), "rank", ["rule", "place", "program", "measure"])
    some, ends = found.pop("some"), ["best", "worst", "now"]
    found[ends] = found[ends].fillna(UNCOUNTED)
    return found.assign(
        best=found["best"].clip(lower=UNCOUNTED).where(some, found["best"]),
        worst=found["worst"].clip(upper=UNCOUNTED).where(some, found["worst"]),
    )
