"""What texts become, what is noted, and what is found (domain 4.3 F- and V-, 8.1).

Nothing is coerced in silence: a text that does not parse is a finding and its cell is missing; a
row is never left out.
"""

from datetime import date

import pandas as pd
import pytest

from ipats_lib.scopes import Scope
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import NUMBERS, write_extract


@pytest.fixture
def read(tmp_path):
    """A snapshot of a PIRL file in which one element has the given texts, one per row."""

    def make(element: str, *texts: str, as_of: str = "2025-08-15"):
        folder = tmp_path / "extract"
        write_extract(folder, "100\n" + "\n".join("abcdefghij"[: len(texts)]), as_of=as_of)
        path, place = folder / "pirl.csv", NUMBERS.index(element)
        lines = []
        for line, text in zip(path.read_text().splitlines(), texts, strict=True):
            cells = line.split(",")
            cells[place] = f'"{text}"' if "," in text else text
            lines.append(",".join(cells) + "\n")
        path.write_text("".join(lines))
        return make_snapshot(folder, tmp_path / "store")

    return make


def values(snapshot, element):
    return [
        None if pd.isna(value) else value for value in snapshot.rows(columns=[element])[element]
    ]


def found(snapshot, *rules):
    table = snapshot.findings()
    table = table[table["rule"].isin(rules)]
    return [
        (rule, element, None if pd.isna(row) else row, None if pd.isna(value) else value)
        for rule, element, row, value in table[["rule", "element", "row", "value"]].values
    ]


@pytest.mark.parametrize(
    ("element", "text", "value", "dtype"),
    [
        ("101", "IL", "IL", "string"),
        ("103", "06001", "06001", "string"),
        ("903", "1", 1, "Int32"),
        ("923", "07", 7, "Int32"),
        ("407", "12", 12, "Int32"),
        ("OBS", "123456789", 123456789, "Int32"),
        ("900", "20240229", pd.Timestamp("2024-02-29"), "datetime64[s]"),
        ("900", "19000101", pd.Timestamp("1900-01-01"), "datetime64[s]"),
        ("1704", "8000.00", 8000.0, "float64"),
        ("1704", "0.00", 0.0, "float64"),
        ("1704", "999999.99", 999999.99, "float64"),
        ("R001", "anything", "anything", "string"),
    ],
)
def test_a_lawful_text_is_typed_without_a_finding(read, element, text, value, dtype):
    snapshot = read(element, text, "")
    assert values(snapshot, element) == [value, None]
    assert str(snapshot.rows(columns=[element])[element].dtype) == dtype
    assert found(snapshot, "F-05", "F-06", "F-07", "N-01", "N-02", "N-03", "N-04") == []


@pytest.mark.parametrize("text", ["20230229", "20241301", "20240100", "18991231", "20300816",
    "2024-01-05", "01052024", "202401", "202401011", "today", "20240101.0", "-2024010", "٢٠٢٤٠١٠١"],
)  # fmt: skip
def test_f05_a_text_that_is_no_date_is_found_and_missing(read, text):
    snapshot = read("900", text, "20240101")
    assert values(snapshot, "900") == [None, pd.Timestamp("2024-01-01")]
    assert found(snapshot, "F-05") == [("F-05", "900", 1, text)]


def test_f05_dates_reach_five_years_beyond_the_extract(read):
    snapshot = read("900", "20300815", "20300816")
    assert values(snapshot, "900") == [pd.Timestamp("2030-08-15"), None]


@pytest.mark.parametrize(
    "text", ["-1.00", "1000000.00", "1,234.00", "$5.00", "1e3", "nan", "inf", "12.3.4", "ten"]
)
def test_f06_a_text_that_is_no_amount_is_found_and_missing(read, text):
    snapshot = read("1704", text, "1.00")
    assert values(snapshot, "1704") == [None, 1.0]
    assert found(snapshot, "F-06") == [("F-06", "1704", 1, text)]


