"""The frame `plan`: participants and exiters of the program year against what was planned."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import EXITED_IN_WINDOW, PARTICIPATED_IN_WINDOW, STREAMS, Program, View
from ipats_lib.frames.figures import TITLES
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import Source
from ipats_lib.levels.plans import COUNTS, PROGRAMS, load_plans
from ipats_lib.periods import Window

_COHORTS = {"participants": "served", "exiters": "exited"}


def plan(source: Source) -> pd.DataFrame:
    """The frame `plan` of every scope, with `owner`: its scope's place; counted as the ETA-9169
    counts participants served and exited."""
    py, plans = source.period.py, load_plans()
    year, as_of = source.period.program_year, source.snapshot.as_of
    lines, counted = [], {}
    for owner, scope in enumerate(source.scopes):
        for program in PROGRAMS:
            for item in COUNTS:
                planned = plans.get((py, scope.kind, scope.area, program, item))  # type: ignore[call-overload]
                if planned is None:
                    continue
                span = year.cohort(_COHORTS[item])  # type: ignore[arg-type]
                if (program, item) not in counted:
                    counted[program, item] = _counts(source, program, item, span)
                actual = int(counted[program, item][owner])
                lines.append(
                    {
                        "owner": owner,
                        "period": source.period.name,
                        "area_type": scope.kind,
                        "area": scope.area,
                        "program": program,
                        "program_title": TITLES[program],
                        "item": item,
                        "planned": planned.planned,
                        "so_far": actual,
                        "percent": 100 * actual / planned.planned if planned.planned else np.nan,
                        "first": np.datetime64(span.start, "s"),
                        "last": np.datetime64(span.end, "s"),
                        "elapsed": _elapsed(span, as_of),
                        "plan_source": planned.source,
                    }
                )
    return pd.DataFrame(lines, columns=["owner", *SCHEMAS["plan"].names])


def _counts(source: Source, program: Program, item: str, span: Window) -> NDArray[np.int64]:
    """Of each scope: persons who participated in the days, each once, or periods that ended."""
    view = View(source.records, program, span, source.snapshot.as_of)
    asked = PARTICIPATED_IN_WINDOW if item == "participants" else EXITED_IN_WINDOW
    mine = (STREAMS[program](view) & asked(view))[source.at]
    at, owner = source.at[mine], source.owner[mine]
    person = source.records.text("100")[at].astype("str") if item == "participants" else at
    pairs = pd.DataFrame({"owner": owner, "person": person}).drop_duplicates()
    return np.bincount(pairs["owner"], minlength=len(source.scopes))


def _elapsed(span: Window, as_of: date) -> float:
    """The share of the days that are over on the as-of date."""
    over = (min(as_of, span.end) - span.start).days + 1
    return max(over, 0) / ((span.end - span.start).days + 1)
