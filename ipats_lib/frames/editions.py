"""The frame `areas`: the state, its regions and every LWIA, in two editions (decision 0016)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.comparison import between
from ipats_lib.disclosure import load_thresholds, small_cells, withhold
from ipats_lib.frames.compared import compared
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.figures import TITLES, history, lines_of
from ipats_lib.frames.geography import REGION, counts_of_regions, load_regions, region_areas
from ipats_lib.frames.levels_of import judged, national, national_values, with_levels
from ipats_lib.frames.released_quarters import releasable
from ipats_lib.frames.source import Source, keyed, quarters_of
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.params import load_areas
from ipats_lib.periods import Report
from ipats_lib.scopes import STATE, STATE_AREA, Scope

Edition = Literal["full", "released"]
WITHHELD = "Withheld"
_WINDOW = ("py", "quarter", "window", "program", "measure")
_CELL = (*_WINDOW, "area_type", "area")
_NUMBERS = ("numerator", "denominator", "value", "lower95", "upper95", "percent")


def edition_of(scope: Scope) -> Edition:
    """*Full* in the state's folder, whose readers may open every area; *released* elsewhere."""
    return "full" if scope == STATE else "released"


def withheld(source: Source) -> pd.DataFrame:
    """The main report of the state and of every LWIA (long form), small cells withheld.

    An annual report comes with its last quarter, which its trend shows: it is the rolling four
    quarters of that quarter's own report, and both hide the same cells.
    """
    quarters = _long(source, quarters_of(source.period))
    released = [one.lines() for one in source.released]
    whole = quarters[_whole(source, quarters)]
    lines = _long(source, (source.period.reports[0], source.period.earlier(0).reports[1]))
    yearly = lines["report"] == "annual"
    year = {"report": "quarterly", "quarter": "Q4", "window": "rolling4"}
    alike = lines.assign(**{name: lines[name].mask(yearly, value) for name, value in year.items()})
    return withhold(alike, load_thresholds(), None, released, whole).assign(**lines[[*year]])


def hiding(source: Source, hidden: pd.DataFrame) -> "Hiding":
    """What `withheld` of a source costs."""
    lines, limits = _long(source, source.period.reports), load_thresholds()
    return Hiding.of(lines, hidden["suppressed"], small_cells(lines, limits))


def _long(source: Source, windows: Sequence[Report]) -> pd.DataFrame:
    areas = [("state", STATE_AREA), *(("lwia", area.lwia) for area in load_areas())]
    figures = source.counts[source.counts["area_type"] != "planner"]
    return indicators.long_form(figures, windows, areas)


def _whole(source: Source, quarters: pd.DataFrame) -> list[bool]:
    """Whether the extract holds all whom each line of a report quarter counts."""
    windows = {(one.py, one.quarter): one for one in quarters_of(source.period)}
    facts = source.whole_from, source.snapshot.as_of
    lines = zip(quarters["py"], quarters["quarter"], quarters["measure"], strict=True)
    return [holds_whole(windows[py, quarter], code, *facts) for py, quarter, code in lines]


@dataclass(frozen=True, slots=True)
class Hiding:
    """What withholding costs: figures that count anybody, those hidden, those of the hidden that
    are not small themselves and all that are not; and how many records the figures count, a record
    once in each."""

    figures: int
    hidden: int
    beside: int
    large: int
    records: int
    hidden_records: int

    @classmethod
    def of(cls, lines: pd.DataFrame, hidden: pd.Series, small: pd.Series) -> "Hiding":
        """lines: `denominator`; hidden, small: of each line."""
        size = lines["denominator"].astype("int64")
        filled = size > 0
        hides = filled & hidden
        counts = filled, hides, hides & ~small, filled & ~small
        sums = size.sum(), size[hides].sum()
        return cls(*(int(mask.sum()) for mask in counts), *map(int, sums))

    @property
    def sentence(self) -> str:
        """For the operator of a publication."""
        share = f" ({self.beside / self.large:.0%} of those)" if self.large else ""
        return (
            f"Withheld across areas: {self.hidden:,} of {self.figures:,} figures, which count "
            f"{self.hidden_records:,} of {self.records:,} records (a record once in each figure). "
            f"{self.beside:,} of the {self.large:,} figures that are not small are among "
            f"them{share}."
        )


