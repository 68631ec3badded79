"""A report on one scope: the questions that notebooks ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.breakdown import Membership, breakdown, membership_of
from ipats_lib.caseload import Desk
from ipats_lib.cohorts import IN_TITLE_I, PROGRAM_TITLES, STREAMS, Program, Records, View
from ipats_lib.disclosure import few_wages, load_thresholds, small_cells
from ipats_lib.errors import UsageError
from ipats_lib.frames import CASE_TABLES
from ipats_lib.frames.dictionary import described
from ipats_lib.frames.earlier_quarters import holds_whole
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.levels import NOT_ASSESSED, against_levels, band_of, load_levels
from ipats_lib.params import load_areas
from ipats_lib.periods import Period
from ipats_lib.periods import Report as Window
from ipats_lib.periods import Window as Span
from ipats_lib.report import counted
from ipats_lib.report.display import Html
from ipats_lib.report.scope_data import ScopeData, as_of
from ipats_lib.scopes import Scope

SEVERAL = "Several Title I programs"
CORRECTIONS = "Figures come from IWDS. What is wrong is corrected in IWDS, not here."


def _frame(name: str) -> property:
    """A frame as an attribute of a report; its documentation is its schema, in Jupyter too."""
    return property(lambda report: report.data.frame(name), doc=described(SCHEMAS[name]))


@dataclass(frozen=True, eq=False)
class Report:
    """One scope in one period. Frames are documented at the method that makes them.

    A report equals only itself, so what is computed from one can be kept beside it.
    """

    data: ScopeData

    figures = _frame("figures")
    history = _frame("history")
    areas = _frame("areas")
    groups = _frame("groups")
    outcomes = _frame("outcomes")
    calendar = _frame("calendar")
    assessment = _frame("assessment")
    adjustment = _frame("adjustment")
    outlook = _frame("outlook")
    open_outcomes = _frame("open_outcomes")
    accuracy = _frame("accuracy")
    cohort_members = _frame("cohort_members")
    earlier_outlook = _frame("earlier_outlook")
    customers = _frame("customers")
    alerts = _frame("alerts")
    alert_counts = _frame("alert_counts")
    services = _frame("services")
    caseload = _frame("caseload")
    flow = _frame("flow")
    engagement = _frame("engagement")
    workload = _frame("workload")
    findings = _frame("findings")

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

    def headline(self) -> Html:
        """Area, period, as-of date, and where corrections are made."""
        about = self.data.about
        facts = [
            ("Area", about.title),
            ("Period", self.period.reports[0].label),
            ("Data as of", f"{about.as_of} ({about.as_of_source})"),
        ]
        listed = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)
        synthetic = (
            "<p class='synthetic'>Synthetic sample data: no real person, no real result.</p>"
            if about.synthetic
            else ""
        )
        missing = "".join(
            f"<p class='missing'>The extract has no {escape(name)} table: figures that need it "
            "are left out.</p>"
            for name in about.missing_tables
        )
        plain = "; ".join(f"{k}: {v}" for k, v in facts)
        body = f"<dl class='facts'>{listed}</dl>{synthetic}{missing}<p>{CORRECTIONS}</p>"
        return Html(f"<div class='headline'>{body}</div>", plain)

    def indicators(self, window: Window | None = None) -> pd.DataFrame:
        """Every program and indicator of a window (the main report's) against its level.

        One row per program and measure: program, program_title, measure, title, numerator,
        denominator, pending, excluded, value (rate 0..1 or dollars), resolved, ceiling, level
        (same unit), which (negotiated or adjusted), level_synthetic, percent (of level), unjudged
        (why there is no verdict; empty where there is one), chance (whether the interval of a
        figure with a verdict holds its level) and status (the verdict, or why there is none). A
        denominator under the smallest publishable one gets none (domain 1.2, rule 6).
        """
        asked = window or self.period.reports[0]
        if asked not in self.period.windows:
            return self._figures([asked])
        return self._by_window[asked.label]

    @cached_property
    def _by_window(self) -> dict[str, pd.DataFrame]:
        """All windows of the period at once: several tables of a page start from them."""
        every = self._figures(self.period.windows)
        windows = every.groupby("label", sort=False)
        return {str(label): mine.reset_index(drop=True) for label, mine in windows}

    def _figures(self, windows: Sequence[Window]) -> pd.DataFrame:
        labels = [window.label for window in windows]
        every = self.data.frame("aggregates")
        figures = every[every["report"].isin(labels)]
        here = (self.scope.kind, self.scope.area)
        lines = indicators.long_form(
            figures.assign(area_type=here[0], area=here[1]),
            windows,
            [here],
            more=("pending", "excluded", "resolved", "ceiling", "lower", "upper"),
        )
        lines = lines.assign(label=np.repeat(labels, len(lines) // len(labels)))
        return self.judged(lines.fillna({"pending": 0, "excluded": 0}))

    def judged(self, figures: pd.DataFrame) -> pd.DataFrame:
        """Figures in the long form with their level, percent of it and status in words."""
        levels = load_levels(self.data.about.synthetic)
        judged = against_levels(figures, levels, self.lwia, as_of(self.data.about))
        unjudged = _unjudged(judged)
        pairs = zip(unjudged, judged["percent"], strict=True)
        return judged.assign(
            unjudged=unjudged,
            chance=judged["chance"] & (np.array(unjudged) == ""),
            status=[why or str(band_of(percent)) for why, percent in pairs],
            program_title=judged["program"].map(PROGRAM_TITLES),
            title=judged["measure"].map({code: rule.title for code, rule in INDICATORS.items()}),
        )

    @property
    def records(self) -> Records:
        """The scope's records as arrays, for every rule that asks them."""
        return self.desk.records

    @cached_property
    def desk(self) -> Desk:
        """The records and case tables that the alerts and the dashboards ask."""
        tables = {name: self.data.frames[name] for name in CASE_TABLES if name in self.data.frames}
        rows, today = self.data.frame("rows"), as_of(self.data.about)
        return Desk(rows, today, tables, self.scope.planner)

    @cached_property
    def members(self) -> Membership:
        """Which of the scope's records is in which group."""
        return membership_of(self.data.frame("rows"))

    @cached_property
    def breakdown(self) -> pd.DataFrame:
        """The main report by group (`breakdown.breakdown`), with program_title, few, unjudged and
        withheld.

        few: whether the cell is small by the one rule for all (`disclosure.small_cells`);
        unjudged: whether fewer are counted than may carry a verdict (domain 1.2, rule 6);
        withheld: a median that would tell a wage (`disclosure.few_wages`), without its value.
        """
        outcomes = self.data.frame("outcome_rows")
        mine = outcomes[outcomes["report"] == self.period.reports[0].label].reset_index(drop=True)
        table = breakdown(mine, self.members)
        cells = table.rename(columns={"indicator": "measure", "successes": "numerator"})
        hidden = few_wages(cells, self.scope.kind, load_thresholds())
        return table.assign(
            **{name: table[name].mask(hidden) for name in ("value", "lower", "upper")},
            withheld=hidden,
            program_title=table["program"].astype("str").map(PROGRAM_TITLES),
            few=small_cells(cells, load_thresholds()),
            unjudged=table["denominator"] < load_thresholds().minimum_denominator,
        )

    @cached_property
    def quarters(self) -> pd.DataFrame:
        """Every figure of each report quarter of the trend, alone (`indicators.aggregate`).

        Adds quarter_label (the period's name), back (quarters before the report quarter) and
        known_at (as-of date of the snapshot that gave it); oldest first; only quarters that this
        extract, or an earlier one that was named, holds as a whole (`history.holds_whole`).
        """
        periods = {self.period.earlier(back): back for back in range(TREND_QUARTERS)}
        labels = {period.reports[1].label: period for period in periods}
        every = self.data.frame("aggregates")
        whole = self._whole_lines([period.reports[1] for period in periods])
        chosen = every[np.array([line in whole for line in _lines(every)], dtype=np.bool_)]
        figures = self._with_history(chosen.assign(known_at=self.data.about.as_of))
        quarter = figures["report"].astype("str").map(labels)
        figures = figures.assign(
            quarter_label=[period.name for period in quarter],
            back=[periods[period] for period in quarter],
            program_title=figures["program"].astype("str").map(PROGRAM_TITLES),
        )
        return figures.sort_values(["quarter_label", "program"], ignore_index=True)

    def _with_history(self, figures: pd.DataFrame) -> pd.DataFrame:
        older = self.data.frames.get("earlier_figures")
        if older is None or older.empty:
            return figures
        plain = figures.astype({"report": "str", "program": "str", "indicator": "str"})
        return pd.concat([older[plain.columns].astype(plain.dtypes), plain], ignore_index=True)

    def holds_whole(self, report: Window, measure: Measure) -> bool:
        """Whether the extract holds all that a figure of the window counts (`history`)."""
        about = self.data.about
        return holds_whole(report, measure, about.whole_from, as_of(about))

    def _whole_lines(self, reports: Iterable[Window]) -> set[tuple[str, str]]:
        return {
            (report.label, code)
            for report in reports
            for code in INDICATORS
            if self.holds_whole(report, code)
        }

    def programs(self, figures: pd.DataFrame) -> tuple[Program, ...]:
        """The programs of which a page shows these figures (program and denominator).

        The three of Title I and their total; Wagner-Peyser where an area or the state counts
        anybody. Grants and Trade are no lines of the federal indicators' tables here.
        """
        counted = set(figures["program"][figures["denominator"] > 0].astype("str").unique())
        wagner_peyser = "wp" in counted and self.scope.kind != "planner"
        return tuple(p for p in PROGRAM_TITLES if p != "wp" or wagner_peyser)

    def changes(self) -> pd.DataFrame:
        """The report quarter alone, beside the quarter before and the same one last year.

        One row per program (`programs`) and indicator: program, program_title, measure, title,
        value, before, a_year_ago (shares 0..1 or dollars), change_quarter and change_year
        (differences in the same unit); missing where the extract holds no such quarter.
        """
        wide = (
            self._shown(self.quarters)
            .pivot_table(
                index=["program", "indicator"], columns="back", values="value", observed=True
            )
            .reindex(columns=[0, 1, 4])
        )
        wide = wide.set_axis(["value", "before", "a_year_ago"], axis=1).reset_index()
        return wide.rename(columns={"indicator": "measure"}).assign(
            change_quarter=wide["value"] - wide["before"],
            change_year=wide["value"] - wide["a_year_ago"],
            program_title=wide["program"].astype("str").map(PROGRAM_TITLES),
            title=wide["indicator"].astype("str").map({c: r.title for c, r in INDICATORS.items()}),
        )

    def trend(self, measure: str) -> pd.DataFrame:
        """One measure by report quarter, oldest first, for the programs that are shown.

        One row per quarter and program: quarter_label, program, program_title, numerator,
        denominator, value; only quarters that an extract holds as a whole.
        """
        mine = self._shown(self.quarters[self.quarters["indicator"] == measure])
        return mine.sort_values(["quarter_label", "program"], ignore_index=True)

    def _shown(self, figures: pd.DataFrame) -> pd.DataFrame:
        """The programs that are shown, they and the indicators in the order of the rules.

        With the quarters of earlier snapshots they come as plain texts.
        """
        programs = self.programs(figures)
        mine = figures[figures["program"].isin(programs)]
        program = pd.Categorical(mine["program"].astype("str"), categories=programs)
        indicator = pd.Categorical(mine["indicator"].astype("str"), categories=list(INDICATORS))
        return mine.assign(program=program, indicator=indicator)

    def released_areas(self) -> pd.DataFrame:
        """The state and every LWIA in the main report, small cells withheld (long form).

        Adds area_title. The same figures in every scope: nobody's own cell is opened here.
        """
        figures = self.data.frame("released_areas")
        main = figures[figures["window"] == self.period.reports[0].window]
        names = {area.lwia: f"{area.lwia} {area.name}" for area in load_areas()}
        return main.assign(area_title=main["area"].map({"IL": "Illinois", **names}))

    def standing(self) -> pd.DataFrame:
        """One row per period of participation: row, customer, program, status, days, band."""
        return self._standing.copy()

    @cached_property
    def _standing(self) -> pd.DataFrame:
        table = self.data.frame("standing").merge(self._programs(), on="row")
        return table.sort_values("row", ignore_index=True)

    @cached_property
    def title_i(self) -> pd.DataFrame:
        """The lines of the caseload of Title I participants: all that the dashboards count."""
        return counted.title_i(self.desk, self._standing)

    def _programs(self) -> pd.DataFrame:
        rows = self.data.frame("rows")
        today = as_of(self.data.about)
        view = View(self.records, "title1", Span(today, today), today)
        program = pd.Series("Reportable only", index=rows.index)
        program[STREAMS["wp"](view)] = PROGRAM_TITLES["wp"]
        for stream in ("adult", "dw", "youth"):
            program[STREAMS[stream](view)] = PROGRAM_TITLES[stream]  # type: ignore[index]
        several = sum(STREAMS[s](view).astype("int8") for s in ("adult", "dw", "youth"))
        program[IN_TITLE_I(view) & (several > 1)] = SEVERAL
        customer = rows["100"].astype("str")
        return pd.DataFrame({"row": rows["row"], "customer": customer, "program": program})


def _unjudged(figures: pd.DataFrame) -> list[str]:
    """Why each figure gets no verdict: what its level says, that too few are counted, or that a
    median is withheld."""
    limits = load_thresholds()
    few, withheld = f"{NOT_ASSESSED}: {limits.too_few}", f"{NOT_ASSESSED}: withheld"
    columns = (figures[name] for name in ("unjudged", "denominator", "percent"))
    return [
        why or (few if size < limits.minimum_denominator else withheld if pd.isna(percent) else "")
        for why, size, percent in zip(*columns, strict=True)
    ]


def _lines(outcomes: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return zip(outcomes["report"].tolist(), outcomes["indicator"].tolist(), strict=True)


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
