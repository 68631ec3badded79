"""Findings in words, made from the data; "none" is a finding."""

import pandas as pd

from ipats_lib.report.display import Html, paragraph

CHANCE = "could be chance"


def verdict(status: object, chance: bool) -> str:
    """A status, and whether the interval of its figure holds the level (domain 9.2)."""
    return f"{status}, {CHANCE}" if chance else str(status)


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
