"""The forms' pages and files on the sample state.  Source: domain 8.4, 9.2; docs/forms.md."""

import csv
import io
import re
import zipfile

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ipats_lib import forms
from ipats_lib.form_rows import groups_of, rows_by_name
from ipats_lib.indicators.aggregate import LONG_COLUMNS
from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import downloads, federal

SAMES = ("served", "exited", *INDICATORS)


def tables_of(made) -> list[list[list[str]]]:
    """Every table of a page as rows of texts, the headings first."""
    soup = BeautifulSoup(made.html, "html.parser")
    return [
        [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        for table in soup.find_all("table")
    ]


def test_the_annual_summary_is_numbered_as_the_form_is(area):
    (table,) = tables_of(federal.headings(area, federal.annual(area)))
    numbers = [heading.split(".")[0] for heading in table[0][1:]]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7", "8", "11", "11", "12", "13"]
    assert "In several core programs" in table[0][11]


def test_the_quarterly_form_is_no_annual_form_with_another_window(report):
    """Its summary has tiers and reportable individuals; nothing of it comes from the funds."""
    windows = federal.quarterly(report)
    summary, *_ = tables_of(federal.headings(report, windows))
    assert summary[0] == ["Program", "Item", *forms.TIERS.values(), "All"]
    assert [line[1] for line in summary[1:4]] == [
        "A.1. Exiters",
        "A.2. Participants served",
        "A.3. Reportable individuals",
    ]
    shown = federal.headings(report, windows).html + federal.bodies(report, windows).html
    assert forms.NOTHING not in shown
    people, outcomes, gains = tables_of(federal.bodies(report, windows))[:3]
    assert set(groups_of("9173")) <= {row[0] for row in people}
    assert people[1][:2] == ["All", "A.2"]
    assert {row[0].split(": ")[0] for row in outcomes[1:]} == {"All", forms.TIER}
    assert len(gains) == 1 + len(forms.GAINS)


def test_page_and_file_of_the_quarterly_form_say_the_same(area):
    windows = federal.quarterly(area)
    form = federal.long_form(area, windows)
    mine = form[(form["window"] == "rolling4") & (form["program"] == "adult")]
    told = mine.set_index(["group", "measure"])
    people, _, gains = tables_of(federal.bodies(area, windows))[:3]
    for group, item, *counts in people[1:]:
        name = "all" if group == "All" else group
        measures = [*(f"served_{tier}" for tier in forms.tiers_of("adult")), "served"]
        assert [f"{told.loc[(name, m), 'value']:,.0f}" for m in measures] == counts
        assert told.loc[(name, "served"), "item"] == item
    titles = {row.title: row.measure for row in rows_by_name("9173").values() if row.measure}
    for title, with_gain, of, _ in gains[1:]:
        line = told.loc[("all", titles[title])]
        assert (f"{line['numerator']:,}", f"{line['denominator']:,}") == (with_gain, of)


@pytest.mark.parametrize("windows", [federal.annual, federal.quarterly])
def test_what_the_files_had_stays_first_and_what_is_new_comes_after(report, windows):
    form = federal.long_form(report, windows(report))
    assert list(form.columns[: len(LONG_COLUMNS)]) == list(LONG_COLUMNS)
    kind = form["group"].str.split(":").str[0]
    before = kind.isin(["all", "Sex", "Age", "Race and ethnicity", "Barriers"])
    before &= form["measure"].isin(SAMES) & (form["group"] != "Sex: Did not self-identify")
    assert before[: before.sum()].all()
    per_group = form[before].groupby(["program", "window"], observed=True).size()
    assert set(per_group) == {28 * 7, *([28 * 5] if report.scope.kind != "planner" else [])}


@pytest.mark.parametrize("windows", [federal.annual, federal.quarterly])
def test_the_files_tell_edition_and_whole_counts(area, windows):
    text = downloads.csv(federal.long_form(area, windows(area))).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {line["suppressed"] for line in lines} <= {"true", "false"}
    counts = [line for line in lines if line["measure"].startswith(("served", "exited"))]
    assert counts
    assert all(re.fullmatch("[0-9]+", line["value"]) for line in counts)
    assert len({line["form"] for line in lines}) == 1
    assert re.fullmatch(r"ETA-91(69|73) of 2024-1[12](-10)?", lines[0]["form"])


def test_reportable_individuals_are_counted_and_no_participant_is_among_them(area):
    windows = federal.quarterly(area)
    form = federal.long_form(area, windows)
    met = form[(form["measure"] == "reportable") & (form["window"] == "rolling4")]
    assert set(met["program"]) == {"adult", "dw", "wp"}
    rows = area.data.frame("rows")
    alone = rows[(rows["903"] == 4) & rows["900"].isna()]
    last = alone[["1002", "1007"]].apply(
        lambda days: days.between(pd.Timestamp("2024-07-01"), pd.Timestamp("2025-06-30"))
    )
    expected = alone.loc[last.any(axis=1), "100"].nunique()
    assert met.set_index("program").loc["adult", "value"] == expected


def test_the_workbook_names_the_edition_and_has_the_new_sheets(area, tmp_path, monkeypatch):
    monkeypatch.setenv(downloads.DOWNLOADS_FOLDER, str(tmp_path))
    federal.offers(area, federal.quarterly(area), "eta9173", "ETA-9173")
    with zipfile.ZipFile(tmp_path / "eta9173.xlsx") as book:
        sheets = re.findall('<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
        texts = book.read("xl/sharedStrings.xml").decode()
    assert sheets[:3] == ["Cover", "rolling4 services", "rolling4 groups"]
    assert {"rolling4 summary", "rolling4 gains", "current summary"} <= set(sheets)
    assert "ETA-9173 of 2024-11, OMB 1205-0521" in texts
