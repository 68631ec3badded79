"""Findings in words, made from the data; "none" is a finding."""

import pandas as pd

from ipats_lib.report.display import Html, paragraph


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
