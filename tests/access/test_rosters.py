"""Rosters as files: one definition for every way in.  Source: params/tables/account.csv."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sql

from ipats_lib.access.roster import COLUMNS, RosterFile
from ipats_lib.access.roster_files import (
    database_accounts,
    read_accounts,
    read_roster,
    snapshot_roster,
)
from ipats_lib.errors import AccessError, ExtractError, UsageError
from ipats_lib.extract.tables import load_schema
from ipats_lib.snapshot import make_snapshot
from tests.access.test_accounts import NOW, line
from tests.conftest import publish
from tests.extract.drawn import write_extract

PIRL = """
    100 | 900      | 903
    a   | 20240101 | 1
"""


def csv_of(path, *rows, head=COLUMNS):
    path.write_text("\n".join([",".join(head), *(",".join(row.values()) for row in rows)]) + "\n")
    return path


def test_the_columns_are_those_of_the_extracts_table():
    assert tuple(column.name for column in load_schema("account")) == COLUMNS


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"taken": "2026-01-01", "accounts": []}', '{"taken": 1, "accounts": []}',
     '{"taken": "2026-01-01T00:00:00+00:00", "accounts": [{"worknet_user": "secret"}]}',
     "[" * 100_000, '{"taken": "2026-01-01T00:00:00+00:00", "accounts": {}}'],
)  # fmt: skip
def test_a_file_that_is_no_roster_is_refused_without_a_value_of_it(tmp_path, text):
    path = tmp_path / "roster.json"
    path.write_text(text)
    with pytest.raises(AccessError) as refused:
        read_roster(path)
    assert "secret" not in str(refused.value)


def test_what_is_no_file_is_no_roster(tmp_path):
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(AccessError):
            read_roster(path)


@pytest.mark.parametrize("user", ["", '=HYPERLINK("http://secret","y")', "a,secret", "secret\n"])
def test_a_roster_with_a_user_that_has_no_users_name_is_refused(tmp_path, user):
    path = tmp_path / "roster.json"
    path.write_text(RosterFile(NOW, (line(), {**line(), "worknet_user": user})).text)
    with pytest.raises(AccessError, match="account 2: ") as refused:
        read_roster(path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, "account 2: ") for name in ("iw\u200b1", "iw\u0456", "x" * 65)),
        ("\ud800", "is not a roster"),  # half a surrogate pair is no JSON text
    ],
)
def test_an_iwds_account_that_only_looks_like_another_is_refused(tmp_path, name, said):
    path = tmp_path / "roster.json"
    rows = [line(), line(iwds_user=name)]
    path.write_text(json.dumps({"taken": NOW.isoformat(), "accounts": rows}))
    with pytest.raises(AccessError, match=said):
        read_roster(path)


HIDDEN = ("\u200b", "\u202e", "\ufeff", "\N{NO-BREAK SPACE}", "\u00ad")


@pytest.mark.parametrize("sign", HIDDEN)
@pytest.mark.parametrize("column", ["worknet_user", "iwds_user", "role", "planner_id"])
def test_signs_that_nobody_sees_open_nothing_by_any_way(tmp_path, column, sign):
    """By an extract the account is left out and found; a roster is refused, and names the line."""
    odd = line() | {column: line()[column] + sign}
    path = tmp_path / "roster.json"
    path.write_text(json.dumps({"taken": NOW.isoformat(), "accounts": [line(), odd]}))
    with pytest.raises(AccessError, match="account 2: .*invisible characters"):
        read_roster(path)
    csv = csv_of(tmp_path / "accounts.csv", line(), odd)
    with pytest.raises(AccessError, match=r"accounts.csv line 3: .*invisible characters"):
        read_accounts(csv, NOW.replace(tzinfo=None))
    extract = write_extract(tmp_path / "extract", PIRL, {})
    csv_of(extract / "account.csv", line(), odd)
    snapshot = make_snapshot(extract, tmp_path / "store")
    assert len(snapshot_roster(snapshot.path).rows) == 1
    found = snapshot.findings().query("rule == 'C-12'")
    assert (list(found["row"]), list(found["element"])) == ([3], [column])


def test_a_planner_id_of_other_letters_is_no_planners(tmp_path):
    row = line(role="planner", planner_id="\N{KELVIN SIGN}1")
    (read,) = read_accounts(csv_of(tmp_path / "a.csv", row), NOW.replace(tzinfo=None))[0].rows
    assert read["planner_id"] != "k1"


def test_a_written_roster_is_read_again(tmp_path):
    path = tmp_path / "roster.json"
    path.write_text(RosterFile(NOW, (line(),)).text)
    assert read_roster(path) == RosterFile(NOW, (line(),))


SPELLINGS = (
    ("in_group", "Y", "1"), ("in_group", "yes", "1"), ("in_group", "TRUE", "1"),
    ("in_group", "n", "0"), ("in_group", "", ""),
    ("linked_on", "2024-01-02", "20240102"), ("linked_on", "00000000", ""), ("linked_on", "0", ""),
    ("linked_on", "", ""), ("lwia", "7", "07"), ("planner_id", "P-9", "p-9"),
    ("worknet_user", " anna ", "anna"), ("role", "lwia_admin ", "lwia_admin"),
)  # fmt: skip


@pytest.mark.parametrize(("column", "written", "read"), SPELLINGS)
def test_a_cell_means_the_same_by_every_way(tmp_path, column, written, read):
    """As a CSV, as a roster file, and through a snapshot of the extract that holds it."""
    wanted = (line() | {column: read},)
    row = line() | {column: written}
    taken = datetime(2026, 1, 15, 6, tzinfo=UTC)
    by_csv, said = read_accounts(csv_of(tmp_path / "accounts.csv", row), taken)
    assert (by_csv, said) == (RosterFile(taken, wanted), ())
    path = tmp_path / "roster.json"
    path.write_text(RosterFile(taken, (row,)).text)
    assert read_roster(path).rows == wanted
    extract = write_extract(tmp_path / "extract", PIRL, {})
    csv_of(extract / "account.csv", row)
    kept = make_snapshot(extract, tmp_path / "store")
    assert snapshot_roster(kept.path, taken).rows == wanted


@pytest.mark.parametrize(
    ("column", "value"),
    [("linked_on", "no"), ("linked_on", "NULL"), ("linked_on", "20240230"),
     ("linked_on", "01/02/2024"), ("in_group", "maybe"), ("in_group", "2")],
)  # fmt: skip
def test_a_cell_that_is_none_of_its_kind_is_refused_where_it_stands(tmp_path, column, value):
    """A snapshot reports the cell and leaves it blank, so that it opens nothing either."""
    row = line() | {column: value}
    path = csv_of(tmp_path / "accounts.csv", line(worknet_user="ben"), row)
    with pytest.raises(AccessError, match=f"accounts.csv line 3: {column} must be") as refused:
        read_accounts(path, NOW)
    assert value not in str(refused.value).replace("yes or no", "")
    roster = tmp_path / "roster.json"
    roster.write_text(RosterFile(NOW, (row,)).text)
    with pytest.raises(AccessError, match=f"account 1: {column} must be"):
        read_roster(roster)
    extract = write_extract(tmp_path / "extract", PIRL, {})
    csv_of(extract / "account.csv", row)
    kept = make_snapshot(extract, tmp_path / "store")
    (found,) = snapshot_roster(kept.path, NOW).rows
    assert found == line() | {column: ""}


WHOLE = "anna,iw1,lwia_admin,07,,active,active,1,20240102"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("", WHOLE), "line 1"),
        ((",".join((*COLUMNS, "role")), f"{WHOLE},state"), "names role more than once"),
        ((",".join((*COLUMNS, "Role ")), f"{WHOLE},state"), "names role more than once"),
        ((",".join(COLUMNS[:-1]), WHOLE.rpartition(",")[0]), "lacks linked_on"),
        ((",".join(COLUMNS), WHOLE + ",1"), "line 2: expected 9 columns, found 10"),
        ((",".join(COLUMNS), WHOLE, "ben,iw2"), "line 3: expected 9 columns, found 2"),
        ((",".join(COLUMNS), '"' + WHOLE, WHOLE), "line 2 opens a quote"),
        ((",".join(COLUMNS), "", WHOLE), "line 2 is empty"),
    ],
)
def test_what_an_extract_refuses_is_refused(tmp_path, lines, told):
    path = tmp_path / "accounts.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ExtractError, match=told):
        read_accounts(path, NOW)


def test_what_an_extract_reports_is_said(tmp_path):
    path = csv_of(
        tmp_path / "a.csv", line() | {"more": "x", "ssn": "y"}, head=(*COLUMNS, "Note", "SSN")
    )
    path.write_text(path.read_text().rstrip("\n"))
    file, said = read_accounts(path, NOW)
    assert file.rows == (line(),)
    assert [text for text in said if "Note" in text]
    assert [text for text in said if "line end" in text]
    assert len(said) == 3


def test_a_file_without_accounts_is_an_empty_roster(tmp_path):
    assert read_accounts(csv_of(tmp_path / "a.csv"), NOW)[0].rows == ()


def test_the_accounts_of_a_database_are_those_of_its_csv(tmp_path, monkeypatch):
    rows = [line(), {**line(), "worknet_user": "another", "iwds_status": "inactive"}]
    address = f"sqlite:///{tmp_path / 'iwds.db'}"
    engine = sql.create_engine(address, poolclass=sql.NullPool)
    pd.DataFrame(rows).to_sql("people", engine, index=False)
    monkeypatch.setenv("IPATS_TEST_URL", address)
    source = tmp_path / "iwds.toml"
    source.write_text("url_env = 'IPATS_TEST_URL'\n[tables]\npirl = 'none'\naccount = 'people'\n")
    file, said = database_accounts(source)
    by_csv, notes = read_accounts(csv_of(tmp_path / "accounts.csv", *rows), NOW)
    assert (file.rows, said) == (by_csv.rows, notes)
    assert abs(datetime.now(UTC) - file.taken) < timedelta(minutes=5)
    source.write_text("url_env = 'IPATS_TEST_URL'\n[tables]\npirl = 'none'\n")
    with pytest.raises(UsageError, match="names no table account"):
        database_accounts(source)


def test_one_command_follows_the_accounts_of_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_TEST_URL", f"sqlite:///{tmp_path / 'iwds.db'}")
    engine = sql.create_engine(f"sqlite:///{tmp_path / 'iwds.db'}", poolclass=sql.NullPool)
    source = tmp_path / "iwds.toml"
    source.write_text("url_env = 'IPATS_TEST_URL'\n[tables]\npirl = 'none'\naccount = 'people'\n")
    place = ("--access", tmp_path / "access.db", "--audit", tmp_path / "audit")
    day = f"{datetime.now(UTC):%Y%m%d}"
    opened = {**line(), "linked_on": day}
    for rows, sees in (([opened], "lwia/07"), ([{**opened, "iwds_status": "inactive"}], "")):
        pd.DataFrame(rows).to_sql("people", engine, index=False, if_exists="replace")
        assert publish("access", "import", source, *place, "--yes").returncode == 0
        told = publish("access", "list", "--access", tmp_path / "access.db").stdout
        assert opened["worknet_user"] in told
        assert ("lwia/07" in told) == bool(sees)
