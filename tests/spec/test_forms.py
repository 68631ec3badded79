"""The federal forms, row by row.  Source: domain 2.1, 2.14, 7.1, 9.2; WIOA s.116(d)(2)."""

import pandas as pd
import pytest

from ipats_lib import forms
from ipats_lib.errors import ParamsError
from ipats_lib.forms import groups_of, load_form_rows, rows_by_name
from tests.tables import form_lines, pirl, records

# PY2024Q4: served 2024-07 to 2025-06, exited 2024-04 to 2025-03; the quarter: served 2025-04 to 06.


def body(table: str, program: str = "adult") -> dict[str, dict]:
    """The 9173 of one program and four quarters: group -> measure -> value, an indicator's counts
    as `ERQ2_n` and `ERQ2_d`; what the form does not have is missing."""
    lines = form_lines(pirl(table)).query("window == 'rolling4' and program == @program")
    found: dict[str, dict] = {}
    for line in lines.itertuples():
        here = found.setdefault(line.group_title, {})
        here[line.measure] = line.value
        if pd.notna(line.denominator):
            here |= {f"{line.measure}_n": line.numerator, f"{line.measure}_d": line.denominator}
    return found


def tiers(lines: dict[str, dict], group: str = "All") -> dict[str, int]:
    return {t: lines[group][f"served_{t}"] for t in forms.TIERS if f"served_{t}" in lines[group]}


def head(table: str, program: str = "adult") -> dict[str, object]:
    """The services of the 9169 of one program."""
    lines = form_lines(pirl(table)).query("window == 'annual' and program == @program")
    return lines[lines["section"] == "Services"].set_index("measure")["value"].to_dict()


def test_items_1_2_5_and_6_count_persons_served_and_periods_exited_by_training():
    """A and B are served with career services, C with training; B and C have left."""
    line = head("""
        id | 903 | 900      | 901      | 1300
        A  | 1   | 20240801 |          | 0
        B  | 1   | 20240110 | 20241001 |
        C  | 1   | 20240110 | 20250331 | 1
        D  | 1   | 20230110 | 20240331 | 1
        E  | 4   | 20240801 |          | 1
    """)
    counts = [line[m] for m in ("career_served", "career_exited", "training_served")]
    assert [*counts, line["training_exited"]] == [2, 1, 1, 1]


def test_items_1_and_5_both_count_who_was_trained_in_one_of_two_periods():
    line = head("""
        id | 903 | 900      | 901      | 1300
        A  | 1   | 20240110 | 20240801 | 0
        A  | 1   | 20250110 |          | 1
        A  | 1   | 20250510 |          | 1
    """)
    assert (line["career_served"], line["training_served"]) == (1, 1)


def test_item_11_asks_those_employed_and_beside_it_all_who_were_trained():
    """Trained and out in the window of ER Q2: A to E. Employed with a known answer: A, B; of these
    A's job is related. Of all five: one."""
    line = head("""
        id | 903 | 900      | 901      | 1300 | 1602 | 1608
        A  | 1   | 20230110 | 20230701 | 1    | 1    | 1
        B  | 1   | 20230110 | 20240630 | 1    | 3    | 0
        C  | 1   | 20230110 | 20240630 | 1    | 1    | 9
        D  | 1   | 20230110 | 20240630 | 1    | 0    |
        E  | 1   | 20230110 | 20240630 | 1    | 0    | 1
        F  | 1   | 20230110 | 20240701 | 1    | 1    | 1
        G  | 1   | 20230110 | 20240630 | 0    | 1    | 1
    """)
    assert line["training_related"] == 1 / 2
    assert line["training_related_of_trained"] == 1 / 5


def test_the_items_of_the_fiscal_system_are_there_and_say_that_nobody_knows():
    lines = form_lines(pirl("id | 903 | 900\nA | 1 | 20240801")).query("section == 'Services'")
    empty = lines[lines["note"] == "not in the records"]
    assert set(empty["measure"]) == {
        *("career_funds", "career_cost", "training_funds", "training_cost", "admin_share"),
    }
    assert empty["value"].isna().all()
    assert lines.loc[lines["measure"] == "career_served", "value"].notna().all()


