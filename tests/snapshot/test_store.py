"""A snapshot is named by its content, never changes, and appears whole or not at all (issue 2)."""

import hashlib
import json
import multiprocessing
import os
import shutil
from datetime import date

import pyarrow.parquet as pq
import pytest

from ipats_lib.errors import ExtractError, ParamsError, SnapshotError, UsageError
from ipats_lib.params import load_areas
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make, make_snapshot, open_snapshot, parts, store
from tests.extract.drawn import write_extract

PIRL = """
    100 | 108-A | 900      | 901      | 903 | R009
    a   | 17005 | 20240101 | 20240301 | 1   |
    b   | 17010 | 20240201 | x        | 1   | left as it is
"""
TABLES = {
    "planner": "planner_id | lwia | name | active\np1 | 01 | Ada | 1",
    "assignment": "customer | enrolment | planner_id | from | to\na | e | p1 | 20240101 |",
}


@pytest.fixture
def extract(tmp_path):
    return write_extract(tmp_path / "extract", PIRL, TABLES)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "store"


def bytes_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_extract_gives_the_same_bytes_and_id_anywhere(extract, tmp_path):
    first = make_snapshot(extract, tmp_path / "one")
    again = make_snapshot(shutil.copytree(extract, tmp_path / "copy"), tmp_path / "two")
    assert first.id == again.id == first.path.name
    assert len(first.id) == 16
    assert bytes_of(first.path) == bytes_of(again.path)


def test_a_second_run_takes_the_snapshot_that_is_there_without_reading_again(
    extract, kept, monkeypatch
):
    first = make_snapshot(extract, kept)
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("*")}
    monkeypatch.setattr(make, "RecordIntake", None)
    assert make_snapshot(extract, kept).path == first.path
    assert {path: path.stat().st_mtime_ns for path in first.path.rglob("*")} == before


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": date(2025, 1, 1)},
        {"contact_rule": "current_only"},
        {"text": "b"},
        {"name": "x_pirl.csv"},
    ],
    ids=str,
)
def test_another_extract_or_another_reading_is_another_snapshot(extract, kept, change):
    first, before = make_snapshot(extract, kept), None
    before = bytes_of(first.path)
    path = extract / "pirl.csv"
    path.write_text(path.read_text().replace("left as it is", change.pop("text", "left as it is")))
    path.rename(extract / change.pop("name", "pirl.csv"))
    second = make_snapshot(extract, kept, **change)
    assert second.id != first.id
    assert bytes_of(first.path) == before
    assert len(list(kept.iterdir())) == 2


def test_provenance_says_where_the_figures_come_from(extract, kept):
    facts = make_snapshot(extract, kept).provenance
    assert [(s.name, s.rows) for s in facts.sources] == [
        ("pirl.csv", 2),
        ("planner.csv", 1),
        ("assignment.csv", 1),
    ]
    assert all(len(source.sha256) == 64 and source.bytes > 0 for source in facts.sources)
    assert (facts.as_of, facts.as_of_source) == (date(2025, 8, 15), "extract.json")
    assert facts.layout == "pirl_2021"
    assert facts.contact_rule == "any_contact"
    assert facts.synthetic
    assert "The extract has no table service." in facts.notes


def test_an_extract_with_only_a_pirl_file_is_valid(tmp_path, kept):
    snapshot = make_snapshot(write_extract(tmp_path / "extract", PIRL), kept)
    assert len(snapshot.rows()) == 2
    assert snapshot.missing_tables == (
        "planner", "assignment", "service", "case_note", "application", "account",
    )  # fmt: skip
    assert len(snapshot.scopes()) == 1 + len(load_areas())
    assert snapshot.planners().empty
    assert snapshot.accounts() is None
    assert all(snapshot.table(name) is None for name in snapshot.missing_tables[:-1])
    assert set(snapshot.membership()["area_type"]) == {"lwia"}


def test_case_tables_without_a_line_are_there_and_empty(tmp_path, kept):
    tables = {name: table.strip().splitlines()[0] for name, table in TABLES.items()}
    snapshot = make_snapshot(write_extract(tmp_path / "extract", PIRL, tables), kept)
    assert snapshot.table("assignment").columns.tolist()[0] == "row"
    assert len(snapshot.table("assignment", Scope("01"))) == 0
    assert snapshot.planners().empty
    for name in ("assignment", "service", "case_note", "application"):
        assert snapshot.membership(name).empty


