"""The frame `corrections`: what correcting the records that break a check does to each figure.

Each record is counted once more with every correction that its check allows
(`params/corrections.csv`), by the indicators' own rules. Of these the best and the worst one count:
a success is better than not being counted, and that is better than a failure.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.corrections import corrected, load_corrections
from ipats_lib.caseload.questions import found_to_fix
from ipats_lib.frames.cases import Cases, program_titles
from ipats_lib.indicators.outcomes import outcome_table
from ipats_lib.indicators.rules import INDICATORS

_FIGURE = ["scope", "program", "measure"]
FAILURE, UNCOUNTED, SUCCESS = range(3)
_RANK = {"success": SUCCESS, "failure": FAILURE, "pending": FAILURE}
PROGRAMS, RATES = ("adult", "dw", "youth"), ("ERQ2", "ERQ4", "CR", "MSG")


def corrections(cases: Cases) -> pd.DataFrame:
    """A row per check, program and rate that correcting moves, where the main report's window
    counts a record that breaks the check, or would count it."""
    broken = found_to_fix(cases.combined.desk)
    places = cases.places(broken["row"])
    figures = _figures(cases)
    ranks = _ranks(cases, broken["rule"], places)
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
    checks, told = load_checks(), load_corrections()
    return found.assign(
        value=value,
        up=found["value_best"] - value,
        down=found["value_worst"] - value,
        program_title=program_titles(found["program"].to_numpy(dtype=object)),
        measure_title=found["measure"].map({code: rule.title for code, rule in INDICATORS.items()}),
        severity=found["rule"].map({rule: one.severity for rule, one in checks.items()}),
        check=found["rule"].map({rule: one.message for rule, one in checks.items()}),
        assumes=found["rule"].map({rule: "; ".join(told[rule]) for rule in told}),
    ).sort_values(["scope", "up", "rule"], ascending=[True, False, True], ignore_index=True)


def _figures(cases: Cases) -> pd.DataFrame:
    """Numerator and denominator of every rate of each scope."""
    desk = cases.combined.desk
    every = _rates(outcome_table(desk.rows, cases.reports, desk.as_of))
    every = every.assign(
        scope=cases.combined.of(every),
        numerator=every["rank"] == SUCCESS,
        denominator=every["rank"] != UNCOUNTED,
    )
    return every.groupby(_FIGURE)[["numerator", "denominator"]].sum().reset_index()


def _rates(outcomes: pd.DataFrame) -> pd.DataFrame:
    """row, program, measure and rank of each outcome of a rate."""
    mine = outcomes[outcomes["indicator"].isin(RATES) & outcomes["program"].isin(PROGRAMS)]
    rank = mine["state"].astype("object").map(_RANK).fillna(UNCOUNTED).astype("int64")
    named = mine[["row", "program"]].astype({"program": "object"})
    return named.assign(measure=mine["indicator"].astype("object"), rank=rank)


def _ranks(cases: Cases, rules: pd.Series, places: NDArray[np.intp]) -> pd.DataFrame:
    """scope, rule, place, program, measure, and the rank of a record now, at best and at worst."""
    desk, known = cases.combined.desk, load_corrections()
    parts = []
    for rule, corrections_of in known.items():
        mine = places[(rules == rule).to_numpy()]
        rows = desk.rows.take(mine).assign(rule=rule, place=mine).reset_index(drop=True)
        parts.append(rows.assign(tried=False))
        parts += [
            corrected(rows, steps, desk.as_of).assign(tried=True)
            for steps in corrections_of.values()
        ]
    stacked = pd.concat(parts, ignore_index=True)
    stacked["row"] = np.arange(len(stacked))
    ranked = _rates(outcome_table(stacked, cases.reports, desk.as_of))
    facts = stacked[["rule", "place", "tried"]].take(ranked["row"].to_numpy())
    lines = pd.concat([ranked.reset_index(drop=True), facts.reset_index(drop=True)], axis=1)
    by = ["rule", "place", "program", "measure"]
    tried = lines[lines["tried"]].groupby(by)["rank"].agg(best="max", worst="min", n="size")
    found = tried.join(lines[~lines["tried"]].set_index(by)["rank"].rename("now"), how="outer")
    found = found.reset_index()
    # A correction without an outcome is one that does not count the record.
    every = found["rule"].map({rule: len(known[rule]) for rule in known}).astype("float64")
    some = found["n"].fillna(0) < every
    found[["best", "worst", "now"]] = found[["best", "worst", "now"]].fillna(UNCOUNTED)
    return found.assign(
        scope=cases.combined.areas[found["place"].to_numpy(dtype=np.intp)],
        best=found["best"].clip(lower=UNCOUNTED).where(some, found["best"]),
        worst=found["worst"].clip(upper=UNCOUNTED).where(some, found["worst"]),
    ).drop(columns="n")
