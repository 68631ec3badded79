"""Customer engagement by hand-worked customers.  Source: params/engagement.csv (issue 6).

The extract is as of 15 August 2025: the running quarter is the third of 2025.
"""

from datetime import date
from string import ascii_uppercase

import pandas as pd
import pytest

from ipats_lib.caseload import CaseTables, engagement
from ipats_lib.frames.engagement import engagement as engagement_frame
from ipats_lib.periods import Quarter
from tests.made_cases import of_area
from tests.tables import records

TODAY = date(2025, 8, 15)
NOW = Quarter.of(TODAY).index
ADULT = {"903": 1, "900": "2025-06-01"}


def told(indicator: str, *rows: dict, **tables: pd.DataFrame) -> dict[int, list[float]]:
    """Quarters before the running one -> values, ordered."""
    frame = records(
        *({"100": name, **row} for name, row in zip(ascii_uppercase, rows, strict=False))
    )
    found = engagement.events(CaseTables(frame, TODAY, tables), indicator)
    by_quarter = found.groupby("quarter")["value"]
    return {int(NOW - quarter): sorted(values) for quarter, values in by_quarter}


def dated(column: str, **days: str) -> pd.DataFrame:
    return pd.DataFrame({"customer": list(days), column: pd.to_datetime(list(days.values()))})


def test_every_indicator_has_a_question_and_the_other_way_round():
    assert set(engagement.load_engagement()) == set(engagement.QUESTIONS)


def test_e01_contact_is_the_last_note_or_the_entry_at_each_quarters_end():
    """Until 30 June: A's note of 20 June, B's entry. Until 15 August: A's note of 5 August."""
    notes = dated("date", A="2025-06-20")
    notes = pd.concat([notes, dated("date", A="2025-08-05")])
    assert told("E-01", ADULT, ADULT, case_note=notes) == {0: [10, 75], 1: [10, 29]}


def test_e02_services_per_30_days_of_those_who_were_there_for_30():
    """1 July to 15 August are 46 days. B entered too late to have 30 of them. A gap is none."""
    begun = [("2025-07-01", "210"), ("2025-08-15", "210"), ("2025-08-01", "290")]
    service = pd.concat([dated("start", A=day).assign(service_code=code) for day, code in begun])
    late = {**ADULT, "900": "2025-07-18"}
    found = told("E-02", ADULT, late, service=service)
    assert found == {0: [pytest.approx(2 / 46 * 30)], 1: [0.0]}


def test_e03_the_first_service_on_or_after_the_application():
    applied = dated("applied", A="2025-07-01", B="2025-07-01", C="2025-07-01").assign(lwia="01")
    begun = dated("start", A="2025-07-11", B="2025-06-30", C="2025-08-16")
    begun = pd.concat([begun, dated("start", A="2025-07-20")]).assign(service_code="210")
    gap = dated("start", A="2025-07-02").assign(service_code="290")
    begun = pd.concat([begun, gap])
    assert told("E-03", ADULT, application=applied, service=begun) == {0: [10]}


def test_e04_days_from_entry_to_the_first_training():
    assert told(
        "E-04",
        {**ADULT, "1302": "2025-06-11"},
        {**ADULT, "1302": "2025-05-31"},
        {**ADULT, "1302": "2025-08-16"},
        ADULT,
    ) == {1: [10]}


def test_e05_follow_up_within_a_year_after_exit():
    """On the day of exit it is none (L-30). 1412 is the follow-up of youth."""
    gone = {"903": 1, "900": "2024-01-01", "901": "2024-07-01"}
    youth = {**gone, "903": 0, "905": 1}
    assert told(
        "E-05",
        {**gone, "1503": "2025-07-01"},
        {**youth, "1412": "2024-07-02"},
        {**youth, "903": 1, "1412": "2024-07-02"},
        {**gone, "1503": "2025-07-02"},
        {**gone, "1503": "2024-07-01"},
        {**youth, "1412": "2024-07-01"},
        {**gone, "1412": "2024-07-02"},
        gone,
        {**gone, "923": 2},
    ) == {4: [0, 0, 0, 0, 1, 1, 1]}


def test_e05_a_newest_follow_up_after_the_year_hides_the_earlier_ones():
    """The records hold the newest date alone: not known, unless the other one is in the year."""
    gone = {"905": 1, "900": "2024-01-01", "901": "2024-07-01"}
    late = {**gone, "1412": "2025-07-20"}
    assert told("E-05", late, {**late, "1503": "2025-06-01"}, gone) == {4: [0, 1]}


def test_e06_the_same_customer_enters_again_within_365_days():
    gone = {"903": 1, "900": "2024-01-01", "901": "2024-07-01"}
    rows = [
        {**gone, "100": "A"},
        {**ADULT, "100": "A", "900": "2025-07-01"},
        {**gone, "100": "B"},
        {**ADULT, "100": "B", "900": "2025-07-02"},
    ]
    found = engagement.events(CaseTables(records(*rows), TODAY), "E-06")
    assert sorted(found["value"]) == [0, 1]


def test_e07_days_from_the_last_qualifying_service_to_the_exit():
    gone = {"903": 1, "900": "2024-01-01", "901": "2024-07-01"}
    assert told("E-07", {**gone, "1201": "2024-06-21"}, {**gone, "1201": "2024-07-02"}) == {
        4: [10, 182]
    }


def test_a_missing_table_gives_no_event():
    for indicator in ("E-01", "E-02", "E-03"):
        assert told(indicator, ADULT) == {}


def test_medians_for_days_means_for_shares_and_bands_hold_their_upper_end():
    """Last service to exit: 0, 0, 30 and 31 days; one of the four enters again within a year."""
    gone = {"903": 1, "900": "2024-01-01", "901": "2024-07-01"}
    served = ("2024-07-01", "2024-07-01", "2024-06-01", "2024-05-31")
    rows = [{**gone, "100": n, "1201": day} for n, day in zip("ABCD", served, strict=True)]
    rows.append({**ADULT, "100": "A", "900": "2025-06-01"})
    found = of_area(engagement_frame, records(*rows), TODAY)
    found = found[(found["area_type"] == "lwia") & (found["program"] == "all")]
    mine = found[found["quarter"] == "2024 Q3"]
    whole = mine[mine["band"] == ""].set_index("indicator")["result"]
    assert whole["E-07"] == 15
    assert whole["E-06"] == 0.25
    bands = mine[(mine["indicator"] == "E-07") & (mine["band"] != "")]
    assert dict(zip(bands["band"], bands["events"], strict=True)) == {
        "0": 2, "1 to 30": 1, "31 to 60": 1,
    }  # fmt: skip
