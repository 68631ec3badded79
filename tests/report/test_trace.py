"""From a figure to its definition and its records: every table of figures has the link.

Source: issue "Performance tools", "Right to the record": every published number can be traced.
"""

import pytest

from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import federal, rosters, tables


def links_to(html: str, measure: str) -> bool:
    return f"href='detail-{measure.lower()}.html'" in html


@pytest.mark.parametrize("measure", INDICATORS)
def test_each_table_of_figures_leads_to_the_indicator(area, measure):
    titled = area.trend(measure)
    pages = {
        "levels": tables.levels_by_window(area, measure),
        "changes": tables.changes(area.changes(), "x"),
        "trend": tables.trend(titled, "x"),
        "annual form": federal.bodies(area, federal.annual(area)),
        "quarterly form": federal.bodies(area, federal.quarterly(area)),
    }
    lacking = [name for name, made in pages.items() if not links_to(made.html, measure)]
    assert not lacking


def test_the_file_of_a_roster_names_windows_groups_and_reason_codes(area, tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    rosters.roster_download(area, "ERQ2", "roster-erq2.csv")
    header, *lines = (tmp_path / "roster-erq2.csv").read_text().splitlines()
    for column in ("reason", "windows", "Sex", "Age", "Race and ethnicity", "Barriers"):
        assert column in header.split(",")
    assert "current quarter" in "".join(lines)
