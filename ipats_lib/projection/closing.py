"""Until when an outcome that is still open can happen."""

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipats_lib.cohorts import View
from ipats_lib.indicators.predicates import ATTAINED_DIPLOMA
from ipats_lib.indicators.rules import Measure


def last_day(view: View, measure: Measure, year_end: date) -> NDArray[Any]:
    """The last day on which each record's outcome can still become a success.

    view: the records, whatever its program and window; year_end: the end of the program year that
    the report is about, which closes skill gains. A diploma is earned already: it waits for
    employment in any of four quarters after exit, which ends later than the year in which a
    credential can be earned. Source: domain 2.8, 2.12.
    """
    records = view.records
    if measure == "MSG":
        return np.full(len(records), np.datetime64(year_end))
    if measure == "CR":
        fourth = records.quarter_end_after_exit(4)
        return np.where(ATTAINED_DIPLOMA(view), fourth, records.one_year_after_exit)
    return records.quarter_end_after_exit(4 if measure == "ERQ4" else 2)
