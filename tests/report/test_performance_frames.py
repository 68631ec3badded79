"""The frames of the federal indicators: counted once for all scopes, the same for one alone.

Source: issue "The notebook is the report", decisions 0014 to 0017.
"""

import json
import math
from dataclasses import replace
from datetime import date
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from ipats_lib.breakdown import TOTAL, membership_of
from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.disclosure import load_thresholds, small_cells
from ipats_lib.errors import UsageError
from ipats_lib.frames import ACROSS
from ipats_lib.frames import performance as made
from ipats_lib.frames.calendar import calendar
from ipats_lib.frames.case_frames import MAKE
from ipats_lib.frames.dictionary import html
from ipats_lib.frames.editions import WITHHELD, edition_of
from ipats_lib.frames.keys import FigureKey
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.slices import arrow_bytes
from ipats_lib.groups import PEOPLE
from ipats_lib.indicators import differences
from ipats_lib.params import load_areas
from ipats_lib.periods import Period
from ipats_lib.report.alone import declared_frames
from ipats_lib.report.data import StateData
from ipats_lib.report.figures import figures_csv
from ipats_lib.report.report import Report
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import Released, make_snapshot
from tests.frames.checked import check
from tests.raw import opened
from tests.report import reference

FRAMES = {name: schema for name, schema in SCHEMAS.items() if name not in MAKE}
ANNUAL = Period.parse("PY2024")


def scopes(state: StateData) -> tuple[Scope, ...]:
    found = state.snapshot.scopes()
    assert len(found) > 50, "the small sample has the state, every LWIA and some planners"
    return found


@pytest.fixture(params=["some", pytest.param("every", marks=pytest.mark.soak)])
def taken(request, state) -> tuple[Scope, ...]:
    """The scopes that a test takes: the state and one in five of the others, or all."""
    found = scopes(state)
    return found if request.param == "every" else (found[0], *found[1::5])


@pytest.fixture(scope="module")
def year(state) -> StateData:
    return replace(state, period=ANNUAL)


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_of_every_scope_is_as_its_schema_says(state, year, name):
    for scope in scopes(state):
        check(state.slice(scope).frame(name), FRAMES[name])
    for scope in scopes(state)[:4]:
        check(year.slice(scope).frame(name), FRAMES[name])


def test_a_scope_that_is_opened_alone_has_the_same_bytes(state, taken):
    """Bulk and alone run the same functions: on everybody's records, and on the scope's."""
    assert {"state", "lwia", "planner"} == {scope.kind for scope in taken}
    for scope in taken:
        alone = replace(state, only=scope)
        for name in FRAMES:
            if name not in ACROSS:  # the next test: each counts the whole state
                bulk = arrow_bytes(state.performance.table(name, scope))
                assert bulk == arrow_bytes(alone.performance.table(name, scope)), (scope, name)


@pytest.mark.parametrize("path", ["state", "lwia/01", "planner"])
def test_the_areas_are_the_same_whoever_is_opened_alone(state, planner, path):
    """Also where planners are among the scopes that are counted."""
    scope = planner if path == "planner" else Scope.parse(path)
    alone = replace(state, only=scope)
    for name in ACROSS:
        bulk = arrow_bytes(state.performance.table(name, scope))
        assert bulk == arrow_bytes(alone.performance.table(name, scope)), name


def test_what_a_run_receives_is_what_the_frames_hold(state, planner):
    data = state.slice(planner)
    for name in FRAMES:
        assert data.files[f"{name}.arrow"] == arrow_bytes(state.performance.table(name, planner))


def test_one_scope_alone_reads_nobody_elses_records(state, planner, monkeypatch):
    asked = []
    read = type(state.snapshot).rows

    def rows(snapshot, scope=STATE, columns=None):
        asked.append((scope, tuple(columns or ())))
        return read(snapshot, scope, columns)

    monkeypatch.setattr(type(state.snapshot), "rows", rows)
    report = Report(replace(state, only=planner).slice(planner))
    # No earlier extract or plan was named; of planners no training and no assessment is counted,
    # and none has another's figures.
    nothing = ("earlier_outlook", "training", "assessment", "score_cases", "plan", "adjustment",
               "planner_figures")  # fmt: skip
    for name in set(FRAMES) - {*ACROSS}:
        assert getattr(report, name).empty == (name in nothing)
    # Of the state only the days of exit: when its oldest whole quarter begins.
    assert {columns for scope, columns in asked if scope == STATE} == {("901",)}
    assert len([scope for scope, _ in asked if scope == planner]) == 1


