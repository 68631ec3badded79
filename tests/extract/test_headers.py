"""A header in any spelling means the same columns as the headerless state file.

Source: domain 8.1 (spellings), 8.3 (public-use files).
"""

import pytest

from ipats_lib.extract.headers import Spellings, is_ssn, looks_like_header, match_header
from ipats_lib.params import load_layout
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import NUMBERS, pirl_lines

LAYOUT = load_layout()
ELEMENTS = {element.number: element for element in LAYOUT.elements}


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("(", "").replace(")", "").split())


SPELLINGS = {
    "plain": lambda number: number,
    "PIRL900": lambda number: f"PIRL{number}",
    "PIRL 900": lambda number: f"PIRL {number}",
    "p900": lambda number: f"p{number}",
    "pirl_900": lambda number: f"pirl_{number}",
    "Pirl900, no hyphen": lambda number: f"Pirl{number.replace('-', '')}",
    "900 name": lambda number: f"{number} {ELEMENTS[number].name} (WIOA)",
    "name": lambda number: ELEMENTS[number].name,
    "NAME": lambda number: ELEMENTS[number].name.upper(),
    "CamelName": lambda number: camel(ELEMENTS[number].name),
    "CamelNameWIOA": lambda number: camel(ELEMENTS[number].name) + "WIOA",
}
NAMED = [number for number in NUMBERS if number != "OBS" and not ELEMENTS[number].reserved]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_element_is_found_in_every_spelling(spelling):
    cells = [SPELLINGS[spelling](number) for number in NAMED]
    assert looks_like_header(cells, LAYOUT)
    assert match_header(cells, LAYOUT, "pirl.csv").elements == tuple(NAMED)


@pytest.mark.parametrize(
    ("cell", "element"),
    [
        ("900 Date of Program Entry (WIOA)", "900"),
        ("DateOfProgramEntryWIOA", "900"),
        ("PIRL108-A", "108-A"),
        ("PIRL108A", "108-A"),
        ("PIRL 108-A", "108-A"),
        ("108 b", "108-B"),
        ("102 County code", "102"),
        ("Observation Number", "OBS"),
        ("obs", "OBS"),
        ("r001", "R001"),
        ("PIRL 3000", None),
        ("CALC4000", None),
        ("REPORT_QUARTER", None),
        ("PIRL10012", None),
        ("", None),
    ],
)
def test_spellings_from_practice(cell, element):
    known = Spellings(LAYOUT)
    assert (known.by_number(cell) or known.by_name(cell)) == element


@pytest.mark.parametrize(
    "cell", ["2700", "PIRL2700", "PIRL 2700", "SSN", "ssn", "Customer SSN", "CustomerSSN",
             "SSN_Last", "Social Security Number", "SocialSecurityNo"],
)  # fmt: skip
def test_a_social_security_number_is_recognized(cell):
    assert is_ssn(cell)


@pytest.mark.parametrize("cell", ["900", "Session", "Assessment", "PIRL270", "2701"])
def test_other_columns_are_not_taken_for_one(cell):
    assert not is_ssn(cell)