def test_rows_have_every_element_of_the_layout_and_lose_nothing(extract, kept):
    rows = make_snapshot(extract, kept).rows()
    assert rows.shape == (2, 496)
    assert rows["R009"].tolist()[1] == "left as it is"
    assert rows["R010"].isna().all()
    assert str(rows["row"].dtype) == "int64"
    assert rows.index.tolist() == [0, 1]


def test_columns_come_in_the_order_asked_for(extract, kept):
    rows = make_snapshot(extract, kept).rows(Scope("01"), ["901", "R010", "100"])
    assert rows.columns.tolist() == ["row", "901", "R010", "100"]
    assert rows.loc[0, "100"] == "a"


def test_what_does_not_exist_is_a_usage_error(extract, kept):
    snapshot = make_snapshot(extract, kept)
    for scope in (Scope("08"), Scope("02", "p1"), Scope("01", "p2")):
        for read in (snapshot.rows, snapshot.findings, lambda s: snapshot.table("planner", s)):
            with pytest.raises(UsageError, match=r"is not in snapshot"):
                read(scope)
    with pytest.raises(UsageError, match="no element '3000'"):
        snapshot.rows(STATE, ["3000"])
    for name in ("account", "wages"):
        with pytest.raises(UsageError, match="no case table"):
            snapshot.table(name)
    with pytest.raises(UsageError, match="contact rule"):
        make_snapshot(extract, kept, contact_rule="all")
    with pytest.raises(ParamsError):
        make_snapshot(extract, kept, layout="pirl_1999")


def test_progress_reaches_its_total_in_every_stage(extract, kept):
    told = {}
    make_snapshot(
        extract, kept, progress=lambda stage, done, total: told.update({stage: (done, total)})
    )
    assert set(told) == {"check", "read", "tables", "sort"}
    assert all(done == total for done, total in told.values())


# -- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["keep", "stored_files", "RecordIntake"])
def test_a_failure_leaves_earlier_snapshots_and_nothing_half(extract, kept, monkeypatch, step):
    first = make_snapshot(extract, kept)
    before = bytes_of(kept)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(make, step, fail)
    with pytest.raises(SnapshotError, match="No space left on device"):
        make_snapshot(extract, kept, as_of=date(2025, 1, 1))
    assert bytes_of(kept) == before
    assert [path.name for path in kept.iterdir()] == [first.id]


def test_an_extract_that_breaks_while_it_is_read_leaves_nothing(extract, kept):
    with (extract / "assignment.csv").open("a") as table:
        table.write("only,three,cells\n")
    with pytest.raises(ExtractError, match="assignment.csv line 3: expected 5 columns, found 3"):
        make_snapshot(extract, kept)
    assert list(kept.iterdir()) == []


def test_a_store_that_cannot_be_written_is_said(extract, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SnapshotError, match="cannot be written"):
        make_snapshot(extract, tmp_path / "file" / "store")


def _die_while_making(extract, kept):
    make.keep = lambda *_: os._exit(9)
    make_snapshot(extract, kept)


def test_what_a_killed_run_left_is_removed_by_the_next(extract, kept):
    process = multiprocessing.get_context("spawn").Process(
        target=_die_while_making, args=(extract, kept)
    )
    process.start()
    process.join()
    assert process.exitcode == 9
    assert [path.name[:8] for path in kept.iterdir()] == [".making-"]
    snapshot = make_snapshot(extract, kept)
    assert [path.name for path in kept.iterdir()] == [snapshot.id]


def test_a_workspace_in_use_is_left_alone(extract, kept):
    with store.workspace(kept) as busy:
        make_snapshot(extract, kept)
        assert busy.exists()
    assert not busy.exists()


# -- opening -----------------------------------------------------------------------------------


def test_a_snapshot_is_opened_from_its_folder(extract, kept):
    made = make_snapshot(extract, kept)
    opened = open_snapshot(made.path, verify=True)
    assert opened == made
    assert (opened.id, opened.as_of, opened.synthetic) == (made.id, date(2025, 8, 15), True)


def _damage(path, how):
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))


