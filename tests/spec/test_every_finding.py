"""Every rule finds the line that breaks it in a whole extract.  Source: domain 4.1 to 4.3."""

import csv
import io
import re
import stat
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.caseload.checks import load_checks
from ipats_lib.frames.rule_book import load_stages
from ipats_lib.params import load_areas, load_layout
from ipats_lib.report.show.files import csv as as_csv
from ipats_lib.review.every_finding import COLUMNS, FAILING, every_finding, summary
from ipats_lib.snapshot import make_snapshot
from ipats_lib.validation.rules import load_rules
from tests.conftest import publish
from tests.spec.test_checks import CASES, SOUND

NUMBERS = [element.number for element in load_layout().elements]
BOARD = next(area.board_code for area in load_areas() if area.lwia == "01")
LOCAL = {name: value for name, value in SOUND.items() if name != "100"} | {"108-A": BOARD}
# What the extract's own rules find while the snapshot is made: rule, what breaks it.
CELLS = {
    "F-05": {"1811": "20240230"},
    "F-06": {"1704": "12,5"},
    "F-07": {"201": "77"},
    "V-01": {"100": "0000"},
    "V-02": {"100": "123-45-6789"},
    "V-06": {"108-A": ""},
    "V-07": {"108-A": "99999"},
}


def extract_of(folder: Path, rows: list[dict], **tables: str) -> Path:
    """An extract of these records, a line each."""
    folder.mkdir(parents=True)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows, start=1):
        told = {"OBS": number, "100": f"C{number}", **row}
        lines.writerow([_written(told.get(name, "")) for name in NUMBERS])
    (folder / "pirl.csv").write_text(text.getvalue())
    (folder / "extract.json").write_text('{"as_of": "2025-08-15", "synthetic": true}')
    for name, table in tables.items():
        (folder / f"{name}.csv").write_text(table)
    return folder


def _written(value: object) -> str:
    return re.sub(r"^(\d{4})-(\d{2})-(\d{2})$", r"\1\2\3", str(value))


def found_in(folder: Path, rows: list[dict], **tables: str) -> pd.DataFrame:
    extract = extract_of(folder / "extract", rows, **tables)
    return every_finding(make_snapshot(extract, folder / "snapshots"))


def lines_of(found: pd.DataFrame) -> dict[str, set[int]]:
    """The lines that each rule names."""
    named = defaultdict(set)
    for rule, line in zip(found["rule"], found["row"], strict=True):
        named[rule].add(line)
    return named


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """An error of every rule of records, each beside the nearest record that has none."""
    pairs = [{**LOCAL, **row} for pair in CASES.values() for row in pair]
    rows = [*pairs, *({**LOCAL, **wrong} for wrong in CELLS.values())]
    return found_in(tmp_path_factory.mktemp("planted"), rows)


@pytest.mark.parametrize("place", range(len(CASES)), ids=list(CASES))
def test_a_rule_of_records_names_the_broken_line_and_not_the_one_beside_it(planted, place):
    named = lines_of(planted)[list(CASES)[place]]
    assert 1 + 2 * place in named
    assert 2 + 2 * place not in named


@pytest.mark.parametrize("place", range(len(CELLS)), ids=list(CELLS))
def test_a_rule_of_cells_names_the_broken_line(planted, place):
    named = lines_of(planted)[list(CELLS)[place]]
    assert 1 + 2 * len(CASES) + place in named
    assert named.isdisjoint(range(1 + 2 * len(CASES)))


def test_a_finding_names_the_customer_the_element_and_what_stands_there(planted):
    line = 1 + 2 * list(CASES).index("L-02")
    one = planted[(planted["rule"] == "L-02") & (planted["row"] == line)].iloc[0]
    assert one["id"] == f"C{line}"
    assert (one["element"], one["severity"]) == ("900|901", "reject")
    assert "2024-01-10" in one["value"]
    assert "2024-01-09" in one["value"]
    assert one["message"] == load_checks()["L-02"].message


def test_no_wage_and_no_social_security_number_is_written(planted):
    text = as_csv(planted).decode()
    assert "1704 Wages" in text
    assert "99.99;" not in text
    assert "123-45-6789" not in text
    assert "100000.01" not in text


