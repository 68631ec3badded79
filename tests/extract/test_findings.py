"""What is wrong with an extract as a whole is found, told and never published.

Source: domain 4.3 (V-02, N-, C-), docs/extract.md; cases F01, F02, F04, F05, F15 of issue 16.
"""

from collections import Counter

import pytest

from ipats_lib.errors import ExtractError
from ipats_lib.snapshot import make_snapshot
from ipats_lib.validation.findings import loud
from tests.extract.drawn import write_extract
from tests.extract.test_headers import assert_nowhere

PIRL = """
    100         | 108-A | 900      | 903 | 1301
    {customer}  | 17005 | 20250601 | 1   | {school}
    b           | 17005 | 20250602 | 1   | school
"""
TABLES = {
    "planner": "planner_id | lwia | name | active\np1 | 01 | Ada | 1",
    "assignment": (
        "customer | enrolment | planner_id | from | to\n{customer} | e1 | p1 | 20250601 |"
    ),
    "case_note": "customer | date | type | planner_id\n{customer} | 20250603 | phone | p1",
    "application": (
        "customer | lwia | applied | certified | status\n{customer} | 01 | 20250601 | | applied"
    ),
}


def taken(tmp_path, customer="a", school="school", tables=TABLES, **cells):
    """A snapshot of an extract with one customer of ours in every table."""
    drawn = {name: text.format(customer=customer, **cells) for name, text in tables.items()}
    pirl = PIRL.format(customer=customer, school=school)
    return make_snapshot(write_extract(tmp_path / "extract", pirl, drawn), tmp_path / "store")


def found(snapshot):
    """Rule, file and value of every finding but those on columns that the file lacks."""
    return [(f.rule, f.file, f.value) for f in snapshot.findings().itertuples()]


def rules(snapshot):
    return Counter(snapshot.findings()["rule"])


def test_a_sound_extract_has_no_finding(tmp_path):
    assert found(taken(tmp_path)) == []


# -- Social Security numbers ---------------------------------------------------------------------

SPELLED = (
    "219-09-9999",
    "219099999",
    "219 09 9999",
    "219.09.9999",
    "219\N{EN DASH}09\N{EN DASH}9999",
    "219\N{MINUS SIGN}09\N{MINUS SIGN}9999",
    "219\N{NO-BREAK SPACE}09\N{NO-BREAK SPACE}9999",
    "219 - 09 - 9999",
    "#219-09-9999.",
    "SSN 219-09-9999 (card)",
    "219099999.0",
    "".join(chr(0xFF10 + int(digit)) for digit in "219099999"),
    "".join(chr(0x660 + int(digit)) for digit in "219099999"),
)


@pytest.mark.parametrize("secret", SPELLED)
def test_a_customer_named_by_one_is_found_and_shown_by_number_everywhere(tmp_path, secret):
    """The customer stays one person in every table, so that counts are right."""
    snapshot = taken(tmp_path, customer=secret)
    assert_nowhere(snapshot, secret)
    shown = snapshot.rows(columns=["100"])["100"].tolist()
    assert shown == ["withheld-0", "b"]
    for table in ("assignment", "case_note", "application"):
        assert snapshot.table(table)["customer"].tolist() == ["withheld-0"]
    lines = snapshot.findings()
    assert set(lines["rule"]) == {"V-02"} | ({"V-01"} if len(secret) > 12 else set())
    assert set(lines["file"]) == {
        f"{n}.csv" for n in ("pirl", "assignment", "case_note", "application")
    }
    assert lines["value"].isna().all()


@pytest.mark.parametrize("spelled", ["219-09-9999", SPELLED[-1], "219\u200b-09-9999"])
def test_it_is_one_person_with_and_without_hyphens(tmp_path, spelled):
    tables = {**TABLES, "case_note": TABLES["case_note"].replace("{customer}", "219099999")}
    snapshot = taken(tmp_path, customer=spelled, tables=tables)
    assert snapshot.table("case_note")["customer"].tolist() == ["withheld-0"]
    assert "C-08" not in rules(snapshot)


