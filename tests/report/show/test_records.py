"""`show.records` and `show.download`: what is beside the page."""

import json
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from tests.report.show.conftest import HOSTILE, soup
from tests.report.show.zoo import work

COLUMNS = {"customer": show.link("page"), "due": "date", "why": "Why", "late": "count"}


def listed(frame=None, **options):
    frame = work() if frame is None else frame
    return show.records(frame, "worklist", COLUMNS, caption="Work", **options)


def rows_of(folder) -> list[list[object]]:
    index = json.loads((folder / "worklist.json").read_text())
    shards = [json.loads((folder / one["file"]).read_text())["rows"] for one in index["shards"]]
    assert [len(rows) for rows in shards] == [one["rows"] for one in index["shards"]]
    return [row for rows in shards for row in rows]


def shown_of(cell: object) -> str:
    return str(cell[0]) if isinstance(cell, list) else str(cell)


def test_the_page_holds_the_first_rows_and_says_so(beside):
    page = soup(listed(noun="items"))
    assert len(page.select("tbody tr")) == 25
    assert page.select_one(".count").get_text() == "1 to 25 of 164 items"
    assert page.div["data-name"] == "worklist"
    assert page.select_one(".show-file a")["href"] == "worklist.csv"


def test_the_shards_hold_every_row_as_the_page_shows_it(beside):
    page = soup(listed(page=164))
    first = [
        [cell.decode_contents() for cell in row.find_all(["th", "td"])]
        for row in page.select("tbody tr")
    ]
    listed()
    rows = rows_of(beside)
    assert len(rows) == len(first) == 164
    for row, cells in zip(rows, first, strict=True):
        again = [BeautifulSoup(shown_of(cell), "html.parser").decode_contents() for cell in row]
        assert again == cells


def test_the_index_names_columns_and_shards(beside):
    listed()
    assert json.loads((beside / "worklist.json").read_text()) == {
        "columns": [
            {"name": "customer", "title": "Customer", "kind": "link"},
            {"name": "due", "title": "Due", "kind": "date"},
            {"name": "why", "title": "Why", "kind": "text"},
            {"name": "late", "title": "Late", "kind": "count"},
        ],
        "rows": 164,
        "shards": [{"file": "worklist-00.json", "rows": 164}],
    }


def test_cells_carry_what_they_sort_by_where_it_is_not_what_is_shown(beside):
    listed(work().assign(late=[1234, *range(163)], why=["plain", *["<b>"] * 163]))
    first, second = rows_of(beside)[:2]
    assert first == ["IL0007003400", ["Nov 30, 2024", "2024-11-30"], "plain", ["1,234", 1234]]
    assert second[0] == ['<a href="detail.html">IL0007003437</a>', "IL0007003437"]
    assert second[2] == ["&lt;b&gt;", "<b>"]


def test_a_shard_is_at_most_200_kilobytes_and_equal_lists_give_equal_bytes(beside):
    frame = work(6000)
    listed(frame)
    once = {path.name: path.read_bytes() for path in beside.iterdir()}
    shards = [data for name, data in once.items() if "-" in name]
    assert len(shards) > 2
    assert max(map(len, shards)) <= 200_000
    assert min(sorted(map(len, shards))[1:]) > 150_000
    assert len(rows_of(beside)) == 6000
    listed(frame)
    assert {path.name: path.read_bytes() for path in beside.iterdir()} == once


def test_filters_are_values_with_their_counts_and_a_place_in_each_row(beside):
    frame = work()
    page = soup(listed(frame, filters=["program_title"]))
    assert json.loads(page.div["data-filters"]) == [
        {"title": "Program", "values": [["Adult", 55], ["Youth", 55], ["Dislocated Worker", 54]]}
    ]
    named = ["Adult", "Youth", "Dislocated Worker"]
    assert [named[row[-1]] for row in rows_of(beside)] == list(frame["program_title"])


