"""The forms' own rows once more, in plain SQL, written from docs/forms.md and the domain reference.

Like `sql.py`, it shares no line with the library: codes and dates are written out here again.
"""

from datetime import date

import duckdb
import pandas as pd

from tests.oracle.sql import CREDENTIALS, STREAM, no_exclusion, window

BASIC, COUNSEL, TRAINED = "p1001 is not null", "p1200 is not null", "p1300 = 1"
UNTRAINED = "(p1300 is null or p1300 <> 1)"
_TIERS = {
    "basic": f"{BASIC} and not {COUNSEL} and {UNTRAINED}",
    "individualized": f"{COUNSEL} and {UNTRAINED}",
    "training": TRAINED,
}
TIERS = {
    **dict.fromkeys(("adult", "dw", "wp"), _TIERS),
    "youth": {"youth": f"p906 is not null and {UNTRAINED}", "training": TRAINED},
}
GROUPS = {
    "All": "true",
    "Female": "p201 = 2",
    "Did not self-identify": "p201 = 9",
    "Veterans": "p300 = 1",
    "Eligible veterans": "p301 between 1 and 3",
    "Incumbent workers": "p907 = 1",
    "Unemployed": "p400 = 0",
    "Employed": "p400 = 1",
    "Employed, with notice of termination or separation": "p400 = 2",
    "Not in the labor force": "p400 = 3",
    "No diploma": "p408 = 0",
    "Secondary school graduate or equivalent": "p408 in (1, 2)",
    "Certificate of attendance or completion": "p408 = 3",
    "One or more years of postsecondary education": "p408 = 4",
    "Postsecondary certification or license": "p408 = 5",
    "Associate's degree": "p408 = 6",
    "Bachelor's degree": "p408 = 7",
    "Degree beyond a bachelor's": "p408 = 8",
    "Neither claimant nor exhaustee": "p401 = 0",
    "Claimant, referred by RESEA": "p401 = 1",
    "Claimant, referred by WPRS": "p401 = 2",
    "Claimant, not referred by either": "p401 = 3",
    "Exhaustee": "p401 = 4",
    "Claimant, exempt from work search": "p401 = 5",
}
ALONE = {"adult": "p903 = 4", "dw": "p904 = 4", "wp": "p918 = 1 and p900 is null"}


def _ask(rows: pd.DataFrame, question: str) -> int:
    pirl = rows.rename(columns={name: f"p{name}" for name in rows.columns if name != "row"})
    with duckdb.connect() as sql:
        sql.register("pirl", pirl)
        found = sql.execute(question).fetchone()
    assert found
    return int(found[0])


def _served(program: str, first: date, last: date) -> str:
    there = f"p900 <= date '{last}' and (p901 is null or p901 >= date '{first}')"
    return f"{STREAM[program]} and {there}"


def served(rows: pd.DataFrame, program: str, first: date, last: date) -> dict:
    """(group, tier or all) -> persons served, each once."""
    tiers = {"all": "true", **TIERS[program]}
    keys = [(group, tier) for group in GROUPS for tier in tiers]
    counts = ", ".join(
        f"count(distinct case when ({GROUPS[g]}) and ({tiers[t]}) then p100 end)" for g, t in keys
    )
    pirl = rows.rename(columns={name: f"p{name}" for name in rows.columns if name != "row"})
    with duckdb.connect() as sql:
        sql.register("pirl", pirl)
        found = sql.execute(f"select {counts} from pirl where {_served(program, first, last)}")
        return dict(zip(keys, found.fetchone() or (), strict=True))


def reportable(rows: pd.DataFrame, program: str, first: date, last: date) -> int:
    met = f"({window('p1007', first, last)} or {window('p1002', first, last)})"
    return _ask(rows, f"select count(distinct p100) from pirl where {ALONE[program]} and {met}")


def gains(rows: pd.DataFrame, program: str, first: date, last: date) -> dict:
    """(measure, tier or all) -> periods with such a gain, and all that could have one."""
    dated = {
        "gain_efl": window("p1806", first, last),
        "gain_postsecondary": window("p1807", first, last),
        "gain_secondary": window("p1808", first, last),
        "gain_milestone": window("p1809", first, last),
        "gain_progression": window("p1810", first, last),
        "gain_diploma": " or ".join(
            f"({kind} = 1 and {window(day, first, last)})" for kind, day in CREDENTIALS
        ),
    }
    learning = f"p1811 <= date '{last}' and (p1813 is null or p1813 >= date '{first}')"
    whole = f"{_served(program, first, last)} and {no_exclusion(7)} and {learning}"
    found = {}
    for tier, held in {"all": "true", **TIERS[program]}.items():
        start = f"select count(*) from pirl where {whole} and {held}"
        size = _ask(rows, start)
        for measure, gained in dated.items():
            found[measure, tier] = (_ask(rows, f"{start} and ({gained})"), size)
    return found


def trained(rows: pd.DataFrame, program: str, first: date, last: date) -> tuple[int, int, int]:
    """Related jobs, jobs whose answer is known, and all trained, of exits in the ER Q2 window."""
    start = f"select count(*) from pirl where {STREAM[program]} and {TRAINED}"
    start += f" and {window('p901', first, last)}"
    job = f"{start} and p1602 in (1, 2, 3)"
    parts = (f"{job} and p1608 = 1", f"{job} and p1608 in (0, 1)", start)
    related, known, every = (_ask(rows, part) for part in parts)
    return related, known, every
