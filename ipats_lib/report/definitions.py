"""What an indicator is: in plain words, and as the rule that computes it."""

from html import escape

from ipats_lib.indicators.definitions import definitions
from ipats_lib.indicators.rules import Measure
from ipats_lib.report.display import Html


def definition(measure: Measure) -> Html:
    """Plain words, the rule as the library applies it, the programs and the source."""
    rows = definitions()
    rows = rows[(rows["measure"] == measure) & (rows["part"] != "Elements")]
    listed = "".join(
        f"<dt>{escape(part)}</dt>" + "".join(f"<dd>{escape(text)}</dd>" for text in lines["text"])
        for part, lines in rows.groupby("part", sort=False)
    )
    return Html(f"<dl class='definition'>{listed}</dl>", rows["text"].iloc[0])