def test_a_frame_that_nobody_declares_is_never_counted(state, monkeypatch):
    fresh = replace(state)
    for name in made._MAKE:
        monkeypatch.setitem(made._MAKE, name, None)
    monkeypatch.setattr(made, "areas", None)
    data = fresh.slice(STATE)
    assert len(data.frame("workload"))
    assert data.hashes["workload"]
    assert data.files["about.json"]
    with pytest.raises(TypeError):
        data.frame("figures")


# As today's pages have them


def programs_of(report, figures) -> tuple[str, ...]:
    """Title I programs and their total; Wagner-Peyser where the area or the state counts anyone."""
    counted = set(figures["program"][figures["denominator"] > 0].astype("str"))
    wagner_peyser = "wp" in counted and report.scope.kind != "planner"
    return tuple(p for p in PROGRAM_TITLES if p != "wp" or wagner_peyser)


def test_figures_are_to_the_bit_those_of_the_pages(state, year, taken):
    named = {
        "resolved": "known", "ceiling": "best", "lower": "lower95", "upper": "upper95",
        "chance": "could_be_chance", "which": "level_kind", "title": "measure_title",
    }  # fmt: skip
    same = [
        *("program", "measure", "numerator", "denominator", "pending", "excluded", "value"),
        *("known", "best", "lower95", "upper95", "level", "level_kind", "level_synthetic"),
        *("percent", "could_be_chance", "program_title", "measure_title"),
    ]
    compared = 0
    for whole in (state, year):
        for scope in taken if whole is state else scopes(state)[:3]:
            report = opened(whole, scope)
            for window in report.period.windows:
                old = reference.indicators(report, window).rename(columns=named)
                old = old[old["program"].isin(programs_of(report, old))].reset_index(drop=True)
                new = report.figures.query("window == @window.window and measure != 'ESE'")
                new = new.reset_index(drop=True)
                pd.testing.assert_frame_equal(
                    new[same], old[same], check_exact=True, check_dtype=False
                )
                assert new["status"].tolist() == old["status"].tolist()
                compared += len(new)
    assert compared > (4000 if len(taken) > 50 else 80 * len(taken))


def test_a_figure_names_itself_by_its_key(state):
    figures = Report(state.slice(Scope.parse("lwia/01"))).figures
    assert set(figures["window"]) == {"rolling4", "current", "ytd", "annual"}
    assert figures["id"].is_unique
    line = figures.iloc[0]
    key = FigureKey("PY2024Q4", "rolling4", "lwia", "01", "adult", "ERQ2")
    assert line["id"] == key.id
    assert (line["group"], line["measure"]) == ("", "ERQ2")
    assert str(line["cohort_first"].date()) == "2023-07-01"
    assert str(line["cohort_last"].date()) == "2024-06-30"


def test_the_service_to_employers_is_the_states_alone(state):
    """Recounted in `test_reconcile`."""
    figures = Report(state.slice(STATE)).figures.query("measure == 'ESE'")
    windows = Period.parse("PY2024Q4").windows
    assert figures["window_title"].tolist() == [one.window_title.capitalize() for one in windows]
    assert set(figures["status"]) == {"No verdict: a baseline, no level is negotiated yet"}
    assert Report(state.slice(Scope.parse("lwia/01"))).figures.query("measure == 'ESE'").empty


def test_history_has_the_quarters_of_the_pages(state, taken):
    same = ["numerator", "denominator", "value", "lower", "upper"]
    compared = 0
    for scope in taken:
        report = opened(state, scope)
        new = report.history.rename(columns={"lower95": "lower", "upper95": "upper"})
        new = new.set_index(["back", "program", "measure"])
        old = reference.quarters(report)
        old = old[old["program"].isin(programs_of(report, old))]
        old = old.rename(columns={"indicator": "measure"})
        old = old.astype({"program": "str", "measure": "str"})
        old = old.set_index(["back", "program", "measure"]).rename_axis(columns=None)
        both = new.loc[old.index]
        pd.testing.assert_frame_equal(
            both[same], old[same], check_exact=True, check_dtype=False, check_index_type=False
        )
        assert both["period"].tolist() == old["quarter_label"].tolist()
        assert (new.drop(old.index)["denominator"] == 0).all(), "the others count nobody"
        compared += len(both)
    assert compared > (3000 if len(taken) > 50 else 60 * len(taken))


