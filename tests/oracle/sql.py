"""The indicators once more, in plain SQL, written from the domain reference and from nothing else.

The library computes with masks over arrays; this computes with a query per program. They share no
line, so an error would have to be made twice, in two ways of thinking.
"""

from datetime import date

import duckdb
import pandas as pd

STREAM = {
    "adult": "p903 in (1, 2, 3)",
    "dw": "p904 in (1, 2, 3)",
    "youth": "p905 in (1, 2, 3)",
    "wp": "p918 = 1",
    "title1": "(p903 in (1, 2, 3) or p904 in (1, 2, 3) or p905 in (1, 2, 3))",
}
# A line of Youth, or of the total where the record is in Youth, may succeed by a placement.
PLACED = {
    "youth": "{0} in (1, 2, 3)",
    "title1": "(p905 in (1, 2, 3) and {0} in (1, 2, 3))",
}
YEAR_AFTER = "p901 + interval 1 year"
CREDENTIALS = (("p1800", "p1801"), ("p1802", "p1803"), ("p1804", "p1805"))
LEADS_TO_CREDENTIAL = "(2, 3, 4, 6, 7, 8, 9, 10)"


def earned(types: str) -> str:
    slots = (
        f"({kind} in {types} and {day} <= {YEAR_AFTER} and (p900 is null or {day} >= p900))"
        for kind, day in CREDENTIALS
    )
    return "(" + " or ".join(slots) + ")"


def window(column: str, first: date, last: date) -> str:
    return f"{column} between date '{first}' and date '{last}'"


def no_exclusion(*more: int) -> str:
    allowed = ", ".join(str(code) for code in (0, 98, 99, *more))
    return f"(p923 is null or p923 in ({allowed}))"


def quarter_end(quarters: int) -> str:
    months = 3 * (quarters + 1)
    return f"(date_trunc('quarter', p901) + interval {months} month - interval 1 day)"


def employment(
    program: str, employed: str, match: str, placed: str, quarters: int, as_of: date
) -> tuple:
    """Denominator's activity, success, pending: code 9 or match 5 is not yet available (2.4)."""
    success = f"{employed} in (1, 2, 3)"
    if program in PLACED:
        success = f"({success} or {PLACED[program].format(placed)})"
    pending = f"({employed} = 9 or {match} = 5 or {quarter_end(quarters)} >= date '{as_of}')"
    return "true", success, pending


def credential(as_of: date) -> tuple:
    activity = (
        f"(p1303 in {LEADS_TO_CREDENTIAL} or p1310 in {LEADS_TO_CREDENTIAL} "
        f"or p1315 in {LEADS_TO_CREDENTIAL} or p1332 = 1 or (p408 = 0 and p1401 = 1))"
    )
    diploma = earned("(1)")
    quarters = ("p1600", "p1602", "p1604", "p1606")
    working = " or ".join(f"{q} in (1, 2, 3)" for q in quarters)
    unknown = " or ".join(
        [f"{q} = 9" for q in quarters] + [f"p{match} = 5" for match in (1601, 1603, 1605, 1607)]
    )
    # Employment may link a diploma in any of four quarters, so the last one must be over (2.8).
    unknown += f" or not ({quarter_end(4)} < date '{as_of}')"
    success = (
        f"({earned('(2, 3, 4, 5, 6, 7)')} or ({diploma} and (p1406 <= {YEAR_AFTER} or {working})))"
    )
    pending = f"({YEAR_AFTER} >= date '{as_of}' or ({diploma} and ({unknown})))"
    return activity, success, pending


def skill_gain(first: date, last: date, as_of: date) -> tuple:
    activity = f"(p1811 <= date '{last}' and (p1813 is null or p1813 >= date '{first}'))"
    dated = [window(f"p{n}", first, last) for n in range(1806, 1811)]
    diplomas = [f"({kind} = 1 and {window(day, first, last)})" for kind, day in CREDENTIALS]
    year = last.year if last.month <= 6 else last.year + 1
    open_ = "true" if as_of <= date(year, 6, 30) else "false"
    return activity, "(" + " or ".join([*dated, *diplomas]) + ")", open_