@pytest.mark.parametrize(
    ("element", "text", "value"),
    [
        ("903", "7", 7),
        ("923", "55", 55),
        ("903", "123456789", 123456789),
        ("903", "1234567890", None),
        ("903", "x", None),
        ("903", "1.0", None),
        ("903", "-1", None),
        ("903", "１", None),
        ("407", "ten", None),
    ],
)
def test_f07_a_number_outside_the_list_is_kept_and_found_and_a_word_is_missing(
    read, element, text, value
):
    snapshot = read(element, text, "1")
    assert values(snapshot, element)[0] == value
    assert found(snapshot, "F-07")[0] == ("F-07", element, 1, text)


def test_zeros_and_nul_characters_are_no_date_with_one_note(read):
    snapshot = read("901", "0", "00000000", "\0\0\0\0\0\0\0\0", "\0", "20240101", "")
    assert values(snapshot, "901") == [None, None, None, None, pd.Timestamp("2024-01-01"), None]
    assert found(snapshot, "N-01", "F-05") == [("N-01", "901", None, "4")]


def test_a_code_without_its_leading_zero_is_the_same_code_with_one_note(read):
    snapshot = read("1303", "06", "6", "1", "006")
    assert values(snapshot, "1303") == [6, 6, 1, 6]
    assert found(snapshot, "N-02", "F-07") == [("N-02", "1303", None, "3")]


@pytest.mark.parametrize(
    ("element", "text", "value"),
    [
        ("903", " 1", 1),
        ("1704", "8000.00 ", 8000.0),
        ("900", " 20240101 ", pd.Timestamp("2024-01-01")),
        ("101", "IL  ", "IL"),
        ("101", "IL\0\0", "IL"),
        ("108-A", "17005 ", "17005"),
        ("101", "I\u200bL\u202e", "IL"),
        ("1704", "8000.00\N{NO-BREAK SPACE}", 8000.0),
        ("900", "\ufeff20240101", pd.Timestamp("2024-01-01")),
        ("903", "1\u200f", 1),
        ("101", "   ", None),
        ("903", "  ", None),
    ],
)
def test_padding_is_left_off_with_one_note(read, element, text, value):
    snapshot = read(element, text, text)
    assert values(snapshot, element) == [value, value]
    assert found(snapshot, "N-03", "F-05", "F-06", "F-07") == [("N-03", element, None, "2")]


@pytest.mark.parametrize(("text", "value"), [("8000", 8000.0), ("8000.5", 8000.5), (".5", 0.5),
    ("12.", 12.0), ("0", 0.0)])  # fmt: skip
def test_amounts_without_two_decimals_are_read_with_one_note(read, text, value):
    snapshot = read("1704", text, "1.00")
    assert values(snapshot, "1704") == [value, 1.0]
    assert found(snapshot, "N-04", "F-06") == [("N-04", "1704", None, "1")]


@pytest.mark.parametrize(("text", "value"), [("12.345", 12.345), (" 8000.500", 8000.5)])
def test_f06_an_amount_of_more_than_two_decimals_is_wrong_and_is_read(read, text, value):
    snapshot = read("1704", "1.00", text)
    assert values(snapshot, "1704") == [1.0, value]
    assert [finding[:3] for finding in found(snapshot, "F-06", "N-04")] == [("F-06", "1704", 2)]


@pytest.mark.parametrize("text", ["", "000000", "1234567890123"])
def test_v01_an_identifier_is_missing_zeros_or_too_long(read, text):
    snapshot = read("100", "abcdefghijkl", text)
    assert [finding[:3] for finding in found(snapshot, "V-01")] == [("V-01", "100", 2)]


@pytest.mark.parametrize(
    ("text", "suspect"),
    [
        ("412558093", True),
        ("412-55-8093", True),
        ("665010001", True),
        ("000558093", False),
        ("666558093", False),
        ("912558093", False),
        ("412008093", False),
        ("412550000", False),
        ("41255809", False),
        ("A12558093", False),
    ],
)
def test_v02_an_identifier_shaped_like_an_ssn_is_told_without_its_value(read, text, suspect):
    snapshot = read("100", text)
    told = [("V-02", "100", 1)] if suspect else []
    assert [finding[:3] for finding in found(snapshot, "V-02")] == told
    assert snapshot.findings().query("rule == 'V-02'")["value"].isna().all()