def test_a_change_could_be_chance_where_the_limits_of_both_quarters_say_so(state):
    """Newcombe's limits of the change, one line at a time."""
    seen = set()
    for scope in ("state", "lwia/07"):
        lines = Report(state.slice(Scope.parse(scope))).history
        for line in lines.itertuples():
            for flag, back in (("quarter_could_be_chance", 1), ("year_could_be_chance", 4)):
                before = lines[
                    (lines["back"] == line.back + back)
                    & (lines["program"] == line.program)
                    & (lines["measure"] == line.measure)
                ]
                expected = False
                if len(before):
                    old = before.iloc[0]
                    low = math.hypot(line.value - line.lower95, old.upper95 - old.value)
                    high = math.hypot(line.upper95 - line.value, old.value - old.lower95)
                    expected = -high <= line.value - old.value <= low
                assert getattr(line, flag) == expected
                seen.add((flag, expected))
    assert len(seen) == 4, "both answers of both flags are there"


def test_groups_are_to_the_bit_those_of_the_pages(state, taken):
    named = {"indicator": "measure", "successes": "numerator", "lower": "lower95",
             "upper": "upper95", "group": "group_title"}  # fmt: skip
    same = [
        *("numerator", "denominator", "pending", "value", "lower95", "upper95", "few"),
        *("ratio", "ratio_lower", "ratio_upper"),
    ]
    keys = ["program", "measure", "dimension", "group_title"]
    for scope in taken:
        report = opened(state, scope)
        new = report.groups.query("window == 'rolling4'").set_index(keys)
        old = (
            reference.breakdown(report)
            .rename(columns=named)
            .astype({"program": "str", "measure": "str"})
        )
        if scope.kind == "planner":
            old = old[old["program"] != "wp"]
        old = old[old["denominator"] > 0].set_index(keys)
        assert set(new.index) == set(old.index)
        pd.testing.assert_frame_equal(
            new[same], old.loc[new.index, same], check_exact=True, check_dtype=False
        )
        assert (new["too_few"] == old.loc[new.index, "unjudged"]).all()
        assert (new["suppressed"] == old.loc[new.index, "withheld"]).all()


def exact(mine, size, others, rest):
    """Fisher's two-sided chance, counted way by way."""
    both = mine + others
    ways = {
        k: math.comb(size, k) * math.comb(rest, both - k)
        for k in range(max(0, both - rest), min(size, both) + 1)
    }
    return sum(n for n in ways.values() if n <= ways[mine]) / math.comb(size + rest, both)


def stepped_up(chances, rate):
    """Benjamini-Hochberg: up to the last of the sorted chances that is under its share."""
    ordered = sorted(chances)
    under = [p for n, p in enumerate(ordered, 1) if p <= n / len(ordered) * rate]
    return [p <= max(under, default=-1) for p in chances]


