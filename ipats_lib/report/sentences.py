"""Findings in words, made from the data; "none" is a finding."""

import pandas as pd

from ipats_lib.disclosure import load_thresholds
from ipats_lib.report.display import Html, figure, paragraph, percent_of_level

CHANCE = "could be chance"


def verdict(status: object, chance: bool) -> str:
    """A status, and whether the interval of its figure holds the level (domain 9.2)."""
    return f"{status}, {CHANCE}" if chance else str(status)


def status(summary: pd.DataFrame) -> Html:
    """How many figures with a verdict are in which band, and of how many chance could decide."""
    judged, small = with_verdict(summary), too_small(summary)
    bands, chance = judged["status"].value_counts(sort=False), int(judged["chance"].sum())
    if bands.empty and small:
        return paragraph(f"No figure of this scope is judged. {small}", "finding")
    if bands.empty:
        return paragraph(_not_compared(summary), "finding")
    listed = ", ".join(f"{number} {name}" for name, number in bands.items())
    unsure = f" {CHANCE.capitalize()}, as the interval holds the level: {chance}." if chance else ""
    found = f"Of {bands.sum()} figures compared with a level: {listed}.{unsure}"
    return paragraph(f"{found} {small}".rstrip(), "finding")


def _not_compared(summary: pd.DataFrame) -> str:
    """Why no figure is compared with a level, where none is."""
    levelled = summary[summary["level"].notna()]
    if levelled.empty:
        return "No figure of this scope has a level to compare with."
    reasons = levelled["unjudged"].str.partition(": ")[2].unique()
    return f"No figure of this scope is compared with its level: {' or '.join(reasons)}."


def with_verdict(summary: pd.DataFrame) -> pd.DataFrame:
    """The figures that are judged against their level (`Report.indicators`)."""
    return summary[summary["unjudged"] == ""]


def too_small(summary: pd.DataFrame) -> str:
    """How many figures have a level and count too few for a verdict; blank for none."""
    few = load_thresholds().too_few
    number = int((summary["level"].notna() & summary["unjudged"].str.endswith(few)).sum())
    return f"Too small to be judged, with {few}: {number}." if number else ""


def largest_gap(summary: pd.DataFrame) -> Html:
    """The figure furthest under its level, of those with a verdict."""
    judged, small = with_verdict(summary), too_small(summary)
    under = judged[judged["percent"] < 100]
    if under.empty:
        none = "No figure is judged." if judged.empty else "No figure stands below its level."
        return paragraph(f"{none} {small}".rstrip(), "finding")
    worst = under.loc[under["percent"].astype("float64").idxmin()]
    return paragraph(
        f"Furthest below its level: {worst['program_title']}, {worst['title'].lower()}, at "
        f"{figure(worst['measure'], worst['value'])} against the {worst['which']} "
        f"{figure(worst['measure'], worst['level'])} "
        f"({percent_of_level(worst['percent'])} of the level, "
        f"{int(worst['denominator'])} counted). {small}".rstrip(),
        "finding",
    )


def quarters_held(figures: pd.DataFrame, wanted: int) -> Html:
    """How many of the trend's report quarters there are figures of; a quarter of which nobody is
    counted in the scope has none."""
    held = figures["quarter_label"].nunique()
    if held >= wanted:
        return paragraph(f"All {wanted} report quarters have figures.", "finding")
    return paragraph(
        f"{held} of {wanted} report quarters have figures. In the others nobody is counted here, "
        "or neither this extract nor an earlier snapshot that was named holds their exits as a "
        "whole (their skill gains: until the annual report is due).",
        "finding",
    )


def small_numbers(summary: pd.DataFrame) -> Html:
    """A warning where figures rest on few records (`params/disclosure.csv`), or that none does."""
    if not (summary["denominator"] > 0).any():
        return paragraph("No figure here rests on any record: nobody is counted.", "finding")
    fewest = load_thresholds().minimum_denominator
    few = int(((summary["denominator"] > 0) & (summary["denominator"] < fewest)).sum())
    if not few:
        every = f"Every figure that counts anybody rests on at least {fewest} records."
        return paragraph(every, "finding")
    return paragraph(
        f"{few} figures rest on fewer than {fewest} records: read the counts, not the rates; "
        "no status is given to them.",
        "finding",
    )


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