PIRL = """
    100 | 108-A | 108-B | 900      | 903 | 904 | 905 | 918
    a   | 17005 |       | 20240101 | 1   |     |     |
    b   |       |       | 20240101 | 1   |     |     |
    c   |       | 17005 | 20240101 |     | 3   |     |
    d   |       |       | 20240101 |     |     | 2   |
    e   |       |       |          | 1   |     |     |
    f   |       |       | 20240101 |     |     |     | 1
    g   | 99999 |       | 20240101 |     |     | 1   |
    h   | 99999 | 17010 | 20240101 | 4   |     |     |
"""


def test_v06_and_v07_board_codes(tmp_path):
    """Statewide funding alone (2), no entry, and Wagner-Peyser need no board."""
    snapshot = make_snapshot(write_extract(tmp_path / "extract", PIRL), tmp_path / "store")
    assert [finding[2] for finding in found(snapshot, "V-06")] == [2, 7]
    assert found(snapshot, "V-07") == [
        ("V-07", "108-A", 7, "99999"),
        ("V-07", "108-A", 8, "99999"),
    ]
    mine = snapshot.findings(Scope("02"))
    assert mine.loc[mine["rule"] == "V-07", "row"].tolist() == [8]


DOUBLES = """
    OBS | 100 | 200      | 900      | 903 | 905
    1   | a   | 19900101 | 20240101 | 1   |
    2   | a   | 19900101 | 20240101 |     | 1
    2   | a   | 19900101 | 20240101 | 1   | 1
        | b   | 19910101 | 20240101 | 1   |
    5   | b   | 19910102 | 20240601 | 1   |
    6   | b   |          | 20240701 | 1   |
    7   |     | 19900101 | 20240101 | 1   |
    8   |     | 19910101 | 20240101 | 1   |
    9   | c   | 19910101 |          | 4   |
    10  | c   | 19910101 |          | 4   |
"""


def test_rules_between_rows_f04_d01_d04(tmp_path):
    snapshot = make_snapshot(write_extract(tmp_path / "extract", DOUBLES), tmp_path / "store")
    assert found(snapshot, "F-04") == [
        ("F-04", "OBS", 2, "2"),
        ("F-04", "OBS", 3, "2"),
        ("F-04", "OBS", 4, None),
    ]
    # Rows 1 and 3 share Adult, 2 and 3 share Youth.
    assert [(f[2], f[3]) for f in found(snapshot, "D-01")] == [(n, "20240101") for n in (1, 2, 3)]
    assert [(f[2], f[3]) for f in found(snapshot, "D-04")] == [(4, "19910101"), (5, "19910102")]


def test_a_file_without_observation_numbers_is_told_once(tmp_path):
    drawn = "OBS | 100 | 900\n | a | 20240101\n | b | 20240101"
    extract = write_extract(tmp_path / "extract", drawn)
    snapshot = make_snapshot(extract, tmp_path / "store")
    assert found(snapshot, "F-04") == [("F-04", "OBS", None, "2")]


def test_every_row_is_kept_whatever_is_wrong_with_it(read):
    snapshot = read("100", "", "x" * 400, "000", "412558093", "ok")
    assert len(snapshot.rows()) == 5
    assert snapshot.provenance.sources[0].rows == 5


def test_findings_carry_severity_and_message_and_no_value_in_the_message(read):
    table = read("900", "SECRET").findings().query("rule == 'F-05'")
    (line,) = table.to_dict("records")
    assert line["file"] == "pirl.csv"
    assert line["severity"] == "reject"
    assert line["message"].startswith("900 is not a valid YYYYMMDD date")
    assert "SECRET" not in line["message"]


