"""The nation's figures as published (`params/national.csv`), shown beside those of areas."""

from collections.abc import Mapping
from functools import cache

from ipats_lib.errors import UsageError
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.levels.files import sized
from ipats_lib.params import one_of, read_each
from ipats_lib.periods import Period

COLUMNS = ("period", "window", "program", "indicator", "value", "source")
Key = tuple[str, str, str, str]


@cache
def load_national() -> Mapping[Key, float]:
    """Figures (0..1, or dollars) by period, window, program and measure; nothing is made up.

    ParamsError names file and line.
    """
    found: dict[Key, float] = {}

    def read(row: dict[str, str]) -> None:
        key, value = _figure(row)
        if key in found:
            raise ValueError(f"the figure of {', '.join(key)} appears twice")
        found[key] = value

    read_each("national.csv", COLUMNS, read)
    return found


def _figure(row: dict[str, str]) -> tuple[Key, float]:
    measure = one_of(row["indicator"], list(INDICATORS))
    try:
        period = Period.parse(row["period"])
    except UsageError as error:
        raise ValueError(str(error).rstrip(".")) from error
    window = one_of(row["window"], [report.window for report in period.reports])
    program = one_of(row["program"], [str(code) for code in INDICATORS[measure].programs])  # type: ignore[index]
    if not row["source"].strip():
        raise ValueError("expected where the figure is published, found no source")
    if (value := sized(row["value"], measure)) is None:
        raise ValueError(f"expected percent, or whole dollars of ME, found {row['value']!r}")
    return (period.name, window, program, measure), value
