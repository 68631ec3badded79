"""`show.table`: which columns, in what format, and a table that is one for who hears it."""

import pandas as pd
import pytest

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from ipats_lib.report.show import formats
from tests.report.show.conftest import HOSTILE, soup

FRAME = pd.DataFrame(
    {
        "program_title": ["Adult", "Adult", "Youth"],
        "measure": ["ERQ2", "ME", "MSG"],
        "value": [0.801, 5219.0, None],
        "counted": [2111, 8375, 3],
        "seen": pd.to_datetime(["2024-11-30", None, "2025-01-04"]),
    }
)


def texts(shown) -> list[list[str]]:
    rows = soup(shown).select("tbody tr")
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in rows]


def headings(shown) -> list[str]:
    return [cell.get_text() for cell in soup(shown).select("thead th")]


def test_the_notebook_names_the_columns_and_their_order():
    shown = show.table(FRAME, "Caption", ["counted", "program_title"])
    assert headings(shown) == ["Counted", "Program"]
    assert texts(shown) == [["2,111", "Adult"], ["8,375", "Adult"], ["3", "Youth"]]


def test_all_columns_without_a_choice():
    assert headings(show.table(FRAME, "Caption")) == [
        "Program", "Measure", "Value", "Counted", "Seen",
    ]  # fmt: skip


def test_a_column_is_a_heading_a_kind_a_format_or_both():
    shown = show.table(
        FRAME,
        "Caption",
        {"program_title": "Program", "value": show.figure, "counted": "number",
         "seen": ("Last seen", "date")},
    )  # fmt: skip
    assert headings(shown) == ["Program", "Value", "Counted", "Last seen"]
    assert texts(shown) == [
        ["Adult", "80.1%", "2,111", "Nov 30, 2024"],
        ["Adult", "$5,219", "8,375", "–"],
        ["Youth", "–", "3", "Jan 4, 2025"],
    ]


def test_a_kind_follows_from_the_schemas(monkeypatch):
    monkeypatch.setitem(formats.KINDS, "value", "figure")
    assert texts(show.table(FRAME, "Caption", ["program_title", "value"]))[1][1] == "$5,219"
    assert show.kind("dollars", "Cost").title == "Cost"


def test_a_table_is_one_for_who_hears_it():
    page = soup(show.table(FRAME, "What is counted", ["program_title", "value", "counted"]))
    box, table = page.div, page.table
    assert (box["role"], box["tabindex"], box["aria-label"]) == ("region", "0", "What is counted")
    assert table.caption.get_text() == "What is counted"
    assert [cell["scope"] for cell in table.select("thead th")] == ["col"] * 3
    assert [cell["scope"] for cell in table.select("tbody th")] == ["row"] * 3
    assert [cell.get("class") for cell in table.select("tbody tr")[0].find_all("td")] == [["n"]] * 2


def test_another_column_may_name_the_rows():
    page = soup(show.table(FRAME, "Caption", ["counted", "program_title"], rows="program_title"))
    assert [cell.get_text() for cell in page.select("tbody th")] == ["Adult", "Adult", "Youth"]


def test_groups_have_a_heading_and_a_body_of_their_own():
    page = soup(show.table(FRAME, "Caption", ["measure", "counted"], by="program_title"))
    assert [len(body.find_all("tr")) for body in page.find_all("tbody")] == [3, 2]
    assert [head.get_text() for head in page.select("tr.grp th")] == ["Adult", "Youth"]
    assert {head["scope"] for head in page.select("tr.grp th")} == {"rowgroup"}
    assert {head["colspan"] for head in page.select("tr.grp th")} == {"2"}


def test_cards_carry_their_headings_and_stay_a_table():
    page = soup(show.table(FRAME, "Caption", ["program_title", "counted"], cards=True))
    assert page.td["data-l"] == "Counted"
    roles = {"table": "table", "tr": "row", "td": "cell", "thead": "rowgroup", "tbody": "rowgroup"}
    assert {name: page.find(name)["role"] for name in roles} == roles
    assert page.select_one("tbody th")["role"] == "rowheader"


def test_a_sortable_table_has_keys_that_order():
    page = soup(show.table(FRAME, "Caption", ["program_title", "value", "seen"], sort=True))
    assert page.table.has_attr("data-sort")
    rows = page.select("tbody tr")
    assert [row.find_all("td")[0]["data-v"] for row in rows] == ["0.801", "5219", ""]
    assert [row.find_all("td")[1]["data-v"] for row in rows] == ["2024-11-30", "", "2025-01-04"]


def test_no_row_is_an_answer():
    shown = show.table(FRAME.head(0), "Exiters", ["value"], empty="Nobody left in this window.")
    assert soup(shown).get_text() == "Exiters: Nobody left in this window."
    assert repr(shown) == "Exiters: Nobody left in this window."


def test_the_plain_text_says_caption_and_first_rows():
    shown = show.table(FRAME, "Caption", {"program_title": "Program", "value": show.figure})
    assert repr(shown).splitlines() == [
        "Table: Caption (3 rows)", "Adult | 80.1%", "Adult | $5,219", "Youth | –",
    ]  # fmt: skip