def test_a_filter_of_a_column_has_its_heading(beside):
    columns = {"customer": "Customer", "program_title": "Stream"}
    page = soup(
        show.records(work(), "a", columns, caption="Work", filters=["program_title", "state"])
    )
    told = [each["title"] for each in json.loads(page.div["data-filters"])]
    assert told == ["Stream", "State"]


def test_the_file_beside_holds_the_same_rows_safe_for_a_spreadsheet(beside):
    listed(work().assign(why="=1+1"), filters=["state"])
    lines = (beside / "worklist.csv").read_text().splitlines()
    assert lines[:2] == ["customer,due,why,late,state", "IL0007003400,2024-11-30,'=1+1,258,Overdue"]
    assert len(lines) == 165


def test_a_list_may_be_ordered_by_a_column(beside):
    page = soup(listed(sort="-late"))
    assert page.select_one("th[aria-sort]")["aria-sort"] == "descending"
    assert [row.find_all("td")[-1].get_text() for row in page.select("tbody tr")[:3]] == [
        "258", "253", "248",
    ]  # fmt: skip


def test_a_short_list_has_no_shards_and_an_empty_one_a_sentence(beside):
    assert len(soup(listed(work().head(25))).select("tbody tr")) == 25
    assert [path.name for path in beside.iterdir()] == ["worklist.csv"]
    assert soup(listed(work().head(0), empty="Nothing is due.")).get_text() == (
        "Work: Nothing is due."
    )


def test_in_jupyterlab_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(soup(listed()).select("tbody tr")) == 25
    assert list(tmp_path.iterdir()) == []


def test_hostile_text_stays_text_in_pages_and_shards(beside):
    frame = work().assign(why=HOSTILE, program_title=HOSTILE)
    page = soup(listed(frame, filters=["program_title"], noun=HOSTILE, empty=HOSTILE))
    assert page.find("script") is None
    assert json.loads(page.div["data-filters"])[0]["values"] == [[HOSTILE, 164]]
    cell = BeautifulSoup(shown_of(rows_of(beside)[0][2]), "html.parser")
    assert cell.find() is None
    assert cell.get_text() == HOSTILE


@pytest.mark.parametrize(
    "make",
    [
        lambda: show.records(work(), "../x", caption="c"),
        lambda: show.records(work(), "Work.csv", caption="c"),
        lambda: listed(sort="nothing"),
        lambda: listed(filters=["customer"]),
        lambda: listed(filters=["nothing"]),
        lambda: show.download(work(), "../figures", "f"),
        lambda: show.download(work(), "figures.pdf", "f"),
    ],
)
def test_a_wrong_name_stops_the_cell(make, beside):
    with pytest.raises(NotebookError, match=r"[.]$"):
        make()


def test_a_download_is_a_file_for_programs_and_one_for_people(beside):
    frame = pd.DataFrame({"a": [1.0, None], "b": ["=x", HOSTILE]})
    shown = show.download(frame, "figures", "Every figure", as_of=date(2025, 8, 15))
    assert [a["href"] for a in soup(shown).find_all("a")] == ["figures.csv", "figures.xlsx"]
    assert (beside / "figures.csv").read_text().splitlines()[1] == "1,'=x"
    book = (beside / "figures.xlsx").read_bytes()
    with ZipFile(BytesIO(book)) as inside:
        assert "<f>" not in inside.read("xl/worksheets/sheet2.xml").decode()
    show.download(frame, "figures", "Every figure", as_of=date(2025, 8, 15))
    assert (beside / "figures.xlsx").read_bytes() == book


def test_a_download_with_an_ending_is_that_file_alone(beside):
    show.download(work(), "roster.csv", "Roster")
    assert [path.name for path in beside.iterdir()] == ["roster.csv"]


def test_the_file_may_hold_more_than_the_page_shows(beside):
    """Today's columns of a file stay whatever an analyst lists."""
    whole = work().assign(more="1")[["customer", "more"]]
    listed(file=whole)
    lines = (beside / "worklist.csv").read_text().splitlines()
    assert lines[0] == "customer,more"
    assert len(lines) == 165


