"""What an indicator is: in plain words, and as the rule that computes it."""

from html import escape

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.indicators.rules import ESE, INDICATORS, Indicator, Measure
from ipats_lib.report.display import Html

_INTERVAL = (
    "How far chance alone may have moved a figure: of 100 intervals computed in this way, about 95 "
    "contain the underlying figure. The fewer are counted, the wider the interval."
)


def definition(measure: Measure) -> Html:
    """Plain words, the rule as the library applies it, the programs, what an interval is, and the
    source."""
    rule = ESE if measure == "ESE" else INDICATORS[measure]
    asked = (rule.stream, rule.in_cohort, rule.activity)
    counted = [question.text for question in asked if question]
    facts = [
        ("In plain words", [rule.plain]),
        ("Counted (denominator): of the program, all of", counted),
        ("Left out where", [rule.excluded.text]),
        ("Success, any of", [question.text for question in rule.success]),
        ("Pending, any of", [question.text for question in rule.pending] or ["never"]),
        *_awaiting(rule),
        ("Programs", [_programs(rule)]),
        *([] if rule is ESE else [("95 percent interval", [_INTERVAL])]),
        ("Source", [rule.source]),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt>{_each(said)}" for name, said in facts)
    return Html(f"<dl class='definition'>{listed}</dl>", rule.plain)


def _programs(rule: Indicator) -> str:
    titles = [PROGRAM_TITLES[program] for program in rule.programs]
    return ", ".join(titles) or "all core programs together, each record once"


def _awaiting(rule: Indicator) -> list[tuple[str, list[str]]]:
    said = [question.text for question in rule.awaiting]
    return [("Not counted yet, but awaited, any of", said)] if said else []


def _each(said: list[str]) -> str:
    return "".join(f"<dd>{escape(text)}</dd>" for text in said)
