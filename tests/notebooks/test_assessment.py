"""The assessment page: which scores fail, which are not assessed, and what follows."""

import pandas as pd
import pytest

from tests.notebooks.pages import open_sample, page, with_frames

NAME = "performance/assessment"


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


@pytest.fixture(scope="module")
def state():
    return open_sample("state")


def scored(area, **scores):
    """All scores met with 20 people; then these: score, status, and by how much it fails."""
    mine = area.assessment.assign(
        score=95.0, status="Meets", fails=False, short=0.0, could_be_chance=False,
        denominator=20, years_failed=0, follows="", earlier_failures=0, earlier_synthetic=False,
    )  # fmt: skip
    for name, (score, status, short) in scores.items():
        program, _, measure = name.partition("_")
        here = (mine["program"] == program) & (mine["measure"] == measure)
        assert here.sum() == 1
        mine.loc[here, ["score", "status", "fails", "short"]] = [score, status, short > 0, short]
        mine.loc[here, "years_failed"] = int(short > 0)
    return mine


def shown(area, monkeypatch, frame, replaced=None):
    report = with_frames(area, assessment=frame, adjustment=area.adjustment)
    return page(NAME, report, monkeypatch, replaced or {})


def finding(found):
    return found.select_one(".show-finding").get_text(" ", strip=True)


def table(found, caption):
    return next(t for t in found.select("table") if caption in t.caption.get_text())


def test_the_finding_counts_failed_scores_and_names_the_one_furthest_under(area, monkeypatch):
    """A score of an indicator and one of a program fail, by 8 and by 20 points."""
    frame = scored(area, youth_MSG=(42.0, "Fails", 8.0), adult_=(70.0, "Fails", 20.0),
                   dw_CR=(80.0, "Below", 0.0))  # fmt: skip
    said = finding(shown(area, monkeypatch, frame))
    assert "LWIA 01 fails 2 of its 23 scores." in said
    assert said.startswith("2 of 23 ")
    assert "Furthest under its threshold: Adult (overall program score), 70.0% where 90% " in said
    assert "15 of 15 indicators are assessed; a score under 50 percent of its target fails." in said


def test_each_kind_of_area_is_asked_its_own_question(area, state, monkeypatch):
    of_area = finding(shown(area, monkeypatch, scored(area)))
    assert "LWIA 01 fails none of its 23 scores." in of_area
    assert "the state's local performance threshold; it has no federal pass mark" in of_area
    of_state = finding(shown(state, monkeypatch, state.assessment))
    assert "local performance threshold" not in of_state
    assert "federal levels" in of_state


def test_where_nothing_is_assessed_the_page_says_why(area, monkeypatch):
    reason = "fewer than two years of data"
    frame = scored(area).assign(score=float("nan"), status=f"Not assessed: {reason}")
    found = shown(area, monkeypatch, frame)
    assert f"No indicator of LWIA 01 can be assessed: {reason}." in finding(found)
    assert not found.select(".show-chart")


def test_the_states_partial_scores_are_not_counted_among_its_verdicts(state, monkeypatch):
    """18 individual scores and 4 of programs; the 5 of indicators get no verdict."""
    found = shown(state, monkeypatch, scored_state(state))
    assert "fails none of its 22 scores" in finding(found)
    rows = table(found, "Overall scores").select("tbody tr")
    partial = [row for row in rows if "No verdict: partial, 4 of 6 programs" in row.get_text()]
    assert len(partial) == 5


def scored_state(state):
    means = state.assessment["score_kind"] == "indicator"
    frame = state.assessment.assign(status="Meets", fails=False, score=95.0)
    return frame.assign(status=frame["status"].mask(means, state.assessment["status"]))


def test_every_score_of_the_frame_stands_in_a_table(area, monkeypatch):
    found = page(NAME, area, monkeypatch)
    single = area.assessment.query("score_kind == 'individual'")
    rows = table(found, "Individual indicator scores").select("tbody tr")
    assert len(rows) == len(single)
    chance = sum("could be chance" in row.get_text() for row in rows)
    assert chance == single["could_be_chance"].sum()
    means = [row for row in table(found, "Overall scores").select("tbody tr") if row.select("td")]
    assert len(means) == len(area.assessment) - len(single)


