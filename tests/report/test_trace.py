"""From a figure to its definition and its records: every table of figures has the link.

Source: issue "Performance tools", "Right to the record": every published number can be traced.
"""

import pytest

from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.report import federal


def links_to(html: str, measure: str) -> bool:
    return f"href='detail-{measure.lower()}.html'" in html


@pytest.mark.parametrize("measure", INDICATORS)
def test_each_table_of_figures_leads_to_the_indicator(area, measure):
    pages = {
        "annual form": federal.bodies(area, federal.annual(area)),
        "quarterly form": federal.bodies(area, federal.quarterly(area)),
    }
    lacking = [name for name, made in pages.items() if not links_to(made.html, measure)]
    assert not lacking
