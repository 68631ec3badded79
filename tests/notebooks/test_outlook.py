"""Gap to target, cohort calendar and forecast accuracy: what the pages say and whom they list."""

import csv
import re
import zipfile

import pandas as pd
import pytest

from tests.notebooks.pages import open_sample, page, with_frames

NAME = "performance/outlook"
SCOPES = ("state", "lwia/01", "lwia/01/planner/1001")
LISTS = ("open_outcomes", "accuracy", "cohort_members", "earlier_outlook", "customers",
         "score_cases")  # fmt: skip


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def rates(outlook, **set_to):
    """All rates of 40 people, at their level; those that are named are 10 percent lower."""
    mine = outlook.assign(denominator=40, level=0.5, value=0.5, at_best=0.6, to_100=0)
    for name, (value, best, lacking) in set_to.items():
        period, program, measure = name.split("_")
        here = (mine[["period", "program", "measure"]] == [period, program, measure]).all(axis=1)
        mine.loc[here, ["value", "at_best", "to_100"]] = [value, best, lacking]
    return mine


def finding(area, monkeypatch, place=0, **frames):
    found = page(NAME, with_frames(area, **frames), monkeypatch).select(".show-finding")
    return found[place].get_text(" ", strip=True)


def test_the_finding_counts_rates_below_their_level_and_names_the_smallest_gap(area, monkeypatch):
    """Two of twelve are below, one of which its pending outcomes can lift; worked by hand."""
    outlook = rates(
        area.outlook, PY2024_youth_CR=(0.4, 0.55, 4), PY2024_adult_MSG=(0.3, 0.4, 8),
        PY2025_dw_ERQ2=(0.1, 0.9, 16),
    )  # fmt: skip
    said = finding(area, monkeypatch, outlook=outlook)
    assert f"{area.title} is short of its level in 2 of 12 rates of PY2024." in said
    assert "Pending outcomes alone can lift 1 to the level." in said
    assert "Smallest gap: Youth, credential attainment rate, 4 more successes." in said
    assert "PY2025 so far: 1 of 12 rates is short of it; pending outcomes can lift 1 of" in said


def test_short_of_a_level_is_not_a_miss_before_90_percent(area, monkeypatch):
    """A figure misses its level under 90 percent: red and named a miss here as in the summary."""
    outlook = rates(area.outlook, PY2024_youth_CR=(0.48, 0.48, 1), PY2024_adult_MSG=(0.49, 0.49, 2))
    none, one = (f"{n} of them is under 90 percent of it" for n in ("None", 1))
    for percent, said in ((96.0, f"{none}. "), (89.96, f"{one}, which is a miss. ")):
        here = outlook[["period", "program", "measure"]] == ["PY2024", "youth", "CR"]
        changed = outlook.assign(percent=95.0).assign(
            percent=lambda rows: rows["percent"].mask(here.all(axis=1), percent)  # noqa: B023
        )
        found = page(NAME, with_frames(area, outlook=changed), monkeypatch)
        box = found.select_one(".show-finding")
        assert said in box.get_text(" ", strip=True)
        assert "below its level" not in box.text
        assert (box.select_one(".big-figure.alert") is None) == (percent > 90)
        assert "1 more success." in box.get_text(" ", strip=True)


def test_an_amount_that_would_read_zero_says_under_what_it_is(area, monkeypatch):
    """One success of thousands adds 0.04 percent of the level."""
    outlook = area.outlook.assign(one_more=0.04)
    text = page(NAME, with_frames(area, outlook=outlook), monkeypatch).get_text(" ")
    assert "under 0.1%" in text


def test_all_at_level_and_nobody_counted_each_have_a_sentence(area, monkeypatch):
    said = finding(area, monkeypatch, outlook=rates(area.outlook))
    assert "reaches its level in all 12 rates of PY2024" in said
    empty = {name: getattr(area, name).head(0) for name in LISTS}
    nobody = area.outlook.assign(denominator=0, pending=0)
    found = page(NAME, with_frames(area, outlook=nobody, **empty), monkeypatch)
    said = [one.get_text(" ", strip=True) for one in found.select(".show-finding")]
    assert "has no rate of 20 people with a level in PY2024" in said[0]
    assert "0 of 0" not in said[0]
    assert said[2] == "Too few earlier quarters are known to test a forecast."
    text = found.get_text(" ")
    for sentence in ("No outcome is open.", "No earlier extract was named.", "see the table"):
        assert sentence in text


