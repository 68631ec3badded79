"""A report on one scope: the questions that notebooks ask."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from ipats_lib import __version__
from ipats_lib.caseload.ranking import load_work_order
from ipats_lib.errors import UsageError
from ipats_lib.forms import editions
from ipats_lib.frames.dictionary import described
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.indicators.rules import definitions
from ipats_lib.periods import Period
from ipats_lib.report.scope_data import ScopeData, as_of
from ipats_lib.scopes import Scope


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """One scope in one period. Each frame of `SCHEMAS` is an attribute.

    A report equals only itself, so what is computed from one can be kept beside it.
    """

    data: ScopeData

    def __repr__(self) -> str:
        return f"<Report of {self.title}, {self.period.name}: {', '.join(self.data.frames)}>"

    @property
    def definitions(self) -> pd.DataFrame:
        """What each indicator is, as rows: `indicators.rules.definitions`."""
        return definitions()

    @property
    def work_order(self) -> pd.DataFrame:
        """How the work list is ordered, a step a row: column, way and words."""
        return pd.DataFrame(load_work_order())

    @property
    def editions(self) -> pd.DataFrame:
        """The federal forms as rows: `forms.editions`."""
        return editions()

    @property
    def provenance(self) -> dict[str, str]:
        """What a file's cover says of its origin, whatever it holds."""
        about = self.data.about
        sample = "Synthetic sample data: no real person, no real result."
        return {
            "Area": about.title,
            "Data as of": about.as_of,
            "Made by": f"IPATS {__version__}",
            "Data": sample if about.synthetic else "IWDS",
        }

    @property
    def as_of(self) -> date:
        """The day as of which the extract knows."""
        return as_of(self.data.about)

    @property
    def scope(self) -> Scope:
        return Scope.parse(self.data.about.scope)

    @property
    def lwia(self) -> str:
        """The LWIA of the scope, or nothing for the state."""
        return self.scope.lwia

    @property
    def title(self) -> str:
        """The scope's name as its readers know it."""
        return self.data.about.title

    @property
    def period(self) -> Period:
        return Period.parse(self.data.about.period)


def _frame(name: str) -> property:
    """A frame as an attribute of a report; its documentation is its schema, in Jupyter too."""
    return property(lambda report: report.data.frame(name), doc=described(SCHEMAS[name]))


for _name in SCHEMAS:
    setattr(Report, _name, _frame(_name))


def open_report(snapshot: str, scope: str, period: str) -> Report:
    """Open the report of a scope.

    snapshot: `sample` (a small synthetic state, made on first use), a snapshot's folder, or the
    folder of one scope's data as the publisher writes it. UsageError when such a folder holds
    another scope or period than asked for.
    """
    # A scope's frames are small: Python's own strings cost a third less time than Arrow's there.
    pd.set_option("mode.string_storage", "python")
    folder = Path(snapshot)
    if snapshot == "sample" or not (folder / "about.json").exists():
        from ipats_lib.report.alone import slice_alone

        return Report(slice_alone(snapshot, scope, period))
    data = ScopeData.read(folder)
    if (data.about.scope, data.about.period) != (scope, period):
        raise UsageError(f"{folder} holds {data.about.scope} {data.about.period}, not {scope}.")
    return Report(data)