def test_the_annual_form_is_the_one_of_december_2024_with_its_numbers():
    """Domain 10: the three percents of the summary are items 11 to 13."""
    edition = forms.editions().set_index("form").loc["ETA-9169"]
    assert (edition["edition"], edition["omb"]) == ("2024-12-10", "1205-0526")
    items = {row.measure: row.item for row in rows_by_name("9169").values()}
    percents = ("training_related", "co_enrolled", "admin_share")
    assert [items[name] for name in percents] == ["11", "12", "13"]
    block = [name for name in items if name.startswith(("career_", "training_"))]
    assert sorted({items[name] for name in block}, key=int) == [*"12345678", "11"]


def test_a_participant_is_in_one_tier_and_training_goes_before_a_counselor():
    """A basic, B individualized (whatever basic service it had), C training, D nothing dated."""
    lines = body("""
        id | 903 | 900      | 1001     | 1200     | 1300
        A  | 1   | 20240801 | 20240801 |          | 0
        B  | 1   | 20240801 | 20240801 | 20240901 |
        C  | 1   | 20240801 | 20240801 | 20240901 | 1
        D  | 1   | 20240801 |          |          | 0
    """)
    assert tiers(lines) == {"basic": 1, "individualized": 1, "training": 1}
    assert lines["All"]["served"] == 4


def test_youth_have_training_or_youth_services():
    table = """
        id | 905 | 900      | 906      | 1001     | 1300
        A  | 1   | 20240801 | 20240801 | 20240801 | 0
        B  | 1   | 20240801 | 20240801 |          | 1
    """
    assert tiers(body(table, "youth")) == {"youth": 1, "training": 1}


def test_who_was_in_two_periods_is_served_once_and_may_be_in_two_tiers():
    lines = body("""
        id | 903 | 900      | 901      | 1001     | 1300 | 201
        A  | 1   | 20240110 | 20240801 | 20240110 | 0    | 2
        A  | 1   | 20250110 |          | 20250110 | 1    | 2
    """)
    assert (
        tiers(lines) == tiers(lines, "Female") == {"basic": 1, "individualized": 0, "training": 1}
    )
    assert lines["Female"]["served"] == 1


def test_exiters_of_a_tier_are_periods_of_participation():
    """Of the rolling four quarters: exits from April 2024 to March 2025."""
    lines = body("""
        id | 903 | 900      | 901      | 1001     | 1300
        A  | 1   | 20240110 | 20240401 | 20240110 | 1
        A  | 1   | 20240801 | 20250331 | 20240801 | 1
        B  | 1   | 20240110 | 20250401 | 20240110 | 1
        C  | 1   | 20240110 | 20240331 | 20240110 | 0
    """)
    exited = {name: lines[title]["exited"] for name, title in forms.TIERS.items() if title in lines}
    assert exited == {"basic": 0, "individualized": 0, "training": 2}


def test_outcomes_are_told_of_each_tier():
    """ER Q2 of exits from July 2023 to June 2024: one of two trained, the one counselled."""
    lines = body("""
        id | 903 | 900      | 901      | 1001     | 1200     | 1300 | 1602
        A  | 1   | 20230110 | 20230801 | 20230110 |          | 1    | 1
        B  | 1   | 20230110 | 20230801 | 20230110 |          | 1    | 0
        C  | 1   | 20230110 | 20230801 | 20230110 | 20230201 | 0    | 1
    """)
    assert (lines["Training"]["ERQ2_n"], lines["Training"]["ERQ2_d"]) == (1, 2)
    assert lines["Individualized career services"]["ERQ2"] == 1
    assert lines["Basic career services only"]["ERQ2_d"] == 0