def test_the_columns_are_those_of_the_contract(planted):
    assert list(planted.columns) == list(COLUMNS) == [
        "run", "rule", "severity", "row", "id", "element", "value", "message",
    ]  # fmt: skip


def test_records_of_every_program_are_asked(tmp_path):
    other = {**LOCAL, "903": "", "918": 1, "409": ""}
    assert lines_of(found_in(tmp_path, [other]))["L-13"] == {1}


def test_repeated_entries_and_births_are_named_once_each(tmp_path):
    twin = {**LOCAL, "100": "A"}
    found = lines_of(found_in(tmp_path, [twin, {**twin, "200": "1991-05-10"}, LOCAL]))
    assert found["D-01"] == found["D-04"] == {1, 2}


def test_two_customers_of_one_birth_date_and_zip_code_may_be_one(tmp_path):
    other = {**LOCAL, "103": "62701"}
    again = {**other, "900": "2025-03-10", "1001": "2025-03-10", "1003": "", "100": "C3"}
    found = found_in(tmp_path, [LOCAL, LOCAL, other, again])
    assert lines_of(found)["D-06"] == {1, 2}  # C3 has two periods, and is one customer


def test_a_service_before_its_customers_first_entry_is_named(tmp_path):
    head = "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status\n"
    lines = "C1,1,X,T,20240109,,,P,\nC1,1,X,T,20240110,,,P,\n"
    found = found_in(tmp_path, [LOCAL], service=head + lines)
    early = found[found["rule"] == "X-01"]
    assert list(early["row"]) == [2]
    assert (early["id"].item(), early["element"].item()) == ("C1", "service.csv start")


# Two records of one customer: the rule, and the pairs that break it and that do not.
PAIRS = {
    "X-02": (
        ({"901": "2025-03-10"}, {"903": "", "904": 1, "900": "2024-06-10", "901": "2025-04-10"}),
        ({"901": "2025-03-10"}, {"903": "", "904": 1, "900": "2024-06-10", "901": "2025-03-10"}),
    ),
    "X-03": (({}, {"903": "", "918": 1}), ({}, {"903": 1, "918": 1})),
    "X-04": (({"802": 1}, {"802": 0}), ({"802": 1}, {"802": 9})),
}


@pytest.mark.parametrize("rule", PAIRS)
def test_records_of_one_customer_that_contradict_each_other_are_both_named(tmp_path, rule):
    """And those that agree, or where one says nothing, are not."""
    (first, second), (third, fourth) = PAIRS[rule]
    broken = [{**LOCAL, **row, "100": "A"} for row in (first, second)]
    sound = [{**LOCAL, **row, "100": "B"} for row in (third, fourth)]
    assert lines_of(found_in(tmp_path, [*broken, *sound]))[rule] == {1, 2}


def test_common_exit_is_asked_of_periods_at_the_same_time_and_not_of_wagner_peyser(tmp_path):
    left = {**LOCAL, "901": "2024-05-10"}
    later = {**LOCAL, "903": "", "904": 1, "900": "2024-09-10", "901": "2025-01-10"}
    other = {**LOCAL, "903": "", "918": 1, "900": "2024-02-10", "901": "2025-01-10"}
    rows = [
        {**left, "100": "A"},
        {**later, "100": "A"},
        {**left, "100": "B"},
        {**other, "100": "B"},
    ]
    assert "X-02" not in lines_of(found_in(tmp_path, rows))


def test_a_service_after_the_last_exit_is_named_unless_it_is_a_follow_up(tmp_path):
    head = "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status\n"
    exited = {"901": "2025-02-10"}
    rows = [{**LOCAL, **exited}, {**LOCAL, **exited, "1503": "2025-04-01"}, LOCAL]
    lines = "".join(f"C{n},1,X,T,20250401,,,P,\n" for n in (1, 2, 3)) + "C1,1,X,T,20250210,,,P,\n"
    found = lines_of(found_in(tmp_path, rows, service=head + lines))
    assert found["X-05"] == {2}


def test_records_without_an_identifier_are_all_told(tmp_path):
    head = "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status\n"
    nobody = {**LOCAL, "100": ""}
    found = found_in(tmp_path, [nobody, nobody], service=head + "C1,1,X,T,20240109,,,P,\n")
    assert lines_of(found)["V-01"] == {1, 2}
    assert set(found["id"]) == {""}