def areas(source: Source, hidden: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """The frame `areas`. source: `Source.across`; hidden: `withheld` of it."""
    main, quarters = _main(source, hidden), _quarters(source)
    shown = releasable(quarters, [hidden, *(one.lines() for one in source.released)])
    quarters = quarters.assign(release=shown)
    if edition == "full":
        lines = pd.concat([main, quarters], ignore_index=True).assign(suppressed=False)
    else:
        lines = pd.concat([_protected(main), _protected(quarters)], ignore_index=True)
    titled = lines.assign(
        program_title=lines["program"].map(TITLES),
        measure_title=lines["measure"].map({c: r.title for c, r in INDICATORS.items()}),
        window_title=lines["window"].map(_titles(source)),
        national_value=national_values(lines),
        national_level=national(lines, source),
        group="",
    )
    return keyed(compared(titled))


def _titles(source: Source) -> dict[str, str]:
    windows = (*source.period.windows, *quarters_of(source.period))
    return {window.window: window.window_title.capitalize() for window in windows}


def _main(source: Source, hidden: pd.DataFrame) -> pd.DataFrame:
    """The windows of the main report, with whether each cell may leave the state's folder.

    A region's may where those of all its areas do: it is their sum.
    """
    windows = source.period.reports
    lines = lines_of(source, source.counts, windows)
    regions = lines_of(source, counts_of_regions(source, windows), windows, region_areas())
    lines = pd.concat([lines[lines["area_type"] != "planner"], regions], ignore_index=True)
    lines = lines.assign(period=source.period.name, back=0, release=_may_leave(lines, hidden))
    return _with_verdict(judged(with_levels(lines, source), source))


def _may_leave(lines: pd.DataFrame, hidden: pd.DataFrame) -> list[bool]:
    edr = {lwia: region.edr for lwia, region in load_regions().items()}
    keys = {*_keys(hidden[hidden["suppressed"]], *_CELL)}
    keys |= {(*key, REGION, edr.get(str(area), "")) for *key, _, area in keys}
    return [key not in keys for key in _keys(lines, *_CELL)]


def _keys(frame: pd.DataFrame, *names: str) -> list[tuple[object, ...]]:
    return list(zip(*(frame[name].tolist() for name in names), strict=True))


def _with_verdict(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds median_verdict: a median's interval is two wages, so it is judged before these go."""
    median = lines["measure"].isin([c for c, rule in INDICATORS.items() if rule.is_median])
    by = ["back", *_WINDOW]
    state = lines[lines["area_type"] == "state"].drop_duplicates(by).set_index(by)["value"]
    target = state.reindex(pd.MultiIndex.from_frame(lines[by])).to_numpy(dtype=np.float64)
    value, low, high = (
        lines[name].to_numpy(dtype=np.float64) for name in ("value", "lower95", "upper95")
    )
    verdict = between(value, low, high, target)
    return lines.assign(median_verdict=np.where(median, verdict, ""))


def _protected(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines as every reader may have them: of a withheld one its keys and its level alone.

    The interval of a median is two wages of the area, and stays in the state's folder.
    """
    hidden = ~lines["release"]
    median = lines["measure"].map({code: rule.is_median for code, rule in INDICATORS.items()})
    bounds = hidden | median.astype("bool")
    shown = lines.astype({"denominator": "Int64"})
    masks = dict.fromkeys(_NUMBERS, hidden) | dict.fromkeys(("lower95", "upper95"), bounds)
    return shown.assign(
        **{name: shown[name].mask(mask) for name, mask in masks.items()},
        could_be_chance=lines["could_be_chance"] & ~bounds,
        median_verdict=lines["median_verdict"].mask(hidden, ""),
        status=lines["status"].mask(hidden, WITHHELD),
        suppressed=hidden,
    )


def _quarters(source: Source) -> pd.DataFrame:
    """The report quarters that the main report does not hold, of every area and the state."""
    lines = history(source)
    lines = lines[lines["area_type"] != "planner"]
    known = any(window.window == "current" for window in source.period.reports)
    in_main = lines["back"].eq(0) & known
    lines = lines[~in_main].reset_index(drop=True).assign(quarter="")
    return _with_verdict(judged(lines, source))