def cohort_and_rule(measure: str, program: str, windows: dict, as_of: date) -> tuple:
    """Cohort, exclusion-free test, activity, success and pending, as SQL conditions."""
    first, last = windows[measure]
    if measure == "MSG":
        cohort = f"(p900 <= date '{last}' and (p901 is null or p901 >= date '{first}'))"
        return cohort, no_exclusion(7), *skill_gain(first, last, as_of)
    cohort, kept = window("p901", first, last), no_exclusion()
    if measure == "CR":
        return cohort, kept, *credential(as_of)
    if measure == "ME":
        wage = "(p1602 in (1, 2, 3) and p1704 > 0 and p1704 < 999999.99)"
        return cohort, kept, f"({wage} or ({kept} and {awaited(as_of)}))", wage, "false"
    if measure == "ERQ2":
        return cohort, kept, *employment(program, "p1602", "p1603", "p1900", 2, as_of)
    return cohort, kept, *employment(program, "p1606", "p1607", "p1901", 4, as_of)


def awaited(as_of: date) -> str:
    """No wage to count yet, but one may come: not yet available, or the quarter is not over."""
    wage = "(p1602 in (1, 2, 3) and p1704 >= 999999.99)"
    return f"({wage} or p1602 = 9 or p1603 = 5 or {quarter_end(2)} >= date '{as_of}')"


def retention(
    rows: pd.DataFrame, first: date, last: date, as_of: date, changed=lambda query: query
) -> pd.DataFrame:
    """Domain 2.10: row and state of every record of a core program, whichever, once.

    changed: of the query's text, for tests that put an error into it.
    """
    pirl = rows.rename(columns={name: f"p{name}" for name in rows.columns if name != "row"})
    titles_i_and_iii = [STREAM[program] for program in ("adult", "dw", "youth", "wp")]
    core = " or ".join([*titles_i_and_iii, "p910 = 1", "p917 in (1, 2, 3)"])
    with duckdb.connect() as sql:
        sql.register("pirl", pirl)
        query = f"""
            select row, case when not {no_exclusion()} then 'excluded'
                             when p1618 = 1 then 'success'
                             when p1618 = 9 or {quarter_end(4)} >= date '{as_of}' then 'pending'
                             else 'failure' end as state
            from pirl
            where coalesce({core}, false) and {window("p901", first, last)}
                and p1602 in (1, 2, 3) and p1603 in (1, 2, 3, 4)
        """
        return sql.execute(changed(query)).df()


def states(rows: pd.DataFrame, windows: dict, as_of: date) -> pd.DataFrame:
    """One row per record, program and indicator in scope: row, program, indicator, state, value."""
    pirl = rows.rename(columns={name: f"p{name}" for name in rows.columns if name != "row"})
    parts = []
    with duckdb.connect() as sql:
        sql.execute("set threads = 1")
        sql.register("pirl", pirl)
        for program, stream in STREAM.items():
            for measure in ("ERQ2", "ERQ4", "ME", "CR", "MSG"):
                if program == "wp" and measure in ("CR", "MSG"):
                    continue
                cohort, kept, activity, success, pending = cohort_and_rule(
                    measure, program, windows, as_of
                )
                query = f"""
                    select row, '{program}' as program, '{measure}' as indicator,
                        case when not coalesce({kept}, false) then 'excluded'
                             when coalesce({success}, false) then 'success'
                             when coalesce({pending}, false) then 'pending'
                             when '{measure}' = 'ME' then 'awaiting'
                             else 'failure' end as state,
                        case when '{measure}' = 'ME' and coalesce({kept} and {success}, false)
                             then p1704
                             end as value
                    from pirl
                    where coalesce({stream}, false) and coalesce({cohort}, false)
                        and coalesce({activity}, false)
                """
                parts.append(sql.execute(query).df())
    return pd.concat(parts, ignore_index=True)
