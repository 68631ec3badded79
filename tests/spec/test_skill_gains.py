"""MSG: measurable skill gains.  Source: domain 2.9; PIRL 1800 to 1813."""

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.indicators import predicates
from tests.tables import pirl, states


@pytest.mark.parametrize("element", ["1806", "1807", "1808", "1809", "1810"])
@pytest.mark.parametrize(
    ("day", "expected"),
    [("20240630", "failure"), ("20240701", "success"), ("20250630", "success")]
    + [("20250701", "failure")],
)
def test_each_gain_dated_in_the_window(element, day, expected):
    rows = pirl(f"""
        id | 903 | 900      | 1811     | {element}
        A  | 1   | 20240101 | 20240110 | {day}
    """)
    assert states(rows, "MSG") == {("A", "adult"): expected}


@pytest.mark.parametrize("slot", [("1800", "1801"), ("1802", "1803"), ("1804", "1805")])
def test_a_diploma_in_the_window_is_a_gain_and_a_certificate_is_not(slot):
    rows = pirl(f"""
        id | 905 | 900      | 1811     | {slot[0]} | {slot[1]}
        A  | 1   | 20240101 | 20240110 | 1         | 20250101
        B  | 1   | 20240101 | 20240110 | 6         | 20250101
    """)
    assert states(rows, "MSG") == {("A", "youth"): "success", ("B", "youth"): "failure"}


def test_participation_and_education_must_both_overlap_the_window():
    rows = pirl("""
        id | 903 | 900      | 901      | 1811     | 1813
        A  | 1   | 20240101 | 20240630 | 20240110 |
        B  | 1   | 20240101 | 20240701 | 20240110 |
        C  | 1   | 20250701 |          | 20250701 |
        D  | 1   | 20240101 |          | 20250701 |
        E  | 1   | 20240101 |          | 20240110 | 20240630
        F  | 1   | 20240101 |          | 20240110 | 20240701
        G  | 1   | 20240101 |          |          |
        H  | 1   |          |          | 20240710 |
    """)
    assert set(states(rows, "MSG")) == {("B", "adult"), ("F", "adult")}


@pytest.mark.parametrize(
    ("code", "expected"),
    [(f"0{n}", "excluded") for n in range(1, 7)] + [("07", "failure"), ("00", "failure")],
)
def test_exit_reasons(code, expected):
    rows = pirl(f"""
        id | 903 | 900      | 901      | 923    | 1811
        A  | 1   | 20240601 | 20240801 | {code} | 20240705
    """)
    assert states(rows, "MSG") == {("A", "adult"): expected}


def test_a_gain_after_exit_counts_unless_the_state_refuses_it(monkeypatch, tmp_path):
    """Domain 2.9: accepted by default, in the same program year; `params/indicators.csv`."""
    rows = pirl("""
        id | 903 | 900      | 901      | 1811     | 1809     | 1800 | 1801
        A  | 1   | 20240110 | 20240901 | 20240110 | 20240920 |      |
        B  | 1   | 20240110 | 20240901 | 20240110 | 20240901 |      |
        C  | 1   | 20240110 | 20240901 | 20240110 |          | 1    | 20240920
        D  | 1   | 20240110 |          | 20240110 | 20240920 |      |
    """)
    assert set(states(rows, "MSG").values()) == {"success"}
    monkeypatch.setattr(predicates, "accepts_gains_after_exit", lambda: False)
    found = {id_: state for (id_, _), state in states(rows, "MSG").items()}
    assert found == {"A": "failure", "B": "success", "C": "failure", "D": "success"}


def test_another_word_in_the_settings_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "indicators.csv").write_text(
        "setting,value,source\ngains_after_exit,maybe,somewhere\n"
    )
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
    predicates.accepts_gains_after_exit.cache_clear()
    with pytest.raises(ParamsError, match="accept or refuse"):
        predicates.accepts_gains_after_exit()
    predicates.accepts_gains_after_exit.cache_clear()
