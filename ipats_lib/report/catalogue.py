"""What rows and numbers of the pages are: the texts of `params/`, each with its source."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ipats_lib.caseload import load_counts, load_thresholds
from ipats_lib.report import display, tables
from ipats_lib.report.display import Html
from ipats_lib.report.tables import Column


class Described(Protocol):
    """A line of `params/` that says what something is; some say what to do, too (action)."""

    @property
    def definition(self) -> str: ...
    @property
    def source(self) -> str: ...


_TEXTS = {"definition": "What it is", "action": "What to do", "source": "Source"}


def described(known: Mapping[str, Described], caption: str, heading: str) -> Html:
    """What each of these is, by the name that stands in the first column."""
    has = [text for text in _TEXTS if all(hasattr(one, text) for one in known.values())]
    lines = {text: [getattr(one, text) for one in known.values()] for text in has}
    columns = (Column("name", heading), *(Column(text, _TEXTS[text]) for text in has))
    return tables.table({"name": [*known], **lines}, caption, columns, "none.")


def explained(*names: str, numbers: Sequence[str] = ()) -> Html:
    """What rows of the catalogue count (`params/counts.csv`), and the numbers behind them."""
    known = [load_counts()[name] for name in names]
    rows = {f"{one.id} {one.name}": one for one in known}
    made = described(rows, "What stands here", "Row")
    return display.together(made, thresholds(*numbers)) if numbers else made


def thresholds(*names: str) -> Html:
    """Numbers of the dashboards' rules, with what they mean (`params/caseload.csv`)."""
    known = [load_thresholds()[name] for name in names]
    lines = {
        "definition": [one.definition for one in known],
        "value": [f"{one.value:,} {one.unit}" for one in known],
        "source": [one.source for one in known],
    }
    columns = (
        Column("definition", "What the number is"),
        Column("value", "Number", number=True),
        Column("source", "Source"),
    )
    return tables.table(lines, "Numbers behind these figures", columns, "none.")
