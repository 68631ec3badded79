"""What an indicator is, as rows: in plain words, and as the rule that computes it."""

import pandas as pd

from ipats_lib.cohorts import PROGRAM_TITLES
from ipats_lib.indicators.rules import ESE, INDICATORS, Indicator
from ipats_lib.params import load_layout

COLUMNS = ("measure", "part", "code", "text")


def definitions() -> pd.DataFrame:
    """Every indicator, part by part, in the order of the rule.

    measure; part: `In plain words`, `Counted`, `Left out`, `Success`, `Pending` (`never` where
    nothing is), `Awaited` (not counted yet), `Programs`, `Source` or `Elements`; code: of a
    question, as reasons name it, or the number of an element; text.
    """
    every = [(code, *line) for code, rule in INDICATORS.items() for line in _parts(rule)]
    every += [("ESE", *line) for line in _parts(ESE)]
    return pd.DataFrame(every, columns=list(COLUMNS))


def _parts(rule: Indicator) -> list[tuple[str, str, str]]:
    names = {element.number: element.name for element in load_layout("pirl_2021").elements}
    counted = [question for question in (rule.stream, rule.in_cohort, rule.activity) if question]
    programs = ", ".join(PROGRAM_TITLES[program] for program in rule.programs)
    asked = {
        "Counted": counted,
        "Left out": [rule.excluded],
        "Success": rule.success,
        "Pending": rule.pending,
        "Awaited": rule.awaiting,
    }
    lines = [("In plain words", "", rule.plain)]
    for part, questions in asked.items():
        lines += [(part, question.code, question.text) for question in questions]
        if part == "Pending" and not questions:
            lines.append((part, "", "never"))
    lines.append(("Programs", "", programs or "all core programs together, each record once"))
    lines.append(("Source", "", rule.source))
    return lines + [("Elements", number, names[number]) for number in rule.decided_by]
