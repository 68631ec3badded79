"""Which exit quarter feeds which indicator in which report."""

from html import escape

from ipats_lib.frames.calendar import MEASURED
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import LAG, Quarter
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report


def strip(report: Report, measure: Measure) -> Html:
    """The quarters of the main report as a strip: who is counted, when measured, when reported."""
    rule, main = INDICATORS[measure], report.period.reports[0]
    last = main.report_quarter
    newest = last - LAG[rule.cohort]
    counted = {newest - back for back in range(main.quarters)}
    measured = {quarter + MEASURED[measure] for quarter in counted}
    oldest = min(counted)
    quarters = [oldest + step for step in range(last.index - oldest.index + 1)]
    what = "Skill gains counted" if measure == "MSG" else "Exits counted"
    lines = [(what, counted), ("Outcome measured", measured), ("Report", {last})]
    head = "".join(f"<th scope='col'>{q.label}</th>" for q in quarters)
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>{_marks(quarters, marked)}</tr>"
        for name, marked in lines
    )
    span = main.cohort(rule.cohort)
    caption = f"{rule.title}: {span.start} to {span.end}, calendar quarters"
    html = (
        f"<div class='table' role='region' tabindex='0' aria-label='{escape(caption)}'>"
        f"<table class='strip'><caption>{escape(caption)}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Html(html, caption)


def _marks(quarters: list[Quarter], marked: set[Quarter]) -> str:
    return "".join(
        "<td class='on'>\N{BLACK CIRCLE} yes</td>" if q in marked else "<td></td>" for q in quarters
    )
