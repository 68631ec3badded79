"""No reader learns from a trend what the report of another period withholds of skill gains.

Who participates in a window is no sum of quarters, but one window stands in several publications:
a quarter in its own report and in the trends of later ones, four quarters in the annual report too.
Random small states, all from one extract, in either order. Source: domain 7.3; decision 0023.
"""

import random
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import product
from types import SimpleNamespace

import pandas as pd
import pytest

from ipats_lib import readers
from ipats_lib.frames import editions
from ipats_lib.frames.released_quarters import releasable
from ipats_lib.frames.source import quarters_of
from ipats_lib.periods import Period
from tests.property.attacker import PROGRAMS, Line, Reader
from tests.seeds import seeds

SEEDS = seeds(3, 50)
AREAS = ("01", "02", "03", "04", "05", "07")
GAINED = {"served": "exited", "gained": "employed2"}  # what the attacker calls these counts
YEAR, Q4, Q3 = (Period.parse(name) for name in ("PY2024", "PY2024Q4", "PY2024Q3"))


def window_of(report):
    """The windows of a year are the same: that of its fourth quarter's report."""
    year = replace(report, kind="quarterly", quarter="Q4", window="rolling4")
    return (year if report.window == "annual" else report).cohort("MSG")


WINDOWS = sorted({window_of(r) for p in (YEAR, Q4, Q3) for r in (*p.reports, *quarters_of(p))},
                 key=lambda one: (one.start, one.end))  # fmt: skip
WINDOW = window_of(Q3.reports[1])  # a quarter that reports and trends show
YEARS = {window_of(one.reports[0]) for one in (Q4, Q3)}


@cache
def drawn(seed):
    """Participants and their skill gains by area, program and window: (served, gained)."""
    some, found = random.Random(seed), {}
    for area, program in product(AREAS, PROGRAMS):
        usual = some.choice([0, 5, 12, 14, 30])
        for window in WINDOWS:
            size = some.randint(usual, usual + 6) if usual > 5 else some.randint(0, usual)
            found[area, program, window] = size * (2 if window in YEARS else 1), size // 2
    return found


def lines(reports, areas):
    """The lines of reports, with the counts that each adds up."""
    places = [("state", "IL", areas), *(("lwia", one, [one]) for one in areas)]
    groups = [*((one, (one,)) for one in PROGRAMS), ("title1", PROGRAMS)]
    for report, (kind, area, inside), (program, those) in product(reports, places, groups):
        cells = [(*cell, window_of(report)) for cell in product(inside, those)]
        counts = ([(GAINED[name], *cell) for cell in cells] for name in ("served", "gained"))
        yield report, Line((report.window, kind, area, program, "MSG"), *counts)


def source(world, period, released=()):
    """What `editions.withheld` takes of a source."""
    found = []
    for report, line in lines({*period.reports, *quarters_of(period)}, AREAS):
        cells = [world[count[1:]] for count in line.size]
        size, gained = (sum(cell[n] for cell in cells) for n in (0, 1))
        keys = (report.label, *line.keys[1:])
        found.append((*keys, gained, size, gained / size if size else None))
    names = ["report", "area_type", "area", "program", "indicator", "numerator", "denominator",
             "value"]  # fmt: skip
    counts = pd.DataFrame(found, columns=names).astype({"numerator": "Int64"})
    records = [SimpleNamespace(lines=lambda one=one: one) for one in released]
    return SimpleNamespace(period=period, counts=counts, released=records, whole_from="",
                           snapshot=SimpleNamespace(as_of=date(2025, 8, 15)))  # fmt: skip


def published(world, period, released=()):
    """The report and the trend of a publication, each with whether a line is `suppressed`."""
    given = source(world, period, released)
    hidden = editions.withheld(given)
    trend = editions._long(given, quarters_of(period))
    shown = releasable(trend, [hidden, *released])
    report = hidden[hidden["window"].isin([one.window for one in period.reports])]
    return report, trend.assign(suppressed=~shown)


def reader_of(world, prints, own=""):
    """The reader of these publications, by period."""
    reader = Reader()
    counts = {(GAINED[name], *cell): numbers[n] for cell, numbers in world.items()
              for n, name in enumerate(GAINED)}  # fmt: skip
    reader.knows("a", counts, 0)
    names = ("report", "py", "quarter", "window", "area_type", "area", "program", "measure")
    for period, parts in prints.items():
        for windows, part in zip((period.reports, quarters_of(period)), parts, strict=True):
            keys = zip(*(part[name] for name in names), strict=True)
            hidden = dict(zip(keys, part["suppressed"], strict=True))
            for one in windows:  # Illinois' earlier quarters are nowhere, and no small cells
                found = [line for _, line in lines([one], AREAS)]
                found = [line for line in found if part is parts[0] or line.keys[1] == "lwia"]
                here = [hidden[one.kind, one.py, one.quarter, *line.keys] for line in found]
                reader.reads(one.label, "a", found, pd.DataFrame({"suppressed": here}))
    reader.sought = {key: of for key, of in reader.sought.items() if of not in reader.printed}
    if own:
        reader.owns(own)
    return reader


