"""The pages and files of ETA-9169, ETA-9173 and Serving employers.

Source: domain 2.10, 8.4, 9.2; docs/forms.md; issue "The site and the Performance family".
"""

import csv
import re
import zipfile

import pandas as pd
import pytest

from ipats_lib import forms
from ipats_lib.forms import groups_of, rows_by_name
from ipats_lib.indicators.aggregate import LONG_COLUMNS
from ipats_lib.indicators.rules import INDICATORS
from tests.notebooks.pages import open_sample, with_frames
from tests.notebooks.test_detail import SCOPES, detail_pages, section
from tests.raw import raw_of

WRITTEN = {"ETA-9169": "eta9169", "ETA-9173": "eta9173"}
SAMES = ("served", "exited", *INDICATORS)


@pytest.fixture(scope="module", params=SCOPES)
def report(request):
    return open_sample(request.param)


@pytest.fixture(scope="module")
def area():
    return open_sample("lwia/01")


def pages(report, monkeypatch, folder=None, replaced=()):
    """Both forms, and their files in a folder."""
    if folder:
        monkeypatch.setenv("IPATS_DOWNLOADS", str(folder))
    return detail_pages(report, monkeypatch, WRITTEN.values(), replaced)


def file(folder, name):
    with (folder / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def texts(row):
    return [cell.text for cell in row.find_all(["th", "td"])]


def headings(table):
    """The words of the columns' headings."""
    return [cell.text for cell in table.thead.find_all("th")]


# Pages


def test_the_first_words_are_whom_each_program_served(report, monkeypatch):
    for name, page in pages(report, monkeypatch).items():
        said = page.select_one(".show-finding").text
        served = report.forms.query("measure == 'served' and group == ''")
        served = served[served["window"] == {"eta9169": "annual", "eta9173": "rolling4"}[name]]
        assert len(served) in (3, 4)
        for line in served.itertuples():
            assert f"{line.value:,.0f} in {line.program_title}" in said
        assert "the certified report is the state's" in said
        tiles = page.select(".show-tiles > div")
        assert [t.dt.text for t in tiles] == served["program_title"].tolist()


def test_the_services_are_numbered_as_the_form_is(area, monkeypatch):
    table = section(pages(area, monkeypatch)["eta9169"], "Services")
    rows = [texts(row) for row in table.select("tbody tr")]
    assert [row[0] for row in rows] == [*"12345678", "11", "11", "12", "13"]
    assert rows[10][1] == "In several core programs"
    empty = [row for row in rows if "not in the records" in row]
    assert [row[0] for row in empty] == ["3", "4", "7", "8", "13"]
    assert all(set(row[2:]) == {"not in the records"} for row in empty)
    assert "ETA-9169 of 2024-12-10" in table.caption.text


@pytest.mark.parametrize("measure", INDICATORS)
def test_each_indicator_of_a_form_leads_to_its_page(area, monkeypatch, measure):
    """Every published number can be traced to its definition and its records."""
    for page in pages(area, monkeypatch).values():
        assert page.select(f"a[href='detail-{measure.lower()}.html']")


def test_the_quarterly_form_is_no_annual_form_with_another_window(report, monkeypatch):
    """It has tiers and reportable individuals; nothing of it comes from the funds."""
    page = pages(report, monkeypatch)["eta9173"]
    summary = section(page, "Summary").select("section")
    assert [part["data-title"] for part in summary] == ["Rolling 4 quarters", "Current quarter"]
    assert headings(summary[0]) == ["Item", "All", *forms.TIERS.values()]
    items = [row.th.text for row in summary[0].select("tbody tr:not(.grp)")][:3]
    assert items == ["A.1. Exiters", "A.2. Participants served", "A.3. Reportable individuals"]
    assert forms.NOTHING not in page.text
    for part in section(page, "Outcomes and gains").select("section"):
        for program in part.select("tbody"):
            rows = [texts(row)[0] for row in program.select("tr:not(.grp)")]
            wagner = program.select_one(".grp").text == "Wagner-Peyser"
            assert len(rows) == (3 if wagner else len(INDICATORS) + len(forms.GAINS))


def test_rows_of_one_kind_stand_together(report, monkeypatch):
    """The forms' own rows come after those of both forms: Sex has rows of each."""
    page = pages(report, monkeypatch)["eta9173"]
    windows = section(page, "Who was served").find_all("section", recursive=False)
    assert len(windows) == 2
    for part in windows[0].select("section"):
        kinds = [group.text for group in part.select("tr.grp")]
        assert len(kinds) == len(set(kinds))
        assert {name.split(": ")[0] for name in groups_of("9173")} <= set(kinds)
        sexes = [r.th.text for r in part.select("tr:not(.grp)") if r.th.text == "Female"]
        assert sexes == ["Female"]


def test_a_part_of_nobody_is_a_dash_and_a_withheld_median_is_marked(area, monkeypatch):
    lines = area.forms.copy()
    here = (lines["group"] == "") & (lines["window"] == "annual") & (lines["program"] == "adult")
    lines.loc[here & (lines["measure"] == "ERQ2"), ["numerator", "denominator", "value"]] = [
        0, 0, None
    ]  # fmt: skip
    lines.loc[here & (lines["measure"] == "ME"), ["denominator", "value", "suppressed"]] = [
        4, None, True
    ]  # fmt: skip
    table = section(
        pages(with_frames(area, forms=lines), monkeypatch)["eta9169"], "What came of it"
    )
    rows = {row.th.text: row.td.text for row in table.select("tbody tr")}
    assert rows["Employment rate, 2nd quarter after exit"] == "–"
    assert rows["Median earnings, 2nd quarter after exit"] == "* (4)"


def test_a_publication_of_a_year_has_the_annual_form_alone(tmp_path, monkeypatch):
    year = open_sample("lwia/01", "PY2024")
    made = pages(year, monkeypatch, tmp_path)
    assert "A report of a whole program year has no quarterly form." in made["eta9173"].text
    assert not made["eta9173"].select("table")
    assert made["eta9169"].select("table")
    assert file(tmp_path, "eta9173") == []
    assert {line["quarter"] for line in file(tmp_path, "eta9169")} == {""}


def test_a_column_taken_out_of_a_table_vanishes_and_nothing_else(area, monkeypatch):
    taken = (('columns={"item": "Item", "measure_title": "What is counted"}',
              'columns={"measure_title": "What is counted"}'),)  # fmt: skip
    whole, less = (pages(area, monkeypatch, replaced=change)["eta9169"] for change in ((), taken))
    heads = [headings(section(page, "Services")) for page in (whole, less)]
    assert heads[0] == ["Item", *heads[1]]
    for page in (whole, less):
        section(page, "Services").decompose()
    assert str(whole) == str(less)


# Files


@pytest.mark.parametrize("name", WRITTEN.values())
def test_what_the_files_had_stays_first_and_what_is_new_comes_after(
    report, name, tmp_path, monkeypatch
):
    pages(report, monkeypatch, tmp_path)
    form = pd.DataFrame(file(tmp_path, name))
    assert list(form.columns) == [*LONG_COLUMNS, "item", "form", "unconfirmed"]
    assert not form.duplicated(list(LONG_COLUMNS[:9])).any()
    kind = form["group"].str.split(":").str[0]
    before = kind.isin(["all", "Sex", "Age", "Race and ethnicity", "Barriers"])
    before &= form["measure"].isin(SAMES) & (form["group"] != "Sex: Did not self-identify")
    assert before[: before.sum()].all()
    per_group = form[before].groupby(["program", "window"], observed=True).size()
    assert set(per_group) == {28 * 7, *([28 * 5] if report.scope.kind != "planner" else [])}


@pytest.mark.parametrize("name", WRITTEN.values())
def test_the_files_say_their_edition_and_whole_counts(area, name, tmp_path, monkeypatch):
    pages(area, monkeypatch, tmp_path)
    lines = file(tmp_path, name)
    assert {line["suppressed"] for line in lines} <= {"true", "false"}
    counts = [line for line in lines if line["measure"].startswith(("served", "exited"))]
    assert counts
    assert all(re.fullmatch("[0-9]+", line["value"]) for line in counts)
    assert len({line["form"] for line in lines}) == 1
    assert re.fullmatch(r"ETA-91(69|73) of 2024-1[12](-10)?", lines[0]["form"])


def test_page_and_file_of_the_quarterly_form_agree(area, tmp_path, monkeypatch):
    page = pages(area, monkeypatch, tmp_path)["eta9173"]
    told = {
        (one["group"], one["measure"]): one for one in file(tmp_path, "eta9173")
        if one["window"] == "rolling4" and one["program"] == "adult"
    }  # fmt: skip
    tiers = [f"served_{tier}" for tier in forms.tiers_of("adult")]
    dimension, compared = "", 0
    for row in section(page, "Who was served").select_one("section section").select("tbody tr"):
        title, *cells = texts(row)
        if not cells:
            dimension = title
            continue
        lines = [told[f"{dimension}: {title}", name] for name in ("served", *tiers)]
        assert [f"{int(line['value']):,}" for line in lines] == cells[1:]
        assert lines[0]["item"] == cells[0]
        compared += 1
    assert compared == 27 + len(groups_of("9173"))
    titles = {row.title: row.measure for row in rows_by_name("9173").values() if row.measure}
    gains = section(page, "Outcomes and gains").select_one("section tbody")
    for row in gains.select("tr:not(.grp)")[len(INDICATORS) :]:
        line = told["all", titles[row.th.text]]
        if line["denominator"] != "0":
            assert f"({line['numerator']} of {line['denominator']})" in texts(row)[1]


def test_reportable_individuals_are_counted_and_no_participant_is_among_them(area):
    met = area.forms.query("measure == 'reportable' and window == 'rolling4'")
    assert set(met["program"]) == {"adult", "dw", "wp"}
    rows = raw_of(area).rows
    alone = rows[(rows["903"] == 4) & rows["900"].isna()]
    last = alone[["1002", "1007"]].apply(
        lambda days: days.between(pd.Timestamp("2024-07-01"), pd.Timestamp("2025-06-30"))
    )
    expected = alone.loc[last.any(axis=1), "100"].nunique()
    assert met.set_index("program").loc["adult", "value"] == expected


def test_the_workbooks_name_edition_area_and_sheets(area, tmp_path, monkeypatch):
    pages(area, monkeypatch, tmp_path)
    wanted = {
        "eta9169": ["annual services", "annual groups"],
        "eta9173": [f"{window} {sheet}" for window in ("rolling4", "current")
                    for sheet in ("services", "groups", "summary", "gains")],
    }  # fmt: skip
    for name, sheets in wanted.items():
        with zipfile.ZipFile(tmp_path / f"{name}.xlsx") as book:
            found = re.findall('<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
            words = book.read("xl/sharedStrings.xml").decode()
        assert found == ["Cover", *sheets]
        assert re.search(r"ETA-91(69|73) of 2024-1[12](-10)?, OMB 1205-05", words)
        assert area.title in words
        assert "Synthetic sample data: no real person, no real result." in words
        assert words.count("not in the records") >= 1


# Serving employers


def test_employers_first_say_who_stayed_and_that_it_is_a_baseline(monkeypatch):
    state = open_sample("state")
    page = detail_pages(state, monkeypatch, ("employers",))["employers"]
    said = " ".join(page.select_one(".show-finding").text.split())
    figure = state.figures.query("measure == 'ESE'").iloc[0]
    assert f"{figure.value:.1%} of those employed half a year after exit" in said
    assert f"{figure.numerator} of {figure.denominator}, {figure.pending} still pending" in said
    assert "baseline: no level is negotiated yet" in said
    assert "Part of the value: this file holds Titles I and III alone" in said
    rows = [texts(row) for row in section(page, "By window").select("tbody tr")]
    windows = ["Rolling 4 quarters, program year to date and annual", "Current quarter"]
    assert [row[0] for row in rows] == windows
    assert "PIRL elements" in page.select_one(".show-note").text


def test_employers_of_a_whole_file_are_no_part_and_nobody_is_said(monkeypatch):
    state = open_sample("state")
    figures = state.figures.assign(partial=False)
    page = detail_pages(with_frames(state, figures=figures), monkeypatch, ("employers",))[
        "employers"
    ]
    assert "Part of the value" not in page.text
    nobody = figures.assign(numerator=0, denominator=0, pending=0, value=None)
    page = detail_pages(with_frames(state, figures=nobody), monkeypatch, ("employers",))[
        "employers"
    ]
    assert "No one is in this cohort." in page.select_one(".show-finding").text


def test_an_area_has_no_employers_figure(area, monkeypatch):
    page = detail_pages(area, monkeypatch, ("employers",))["employers"]
    assert not page.select(".show-finding, table")
    assert "This figure exists for the state alone." in page.text