def ordered():
    """The list with an ordered column of when, in the order of its rows."""
    when = ["Overdue"] * 40 + ["Later"] * 124
    return work().assign(when=pd.Categorical(when, ["Overdue", "Later"], ordered=True))


def test_rows_are_under_the_words_that_they_share_with_the_count_of_all_pages(beside):
    page = soup(listed(ordered(), filters=["when"], by="when"))
    assert [head.get_text() for head in page.select("tr.grp")] == ["Overdue: 40"]
    assert page.div["data-by"] == "0"
    assert json.loads(page.div["data-filters"])[0]["values"] == [["Overdue", 40], ["Later", 124]]
    whole = soup(listed(ordered(), filters=["when"], by="when", page=164))
    assert [head.get_text() for head in whole.select("tr.grp")] == ["Overdue: 40", "Later: 124"]
    assert len(whole.select("tbody tr:not(.grp)")) == 164


def detailed(inline, ids=None):
    """The list with what belongs to each row: two lines of one customer, none of the others."""
    frame = work().head(30).assign(at=ids or [f"r{n}" for n in range(30)])
    more = pd.DataFrame({"at": ["r3", "r3"], "what": [HOSTILE, "second"]})
    return listed(
        frame, details={"What happened": (more, {"what": "What"})}, at="at", inline=inline
    )


def test_what_belongs_to_a_row_is_on_the_page_where_it_must_be_read_without_javascript(beside):
    page = soup(detailed(inline=True))
    assert [part["id"] for part in page.select("section.details")] == [f"r{n}" for n in range(30)]
    mine = page.select_one("#r3")
    assert [cell.get_text() for cell in mine.select("td")] == [HOSTILE, "second"]
    assert mine.h3.get_text() == work()["customer"].iloc[3]
    assert "What happened: none." in page.select_one("#r4").get_text()
    assert mine.select_one(".back a")["href"] == "#worklist"


def test_else_it_is_in_shards_that_the_page_names_with_their_ids(beside):
    page = soup(detailed(inline=False))
    assert not page.select("section.details")
    (part,) = page.select("[data-shard]")
    held = json.loads((beside / part["data-shard"]).read_text())["details"]
    assert list(held) == part["data-places"].split() == [f"r{n}" for n in range(30)]
    assert str(soup_of(held["r3"])) == str(soup(detailed(inline=True)).select_one("#r3"))


def test_what_does_not_fit_on_the_page_is_in_shards_too(beside, monkeypatch):
    """The details of the first rows stay readable without JavaScript."""
    whole = soup(detailed(inline=True)).select("section.details")
    most = sum(len(str(part).encode()) for part in whole[:10])
    monkeypatch.setattr("ipats_lib.report.show.verbs.records.INLINE_BYTES", most + 100)
    page = soup(detailed(inline=True))
    here = [part["id"] for part in page.select("section.details")]
    (part,) = page.select("[data-shard]")
    assert here + part["data-places"].split() == [f"r{n}" for n in range(30)]
    assert 5 < len(here) <= 10
    held = json.loads((beside / part["data-shard"]).read_text())["details"]
    assert [str(soup_of(html)) for html in held.values()] == [*map(str, whole[len(here) :])]


def soup_of(html):
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize(
    "make",
    [
        lambda: listed(by="program_title"),
        lambda: detailed(True, ["r1"] * 30),
        lambda: detailed(True, [f"r{n} onclick" for n in range(30)]),
        lambda: show.calendar(work(), "../x.ics", "Days", day="due", title="why", uid="customer",
                              made=date(2025, 8, 15)),
        lambda: show.calendar(work().assign(same="x"), "days.ics", "Days", day="due", title="why",
                              uid="same", made=date(2025, 8, 15)),
    ],
)  # fmt: skip
def test_groups_ids_and_events_that_cannot_be_are_refused(beside, make):
    with pytest.raises(NotebookError):
        make()