def test_equity_is_recounted_from_the_counts_of_the_frame(state, planner, monkeypatch):
    """Gap, chance, discovery, the 80 percent rule and two standard deviations.

    The sample is small: at 5 percent nothing of it is a discovery, at 60 percent some are.
    """
    monkeypatch.setattr(
        "ipats_lib.frames.groups.discoveries", partial(differences.discoveries, rate=0.6)
    )
    state = replace(state)
    differing = 0
    for scope in (STATE, Scope(planner.lwia), planner):
        new = Report(state.slice(scope)).groups.query("window == 'rolling4'")
        keys = ["program", "measure"]
        everybody = new[new["group"] == ""].set_index(keys)[["numerator", "denominator"]]
        both = new.merge(everybody.reset_index(), on=keys, suffixes=("", "_all"))
        mine = both.dropna(subset="gap")
        assert set(mine["dimension"]) <= set(PEOPLE)
        assert set(new.loc[new["reading"] != "", "dimension"]) <= set(PEOPLE)
        assert not mine["program"].eq("title1").any()
        assert (mine["denominator"] >= 10).all()
        chances = []
        for one in mine.itertuples():
            whole = one.numerator_all / one.denominator_all
            assert one.gap == pytest.approx(one.numerator / one.denominator - whole, abs=1e-12)
            rest = one.denominator_all - one.denominator
            others = one.numerator_all - one.numerator
            if pd.notna(one.p_value):
                chance = exact(one.numerator, one.denominator, others, rest)
                assert one.p_value == pytest.approx(chance, rel=1e-6)
                chances.append((one.p_value, one.differs))
            if one.dimension == "Barriers":
                best = others / rest if rest else None
            else:
                kind = mine[(mine["program"] == one.program) & (mine["measure"] == one.measure)]
                best = kind.loc[kind["dimension"] == one.dimension, "value"].max()
            if best:
                assert one.ratio_best == pytest.approx(one.value / best)
                under = one.value / best < 0.8 and one.best_group != one.group_title
                assert one.under_four_fifths == under
            assert one.beyond_two == (abs(one.deviations) > 2)
        found = stepped_up([chance for chance, _ in chances], 0.6)
        assert [differs for _, differs in chances] == found
        marked = mine["reading"].isin(["Lower", "Higher"])
        assert marked.tolist() == mine["differs"].tolist()
        assert (mine.loc[marked, "gap"] < 0).tolist() == (
            mine.loc[marked, "reading"] == "Lower").tolist()  # fmt: skip
        differing += int(mine["differs"].sum())
    assert differing > 0


def test_outcomes_are_the_rows_behind_each_figure(state):
    for scope in scopes(state):
        report = Report(state.slice(scope))
        rows, figures = report.outcomes, report.figures
        assert not set(rows["program"]) & {"title1", "core"}
        counts = rows.groupby(["window", "program", "measure", "outcome"]).size()
        for line in figures.query("program not in ('title1', 'core')").itertuples():
            key = (line.window, line.program, line.measure)
            mine = {n: counts.get((*key, n), 0) for n in ("success", "failure", "pending")}
            assert sum(mine.values()) == line.denominator
            assert mine["pending"] == line.pending
            if line.measure != "ME":
                assert mine["success"] == line.numerator
            assert counts.get((*key, "excluded"), 0) == line.excluded


def test_outcomes_say_of_each_record_what_the_rows_say(area):
    rows = area.raw.rows.set_index("row")
    table = area.raw.outcomes.astype({"program": "str", "state": "str"})
    table = table.astype({"report": "str", "indicator": "str", "reason": "str"})
    keys = ["row", "program", "measure"]
    for window in area.period.windows:
        old = table[(table["report"] == window.label) & (table["program"] != "title1")]
        old = old.rename(columns={"indicator": "measure"}).set_index(keys).sort_index()
        new = area.outcomes.query("window == @window.window").set_index(keys).sort_index()
        assert new.index.tolist() == old.index.tolist()
        assert new["outcome"].tolist() == old["state"].tolist()
        assert new["reason"].tolist() == old["reason"].tolist()
        mine = rows.loc[new.index.get_level_values("row")]
        assert new["customer"].tolist() == mine["100"].astype("str").tolist()
        assert new["exit_date"].reset_index(drop=True).equals(mine["901"].reset_index(drop=True))
        for measure, element in {"ERQ2": "1603", "ME": "1603", "ERQ4": "1607"}.items():
            at = new.index.get_level_values("measure") == measure
            codes = [str(c) if pd.notna(c) else None for c in mine.loc[at, element].tolist()]
            told = new.loc[at, "match_type"].astype("object")
            assert told.where(told.notna(), None).tolist() == codes