def test_a_failed_score_says_by_how_much_and_which_year_it_is(area, monkeypatch):
    frame = scored(area, youth_MSG=(42.0, "Fails", 8.0))
    here = frame["fails"]
    frame.loc[here, ["years_failed", "follows"]] = [3, "reorganization plan by the Governor"]
    text = shown(area, monkeypatch, frame).get_text(" ")
    assert "Fails, 8 points under 50" in text
    assert "third year of this failure: reorganization plan by the Governor" in text


def test_earlier_failures_are_listed_and_invented_ones_said_to_be(area, monkeypatch):
    none = shown(area, monkeypatch, scored(area)).get_text(" ")
    assert "No failure of an earlier year is on file, so any failure" in none
    frame = scored(area)
    frame.loc[frame.index[0], ["earlier_failures", "earlier_synthetic"]] = [2, True]
    found = shown(area, monkeypatch, frame)
    rows = table(found, "Scores that failed in earlier program years").select("tbody tr")
    assert len(rows) == 1
    assert "invented, for the sample alone" in found.get_text(" ")
    frame["earlier_synthetic"] = False
    assert "invented" not in shown(area, monkeypatch, frame).get_text(" ")


def test_scores_of_few_people_are_listed_and_not_drawn(area, monkeypatch):
    few = shown(area, monkeypatch, scored(area).assign(denominator=19))
    assert not few.select(".show-chart")
    assert len(table(few, "Individual indicator scores").select("tbody tr")) == 15
    assert len(shown(area, monkeypatch, scored(area)).select(".show-chart")) == 1


def modeled(area):
    line = {"period": "PY2024Q4", "area_type": "lwia", "area": "01", "program": "adult",
            "measure": "ERQ2", "variable": "Sex: Female", "coefficient": 0.5, "before": 0.25,
            "actual": 0.5, "contribution": 0.125, "printed_before": 0.782}  # fmt: skip
    frame = scored(area).assign(estimate=float("nan"), estimate_lacks="no coefficients")
    frame.loc[frame.index[0], ["negotiated", "estimate", "estimate_lacks"]] = [0.75, 0.875, ""]
    return with_frames(area, assessment=frame, adjustment=pd.DataFrame([line]))


def test_an_estimate_stands_beside_its_level_and_has_a_file(area, monkeypatch, tmp_path):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    found = page(NAME, modeled(area), monkeypatch)
    rows = table(found, "Estimated adjusted levels").select("tbody tr")
    assert len(rows) == 15
    assert "75.0%" in rows[0].get_text(" ")
    assert "87.5%" in rows[0].get_text(" ")
    assert "no coefficients" in rows[1].get_text(" ")
    assert (tmp_path / "adjustment.csv").read_text() == (
        "program,measure,variable,coefficient,before,actual,contribution,printed_before\n"
        "adult,ERQ2,Sex: Female,0.5,0.25,0.5,0.125,0.782\n"
    )


def test_without_coefficients_there_is_a_sentence_and_no_file(area, monkeypatch, tmp_path):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    text = page(NAME, area, monkeypatch).get_text(" ")
    assert "are supplied for PY2024: no adjusted level is estimated" in text
    assert not (tmp_path / "adjustment.csv").exists()


# Participants and exiters against plan


def planned(area):
    line = {"period": "PY2024Q4", "area_type": "lwia", "area": "01", "program": "adult",
            "program_title": "Adult", "planned": 250, "so_far": 200, "percent": 80.0,
            "first": pd.Timestamp(2024, 7, 1), "last": pd.Timestamp(2025, 6, 30),
            "elapsed": 1.0, "plan_source": "Made plan"}  # fmt: skip
    return pd.DataFrame([{**line, "item": item} for item in ("participants", "exiters")])


def test_without_a_plan_there_is_no_section(area, monkeypatch):
    assert area.plan.empty
    assert "against plan" not in page(NAME, area, monkeypatch).get_text(" ")


def test_a_plan_has_a_section_with_what_is_counted_so_far(area, monkeypatch):
    found = page(NAME, with_frames(area, plan=planned(area)), monkeypatch)
    heading = next(h for h in found.select("h2") if "against plan" in h.get_text())
    assert heading.get_text() == "Participants and exiters against plan"
    rows = table(found, "Counted so far").select("tbody tr")
    texts = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in rows]
    told = [line for line in texts if line]
    assert len(told) == 2
    assert told[0] == ["200", "250", "80.0%", "100.0%", "Jul 1, 2024", "Jun 30, 2025", "Made plan"]
