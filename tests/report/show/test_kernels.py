"""What verbs and charts give in a forked child is what they give in an ordinary kernel."""

import pytest

from ipats_lib.report.show.theme import MIME
from tests.engine.conftest import elsewhere, forks, run_here, run_in_fork, run_in_kernel

__all__ = ["elsewhere", "forks", "run_here", "run_in_fork", "run_in_kernel"]  # fixtures

pytestmark = pytest.mark.xdist_group("engine")

CELLS = (
    "import altair as alt\nimport pandas as pd\nfrom ipats_lib.report import show\n"
    "frame = pd.DataFrame({'name': ['a', 'b', None], 'value': [0.1, 0.25, None],"
    " 'day': pd.to_datetime(['2024-11-30', None, '2025-01-04'])})\n"
    "bars = alt.Chart(frame).mark_bar().encode(x='value:Q', y='name:N')",
    "bars.properties(title='Plain')",
    "bars + bars.mark_text().encode(text='value:Q')",
    "bars | bars",
    "bars.facet('name:N')",
    "show.chart(bars, 'b is higher.', table=show.table(frame, 'Values'))",
    "show.table(frame, 'Values', {'name': 'Name', 'value': show.bar(kind='share')})",
    "show.choose({'One': bars, 'Two': show.note('*x*')}, 'Which')",
    "show.records(frame, 'list', caption='List')",
)


def shown(done) -> list[dict[str, object]]:
    return [{**output.data} for cell in done.cells for output in cell.outputs if "data" in output]


def test_charts_and_verbs_are_equal_in_a_fork_and_in_an_ordinary_kernel(
    request,
):
    in_fork = shown(request.getfixturevalue("run_in_fork")(*CELLS))
    in_kernel = shown(request.getfixturevalue("run_in_kernel")(*CELLS))
    assert len(in_fork) == len(CELLS) - 1
    assert in_fork == in_kernel
    assert [MIME in bundle for bundle in in_fork] == [True] * 4 + [False] * 4