@pytest.mark.parametrize("how", ["missing", "cut", "changed"])
def test_a_damaged_snapshot_is_refused(extract, kept, how):
    made = make_snapshot(extract, kept)
    _damage(made.path / "pirl" / "01.parquet", how)
    with pytest.raises(SnapshotError, match=r"damaged at pirl/01.parquet"):
        open_snapshot(made.path, verify=True)
    if how != "changed":
        with pytest.raises(SnapshotError, match="damaged"):
            open_snapshot(made.path)


@pytest.mark.parametrize("how", ["missing", "cut", "changed"])
def test_a_damaged_snapshot_is_made_again(extract, kept, how):
    made = make_snapshot(extract, kept)
    _damage(made.path / "findings.parquet", how)
    assert open_snapshot(make_snapshot(extract, kept).path, verify=True) == made
    assert [path.name for path in kept.iterdir()] == [made.id]


def test_what_is_no_snapshot_is_refused(extract, kept):
    with pytest.raises(SnapshotError, match="is not a snapshot"):
        open_snapshot(extract)
    made = make_snapshot(extract, kept)
    said = (made.path / "snapshot.json").read_text()
    for spoiled, match in (
        ("{", "damaged"),
        ("[]", "another snapshot format"),
        (said.replace('"format": 1', '"format": 0'), "another snapshot format"),
        (said.replace('"as_of"', '"as_off"'), "damaged"),
        (json.dumps(json.loads(said) | {"shape": "0"}), "other areas or another layout"),
    ):
        folder = kept / hashlib.sha256(spoiled.encode()).hexdigest()[:16]
        shutil.copytree(made.path, folder)
        (folder / "snapshot.json").write_text(spoiled)
        with pytest.raises(SnapshotError, match=match):
            open_snapshot(folder)


# -- reading little ----------------------------------------------------------------------------


def test_one_planners_rows_are_read_from_few_row_groups(tmp_path, kept, monkeypatch):
    """Forty planners of one LWIA with fifty customers each, in groups of fifty rows."""
    monkeypatch.setattr(parts, "ROW_GROUP", 50)
    monkeypatch.setattr(parts, "CHUNK_BYTES", 20_000)
    monkeypatch.setattr(parts, "SPILL_ROWS", 500)
    people = [(f"c{(n * 617) % 2000:04}", n) for n in range(2000)]
    pirl = "100 | 108-A | 900\n" + "\n".join(f"{c} | 17035 | 20240101" for c, _ in people)
    assigned = [f"{c} | e | p{int(c[1:]) // 50:02} | 20240101 |" for c, _ in people]
    tables = {
        "planner": "planner_id | lwia | name | active\n"
        + "\n".join(f"p{n:02} | 07 | x | 1" for n in range(40)),
        "assignment": "customer | enrolment | planner_id | from | to\n" + "\n".join(assigned),
    }
    snapshot = make_snapshot(write_extract(tmp_path / "extract", pirl, tables), kept)
    for planner in ("p00", "p17", "p39"):
        scope = Scope("07", planner)
        (place,) = snapshot.portions("pirl", scope)
        assert (len(place.groups), pq.read_metadata(place.path).num_row_groups) == (1, 40)
        (place,) = snapshot.portions("assignment", scope)
        assert (len(place.groups), pq.read_metadata(place.path).num_row_groups) == (1, 40)
        rows = snapshot.rows(scope, ["100"])
        assert {int(c[1:]) // 50 for c in rows["100"]} == {int(planner[1:])}
        assert len(rows) == 50
    assert snapshot.rows(columns=["100"])["100"].tolist() == [c for c, _ in people]


def test_one_areas_rows_are_read_from_its_part_and_from_that_of_several_areas(
    extract, tmp_path, kept
):
    pirl = """
        100 | 108-A | 108-B
        a   | 17005 |
        b   | 17010 |
        c   | 17010 | 17000
        d   |       |
    """
    snapshot = make_snapshot(write_extract(tmp_path / "other", pirl), kept)
    read = {
        path: [place.path.stem for place in snapshot.portions("pirl", Scope.parse(path))]
        for path in ("lwia/01", "lwia/02", "lwia/90", "lwia/03", "state")
    }
    assert read == {
        "lwia/01": ["01"],
        "lwia/02": ["02", "several"],
        "lwia/90": ["several"],
        "lwia/03": [],
        "state": ["01", "02", "none", "several"],
    }
