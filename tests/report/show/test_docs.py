"""Every example of `docs/showing.md` runs, in the order of the page."""

import ast
import re
from pathlib import Path

import pytest

from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.report import Report, show
from ipats_lib.report.show import formats
from ipats_lib.scopes import Scope

PAGE = (Path(__file__).parents[3] / "docs" / "showing.md").read_text(encoding="utf-8")
KINDS = formats.KINDS
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def shown_by(example: str, names: dict[str, object]) -> object:
    """What Jupyter would display of a cell: its last expression."""
    *before, last = ast.parse(example).body
    exec(compile(ast.Module(before, []), "showing.md", "exec"), names)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "showing.md", "eval"), names)


@pytest.fixture(scope="module")
def names(state, planner) -> dict[str, object]:
    """What the first two examples leave: imports and frames, of an LWIA of the sample."""
    report = Report(state.slice(Scope(planner.lwia)).only(SCHEMAS))
    found: dict[str, object] = {"report": report}
    for example in EXAMPLES[:2]:
        exec(example, found)
    return found


@pytest.fixture(autouse=True)
def dictionary(published, monkeypatch):
    """Columns have the kinds that the data dictionary gives them."""
    monkeypatch.setattr(formats, "KINDS", KINDS)


@pytest.mark.parametrize("example", EXAMPLES[2:])
def test_each_example_shows_something(example, names, beside):
    bundle = shown_by(example, dict(names))._repr_mimebundle_()
    assert len(bundle["text/html"]) > 100


def test_every_verb_and_format_has_an_example():
    used = set(re.findall(r"show\.(\w+)", "\n".join(EXAMPLES)))
    columns = {"figure", "status", "change", "link", "bullet", "bar", "interval", "spark", "score"}
    assert set(show.VERBS) | columns <= used
    assert used <= {*dir(show)}


def test_the_table_of_kinds_is_true():
    """Each row of the table: a kind, a value, and how it is written."""
    from datetime import date

    from ipats_lib.report.show.numbers import written

    values = {"status": "Below", "flag": True, "date": date(2024, 11, 30)}
    values |= {"month": date(2024, 11, 1)}
    rows = re.findall(r"^\| `(\w+)`[^|]*\| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 11
    for kind, value, shown in rows:
        if kind != "status":
            first = values.get(kind) if kind in values else float(value.split(" or ")[0])
            assert shown.startswith(written(kind, first))
