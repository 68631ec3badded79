"""Generated PIRL records that lie on every edge the rules have."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from tests.tables import records

# Quarter ends and starts, leap days, the turn of program years.
EXITS = [
    *(date(y, m, d) for y in (2022, 2023, 2024) for m, d in ((3, 31), (4, 1), (6, 30), (7, 1))),
    *(date(y, m, d) for y in (2022, 2023, 2024) for m, d in ((9, 30), (10, 1), (12, 31), (1, 1))),
    *(date(2024, 2, 29), date(2024, 2, 28), date(2023, 2, 28), date(2023, 5, 20)),
]
NEAR = (-1, 0, 1)


def _year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 2, 28)


def draw(number: int, seed: int) -> pd.DataFrame:
    """`number` records; each element is drawn from its edges far more often than life does."""
    rng = np.random.default_rng(seed)
    return records(*(_record(rng, place) for place in range(number)))


def _one(rng, *values):
    return values[rng.integers(len(values))]


def _beside(rng, day: date) -> str:
    return (day + timedelta(days=int(_one(rng, *NEAR)))).isoformat()


def _record(rng, place: int) -> dict[str, object]:
    exit_ = _one(rng, *EXITS)
    entry = exit_ - timedelta(days=int(_one(rng, 30, 200, 500, 900)))
    year = _year_after(exit_)
    windows = (date(2024, 7, 1), date(2025, 6, 30), date(2025, 4, 1), date(2023, 7, 1))
    record = {
        "100": f"P{place // 2:07d}",  # two periods of participation each
        "900": entry.isoformat(),
        "901": _one(rng, exit_.isoformat(), exit_.isoformat(), exit_.isoformat(), ""),
        "903": _one(rng, "", 0, 1, 2, 3, 4),
        "904": _one(rng, "", 0, 1, 3, 4),
        "905": _one(rng, "", 0, 0, 1, 2),
        "918": _one(rng, "", 0, 1),
        "910": _one(rng, "", 0, 0, 1, 9),
        "917": _one(rng, "", 0, 0, 1, 3),
        "923": _one(rng, "", 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 98, 99),
        "408": _one(rng, 0, 0, 1, 4, ""),
        "1332": _one(rng, "", 0, 0, 1),
        "1401": _one(rng, "", 0, 1),
        "1406": _one(rng, "", "", _beside(rng, year)),
        "1704": _one(rng, "", 0.0, 0.01, 5000.25, 999999.98, 999999.99),
        "1900": _one(rng, "", 0, 1, 2, 3),
        "1901": _one(rng, "", 0, 1, 2, 3),
        "1811": _one(rng, "", entry.isoformat(), *(_beside(rng, d) for d in windows)),
        "1813": _one(rng, "", "", *(_beside(rng, d) for d in windows)),
    }
    for element in ("1600", "1602", "1604", "1606"):
        record[element] = _one(rng, "", 0, 0, 0, 1, 2, 3, 4, 9)
    for element in ("1601", "1603", "1605", "1607"):
        record[element] = _one(rng, "", 0, 0, 0, 1, 2, 3, 4, 5)
    if _one(rng, True, False, False):  # no employment at all: what a lone diploma waits for
        record |= dict.fromkeys(("1600", "1601", "1604", "1605", "1606", "1607"), 0)
        record |= {"1602": _one(rng, 0, ""), "1603": 0}
    for element in ("1303", "1310", "1315"):
        record[element] = _one(rng, "", "", *range(13))
    for kind, day in (("1800", "1801"), ("1802", "1803"), ("1804", "1805")):
        record[kind] = _one(rng, "", "", 0, 1, 1, 2, 6, 7, 8)
        edges = (year, entry, exit_, *windows)
        record[day] = _one(rng, "", *(_beside(rng, edge) for edge in edges))
    for element in ("1806", "1807", "1808", "1809", "1810"):
        record[element] = _one(rng, "", "", "", "", "", _beside(rng, _one(rng, *windows)))
    record["1618"] = _one(rng, "", 0, 1, 1, 9)
    return record