def test_case_tables_are_typed_the_same_way(tmp_path):
    tables = {
        "assignment": """
            To         | CUSTOMER | planner id | enrolment | From       | shoe_size
            2024-06-30 | a        | P1         | e1        | 20240101   | 9
            2024-06-31 | a        | p9         | e1        | 2024-01-01 | 9
            0          |          | p1         | e1        |            | 9
        """,
        "planner": "planner_id | lwia | name | active\np1 | 1 | Ada | maybe",
    }
    extract = write_extract(tmp_path / "extract", "100 | 900\na | 20240101", tables)
    snapshot = make_snapshot(extract, tmp_path / "store")
    table = snapshot.table("assignment")
    assert table.columns.tolist() == ["row", "customer", "enrolment", "planner_id", "from", "to"]
    assert table["planner_id"].tolist() == ["p1", "p9", "p1"]
    assert str(table["to"].dtype) == "datetime64[s]"
    assert table["to"].isna().tolist() == [False, True, True]
    assert found(snapshot, "F-05", "C-01", "C-03", "N-01", "N-05", "C-04") == [
        ("C-04", "active", 2, "maybe"),
        ("N-05", "shoe_size", None, ""),
        ("C-03", "customer", 4, None),
        ("C-01", "planner_id", 3, "p9"),
        ("F-05", "to", 3, "2024-06-31"),
        ("N-01", "to", None, "1"),
    ]


def test_an_application_of_unknown_status_or_without_a_date_is_a_finding(tmp_path):
    """What decides is the date of certification; the findings say what was not understood."""
    table = """
        customer | lwia | applied    | certified | status
        a        | 1    | 2024-01-01 |           | applied
        a        | 1    | 2024-01-01 |           | Denied
        a        | 1    | 2024-01-01 |           | pending review
        a        | 1    |            |           |
    """
    extract = write_extract(tmp_path / "e", "100 | 900\na | 20240101", {"application": table})
    snapshot = make_snapshot(extract, tmp_path / "store")
    assert found(snapshot, "C-05", "C-06") == [
        ("C-05", "status", 4, "pending review"),
        ("C-05", "status", 5, None),
        ("C-06", "applied", 5, None),
    ]


def test_a_last_line_without_line_end_is_read_with_a_warning(tmp_path):
    extract = write_extract(tmp_path / "extract", "100 | 900\na | 20240101\nb | 20240102")
    path = extract / "pirl.csv"
    path.write_text(path.read_text().removesuffix("\n"))
    snapshot = make_snapshot(extract, tmp_path / "store")
    assert len(snapshot.rows()) == 2
    (line,) = snapshot.findings().query("rule == 'N-07'").to_dict("records")
    assert line["severity"] == "warning"


PLAIN = "100 | 900 | 901\na | 20240101 | 20240301\nb | 20240201 |"


@pytest.mark.parametrize(
    ("name", "said", "given", "as_of", "source"),
    [
        ("x_PIRL_20250815.csv", "2025-07-01", date(2025, 6, 1), date(2025, 6, 1), "given"),
        ("x_PIRL_20250815.csv", "2025-07-01", None, date(2025, 7, 1), "extract.json"),
        ("x_PIRL_20250815.csv", None, None, date(2025, 8, 15), "the name of the PIRL file"),
        ("x_PIRL_20250815093000.csv", None, None, date(2025, 8, 15), "the name of the PIRL file"),
        ("x_PIRL_20251315.csv", None, None, date(2024, 3, 1), "estimated"),
        ("pirl.csv", None, None, date(2024, 3, 1), "estimated"),
    ],
)
def test_the_as_of_date_is_given_said_named_or_estimated(
    tmp_path, name, said, given, as_of, source
):
    extract = write_extract(tmp_path / "extract", PLAIN, as_of=said)
    (extract / "pirl.csv").rename(extract / name)
    snapshot = make_snapshot(extract, tmp_path / "store", as_of=given)
    assert snapshot.as_of == as_of
    assert snapshot.provenance.as_of_source.startswith(source)
    assert snapshot.synthetic == (said is not None)


def test_a_mistyped_date_among_thousands_does_not_move_the_estimate(tmp_path):
    rows = "\n".join(f"c{n} | 20240101 | {'20991231' if n == 7 else ''}" for n in range(3000))
    extract = write_extract(tmp_path / "extract", "100 | 900 | 901\n" + rows, as_of=None)
    assert make_snapshot(extract, tmp_path / "store").as_of == date(2024, 1, 1)