@cache
def alone(seed, period):
    return published(drawn(seed), period)


def both(world, one, first, then):
    """Two publications, the second with the record of the first, `one`."""
    return {first: one, then: published(world, then, [one[0]])}


def told(world, prints, then, own=""):
    """What the second publication gives away: what would be as narrow without it is not its own."""
    found = reader_of(world, prints, own).narrows()
    if not found:
        return set()
    report, trend = prints[then]
    nothing = report.assign(suppressed=True), trend.assign(suppressed=True)
    return {*found} - {*reader_of(world, {**prints, then: nothing}, own).narrows()}


ORDERS = [(Q3, Q4), (Q4, Q3), (Q4, YEAR), (YEAR, Q4), (YEAR, Q3)]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order[0].name} {order[1].name}")
@pytest.mark.parametrize("seed", SEEDS)
def test_no_trend_gives_a_withheld_count_of_participants_away(seed, order):
    world = drawn(seed)
    prints = both(world, alone(seed, order[0]), *order)
    for own in ("", AREAS[seed % len(AREAS)]):
        assert told(world, prints, order[1], own) == set(), own


def with_one_low_quarter(seed, period):
    """Many participants everywhere but in one area's quarter; fewer in two others' then.

    The low area, and the world.
    """
    some, found = random.Random(seed), {}
    low, *fewer = some.sample(AREAS, 3)
    for area, program, window in product(AREAS, PROGRAMS, WINDOWS):
        size = some.randint(30, 40) * (2 if window in YEARS else 1) * (program == "adult")
        if size and window == window_of(period.reports[1]) and area in (low, *fewer):
            size = some.randint(4, 9) if area == low else some.randint(12, 16)
        found[area, program, window] = size, size // 2
    return low, found


def given(world, prints, then):
    """The areas whose counts the second publication gives away, to a stranger or to an area."""
    return {line[4] for own in ("", *AREAS) for line in told(world, prints, then, own)}


PLANTED = seeds(3, 50)


@pytest.mark.parametrize("seed", PLANTED)
def test_one_more_quarter_shown_in_a_trend_is_noticed(seed):
    """Planted: of a quarter's hidden areas one stands in the next publication's trend."""
    low, world = with_one_low_quarter(seed, Q3)
    prints = both(world, published(world, Q3), Q3, Q4)
    assert given(world, prints, Q4) == set()
    report, trend = prints[Q4]
    quarter = trend["py"].eq(2024) & trend["quarter"].eq("Q3") & trend["measure"].eq("MSG")
    secret = quarter & trend["suppressed"] & trend["area"].isin(AREAS) & trend["area"].ne(low)
    secret &= trend["program"].eq("adult")
    opened = trend.index[secret & trend["denominator"].between(10, 16)][:1]
    assert len(opened) == 1
    trend = trend.assign(suppressed=trend["suppressed"] & ~trend.index.isin(opened))
    assert low in given(world, {**prints, Q4: (report, trend)}, Q4)


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("seed", PLANTED)
def test_a_report_made_after_the_trend_that_shows_its_quarter_gives_nobody_away(
    seed, linked, monkeypatch
):
    """Planted where not `linked`: windows of participants are in no other publication. Then all
    but the low area's quarter stand in the trend."""
    if not linked:
        without = lambda _, one: one[one["measure"] != "MSG"]  # noqa: E731
        monkeypatch.setattr(readers.System, "_linked", without)
    low, world = with_one_low_quarter(seed, Q3)
    prints = both(world, published(world, Q4), Q4, Q3)
    assert given(world, prints, Q3) == (set() if linked else {low})


@pytest.mark.parametrize("seed", PLANTED)
def test_a_years_trend_withholds_what_its_fourth_quarters_report_does(seed):
    """Planted: it withholds what the annual report withholds, and no more."""
    low, world = with_one_low_quarter(seed, Q4)
    prints = {one: published(world, one) for one in (Q4, YEAR)}
    assert given(world, prints, YEAR) == set()
    report, trend = prints[YEAR]
    prints[YEAR] = report, trend.assign(suppressed=~releasable(trend, [report]))
    assert low in given(world, prints, YEAR)
