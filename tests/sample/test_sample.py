"""The synthetic state: its size, its variety, its errors, and that it repeats itself.

Source: domain 2.13, 4.4, 6.1, 8.1, 8.2.
"""

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.params import load_areas, load_layout
from ipats_lib.sample import write_sample
from tests.independent import POSITION, read

TABLES = ("assignment", "service", "case_note", "application", "planner", "account")


@pytest.fixture(scope="module")
def rows(extract):
    return read(extract)


def table(extract: Path, name: str) -> list[dict[str, str]]:
    with (extract / f"{name}.csv").open() as lines:
        return list(csv.DictReader(lines))


def fingerprint(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_sample(tmp_path / name, seed=seed, scale=0.01)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a")["pirl.csv"] != fingerprint(tmp_path / "c")["pirl.csv"]


def test_it_says_that_it_is_synthetic(extract):
    assert json.loads((extract / "extract.json").read_text())["synthetic"] is True


def test_every_row_has_every_column_and_no_header(extract, rows):
    assert {len(row.cells) for row in rows} == {len(load_layout())}
    assert rows[0]["OBS"] == "1"
    assert [row["OBS"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]


@pytest.mark.parametrize(
    ("elements", "codes"),
    [
        (("903",), "1 2 3 4"), (("904",), "1 2"), (("905",), "1 2"), (("918",), "1"),
        (("923",), "00 01 02 03"), (("1303",), "00 01 02 03 04 05 06 07 08 09 10 11 12"),
        (("1800", "1802", "1804"), "0 1 2 3 4 5 6 7 8"), (("1602",), "0 1 2 3 9"),
        (("1606",), "0 1 2 3 9"), (("1603",), "0 1 2 3 4 5"), (("1900",), "0 1 2 3"),
        (("1901",), "0 1 2 3"), (("409",), "1 4 5"), (("400",), "0 1 2 3"),
    ],
)  # fmt: skip
def test_codes_that_occur(rows, elements, codes):
    found = {row[element] for row in rows for element in elements}
    assert set(codes.split()) <= found


def test_all_exit_reasons_occur_at_full_size():
    from ipats_lib.sample.rates import EXIT_REASONS

    assert EXIT_REASONS.keys() == {0, 1, 2, 3, 4, 5, 6, 7, 98, 99}


def test_every_area_has_rows_and_planners(extract, rows):
    codes = {row["108-A"] for row in rows}
    assert {area.board_code for area in load_areas()} <= codes
    assert {p["lwia"] for p in table(extract, "planner")} == {a.lwia for a in load_areas()}


def test_some_customers_are_in_two_areas_and_some_have_two_periods(rows):
    assert any(row["108-B"] for row in rows)
    by_customer: dict[str, set[str]] = {}
    for row in rows:
        by_customer.setdefault(row["100"], set()).add(row["900"])
    assert sum(len(entries) > 1 for entries in by_customer.values()) > 20


def test_pending_outcomes_carry_the_placeholders(rows):
    pending = [row for row in rows if row["1602"] == "9" and row["1603"] == "5"]
    assert len(pending) > 50
    assert all(row["1704"] == "999999.99" for row in pending)


def test_no_exit_is_later_than_can_be_known(rows):
    exits = [row.day("901") for row in rows if row.day("901")]
    assert max(exits).isoformat() == "2025-05-17" or max(exits).isoformat() < "2025-05-17"


def test_keys_of_the_case_tables(extract, rows):
    customers = {row["100"] for row in rows}
    planners = {p["planner_id"] for p in table(extract, "planner")}
    for name in ("assignment", "service", "case_note"):
        lines = table(extract, name)
        missing = {line["customer"] for line in lines} - customers
        assert not missing
        assert {line["planner_id"] for line in lines} <= planners | {""}


def test_accounts_of_every_kind(extract):
    accounts = table(extract, "account")
    assert {a["role"] for a in accounts} == {"state", "lwia_admin", "planner"}
    assert all(not a["iwds_user"] for a in accounts if a["role"] == "state")
    assert {a["worknet_status"] for a in accounts} == {"active", "inactive"}
    assert any(not a["linked_on"] for a in accounts)
    assert any(a["in_group"] == "0" for a in accounts)
    names = [a["worknet_user"] for a in accounts]
    assert len(names) > len(set(names)), "one user is administrator and planner"


def test_no_identifier_looks_like_a_social_security_number(rows):
    shape = re.compile(r"\d{3}-?\d{2}-?\d{4}")
    assert not [row["100"] for row in rows if shape.fullmatch(row["100"]) or len(row["100"]) > 12]


def test_a_small_share_of_rows_carries_errors(extract, rows):
    """Counted by what is visible in a row by itself: unparseable or unlisted values."""
    codes = {e.number: e.codes for e in load_layout().elements if e.codes}
    wrong = 0
    for row in rows:
        unlisted = any(row[e] and row[e] not in listed for e, listed in codes.items())
        unreadable = row["1704"].count(",") or (row["901"] and not row.day("901"))
        wrong += bool(unlisted or unreadable or not row["409"])
    assert 0.001 <= wrong / len(rows) <= 0.03


def test_another_folder_is_never_overwritten(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UsageError):
        write_sample(tmp_path, scale=0.01)
    assert (tmp_path / "precious.txt").read_text() == "mine"
    (tmp_path / "extract.json").write_text('{"as_of": "2025-08-15"}')
    with pytest.raises(UsageError):
        write_sample(tmp_path, scale=0.01)
    with pytest.raises(UsageError):
        write_sample(tmp_path / "precious.txt", scale=0.01)


@pytest.mark.parametrize(("seed", "scale"), [(7, 0), (7, -1), (7, float("nan")), (-1, 0.01)])
def test_sizes_and_seeds_that_make_no_sense(tmp_path, seed, scale):
    with pytest.raises(UsageError):
        write_sample(tmp_path / "new", seed=seed, scale=scale)
    assert not list(tmp_path.iterdir())


def test_an_earlier_sample_is_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "empty").mkdir()
    write_sample(tmp_path / "empty", seed=1, scale=0.01)
    before = fingerprint(tmp_path / "empty")
    write_sample(tmp_path / "empty", seed=2, scale=0.01)
    assert fingerprint(tmp_path / "empty").keys() == before.keys()
    assert fingerprint(tmp_path / "empty") != before
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_failure_leaves_the_earlier_sample_and_no_rest(tmp_path):
    write_sample(tmp_path / "x", scale=0.01)
    before = fingerprint(tmp_path / "x")

    def stop(done, total):
        if done == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_sample(tmp_path / "x", seed=8, scale=0.01, progress=stop)
    assert fingerprint(tmp_path / "x") == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_progress_runs_from_nothing_to_all(tmp_path):
    seen: list[tuple[int, int]] = []
    write_sample(tmp_path / "x", scale=0.01, progress=lambda *step: seen.append(step))
    total = seen[-1][1]
    assert seen == [(n, total) for n in range(total + 1)]


def test_positions_match_the_layout():
    assert POSITION["100"] == 1
