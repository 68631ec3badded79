"""The command that compares a publication with frozen figures sees every cell that moves."""

import csv
import shutil

import pandas as pd
import pytest

from tests.end_to_end.test_publishing import PERIOD
from tests.frozen.__main__ import cells, differences, packed, specification


@pytest.fixture(scope="module")
def copied(site, tmp_path_factory):
    """A copy of one planner's and one area's folder, and of the state's."""
    there = tmp_path_factory.mktemp("frozen")
    release = there / PERIOD
    shutil.copytree(site / PERIOD / "lwia" / "02", release / "lwia" / "02")
    shutil.copytree(site / PERIOD / "state", release / "state")
    return there


def test_every_csv_of_the_site_is_frozen(copied):
    release = copied / PERIOD
    known = set(specification()["file"])
    there = {path.relative_to(release).as_posix() for path in release.rglob("*.csv")}
    unknown = {path for path in there if not any(path.endswith(f"/{name}") for name in known)}
    assert unknown == set()
    assert set(cells(copied, PERIOD)["scope"]) >= {"state", "lwia/02"}


def change(path, row, column, value):
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    lines[row][column] = value
    pd.DataFrame(lines).to_csv(path, index=False)


def test_one_changed_figure_and_one_changed_customer_are_each_seen(copied):
    before = cells(copied, PERIOD)
    assert differences(before, cells(copied, PERIOD)).empty
    folder = copied / PERIOD / "lwia" / "02"
    change(folder / "figures.csv", 0, "denominator", "99999")
    change(folder / "dashboards" / "caseload.csv", 0, "customer", "SOMEBODY")
    found = differences(before, cells(copied, PERIOD))
    seen = found[["file", "column"]].to_records(index=False).tolist()
    assert sorted(seen) == [("dashboards/caseload.csv", "who"), ("figures.csv", "denominator")]


def test_a_planners_long_files_are_digests_that_see_one_changed_cell(copied):
    before = packed(cells(copied, PERIOD))
    planners = before[before["scope"].str.contains("/planner/")]
    assert set(planners.loc[planners["key"] != "(all)", "file"]) == {"figures.csv"}
    form = next((copied / PERIOD / "lwia" / "02" / "planner").glob("*/performance/eta9173.csv"))
    change(form, 3, "denominator", "99999")
    found = differences(before, packed(cells(copied, PERIOD)))
    seen = found[["file", "column", "key"]].to_records(index=False).tolist()
    assert seen == [("performance/eta9173.csv", "denominator", "(all)")]
