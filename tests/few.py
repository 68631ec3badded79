"""Three small notebooks of a publication's own kinds, for tests that publish again and again.

One of every scope, one with two pages, a list and a download, and one that an LWIA shares with its
planners.
"""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'scope = "state"\nperiod = "PY2024Q4"\nsnapshot = "sample"'
OPEN = (
    "from ipats_lib.report import open_report, show\nreport = open_report(snapshot, scope, period)"
)
SCOPES = ["state", "lwia", "planner"]


def write(folder: Path, name: str, declared: dict, cells: list) -> None:
    path = folder / declared["family"] / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    start = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(OPEN)]
    made = new_notebook(
        cells=[new_markdown_cell(f"# {declared['title']}"), *start, *cells],
        metadata={"ipats": {"order": 10, "scopes": SCOPES, **declared}},
    )
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell{number}"  # else drawn
    nbformat.write(made, path)


def write_few(folder: Path) -> None:
    """`performance/summary`, `dashboards/people` and `comparison/areas` below a folder."""
    write_summary(folder)
    write_people(folder)
    write_areas(folder)


def write_summary(folder: Path) -> None:
    figures = """\
figures = report.figures
figures = figures[["program_title", "measure_title", "value", "status"]]
show.table(figures, "Figures")"""
    write(
        folder, "summary", {"family": "performance", "title": "Summary", "data": ["figures"]},
        [new_code_cell(figures)],
    )  # fmt: skip


def write_people(folder: Path) -> None:
    people = """\
people = report.customers[["customer", "program", "entry", "exit"]]
show.records(people, "people", caption="Customers", noun="customers")"""
    write(
        folder, "people",
        {"family": "dashboards", "title": "People", "data": ["customers"], "records": ["people"],
         "downloads": ["counts.csv"], "pages": [["list", "List"], ["count", "Count"]],
         "scopes": ["lwia", "planner"]},
        [
            new_markdown_cell("# List", metadata={"tags": ["page-list"]}),
            new_code_cell(people),
            new_markdown_cell("# Count", metadata={"tags": ["page-count"]}),
            new_code_cell("counts = people['program'].value_counts().reset_index()"),
            new_code_cell("show.download(counts, 'counts.csv', 'Customers by program')"),
        ],
    )  # fmt: skip


def write_areas(folder: Path) -> None:
    areas = "show.table(report.areas[['area_title', 'measure_title', 'value']].head(30), 'Areas')"
    write(
        folder, "areas", {"family": "comparison", "title": "Areas", "data": ["areas"]},
        [new_code_cell(areas)],
    )  # fmt: skip