@pytest.mark.parametrize("secret", SPELLED)
def test_it_is_dropped_from_every_other_text(tmp_path, secret):
    hidden = "\N{NO-BREAK SPACE}" in secret  # an account of such a name is no account
    tables = {
        **TABLES,
        "assignment": (
            f"customer | enrolment | planner_id | from | to\na | {secret} | p1 | 20250601 |"
        ),
        "case_note": f"customer | date | type | planner_id\na | 20250603 | {secret} | {secret}",
        "application": f"customer | lwia | applied | certified | status\na|01|20250601||{secret}",
        "account": (
            "worknet_user | iwds_user | role | lwia | planner_id | worknet_status | iwds_status"
            " | in_group | linked_on\n"
            f"ada | {secret} | planner | 01 | p1 | active | active | 1 | 20250101\n"
            f"{secret} | x | planner | 01 | p1 | active | active | 1 | 20250101"
        ),
    }
    snapshot = taken(tmp_path, tables=tables, school=secret)
    assert_nowhere(snapshot, secret)
    assert rules(snapshot) == {"V-02": 6, "S-02": 1, "C-05": 1} | ({"C-12": 2} if hidden else {})
    assert snapshot.accounts()["worknet_user"].tolist() == ([] if hidden else ["ada"])


def test_in_a_date_with_hyphens_it_is_not_repeated_by_the_finding(tmp_path):
    tables = {**TABLES, "case_note": "customer | date | type\na | 219-09-9999 | phone"}
    snapshot = taken(tmp_path, tables=tables)
    assert rules(snapshot) == {"F-05": 1}
    assert_nowhere(snapshot, "219-09-9999")


def test_a_planner_named_by_one_stops_the_extract(tmp_path):
    """A planner's id is the name of a folder of the site."""
    tables = {"planner": "planner_id | lwia | name | active\n219099999 | 01 | Ada | 1"}
    with pytest.raises(ExtractError, match=r"planner.csv line 2: .*Social Security") as stopped:
        taken(tmp_path, tables=tables)
    assert "219" not in str(stopped.value)


def test_other_identifiers_of_nine_digits_stay(tmp_path):
    """Area 000, 666 and 9xx, group 00 and serial 0000 were never issued."""
    for number, plain in enumerate(
        (
            "000123456",
            "666123456",
            "912345678",
            "123006789",
            "123450000",
            "2190999991",
            "A219099999",
        )
    ):
        snapshot = taken(tmp_path / str(number), customer=plain)
        assert snapshot.rows(columns=["100"])["100"].tolist()[0] == plain
        assert "V-02" not in rules(snapshot)


# -- identifiers that do not join -----------------------------------------------------------------


UNSEEN = "\u200b\u200f\u202e\u2066\ufeff\u00ad\u0080\U000e0041"


@pytest.mark.parametrize("odd", ["\ufeffa", *(f"a{sign}" for sign in UNSEEN)])
def test_signs_that_nobody_sees_make_no_other_customer(tmp_path, odd):
    tables = {**TABLES, "case_note": TABLES["case_note"].replace("{customer}", odd)}
    snapshot = taken(tmp_path, customer="a", tables=tables)
    assert snapshot.table("case_note")["customer"].tolist() == ["a"]
    assert rules(snapshot) == {"N-03": 1}


def test_customers_that_no_pirl_row_knows_are_counted_and_loud_when_most(tmp_path):
    tables = {
        "application": TABLES["application"].replace("{customer}", "A"),
        "case_note": "customer | date | type\na | 20250603 | x\nb | 20250603 | x\nc | 20250603 | x"
        "\nc | 20250604 | x\n | 20250604 | x",
    }
    snapshot = taken(tmp_path, tables=tables)
    lines = found(snapshot)
    assert ("C-08", "application.csv", "1") in lines
    assert ("C-07", "case_note.csv", "1") in lines
    assert loud(snapshot.findings())["rule"].tolist() == ["C-08"]


# -- lines and files ------------------------------------------------------------------------------