def test_elements_are_the_records_own_and_its_groups_those_of_the_breakdown(state, planner):
    """Of every record and program of `outcomes`; of the state none; wages as readers may see."""
    assert Report(state.slice(STATE)).elements.empty
    for scope in (Scope.parse("lwia/01"), planner):
        report = opened(state, scope)
        found, rows = report.elements, report.raw.rows.set_index("row")
        pairs = report.outcomes[["row", "program"]].drop_duplicates()
        assert set(map(tuple, found[["row", "program"]].to_numpy())) == set(
            map(tuple, pairs.to_numpy())
        )
        mine = rows.loc[found["row"]]
        for number in set(found.columns) & set(rows.columns) - {"1704"}:
            told = pd.Series(mine[number].to_numpy())
            dates = pd.api.types.is_datetime64_any_dtype(told)
            words = told.dt.strftime("%Y-%m-%d") if dates else told.map(
                lambda v: "" if pd.isna(v) else str(int(v))
            )  # fmt: skip
            assert found[number].tolist() == words.fillna("").tolist(), number
        shows = load_thresholds().shows_wages(scope.kind)
        assert (set(found["1704"]) <= {"", "found", "not yet"}) == (not shows)
        members = membership_of(report.raw.rows)
        for program, lines in found.groupby("program"):
            holds = members.of(program, members.rows.get_indexer(lines["row"]))
            for n, (kind, title) in enumerate(members.titles[1:], start=1):
                told = lines[kind].str.split("; ").map(lambda held, t=title: t in held)
                assert told.tolist() == holds[:, n].tolist()


def test_days_left_belong_to_open_outcomes_alone(area):
    rows = area.outcomes
    open_ = rows["outcome"].isin(["pending", "awaiting"])
    assert open_.any()
    assert rows.loc[open_, "days_left"].notna().all()
    assert rows.loc[~open_, "days_left"].isna().all()
    left = (rows["counts_by"] - pd.Timestamp(area.data.about.as_of)).dt.days
    assert left[open_].tolist() == rows.loc[open_, "days_left"].tolist()


def test_the_calendar_counts_the_exits_of_its_quarters_and_whom_it_lists(area):
    rows, known = area.raw.rows, area.calendar.set_index(["period", "measure", "program"])
    elements = {"adult": "903", "dw": "904", "youth": "905"}
    first = known.loc["PY2024Q4", "ERQ2", "adult"]
    assert (first["counted"], first["measured"]) == ("2024 Q2", "2024 Q4")
    assert len(known) == 8 * 5 * 4
    members = area.cohort_members.groupby(["period", "measure", "program"])
    listed = {key: sorted(mine["customer"]) for key, mine in members}
    for (period, measure, program), line in known.iterrows():
        if program == "title1":
            continue
        mine = listed.get((period, measure, program), [])
        assert line["held"] == len(mine)
        if measure != "MSG":
            exited = rows["901"].between(line["cohort_first"], line["cohort_last"])
            exited &= rows[elements[program]].isin([1, 2, 3])
            assert mine == sorted(rows.loc[exited, "100"].astype("str"))


@pytest.mark.parametrize(("today", "complete"), [("2024-09-27", False), ("2024-09-28", True)])
def test_a_quarter_is_complete_on_the_day_that_knows_its_last_exit(state, today, complete):
    """The quarter ends on 30 June 2024; its exits are known 90 days later, on 28 September."""
    source = replace(state, only=Scope("01")).source
    snapshot = SimpleNamespace(as_of=date.fromisoformat(today))
    line = calendar(replace(source, snapshot=snapshot)).query("measure == 'ERQ2'").iloc[0]
    assert (line["counted"], line["complete"]) == ("2024 Q2", complete)


@pytest.mark.parametrize("path", ["state", "lwia/01", "planner"])
def test_the_outlook_starts_from_the_annual_figure_and_stays_between_its_bounds(
    state, planner, path
):
    scope = planner if path == "planner" else Scope.parse(path)
    report = opened(state, scope)
    outcomes = report.raw.outcomes
    for ahead, (period, year) in enumerate(report.outlook.groupby("period")):
        window = Period(report.period.py + ahead).program_year
        assert period == f"PY{window.py}"
        annual = reference.indicators(report, window).set_index(["program", "measure"])
        for line in year.itertuples():
            figure = annual.loc[(line.program, line.measure)]
            assert line.denominator == figure["denominator"]
            if line.measure == "ME":  # an awaited wage is listed beside the median, not in it
                mine = outcomes[
                    outcomes["report"].eq(window.label) & outcomes["state"].eq("awaiting")
                ]
                mine = mine[mine["indicator"].eq("ME") & mine["program"].eq(line.program)]
                assert line.pending == len(mine)
                assert pd.isna(line.at_worst) or line.at_worst <= line.value <= line.at_best
            elif line.denominator:
                assert line.pending == figure["pending"]
                assert line.value == pytest.approx(figure["value"])
                assert line.at_best == pytest.approx(figure["ceiling"])
                assert pd.isna(line.expected) or line.value <= line.expected <= line.at_best