ENTRY = """
    id | 903 | 900      | 1300 | 201 | 300 | 301 | 400 | 401 | 408 | 907
    A  | 1   | 20240801 | 1    | 9   | 1   | 1   | 0   | 0   | 0   | 0
    B  | 1   | 20240801 | 1    | 1   | 1   | 2   | 1   | 1   | 1   | 1
    C  | 1   | 20240801 | 0    | 2   | 0   | 3   | 2   | 2   | 2   |
    D  | 1   | 20240801 | 0    | 2   | 0   | 0   | 3   | 3   | 3   | 0
    E  | 1   | 20240801 | 0    | 2   |     |     | 0   | 4   | 4   | 0
    F  | 1   | 20240801 | 0    | 2   | 0   | 0   | 0   | 5   | 5   | 0
    G  | 1   | 20240801 | 0    | 2   | 0   | 0   |     |     | 6   | 0
    H  | 1   | 20240801 | 0    | 2   | 0   | 0   | 1   | 0   | 7   | 0
    I  | 1   | 20240801 | 0    | 2   | 0   | 0   | 1   | 0   | 8   | 0
    J  | 1   | 20230801 | 0    | 2   | 0   | 0   | 1   | 0   |     | 0
    K  | 4   |          | 0    | 9   | 1   | 1   | 0   | 0   | 0   | 1
"""
BY_HAND = {
    "Did not self-identify": (1, 1),
    "Veterans": (2, 2),
    "Eligible veterans": (3, 2),
    "Incumbent workers": (1, 1),
    "Employed": (4, 1),
    "Employed, with notice of termination or separation": (1, 0),
    "Unemployed": (3, 1),
    "Not in the labor force": (1, 0),
    "No diploma": (1, 1),
    "Secondary school graduate or equivalent": (2, 1),
    "Certificate of attendance or completion": (1, 0),
    "One or more years of postsecondary education": (1, 0),
    "Postsecondary certification or license": (1, 0),
    "Associate's degree": (1, 0),
    "Bachelor's degree": (1, 0),
    "Degree beyond a bachelor's": (1, 0),
    "Claimant, referred by RESEA": (1, 1),
    "Claimant, referred by WPRS": (1, 0),
    "Claimant, not referred by either": (1, 0),
    "Exhaustee": (1, 0),
    "Claimant, exempt from work search": (1, 0),
    "Neither claimant nor exhaustee": (4, 1),
}
"""Served, and served with training: by hand from the table above."""


def test_each_row_of_the_quarterly_form_counts_its_code_at_entry():
    lines = body(ENTRY)
    own = {group.title for group in groups_of("9173").values()}
    found = {title: (lines[title]["served"], lines[title]["served_training"]) for title in own}
    assert found == BY_HAND


def test_the_rows_of_the_quarterly_form_alone_tell_of_participants_alone():
    line = body(ENTRY)["Veterans"]
    assert set(line) == {"served", *(f"served_{tier}" for tier in forms.tiers_of("adult"))}


def test_groups_of_both_forms_are_counted_by_tier_too():
    table = """
        id | 903 | 900      | 1001     | 1300 | 201 | 213 | 802
        A  | 1   | 20240801 | 20240801 | 1    | 1   | 1   | 1
        B  | 1   | 20240801 | 20240801 | 0    | 1   | 0   | 1
    """
    lines = body(table)
    assert tiers(lines, "Male") == {"basic": 1, "individualized": 0, "training": 1}
    assert tiers(lines, "Low-income individuals") == tiers(lines, "Male")
    assert tiers(lines, "Black or African American")["basic"] == 0


def test_reportable_individuals_are_met_in_the_window_each_once():
    """Code 4 of the program, and the newest contact or self-service within it."""
    rows = pirl("""
        id | 903 | 904 | 918 | 900      | 1002     | 1007
        A  | 4   | 0   | 0   |          |          | 20250401
        A  | 4   | 0   | 0   |          | 20250630 |
        B  | 4   | 0   | 0   |          |          | 20250331
        C  | 0   | 4   | 0   |          | 20250501 | 20240101
        D  | 4   | 0   | 0   |          |          | 20250701
        E  | 1   | 0   | 0   | 20240801 | 20250501 |
        F  | 0   | 0   | 1   |          |          | 20250501
        G  | 0   | 0   | 1   | 20250401 | 20250501 |
    """)
    lines = form_lines(rows).query("measure == 'reportable'").set_index(["window", "program"])
    of_quarter = lines.loc["current", "value"].to_dict()
    assert of_quarter == {"adult": 1, "dw": 1, "wp": 1}
    assert lines.loc[("rolling4", "adult"), "value"] == 2