def test_equal_lines_count_once_in_every_table(tmp_path):
    """A file exported twice and joined, header and all, is the file."""
    once = taken(tmp_path / "once")
    here = tmp_path / "once" / "extract"
    for path in here.glob("*.csv"):
        path.write_bytes(path.read_bytes() + path.read_bytes().replace(b"\n", b"\r\n"))
    twice = make_snapshot(here, tmp_path / "store")
    for table in ("assignment", "case_note", "application", "planner"):
        assert twice.table(table).equals(once.table(table)), table
    assert twice.rows().equals(once.rows())
    assert twice.findings()[["rule", "value"]].values.tolist() == [
        ["N-11", "2"], ["N-11", "2"], ["N-11", "2"], ["N-11", "2"], ["N-11", "2"],
    ]  # fmt: skip
    assert len(loud(twice.findings())) == 5


def test_rows_after_an_equal_line_keep_their_line_numbers(tmp_path):
    note = "a | 20250603 | x\n"
    drawn = "customer | date | type\n" + note * 2 + "b | 20259999 | y\n" + note + "b | 20250605 | z"
    snapshot = taken(tmp_path, tables={"case_note": drawn})
    assert snapshot.table("case_note")["row"].tolist() == [2, 4, 6]
    wrong = snapshot.findings().query("rule == 'F-05'")
    assert wrong["row"].tolist() == [4]


def test_a_few_equal_lines_are_told_quietly(tmp_path):
    days = [f"a | 202506{day:02} | x" for day in range(1, 30)]
    drawn = "\n".join(["customer | date | type", *days, days[0]])
    snapshot = taken(tmp_path, tables={"case_note": drawn})
    assert found(snapshot) == [("N-09", "case_note.csv", "1")]
    assert loud(snapshot.findings()).empty


def test_every_file_that_was_not_read_is_named(tmp_path):
    taken(tmp_path)
    here = tmp_path / "extract"
    (here / "case_note.csv").rename(here / "case_notes.csv")
    for name in ("Services.csv", "service.xlsx", "service.txt", ".hidden", "PIRL_old.txt"):
        (here / name).write_text("x")
    (here / "older").mkdir()
    (here / "nowhere").symlink_to("gone")
    snapshot = make_snapshot(here, tmp_path / "store")
    assert sorted(loud(snapshot.findings())["file"]) == [
        ".hidden", "PIRL_old.txt", "Services.csv", "case_notes.csv", "nowhere", "older",
        "service.txt", "service.xlsx",
    ]  # fmt: skip
    (here / "older").rmdir()
    assert make_snapshot(here, tmp_path / "store").id != snapshot.id


def test_nul_bytes_are_left_out_and_found(tmp_path):
    taken(tmp_path)
    path = tmp_path / "extract" / "case_note.csv"
    path.write_bytes(path.read_bytes().replace(b"phone", b"ph\0one\0"))
    snapshot = make_snapshot(tmp_path / "extract", tmp_path / "store")
    assert snapshot.table("case_note")["type"].tolist() == ["phone"]
    assert ("N-10", "case_note.csv", "2") in found(snapshot)


@pytest.mark.parametrize("name", ["pirl", "assignment", "case_note", "application", "planner"])
def test_a_file_cut_inside_its_last_cell_is_found(tmp_path, name):
    taken(tmp_path)
    path = tmp_path / "extract" / f"{name}.csv"
    path.write_bytes(path.read_bytes()[:-1])
    snapshot = make_snapshot(tmp_path / "extract", tmp_path / "store")
    assert loud(snapshot.findings())[["rule", "file"]].values.tolist() == [["N-07", f"{name}.csv"]]


# -- the as-of date -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "days"),
    [("2025-05-02", None), ("2025-05-01", "32"), ("2024-08-15", "291"), ("2015-06-02", "3653"),
     ("2025-11-29", None), ("2025-11-30", "181"), ("2026-06-02", "365")],
)  # fmt: skip
def test_an_as_of_date_far_from_the_newest_date_is_found(tmp_path, as_of, days):
    """The newest entry is of 2 June 2025."""
    pirl = PIRL.format(customer="a", school="s")
    snapshot = make_snapshot(write_extract(tmp_path / "extract", pirl, as_of=as_of), tmp_path / "s")
    lines = loud(snapshot.findings())
    assert lines["value"].tolist() == ([days] if days else [])
    assert set(lines["rule"]) <= {"A-01"}