def test_services_of_customers_whom_nobody_knows_are_in_no_contradiction(tmp_path):
    head = "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status\n"
    found = lines_of(found_in(tmp_path, [LOCAL], service=head + "Z9,1,X,T,20240109,,,P,\n"))
    assert "C-08" in found
    assert not {"X-01", "X-05"} & {*found}


def test_an_application_that_was_certified_after_the_entry_is_named(tmp_path):
    lines = "".join(
        f"C{n},01,{applied},{certified},\n"
        for n, applied, certified in (
            (1, "20240101", "20240111"), (2, "20240101", "20240110"), (3, "20240111", "20240120"),
        )
    )  # fmt: skip
    table = "customer,lwia,applied,certified,status\n" + lines
    found = found_in(tmp_path, [LOCAL, LOCAL, LOCAL], application=table)
    assert lines_of(found)["X-06"] == {2}


def test_a_distribution_beyond_its_limit_names_area_and_program(tmp_path):
    exits = {"901": "2025-03-10", "1602": 1, "1603": 4}
    found = found_in(tmp_path, [{**LOCAL, **exits} for _ in range(10)])
    one = found[found["rule"] == "Q-04"]
    assert list(one["element"]) == ["lwia/01 adult"]
    assert list(one["value"]) == ["1.0000"]
    assert one["message"].item().endswith("expected at most 0.15.")
    fewer = found_in(tmp_path / "fewer", [{**LOCAL, **exits} for _ in range(9)])
    assert "Q-04" not in {*fewer["rule"]}


def test_a_share_beyond_its_limit_is_a_distribution_too(tmp_path):
    youth = {"903": "", "905": 1, "200": "2007-05-10", "906": "2024-01-10", "800": 1, "409": 1}
    found = found_in(tmp_path, [{**LOCAL, **youth} for _ in range(10)])
    assert "lwia/01" in {*found.loc[found["rule"] == "Q-10", "element"]}


def _rules(*names: str) -> pd.DataFrame:
    known = {**load_rules(), **load_checks()}
    return pd.DataFrame(
        {"rule": names, "severity": [known[name].severity for name in names]}, dtype=object
    )


def test_wips_stops_at_the_first_stage_with_a_reject():
    stops = [stage.stops for stage in summary(_rules("V-08", "D-01", "L-02", "L-13"))]
    assert stops == [False, False, True, False, False, False]
    assert not any(stage.stops for stage in summary(_rules("V-08", "L-05", "N-11")))


@pytest.mark.parametrize(
    ("rule", "place"),
    [("F-01", 0), ("F-03", 0), ("F-04", 1), ("V-08", 1), ("D-03", 2), ("L-58", 3), ("X-01", 5)],
)
def test_a_rule_belongs_to_one_stage(rule, place):
    assert [sum(stage.counts.values()) for stage in summary(_rules(rule))].index(1) == place
    assert [stage.wips for stage in load_stages()] == ["1", "2", "3", "4", "", ""]


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [({}, 0, "logic across fields: nothing"), ({"901": "2024-01-09"}, 1, "WIPS stops here")],
    ids=["clean", "an error"],
)
def test_the_command_says_by_its_exit_whether_errors_were_found(tmp_path, change, code, told):
    recent = {"900": "2025-08-10", "1001": "2025-08-10", "1003": ""}
    extract = extract_of(tmp_path / "extract", [{**LOCAL, **change}, {**LOCAL, **recent}])
    out = tmp_path / "findings.csv"
    done = publish("validate", "--extract", extract, "--store", tmp_path / "kept", "--out", out)
    assert done.returncode == code, done.stderr
    assert told in " ".join(done.stderr.split())
    written = pd.read_csv(out)
    assert bool(written["severity"].isin(FAILING).any()) == bool(code)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_an_extract_that_cannot_be_read_ends_in_one_sentence_and_writes_nothing(tmp_path):
    extract = extract_of(tmp_path / "extract", [LOCAL])
    (extract / "pirl.csv").write_text("1,2,3\n")
    out = tmp_path / "findings.csv"
    done = publish("validate", "--extract", extract, "--store", tmp_path / "kept", "--out", out)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not out.exists()