def test_hostile_text_stays_text_everywhere():
    frame = pd.DataFrame({"a": [HOSTILE], "b": [HOSTILE], "page": ["x.html"]})
    columns = {"a": HOSTILE, "b": show.link("page", title=HOSTILE), "page": show.status}
    shown = show.table(
        frame.assign(page=HOSTILE), HOSTILE, {"a": HOSTILE, "page": show.status}, by="b",
        cards=True, sort=True, note=HOSTILE,
    )  # fmt: skip
    for page in (soup(shown), soup(show.table(frame, HOSTILE, columns))):
        assert page.find("script") is None
        assert page.caption.get_text() == HOSTILE
        assert page.select_one("thead .h").get_text() == HOSTILE
        assert page.select("tbody th")[-1].get_text() == HOSTILE


@pytest.mark.parametrize(
    "make",
    [
        lambda: show.table(FRAME, "c", ["nothing"]),
        lambda: show.table(FRAME, "c", {"value": 3}),
        lambda: show.table(FRAME["value"], "c"),
        lambda: show.kind("money"),
    ],
)
def test_a_wrong_column_is_named_in_a_sentence(make):
    with pytest.raises(NotebookError, match=r"[.]$"):
        make()


WIDE = pd.DataFrame(
    {"area": ["01 Lake"], "adult": [89.6], "adult said": ["Below, could be chance"],
     "dw": [77.2], "dw said": ["Fails"], "youth": [None], "youth said": ["Not assessed"]}
)  # fmt: skip
COLUMNS = {
    "area": "LWIA",
    "adult": show.score("adult said", title="Employed"),
    "dw": show.score("dw said", title="Employed"),
    "youth": show.score("youth said", title="Employed"),
}
GROUPS = {"adult": "Adult", "dw": "Dislocated", "youth": "Youth"}


def test_groups_of_columns_have_a_head_and_a_line_each_on_phones():
    found = soup(show.table(WIDE, "c", COLUMNS, groups=GROUPS))
    heads = found.select("tr.heads th")
    assert [head.get_text() for head in heads] == ["Adult", "Dislocated", "Youth"]
    assert [head["scope"] for head in heads] == ["colgroup"] * 3
    assert found.select_one("tr.heads td")["colspan"] == "1"
    assert [cell["data-g"] for cell in found.select("tbody td")] == ["Adult", "Dislocated", "Youth"]
    # On phones the first group's headings stand for those of all; the roles keep it a table.
    assert len(found.select("thead th[data-rest]")) == 2
    assert found.table["role"] == "table"
    assert "blocks" in found.select_one(".show-table")["class"]


def test_columns_without_groups_are_as_they_were():
    found = soup(show.table(WIDE, "c", COLUMNS))
    assert not found.select("[data-g], [data-rest], .heads, .blocks, [role=row]")


def test_a_group_starts_at_a_column_of_the_table():
    with pytest.raises(NotebookError, match="other is none"):
        show.table(WIDE, "c", COLUMNS, groups={"other": "Other"})


def test_a_score_is_a_number_and_its_verdict_in_words_shape_and_tone():
    """89.6 is not shown as 90 (decision 0017); what could be chance is pale and outlined."""
    pale, full, none = soup(show.table(WIDE, "c", COLUMNS)).select(".sc")
    assert pale.get_text() == "Below, could be chance, 89.6"
    assert pale.select_one(".v").get_text() == "Below, could be chance, "
    assert "pale" in pale["class"]
    assert pale.path["fill"] == "none"
    assert full.get_text() == "Fails, 77"
    assert "full" in full["class"]
    assert "fill" not in full.path.attrs
    assert none.get_text() == "Not assessed, \N{EN DASH}"
    assert not none.select("svg")


def test_a_table_may_be_searched_by_what_its_rows_are():
    box = soup(show.table(FRAME, "c", ["program_title"], search=HOSTILE)).select_one(".show-table")
    assert box["data-search"] == HOSTILE


def test_a_long_table_begins_with_its_first_rows():
    """More than twice as many: the first ones, and all in a second tab, which alone is sorted."""
    frame = pd.DataFrame({"name": [f"P{n}" for n in range(1, 8)], "n": range(7)})
    options = {"columns": {"name": "Planner", "n": "count"}, "sort": True, "search": "planner"}
    assert show.table(frame.head(6), "Planners", first=3, **options).html == (
        show.table(frame.head(6), "Planners", **options).html
    )
    found = soup(show.table(frame, "Planners", first=3, **options))
    assert found.select_one(".show-choose")["data-label"] == "Planner"
    some, every = found.select("section")
    assert (some["data-title"], every["data-title"]) == ("First 3", "All 7")
    assert some.caption.text == "The first 3 of 7: Planners"
    assert [row.th.text for row in some.select("tbody tr")] == ["P1", "P2", "P3"]
    assert not some.select("[data-sort], [data-search]")
    alone = soup(show.table(frame, "Planners", **options))
    assert str(every.select_one(".show-table")) == str(alone.select_one(".show-table"))
