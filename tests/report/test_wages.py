"""A planner learns no customer's wage, neither from a roster nor from the median of a few.

Source: domain 7.3 (`planners_see_wages`, `minimum_wages`); 20 CFR 603.
"""

import csv
import dataclasses
import io
import re
import sys
import zipfile

import pytest

from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.report import Report
from ipats_lib.report.show.files import DOWNLOADS_FOLDER
from tests.notebooks.pages import page
from tests.notebooks.test_detail import detail_pages, indicator_pages, section
from tests.raw import Opened, opened
from tests.unit.test_disclosure import LIMITS, cells


def medians(*sizes: int):
    return cells(*((None, size) for size in sizes), measure="ME")


@pytest.mark.parametrize(
    ("kind", "setting", "hidden"),
    [
        ("planner", {}, [False, True, True, False]),
        ("planner", {"planners_see_wages": 1}, [False] * 4),
        ("lwia", {"areas_see_wages": 1}, [False] * 4),
        ("lwia", {"areas_see_wages": 0}, [False, True, True, False]),
        ("state", {"areas_see_wages": 0}, [False] * 4),
    ],
)
def test_a_median_of_fewer_than_ten_wages_is_withheld_where_wages_are(kind, setting, hidden):
    limits = dataclasses.replace(LIMITS, **setting)
    assert few_wages(medians(0, 1, 9, 10), kind, limits).tolist() == hidden


def test_rates_of_few_are_shown_to_those_whose_customers_they_are():
    assert not few_wages(cells((1, 1), (0, 2)), "planner", LIMITS).any()


def wages_of(report: Opened):
    outcomes = report.raw.outcomes
    return outcomes.loc[outcomes["indicator"] == "ME", "value"].dropna()


@pytest.fixture(scope="module")
def few(state) -> Opened:
    """The planner with most wages among those who have fewer than ten."""
    planners = [scope for scope in state.snapshot.scopes() if scope.kind == "planner"]
    reports = [opened(state, scope) for scope in planners]
    return max((one for one in reports if 0 < len(people(one)) < 10), key=lambda r: len(people(r)))


def people(report: Opened) -> set[int]:
    outcomes = report.raw.outcomes
    return set(outcomes.loc[(outcomes["indicator"] == "ME") & outcomes["value"].notna(), "row"])


def published(report: Report, folder, monkeypatch) -> str:
    """All tables and files of the performance pages in which an amount can stand."""
    folder.mkdir()
    monkeypatch.setenv(DOWNLOADS_FOLDER, str(folder))
    detail = (*indicator_pages(report, monkeypatch).values(), *forms(report, monkeypatch).values())
    outlook = str(page("performance/outlook", report, monkeypatch))
    files = [read(path) for path in sorted(folder.iterdir())]
    assert len(files) >= 16
    return " ".join([*map(str, detail), outlook, *files])


def forms(report: Report, monkeypatch):
    return detail_pages(report, monkeypatch, ("eta9169", "eta9173"))


def read(path) -> str:
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as book:
        return " ".join(book.read(name).decode() for name in book.namelist())


def told(amounts, text: str) -> set[str]:
    """Which of these wages stand in a text, to the dollar or to the cent."""
    numbers = {n.replace(",", "") for n in re.findall(r"\$[\d,]+|\d+\.\d+|\d{4,}", text)}
    forms = {f"${round(amount)}" for amount in amounts} | {str(float(a)) for a in amounts}
    return forms & numbers


def test_no_page_and_no_file_of_a_planner_tells_a_wage(few, tmp_path, monkeypatch):
    text = published(few, tmp_path / "files", monkeypatch)
    assert told(wages_of(few), text) == set()
    assert "*" in text


def test_the_same_pages_tell_wages_where_planners_may_see_them(few, state, tmp_path, monkeypatch):
    """So the search above finds what there is to find."""
    open_ = dataclasses.replace(load_thresholds(), planners_see_wages=1)
    readers = [m for m in sys.modules.values() if vars(m).get("load_thresholds") is load_thresholds]
    assert len(readers) > 3
    for module in readers:
        monkeypatch.setattr(module, "load_thresholds", lambda: open_)
    text = published(
        Report(dataclasses.replace(state).slice(few.scope)), tmp_path / "files", monkeypatch
    )
    assert told(wages_of(few), text)


def test_every_line_of_few_wages_is_marked_and_every_other_has_its_amount(
    state, planner, monkeypatch
):
    page = indicator_pages(Report(state.slice(planner)), monkeypatch)["me"]
    rows = section(page, "For whom it differs").select("tbody tr:not(.grp)")
    lines = [(row.find_all("td")[0], int(row.find_all("td")[1].text)) for row in rows]
    assert any(0 < size < 10 for _, size in lines)
    assert any(size >= 10 for _, size in lines)
    for figure, size in lines:
        assert ("withheld" in figure.text) == (0 < size < 10)
        assert ("$" in figure.text) == (size >= 10)
        assert (figure.svg is not None) == (size >= 10)


def test_the_forms_say_what_is_withheld(few, tmp_path, monkeypatch):
    monkeypatch.setenv(DOWNLOADS_FOLDER, str(tmp_path))
    assert "*" in forms(few, monkeypatch)["eta9169"].text
    lines = list(csv.DictReader(io.StringIO((tmp_path / "eta9169.csv").read_text())))
    mine = [line for line in lines if line["measure"] == "ME" and line["denominator"] != "0"]
    assert mine
    assert {(line["suppressed"], line["value"]) for line in mine} == {("true", "*")}