@pytest.mark.parametrize("path", ["state", "lwia/01", "planner"])
def test_every_open_outcome_is_listed_with_a_day_before_the_report_locks(state, planner, path):
    report = Report(state.slice(planner if path == "planner" else Scope.parse(path)))
    keys = ["period", "program", "measure"]
    listed = report.open_outcomes.groupby(keys).size()
    told = report.outlook.set_index(keys)["pending"]
    assert listed.reindex(told.index, fill_value=0).tolist() == told.tolist()
    mine = report.open_outcomes
    assert (mine["locked"] >= mine["counts_by"]).all()
    left = (mine["counts_by"] - pd.Timestamp(report.data.about.as_of)).dt.days
    assert left.tolist() == mine["days_left"].tolist()


@pytest.mark.parametrize("path", ["state", "lwia/01", "planner"])
def test_what_earlier_extracts_knew_is_what_their_own_frames_say(
    state, planner, extract, store, path
):
    """A-23 and A-24: each count is that of the earlier snapshot's own frames."""
    old = make_snapshot(extract, store, as_of=date(2025, 5, 1))
    scope = planner if path == "planner" else Scope.parse(path)
    both = Report(StateData(state.snapshot, state.period, (old,)).slice(scope)).earlier_outlook
    check(both, FRAMES["earlier_outlook"])
    assert both["known_at"].unique().tolist() == [pd.Timestamp(2025, 5, 1)]
    then, keys = Report(StateData(old, state.period).slice(scope)), ["period", "program", "measure"]
    known = {what: mine.set_index(keys) for what, mine in both.groupby("what")}
    year = then.outlook.set_index(keys)
    cohorts = then.calendar.query("program == 'title1'").set_index(keys)["held"]
    for what, counts in (
        ("official", year["denominator"]), ("open", year["pending"]), ("cohort", cohorts)
    ):  # fmt: skip
        found = known[what]["n"].reindex(counts.index, fill_value=0)
        assert found.tolist() == counts.tolist()
    values = known["official"]["value"].reindex(year.index)
    pd.testing.assert_series_equal(values, year["value"])


# What is protected


def test_an_edition_follows_from_the_scope_alone():
    assert edition_of(STATE) == "full"
    assert edition_of(Scope.parse("lwia/07")) == edition_of(Scope("07", "p1")) == "released"


def test_the_released_edition_withholds_what_the_record_withholds(state):
    """Also of the scope's own area; of a withheld cell only keys and level are there."""
    record = state.areas.set_index(["window", "area_type", "area", "program", "measure"])
    first = None
    for scope in scopes(state)[1:]:
        areas = Report(state.slice(scope)).areas
        first = areas if first is None else first
        pd.testing.assert_frame_equal(areas, first)
    main = first[(first["back"] == 0) & (first["area_type"] != "edr")]
    main = main.set_index(["window", "area_type", "area", "program", "measure"])
    assert set(main.index) == set(record.index)
    record = record.loc[main.index]
    hidden = main["suppressed"]
    assert hidden.sum() > 100
    assert (hidden == record["suppressed"]).all()
    assert (main["release"] == ~hidden).all()
    numbers = ["numerator", "denominator", "value", "lower95", "upper95", "percent"]
    assert main.loc[hidden, numbers].isna().all(axis=None)
    assert set(main.loc[hidden, "status"]) == {WITHHELD}
    assert not main.loc[hidden, "could_be_chance"].any()
    assert main.loc[main.index.get_level_values("measure") == "ME", "lower95"].isna().all()
    for name in ("numerator", "denominator", "value"):
        shown = main.loc[~hidden, name]
        pd.testing.assert_series_equal(shown, record.loc[~hidden, name], check_dtype=False)


