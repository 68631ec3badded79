"""An analyst's edit: a column or an encoding taken out of its cell vanishes, and nothing else does.

One table and one chart of every notebook of performance, comparison and the dashboards, on the
state's frames. Source: issues 18 and 20, "Measured".
"""

import json
from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup

from tests.notebooks.pages import open_sample, page


@dataclass(frozen=True)
class Edit:
    """notebook: of performance, unless it names its family. column: a line of a table's columns,
    and the heading that goes with it. encoding: a line of a chart, with its channel and the field
    that go with it."""

    notebook: str
    column: str
    heading: str
    encoding: str
    channel: str
    field: str
    only: tuple[str, ...] | None = None


COUNTED = ('alt.Tooltip("denominator:Q", title="Counted"),', "tooltip", "denominator")

CASELOAD = "dashboards/caseload"

ITEMS = ('alt.Tooltip("items:Q", title="Items"),', "tooltip", "items")

KIND = ('"level_kind": ("Which level", "text"),', "Which level")

EDITS = {
    "summary": Edit("summary", *KIND, *COUNTED),
    "indicator": Edit("detail", *KIND, *COUNTED, ("erq2",)),
    "equity": Edit("detail", '"eighty": "80 percent rule",', "80 percent rule", *COUNTED,
                   ("equity",)),
    "gap to target": Edit(
        "outlook", '"adds": ("One more success adds, in percent of the level", "count"),',
        "One more success adds", 'alt.Tooltip("pending:Q", title="Pending"),', "tooltip",
        "pending", ("takes",),
    ),
    "calendar": Edit(
        "outlook", '"due": ("Quarterly report due", "date"),', "Quarterly report due",
        'alt.Tooltip("last:T", title="To"),', "tooltip", "last", ("takes", "calendar"),
    ),
    "forecast accuracy": Edit(
        "outlook", '"known_outcomes": ("Known outcomes", "count"),', "Known outcomes",
        'alt.Tooltip("known_outcomes:Q", title="Known outcomes"),', "tooltip", "known_outcomes",
        ("takes", "backtest"),
    ),
    "assessment": Edit(
        "assessment", '"data_years": "Years of complete data",', "Years of complete data",
        'shape=alt.Shape("program_title:N", title=None),', "shape", "program_title",
    ),
    "training": Edit("training", '"pending": ("Pending", "count"),', "Pending", *COUNTED),
    "areas": Edit("comparison/areas", '"region_value": show.figure(title="Its region"),',
                  "Its region", *COUNTED, ("erq2",)),
    "kinds of work": Edit(
        "dashboards/worklist", '"this_week": ("Due this week", "count"),', "Due this week", *ITEMS,
        ("index", "kinds"),
    ),
    "records to fix": Edit(
        "dashboards/worklist", '"elements": "Fields",', "Fields", *ITEMS, ("index", "kinds", "fix")
    ),
    "soft exits": Edit(
        CASELOAD, '"held": ("Exits in that report so far", "count"),', "Exits in that report",
        'alt.Tooltip("quarter:N", title="Exit in"),', "tooltip", "quarter", ("status", "exits"),
    ),
    "flow": Edit(
        CASELOAD, '"year_before": ("A year before", "count"),', "A year before",
        'alt.Tooltip("month:O", title="Month"),', "tooltip", "month", ("status", "flow"),
    ),
    "open trainings": Edit(
        CASELOAD, '"occupations": ("Different occupations", "count"),', "Different occupations",
        'alt.Tooltip("type:N", title="Type"),', "tooltip", "type", ("status", "training"),
    ),
    "engagement": Edit(
        CASELOAD, '"quarter_before": "Quarter before",', "Quarter before",
        'alt.Tooltip("events:Q", title="Events"),', "tooltip", "events", ("engagement",),
    ),
    "who is served": Edit(
        "dashboards/area", '"at_most": ("At most", "share"),', "At most",
        'alt.Tooltip("of:Q", title="Of how many"),', "tooltip", "of", ("people",),
    ),
    "every LWIA": Edit(
        "dashboards/state", '"skill_gains_due": ("Skill gains due", "count"),', "Skill gains due",
        'alt.Tooltip("items:Q", title="Items"),', "tooltip", "items", ("areas",),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def state():
    return open_sample("state")


def shown(edit, state, monkeypatch, text=""):
    """The page as it is, or without this text of a cell; live charts."""
    monkeypatch.setenv("IPATS_CHARTS", "live")
    change = {text: ""} if text else {}
    name = edit.notebook if "/" in edit.notebook else f"performance/{edit.notebook}"
    return page(name, state, monkeypatch, change, edit.only)


def without(found, names):
    """The page's HTML but for these elements."""
    rest = BeautifulSoup(str(found), "html.parser")
    for piece in rest.select(names):
        piece.decompose()
    return str(rest)


def cells(table):
    return [[c.get_text() for c in row.find_all(["th", "td"])] for row in table.select("tr")]


def column_of(table, heading):
    """The place of the column of this heading; None where the table has none."""
    heads = [cell.get_text() for cell in table.select("thead th")]
    return next((n for n, head in enumerate(heads) if heading in head), None)


def encodings(spec):
    """Layer, channel and field of everything that a chart encodes."""
    found = set()
    for number, layer in enumerate(spec.get("layer", [spec])):
        found |= (
            {(f"{number}.{inner}", *rest) for inner, *rest in encodings(layer)}
            if ("layer" in layer)
            else set()
        )
        for channel, told in layer.get("encoding", {}).items():
            parts = told if isinstance(told, list) else [told]
            found |= {(str(number), channel, one.get("field", "")) for one in parts}
    return found


@pytest.mark.parametrize("name", EDITS)
def test_a_column_taken_out_of_the_cell_vanishes_and_nothing_else_does(name, state, monkeypatch):
    edit = EDITS[name]
    whole, less = (shown(edit, state, monkeypatch, text) for text in ("", edit.column))
    assert without(whole, "table") == without(less, "table")
    tables, left = whole.select("table"), less.select("table")
    assert len(tables) == len(left)
    changed = 0
    for table, other in zip(tables, left, strict=True):
        if str(table) == str(other):
            continue
        place, changed = column_of(table, edit.heading), changed + 1
        assert place is not None
        assert column_of(other, edit.heading) is None
        wide = next(len(row) for row in cells(table))
        rest = [row[:place] + row[place + 1 :] if len(row) == wide else row for row in cells(table)]
        assert rest == cells(other)
    assert changed


@pytest.mark.parametrize("name", EDITS)
def test_an_encoding_taken_out_of_the_chart_vanishes_and_nothing_else_does(
    name, state, monkeypatch
):
    edit = EDITS[name]
    whole, less = (shown(edit, state, monkeypatch, text) for text in ("", edit.encoding))
    assert without(whole, "script") == without(less, "script")
    specs, left = (
        [json.loads(script.string) for script in found.select(".show-chart script")]
        for found in (whole, less)
    )
    assert len(specs) == len(left) > 0
    lost = [encodings(one) - encodings(other) for one, other in zip(specs, left, strict=True)]
    assert all(encodings(other) <= encodings(one) for one, other in zip(specs, left, strict=True))
    assert any(lost)
    assert {(channel, field) for gone in lost for _, channel, field in gone} == {
        (edit.channel, edit.field)
    }