def test_a_gain_counts_under_each_of_its_types_among_all_who_could_have_one():
    """Denominator A to G, H has no 1811. B and C are in training; B's gain is of two types."""
    learner = {"903": 1, "900": "2024-08-01", "1811": "2024-08-01", "1300": 0}
    rows = records(
        learner | {"100": "A", "1806": "2025-01-01"},
        learner | {"100": "B", "1300": 1, "1807": "2025-01-01", "1809": "2025-06-30"},
        learner | {"100": "C", "1300": 1, "1808": "2024-09-01"},
        learner | {"100": "D", "1810": "2025-01-01", "1800": 6, "1801": "2025-01-01"},
        learner | {"100": "E", "1800": 1, "1801": "2025-01-01"},
        learner | {"100": "F"},
        learner | {"100": "G", "900": "2024-05-01", "1811": "2024-05-01", "1806": "2024-06-30"},
        learner | {"100": "H", "1811": "", "1806": "2025-01-01"},
    )
    made = form_lines(rows).query("section == 'Skill gains' and window == 'rolling4'")
    made = made.rename(columns={"numerator": "n", "denominator": "d", "value": "rate"})
    mine = made[made["program"] == "adult"]
    everybody = mine[mine["group"] == ""].set_index("measure")
    assert everybody["n"].to_dict() == {
        "gain_efl": 1,
        "gain_postsecondary": 1,
        "gain_secondary": 1,
        "gain_milestone": 1,
        "gain_progression": 1,
        "gain_diploma": 1,
    }
    assert set(everybody["d"]) == {7}
    assert everybody.loc["gain_efl", "rate"] == 1 / 7
    trained = mine[mine["group_title"] == "Training"].set_index("measure")
    assert set(trained["d"]) == {2}
    assert trained.loc[trained["n"] > 0].index.tolist() == [
        "gain_postsecondary",
        "gain_secondary",
        "gain_milestone",
    ]


def test_wagner_peyser_has_no_gains_and_nobody_is_no_error():
    rows = pirl("id | 918 | 900 | 1811\nA | 1 | 20240801 | 20240801")
    made = form_lines(rows).query("section == 'Skill gains'")
    assert "wp" not in set(made["program"])
    assert (made["denominator"] == 0).all()
    assert made["value"].isna().all()
    nobody = form_lines(rows.head(0))
    assert set(nobody["program"]) == {"adult", "dw", "youth"}
    assert not nobody.loc[nobody["kind"] == "count", "value"].any()


def test_every_row_has_a_name_of_its_own_and_tells_what_was_not_confirmed():
    for form in ("9169", "9173"):
        names = [row.name for row in load_form_rows() if row.form == form]
        assert len(names) == len(set(names))
    told = {row.name: row.unconfirmed for row in rows_by_name("9173").values()}
    assert told["exited"] == told["Sex: Male"] == ""
    assert told["reportable"] == "test"
    assert told["Veterans: Eligible veterans"] == "item and test"
    assert told["Unemployment insurance: Exhaustee"] == "label and test"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("9170,1,served,,Served,,,,", "'9170' is not known"),
        ("9173,,,Sex,Neither,,,,", "Sex: Neither is no group"),
        ("9173,,,Veterans,Veterans,1704,1,,", "'1704' is not known"),
        ("9173,,,Veterans,Veterans,300,x,,", "whole number"),
    ],
)
def test_a_wrong_row_names_file_and_line(line, message, monkeypatch, tmp_path):
    header = "form,item,measure,dimension,title,element,codes,edition,definition"
    (tmp_path / "form_rows.csv").write_text(f"{header}\n{line}\n")
    (tmp_path / "counties.csv").write_text("county,fips,lwia,edr\n")
    monkeypatch.setattr(forms, "load_groups", lambda: ())
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
    load_form_rows.cache_clear()
    with pytest.raises(ParamsError, match=f"form_rows.csv line 2: .*{message}"):
        load_form_rows()
    load_form_rows.cache_clear()