def cells_of(table):
    return [[c.get_text() for c in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def table_of(found, caption):
    return next(t for t in found.select("table") if t.caption.get_text().startswith(caption))


@pytest.mark.parametrize("scope", SCOPES)
def test_every_line_of_both_years_is_listed_with_its_gap(scope, monkeypatch):
    report = open_sample(scope)
    found = page(NAME, report, monkeypatch)
    for year, rows in report.outlook.groupby("period"):
        table = table_of(found, f"{year}: how many more")
        shown = cells_of(table)
        told = sorted((row[0], row[1], row[8]) for row in shown)
        assert told == sorted(
            (line.measure_title, line.program_title, f"{line.pending:,}")
            for line in rows.itertuples()
        )
        lacking = [int(row[7].replace(",", "")) for row in shown if row[7] not in "\N{EN DASH}0"]
        assert lacking == sorted(lacking), "the smallest gap first"
        # Fewer than ten people have no verdict, so that nothing of theirs is marked as a miss.
        few = rows["denominator"].lt(10)
        assert few.any() or scope == "state"
        assert rows.loc[few, "status"].str.startswith("No verdict").all()
        assert sum(row[6].startswith("No verdict") for row in shown) >= few.sum()
    for measure in report.outlook["measure"].unique():
        assert found.select(f"a[href='detail-{measure.lower()}.html']")


def test_a_forecast_says_its_band_or_that_none_is_attached(area, monkeypatch):
    """Of 40: 26 to 34 are 65 to 85 percent. Without a test there is neither band nor miss."""
    one = area.outlook.head(1).assign(measure="ERQ2", pending=10, expected=0.75, low80=0.65,
                                      high80=0.85, usual_miss=0.021)  # fmt: skip
    untested = one.assign(measure="MSG", low80=float("nan"), usual_miss=float("nan"))
    settled = one.assign(measure="CR", pending=0)
    next_year = one.assign(period="PY2025")
    outlook = pd.concat([one, untested, settled, next_year], ignore_index=True)
    found = page(NAME, with_frames(area, outlook=outlook), monkeypatch)
    first, second, third = (
        [c.get_text() for c in row.find_all(["th", "td"])]
        for row in table_of(found, "PY2024: three cases").select("tbody tr")
    )
    assert first[4:6] == ["65.0% to 85.0%", "2.1 points"]
    assert second[4:6] == ["none attached", "not tested"]
    assert third[4:6] == ["\N{EN DASH}", "\N{EN DASH}"]


def test_the_page_says_how_often_the_bands_held(area, monkeypatch):
    """Three of four quarters: on the forecast's page, beside the table, and in the finding."""
    four = pd.concat([area.accuracy.query("measure == 'ERQ2'").head(1)] * 4).assign(
        period=["PY2023Q1", "PY2023Q2", "PY2023Q3", "PY2023Q4"], miss=[0.01, -0.03, 0.02, -0.02],
        in_band=["inside", "outside", "inside", "inside"],
    )  # fmt: skip
    report = with_frames(area, accuracy=four)
    text = page(NAME, report, monkeypatch).get_text(" ")
    assert text.count("80% bands were tested on 4 past quarters and held 3 of them.") >= 2
    assert "80% bands held 3 of 4 quarters." in text
    said = finding(area, monkeypatch, place=2, accuracy=four)
    assert "4 forecasts of rates were off by 2.0 points on average." in said
    assert "The largest miss was 3.0 points." in said
    none = page(NAME, with_frames(area, accuracy=four.assign(in_band="")), monkeypatch)
    assert "No band is attached: too few past quarters are tested." in none.get_text(" ")


def test_whose_outcome_can_still_happen_is_listed_by_day_and_effect(area, monkeypatch, tmp_path):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    page(NAME, with_frames(area), monkeypatch)
    with (tmp_path / "still-open.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    still = area.open_outcomes.query("days_left >= 0")
    assert len(listed) == len(still) > 20
    assert sorted(row["customer"] for row in listed) == sorted(still["customer"])
    keys = [(row["counts_by"], -float(row["one_more"] or -1)) for row in listed]
    assert keys == sorted(keys)


def test_the_state_counts_by_lwia_and_names_nobody(monkeypatch):
    state = open_sample("state")
    found = page(NAME, state, monkeypatch)
    assert not found.select(".show-records")
    still = state.open_outcomes.query("days_left >= 0 and measure == 'ERQ4'")
    table = table_of(found, f"{still['measure_title'].iloc[0]}: outcomes that can still happen")
    rows = {row[0]: row[1:] for row in cells_of(table)}
    assert all(name == "No LWIA" or name.removeprefix("LWIA ").isdigit() for name in rows)
    for area, counts in rows.items():
        known = still["area"]
        mine = still[
            known.eq("") if area == "No LWIA" else known.str.contains(area.removeprefix("LWIA "))
        ]
        assert counts[:2] == [f"{(mine['period'] == y).sum():,}" for y in ("PY2024", "PY2025")]


CUSTOMER = re.compile(r"IL\d{10}|ILA\d{9}")


def text_of(path):
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


@pytest.mark.parametrize("scope", SCOPES)
def test_the_states_page_and_files_name_nobody_and_others_list_their_own(
    scope, monkeypatch, tmp_path
):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    report = open_sample(scope)
    shown = str(page(NAME, report, monkeypatch))
    files = {path.name: text_of(path) for path in tmp_path.iterdir()}
    assert {"outlook.csv", "outlook.xlsx", "outlook-open.csv", "calendar.csv"} <= set(files)
    named = {name for name, text in files.items() if CUSTOMER.search(text)}
    if scope == "state":
        assert named == set()
        assert not CUSTOMER.search(shown)
        return
    assert named >= {"outlook-open.csv", "calendar-roster.csv", "still-open.csv"}
    own = set(report.customers["customer"])
    assert {one for text in files.values() for one in CUSTOMER.findall(text)} <= own


def test_the_calendar_counts_the_days_to_the_next_lock(area, monkeypatch):
    said = finding(area, monkeypatch, place=1)
    assert "47 days are left until PY2024Q4 locks with the annual report on Oct 1, 2025." in said
    locked = area.calendar.assign(days_to_lock=-1)
    assert "is locked" in finding(area, monkeypatch, place=1, calendar=locked)
    found = page(NAME, with_frames(area), monkeypatch)
    for measure, rows in area.calendar.groupby("measure_title"):
        table = table_of(found, f"{measure}: report quarters")
        shown = cells_of(table)
        held = rows.pivot_table(index="period", columns="program", values="held", sort=False)
        assert [row[0] for row in shown] == held.index.tolist()
        counts = held[["adult", "dw", "youth", "title1"]].to_numpy()
        assert [row[6:] for row in shown] == [[f"{n:,.0f}" for n in line] for line in counts]


def test_earlier_extracts_stand_beside_the_present_one(area, monkeypatch):
    """In May ten outcomes were open, of which some are known now; what is not named was none."""
    line = area.outlook.query("period == 'PY2024'").iloc[0]
    now = area.outlook.assign(pending=4)
    facts = {"known_at": pd.Timestamp(2025, 5, 15), "period": "PY2024"}
    facts |= {"program": line.program, "measure": line.measure}
    known = pd.DataFrame([{**facts, "what": "open", "n": 10, "value": float("nan")}])
    found = page(NAME, with_frames(area, outlook=now, earlier_outlook=known), monkeypatch)
    table = table_of(found, "PY2024, outcomes still open, by extract")
    heads = [cell.get_text() for cell in table.select("thead th")]
    assert heads[2:] == ["On May 15, 2025", "Change since May 15, 2025"]
    rows = [[c.get_text() for c in row.find_all("td")] for row in table.select("tbody tr")]
    assert rows[0] == ["4", "10", "-6"]
    assert rows[1] == ["4", "0", "+4"]


def test_small_numbers_are_listed_and_not_drawn(area, monkeypatch):
    few = with_frames(area, outlook=area.outlook.assign(denominator=19),
                      accuracy=area.accuracy.assign(known_outcomes=19))  # fmt: skip
    assert len(page(NAME, few, monkeypatch).select(".show-chart")) == 1, "the calendar's alone"
    many = with_frames(area, outlook=area.outlook.assign(denominator=20),
                       accuracy=area.accuracy.assign(known_outcomes=20))  # fmt: skip
    measures = area.accuracy["measure"].nunique()
    assert len(page(NAME, many, monkeypatch).select(".show-chart")) == 2 + measures


# What the scores would be


def test_the_scores_that_fail_are_counted_in_each_case(area, monkeypatch):
    """One score fails if nothing more succeeds and none does if all do; partial means are no
    verdicts."""
    cases = area.score_cases.assign(status="Meets", fails=False)
    here = (cases["program"] == "adult") & (cases["measure"] == "CR") & (cases["case"] == "none")
    assert here.sum() == 1
    cases.loc[here, ["status", "fails"]] = ["Fails", True]
    cases.loc[cases["score_kind"] == "indicator", "status"] = "No verdict: partial"
    found = page(NAME, with_frames(area, score_cases=cases), monkeypatch)
    text = found.get_text(" ", strip=True)
    judged = (cases["score_kind"] != "indicator").sum() // 3
    for title, number in (("None succeeds", 1), ("As expected", 0), ("All succeed", 0)):
        assert f"{title} {number} of {judged} scores fail" in text
    rows = table_of(found, "Each score in three cases").select("tbody tr:not(.grp)")
    assert len(rows) == len(cases) // 3


def test_each_score_has_its_percent_in_each_case(area, monkeypatch):
    cases = area.score_cases.assign(
        score=area.score_cases["case"].map({"none": 88.0, "expected": 95.0, "all": 101.0})
    )
    found = page(NAME, with_frames(area, score_cases=cases), monkeypatch)
    rows = table_of(found, "Each score in three cases").select("tbody tr:not(.grp)")
    for row in rows:
        cells = [cell.get_text(strip=True) for cell in row.select("td")]
        percents = [cell.rpartition(", ")[2] for cell in cells[:3]]
        assert percents == ["88.0%", "95.0%", "101.0%"]


def test_a_planner_is_not_scored(monkeypatch):
    report = open_sample("lwia/01/planner/1001")
    text = page(NAME, report, monkeypatch).get_text(" ")
    assert "The state and the LWIAs are assessed; planners are not." in text
    assert "Each score in three cases" not in text
