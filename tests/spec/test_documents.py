"""The sample of source documents, its worksheets and its error rates.  Source: domain 4.5."""

import io
import json
import stat
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from ipats_lib.errors import UsageError
from ipats_lib.indicators.intervals import wilson
from ipats_lib.publishing.site import Site
from ipats_lib.review.documents import (
    LINES,
    PAGES,
    RATES,
    RESULT,
    SAMPLE,
    SHEET,
    draw,
    load_documents,
    rates,
    read_results,
    shares,
    write_worksheets,
)
from ipats_lib.snapshot import make_snapshot
from tests.conftest import publish
from tests.spec.test_changes import OTHER_BOARD
from tests.spec.test_every_finding import LOCAL, extract_of

EXITED = {"901": "2025-02-10"}
YOUTH = {"903": "", "905": 1, "200": "2006-05-10", "906": "2024-01-10", "800": 1, "409": 4}
BEFORE = {"901": "2024-06-30"}  # the last day of the program year before
# 12 adults of LWIA 01, of whom 4 have exited; 6 of LWIA 02; one youth; two who took no part.
STATE = [
    *[LOCAL] * 8,
    *[{**LOCAL, **EXITED, "1602": 1, "1704": "4321.09"}] * 4,
    *[{**LOCAL, "108-A": OTHER_BOARD}] * 6,
    {**LOCAL, **YOUTH},
    {**LOCAL, **BEFORE},
    {**LOCAL, "900": "2025-07-01", "1001": "2025-07-01", "1003": ""},
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    return make_snapshot(extract_of(folder / "extract", STATE), folder / "kept")


@pytest.fixture(scope="module")
def drawn(snapshot):
    return draw(snapshot, 2024, 10, 7)


def test_each_stratum_gives_one_record_and_the_rest_by_its_share(drawn):
    given = {tuple(row[:3]): row[3:] for row in drawn.strata.itertuples(index=False, name=None)}
    # 19 records, 10 to draw: one each, then 6 by 8:4:6:1 (2.5, 1.3, 1.9, 0.3).
    assert given == {
        ("Adult", "01", "active"): (8, 4),
        ("Adult", "01", "exited"): (4, 2),
        ("Adult", "02", "active"): (6, 3),
        ("Youth", "01", "active"): (1, 1),
    }
    assert drawn.lines.groupby(["program", "lwia", "status"])["id"].nunique().to_dict() == {
        key: sizes[1] for key, sizes in given.items()
    }


@pytest.mark.parametrize("size", [4, 5, 11, 300, 321, 322, 400])
def test_no_stratum_gives_none_or_more_than_it_has(size):
    records = np.array([300, 10, 10, 1])
    given = shares(records, size)
    assert given.sum() == min(size, 321)
    assert ((given >= 1) & (given <= records)).all()


def test_the_same_seed_draws_the_same_records_and_another_seed_others(snapshot, drawn):
    again, other = draw(snapshot, 2024, 10, 7), draw(snapshot, 2024, 10, 8)
    pd.testing.assert_frame_equal(again.lines, drawn.lines)
    assert set(other.lines["id"]) != set(drawn.lines["id"])


def test_every_record_has_the_same_chance():
    """Over many seeds each of ten equal records is drawn about as often as the others."""
    from ipats_lib.review.documents import _place

    first = [min(range(10), key=lambda one: _place(seed, one)) for seed in range(2000)]
    counts = np.bincount(first, minlength=10)
    assert (
        (counts - 200) ** 2 / 200
    ).sum() < 27.88  # chi square, 9 degrees of freedom, 0.1 percent


def test_the_elements_are_those_that_hold_something_to_prove(drawn):
    asked = drawn.lines.groupby("status")["element"].agg(set).to_dict()
    assert asked == {"active": {"200", "409", "802"}, "exited": {"200", "409", "802", "1602"}}
    known = {one.element: one.documents for one in load_documents()}
    assert (drawn.lines["documents"] == drawn.lines["element"].map(known)).all()


def test_nobody_is_drawn_who_took_no_part(snapshot):
    every = draw(snapshot, 2024, 300, 1)
    assert every.strata["records"].sum() == 19
    assert {"C20", "C21"}.isdisjoint(every.lines["id"])
    with pytest.raises(UsageError, match="Nobody in this snapshot"):
        draw(snapshot, 2019, 300, 1)


def test_too_few_for_the_strata_is_one_sentence(snapshot):
    with pytest.raises(UsageError, match="There are 4 strata .* draw 4 records or more"):
        draw(snapshot, 2024, 3, 1)


@pytest.fixture
def folder(drawn, tmp_path):
    write_worksheets(drawn, tmp_path / "sample", synthetic=True)
    return tmp_path / "sample"


def filled(folder, change) -> None:
    """The workbook once more, after `change` has been made to its rows."""
    rows = CalamineWorkbook.from_path(folder / SHEET).get_sheet_by_index(0).to_python()
    change(rows)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    (folder / SHEET).write_bytes(buffer.getvalue())


def with_results(rows, results) -> None:
    for row, result in zip(rows[1:], results, strict=False):
        row[len(LINES)] = result


def test_the_sample_is_read_back_as_it_was_drawn(folder, drawn):
    again = read_results(folder)
    pd.testing.assert_frame_equal(again.lines[list(LINES)], drawn.lines, check_dtype=False)
    assert (again.lines[RESULT] == "").all()
    assert (again.seed, again.snapshot, again.as_of) == (7, drawn.snapshot, drawn.as_of)
    assert again.keep_until == date(2028, 6, 30)


def test_no_wage_is_on_the_worksheets_and_only_we_may_read_them(folder):
    for name in (SHEET, PAGES, SAMPLE):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert "4321" not in (folder / PAGES).read_text() + (folder / SAMPLE).read_text()
    assert "All data are synthetic" in (folder / PAGES).read_text()
    assert (folder / PAGES).read_text().count("<section>") == 10


def test_rates_are_of_what_was_checked(folder):
    results = ["fail", "pass", "pass", "n/a", "", "pass"]
    filled(folder, lambda rows: with_results(rows, results))
    found = rates(read_results(folder))
    assert list(found.columns) == list(RATES)
    whole = found.iloc[0]
    size = len(read_results(folder).lines)
    assert (whole.program, whole.element) == ("all", "all")
    assert (whole.checked, whole.failed, whole.not_applicable, whole.open) == (4, 1, 1, size - 5)
    assert whole.rate == 0.25
    assert (whole.lower95, whole.upper95) == wilson(1, 4)
    births = found[(found["program"] == "all") & (found["element"] == "200")].iloc[0]
    # Lines 1 to 3 are the birth date, low income and school status of the first record.
    assert (births.checked, births.failed, births.not_applicable, births.open) == (1, 1, 1, 8)


def test_numbers_that_a_spreadsheet_made_of_texts_are_read(folder):
    def numbered(rows):
        for row in rows[1:]:
            row[0] = float(row[0])

    filled(folder, numbered)
    assert (read_results(folder).lines[RESULT] == "").all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: with_results(rows, ["", "perhaps"]), "row 3: the result must be pass"),
        (lambda rows: rows.pop(2), "lacks 1 lines"),
        (lambda rows: rows.append(list(rows[1])), "is not a line of the sample, or appears twice"),
        (lambda rows: rows[1].__setitem__(1, "C99"), "row 2 is not a line of the sample"),
        (lambda rows: rows[0].__setitem__(0, "no."), "row 1 must hold the headings line, id"),
        (lambda rows: rows.clear(), "row 1 must hold the headings"),
    ],
    ids=["result", "lost", "twice", "another customer", "heading", "empty"],
)
def test_a_workbook_that_does_not_fit_ends_in_one_sentence(folder, change, told):
    filled(folder, change)
    with pytest.raises(UsageError, match=told) as stopped:
        read_results(folder)
    assert "perhaps" not in str(stopped.value)