def test_the_full_edition_shows_the_figures_of_each_areas_own_pages(state):
    areas = Report(state.slice(STATE)).areas
    assert not areas["suppressed"].any()
    held = Report(state.slice(STATE)).history["back"]
    assert areas["back"].max() == held.max() >= 5
    assert set(areas.query("back > 0")["window"]) == {"current"}
    released = Report(state.slice(Scope.parse("lwia/01"))).areas
    assert set(areas.loc[areas["release"], "id"]) == set(released.loc[released["release"], "id"])
    assert set(released.loc[~released["suppressed"], "id"]) == set(
        areas.loc[areas["release"], "id"]
    )
    same = ["numerator", "denominator", "value", "lower95", "upper95", "percent", "status"]
    for area in load_areas():
        report = Report(state.slice(Scope(area.lwia)))
        own = report.figures.set_index("id")
        mine = areas[(areas["area"] == area.lwia) & (areas["area_type"] == "lwia")].set_index("id")
        both = own.index.intersection(mine.index)
        assert len(both) >= 40
        pd.testing.assert_frame_equal(mine.loc[both, same], own.loc[both, same], check_dtype=False)
        past = report.history.query("back > 0").set_index("id")
        assert set(past.index) <= set(mine.index)
        pd.testing.assert_series_equal(
            mine.loc[past.index, "value"], past["value"], check_dtype=False
        )


def test_an_areas_earlier_quarters_are_released_all_together_or_not_at_all(state):
    """And the state's never: the areas that are withheld would be what is left of it."""
    areas = Report(state.slice(Scope.parse("lwia/01"))).areas
    past = areas[areas["back"] > 0]
    assert past.loc[past["area_type"] == "state", "suppressed"].all()
    counts = past["measure"].replace({"ERQ4": "ERQ2", "ME": "ERQ2"})
    series = past.groupby([past["area"], past["program"], counts])["suppressed"]
    assert set(series.nunique()) == {1}
    assert not past["suppressed"].all()
    shown = past[~past["suppressed"]]
    assert not small_cells(shown, load_thresholds()).any()
    main = areas[(areas["back"] == 0) & areas["suppressed"]]
    hidden = set(zip(main["area"], main["program"], main["measure"], strict=True))
    assert not hidden & set(zip(shown["area"], shown["program"], shown["measure"], strict=True))
    numbers = ["numerator", "denominator", "value", "lower95", "upper95", "percent"]
    assert past.loc[past["suppressed"], numbers].isna().all(axis=None)


def test_what_a_record_withheld_stays_withheld_in_every_quarter(state):
    """A record of two quarters before that withheld one figure of an area."""
    areas = Report(state.slice(Scope.parse("lwia/01"))).areas
    shown = areas[(areas["back"] > 0) & ~areas["suppressed"]].iloc[0]
    before = replace(state, period=Period.parse("PY2024Q2")).areas
    theirs = ["area", "program", "measure", "window"]
    key = pd.Series([*shown[theirs[:3]], "current"], index=theirs)
    mine = before[theirs].eq(key).all(axis=1)
    assert mine.sum() == 1
    text = figures_csv(before.assign(suppressed=before["suppressed"] | mine))
    later = replace(state, released=(Released("PY2024Q2-0123456789abcdef.csv", text),))
    again = later.slice(Scope.parse("lwia/01")).frame("areas").set_index("id")
    assert again.loc[shown["id"], "suppressed"]


def test_what_is_said_of_areas_is_made_from_the_released_lines_alone(state):
    """Verdict, funnel, trend and rank of a withheld line are empty, in every frame."""
    report = Report(state.slice(Scope.parse("lwia/01")))
    areas = report.areas
    hidden = areas[areas["suppressed"]]
    words = ["versus_state", "funnel", "trend"]
    assert (hidden[words] == "").all(axis=None)
    assert hidden[["rank_low", "rank_high"]].isna().all(axis=None)
    assert not hidden["clear"].any()
    main = areas[(areas["back"] == 0) & (areas["window"] == "rolling4")].set_index("id")
    key = ["area", "program", "measure"]
    withheld = set(main.loc[main["suppressed"], key].itertuples(index=False, name=None))
    adjusted = report.adjusted
    asked = [one in withheld for one in adjusted[key].itertuples(index=False, name=None)]
    assert (
        adjusted.loc[asked, ["value", "standardized", "expected", "adjusted"]].isna().all(axis=None)
    )
    assert set(adjusted.loc[asked, "without"]) == {"withheld"}
    small = report.mix[report.mix["suppressed"]]
    assert len(small) > 10
    assert small["share"].isna().all()
    shares = report.mix["share"].dropna()
    assert ((shares * 100).round(6) % 1 == 0).all()