PIRL = """
    100 | 108-A | 900      | 901      | 903 | 923 | 1704
    a   | 17005 | 20240101 | 20240630 | 1   | 00  | 8000.00
    b   | 17010 | 20240102 |          | 1   |     |
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", [None, "plain", "PIRL 900", "900 name"])
def test_the_same_rows_come_out_with_and_without_header_mark_and_crlf(
    tmp_path, header, mark, ending
):
    lines = pirl_lines(PIRL)
    if header:
        spell = SPELLINGS[header]
        quoted = [f'"{spell(n)}"' if not n.startswith("R") else n for n in NUMBERS]
        lines = [",".join(quoted), *lines]
    folder = tmp_path / "extract"
    folder.mkdir()
    text = mark + "".join(line + ending for line in lines)
    (folder / "pirl.csv").write_bytes(text.encode())
    snapshot = make_snapshot(folder, tmp_path / "store")
    rows = snapshot.rows(columns=["100", "108-A", "900", "901", "903", "923", "1704"])
    first = 2 if header else 1
    assert rows["row"].tolist() == [first, first + 1]
    assert rows["100"].tolist() == ["a", "b"]
    assert rows["900"].dt.strftime("%Y%m%d").tolist() == ["20240101", "20240102"]
    assert rows["1704"].tolist()[0] == 8000.0
    assert rows["901"].isna().tolist() == [False, True]
    assert ("F-03" in set(snapshot.findings()["rule"])) == bool(header)


def write(folder, text):
    folder.mkdir()
    (folder / "17_FULL_PIRL_COMBINED_SCHEMA2021__20244_20250815.csv").write_text(text)
    return folder


def test_columns_are_matched_in_any_order_and_others_reported_once(tmp_path):
    text = (
        "PIRL923,CALC4000,PIRL901,PIRL900,PIRL905,REPORT_QUARTER,PIRL100\n"
        "00,IL,20240630,20240101,1,Q4,a\n"
        ",IL,,20240102,1,Q4,b\n"
    )
    snapshot = make_snapshot(write(tmp_path / "extract", text), tmp_path / "store")
    rows = snapshot.rows(columns=["100", "900", "905", "923", "1704", "R001"])
    assert rows["100"].tolist() == ["a", "b"]
    assert rows["905"].tolist() == [1, 1]
    assert rows["1704"].isna().all()
    assert str(rows["1704"].dtype) == "float64"
    found = snapshot.findings()
    assert found.loc[found["rule"] == "N-05", "element"].tolist() == ["CALC4000", "REPORT_QUARTER"]
    missing = set(found.loc[found["rule"] == "N-06", "element"])
    assert {"OBS", "1704", "108-A"} <= missing
    assert not missing & {"100", "900", "R001"}
    assert found["row"].isna().all()


def test_a_social_security_number_is_dropped_and_only_its_presence_told(tmp_path):
    secret = "412-55-8093"
    text = f"PIRL100,SSN,PIRL900,PIRL901,PIRL903,PIRL923,2700\na,{secret},20240101,,1,,{secret}\n"
    extract = write(tmp_path / "extract", text)
    table = "customer,date,type,Social Security Number\n" + f"a,20240101,phone,{secret}\n"
    (extract / "case_note.csv").write_text(table)
    columns = "worknet_user,iwds_user,role,lwia,planner_id,worknet_status,iwds_status,in_group"
    account = f"{columns},linked_on,ssn\na1,i1,planner,1,P1,active,active,1,20240115,{secret}\n"
    (extract / "account.csv").write_text(account)
    snapshot = make_snapshot(extract, tmp_path / "store")
    found = snapshot.findings().query("rule == 'S-01'")
    assert dict(zip(found["file"], found["value"], strict=True)) == {
        "case_note.csv": "1",
        "account.csv": "1",
        "17_FULL_PIRL_COMBINED_SCHEMA2021__20244_20250815.csv": "2",
    }
    (line,) = snapshot.accounts().to_dict("records")
    assert (line["lwia"], line["planner_id"], line["in_group"]) == ("01", "p1", True)
    assert len(line) == 9
    assert_nowhere(snapshot, secret)


def test_numbers_shaped_like_one_are_dropped_from_columns_without_a_name(tmp_path):
    secret = "412558093"
    extract = tmp_path / "extract"
    extract.mkdir()
    drawn = f"100 | 900 | 903 | R007\na | 20240101 | 1 | {secret}\nb | 20240101 | 1 | kept"
    (extract / "pirl.csv").write_text("".join(line + "\n" for line in pirl_lines(drawn)))
    snapshot = make_snapshot(extract, tmp_path / "store")
    assert snapshot.rows(columns=["R007"])["R007"].tolist()[1] == "kept"
    found = snapshot.findings().query("rule == 'S-02'")
    assert found[["element", "value"]].values.tolist() == [["R007", "1"]]
    assert_nowhere(snapshot, secret)


def assert_nowhere(snapshot, secret):
    import pyarrow.parquet as pq

    for path in snapshot.path.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
        if path.suffix == ".parquet":
            for column in pq.read_table(path).columns:
                assert secret not in set(map(str, column.to_pylist()))