@pytest.mark.parametrize("data", [b"", b"line,id\n", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_workbook_ends_in_one_sentence(folder, data):
    (folder / SHEET).write_bytes(data)
    with pytest.raises(UsageError):
        read_results(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"lines": [], "strata": []})])
def test_what_is_no_sample_ends_in_one_sentence(folder, text):
    (folder / SAMPLE).write_text(text)
    with pytest.raises(UsageError):
        read_results(folder)


def test_a_folder_that_holds_a_sample_is_not_written_over(folder, drawn):
    with pytest.raises(UsageError, match="holds a sample already"):
        write_worksheets(drawn, folder, synthetic=True)


def test_the_commands_draw_and_read_back(snapshot, tmp_path):
    out, table = tmp_path / "sample", tmp_path / "rates.csv"
    done = publish(
        "documents", "draw", "--extract", snapshot.path, "--py", 2024, "--size", 10, "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert "Drew 10 records of 4 strata" in done.stderr
    filled(out, lambda rows: with_results(rows, ["fail"]))
    done = publish("documents", "results", out, "--out", table)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 elements failed" in done.stderr
    assert pd.read_csv(table)["failed"].iloc[0] == 1


def test_the_snapshot_of_a_sample_is_kept_for_its_three_years(tmp_path):
    """The sample of PY2024 until 30 June 2028; that of PY2019 until 30 June 2023, which is over."""
    store, site, kept = tmp_path / "kept", Site(tmp_path / "site"), []
    site.releases.mkdir(parents=True)
    for place, day in enumerate(("2025-08-13", "2025-08-14", "2025-08-15")):
        folder = extract_of(tmp_path / day, STATE)
        kept.append(make_snapshot(folder, store, as_of=date.fromisoformat(day)))
        write_worksheets(draw(kept[-1], 2024, 10, 7), tmp_path / f"sample{place}", synthetic=True)
    over = tmp_path / "sample1" / SAMPLE
    over.write_text(json.dumps({**json.loads(over.read_text()), "py": 2019}))
    samples = [("--sample", tmp_path / f"sample{place}") for place in (0, 1)]
    asked = ("snapshots", "prune", "--keep", 1, "--site", tmp_path / "site")
    asked += ("--store", store, "--yes")
    done = publish(*asked, *samples[0], *samples[1])
    assert done.returncode == 0, done.stderr
    assert [each.path.is_dir() for each in kept] == [True, False, True]
    assert done.stdout.split()[0] == kept[1].id
    assert (tmp_path / "sample1" / SHEET).exists()  # what was found is never removed
    assert publish(*asked, "--sample", tmp_path / "nosuch").returncode == 2
    assert kept[0].path.is_dir()
    assert publish(*asked).returncode == 0
    assert not kept[0].path.is_dir()