def test_the_states_frames_hold_no_customer_and_no_wage(state):
    customers = set(state.rows["100"].astype("str"))
    for name in FRAMES:
        frame = Report(state.slice(STATE)).data.frame(name)
        for column in frame.select_dtypes(include=["object", "str"]):
            assert not customers & set(frame[column].dropna()), (name, column)
    outcomes = Report(state.slice(STATE)).outcomes
    assert outcomes[["customer", "wage"]].isna().all(axis=None)
    assert outcomes["area"].str.fullmatch(r"(\d\d(, \d\d)*)?").all()


def test_wages_are_there_for_those_who_may_see_them(state, planner, area, monkeypatch):
    wages = area.outcomes.query("measure == 'ME' and outcome == 'success'")
    assert len(wages)
    assert wages["wage"].notna().all()
    assert area.outcomes.drop(wages.index)["wage"].isna().all()
    mine = Report(state.slice(planner))
    assert mine.outcomes["wage"].isna().all()
    few = mine.figures.query("measure == 'ME' and 0 < denominator < 10")
    assert len(few)
    assert few["suppressed"].all()
    assert few[["value", "lower95", "upper95", "percent"]].isna().all(axis=None)
    past = mine.history.query("measure == 'ME' and 0 < denominator < 10")
    assert past[["value", "lower95", "upper95"]].isna().all(axis=None)
    groups = mine.groups.query("measure == 'ME' and 0 < denominator < 10")
    assert groups[["value", "lower95", "upper95"]].isna().all(axis=None)
    open_to = replace(load_thresholds(), planners_see_wages=1)
    for module in ("record_outcomes", "figures"):
        monkeypatch.setattr(f"ipats_lib.frames.{module}.load_thresholds", lambda: open_to)
    fresh = Report(replace(state, only=planner).slice(planner))
    assert fresh.outcomes["wage"].notna().any()
    assert not fresh.figures["suppressed"].any()


# What a notebook asks


def test_an_undeclared_frame_fails_with_what_to_add(state, planner):
    report = Report(state.slice(planner).only(["figures"]))
    assert len(report.figures)
    with pytest.raises(UsageError, match='add "history" to the list "data"'):
        report.history  # noqa: B018
    assert list(report.data.files) == ["about.json", "figures.arrow"]
    with pytest.raises(UsageError, match='add "figures" to the list "data"'):
        Report(state.slice(planner).only([])).figures  # noqa: B018


def test_jupyterlab_enforces_what_the_notebook_declares(tmp_path, monkeypatch):
    path = tmp_path / "page.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert declared_frames() is None
    path.write_text(json.dumps({"metadata": {"ipats": {"data": ["figures", "areas"]}}}))
    assert declared_frames() == ("figures", "areas")
    path.write_text(json.dumps({"metadata": {"ipats": {}}}))
    assert declared_frames() == ()
    path.write_text(json.dumps({"metadata": {}}))
    assert declared_frames() is None
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert declared_frames() is None


def test_help_on_a_frame_is_its_schema(state):
    """As `report.figures?` in Jupyter finds it: without counting anything."""
    shell = InteractiveShell()
    shell.user_ns["report"] = Report(state.slice(STATE))
    for name, schema in FRAMES.items():
        told = shell.object_inspect(f"report.{name}")
        said = f"{schema.title}. {schema.row}".replace("`", "")
        assert told["docstring"].startswith(said)
        for column in schema.columns:
            assert column.meaning.replace("`", "") in told["docstring"]


def test_the_dictionary_as_a_page_names_every_column():
    page = html(SCHEMAS.values())
    for schema in SCHEMAS.values():
        assert f"<details id='frame-{schema.name}'>" in page
        for column in schema.columns:
            assert f"<th scope='row'><code>{column.name}</code></th>" in page
    assert "<script" not in page
    assert "`" not in page


def test_the_line_of_everybody_stands_in_no_group(area):
    everybody = area.groups[area.groups["group"] == ""]
    assert (everybody["dimension"] == TOTAL).all()
    figures = area.figures.set_index("id")
    assert everybody["id"].isin(figures.index).all(), "the same figure has the same id"
    assert everybody["value"].tolist() == figures.loc[everybody["id"], "value"].tolist()
