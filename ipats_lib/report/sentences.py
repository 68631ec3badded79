"""Findings in words, made from the data; "none" is a finding."""

import pandas as pd

from ipats_lib.indicators.rules import INDICATORS
from ipats_lib.projection import COVERAGE, held
from ipats_lib.report.display import Html, off, paragraph

CHANCE = "could be chance"


def verdict(status: object, chance: bool) -> str:
    """A status, and whether the interval of its figure holds the level (domain 9.2)."""
    return f"{status}, {CHANCE}" if chance else str(status)


def outlook(year: pd.DataFrame) -> Html:
    """How many figures are below their level, and how many the pending ones could still lift."""
    levelled = year[year["level"].notna() & (year["measure"] != "ME")]
    rates = levelled[levelled["ceiling"].notna()]
    if levelled.empty:
        return paragraph("No rate has a level to compare with.", "finding")
    if rates.empty:
        return paragraph("Nobody is counted in a rate with a level.", "finding")
    below = rates[rates["value"] < rates["level"]]
    within = below[below["ceiling"] >= below["level"]]
    if below.empty:
        return paragraph(f"None of {len(rates)} rates with a level stands below it.", "finding")
    return paragraph(
        f"Rates that stand below their level: {len(below)} of {len(rates)}; pending outcomes alone "
        f"could still lift {len(within)} of them to it.",
        "finding",
    )


def back_test(tested: pd.DataFrame) -> Html:
    """How far the guesses were off, on average and at most."""
    if tested.empty:
        return paragraph("Too few earlier quarters are known to test an expectation.", "finding")
    misses, measure = tested["miss"].abs(), str(tested["measure"].iloc[0])
    return paragraph(
        f"Guesses: {len(tested)}, off by {off(measure, misses.mean())} on average, and by "
        f"{off(measure, misses.max())} at most. {_held(tested, measure)}",
        "finding",
    )


def _held(tested: pd.DataFrame, measure: str) -> str:
    """How often a band of the stated coverage held what came, over all programs."""
    if INDICATORS[measure].is_median:  # type: ignore[index]
        return "No band is attached to a median."
    counts = [held(mine) for _, mine in tested.groupby("program_title")]
    inside, asked = (sum(column) for column in zip(*counts, strict=True))
    if not asked:
        return "No band is attached: too few quarters are tested."
    return f"Bands of {COVERAGE * 100:.0f} percent: {inside} of {asked} held the quarter's figure."


def withheld(areas: pd.DataFrame) -> Html:
    """How many cells of other areas are withheld."""
    number = int(areas["suppressed"].sum())
    if not number:
        return paragraph("No cell is withheld.", "finding")
    return paragraph(
        f"{number} cells are withheld and marked *, because they are small or would give a "
        "small one away.",
        "finding",
    )
