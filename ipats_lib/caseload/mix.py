"""Who is served and with what: shares of the caseload (A-12, A-30 to A-35).

Each share is a question to the records, named with its definition and threshold in
`params/shares.csv`. Counts are periods of participation of Title I.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated

from ipats_lib.caseload.catalogue import FilledIn
from ipats_lib.caseload.flow import view_of
from ipats_lib.caseload.status import active
from ipats_lib.caseload.vocabulary import condition
from ipats_lib.cohorts import Mask, Records
from ipats_lib.conditions import Condition
from ipats_lib.params import read_table


def percent(text: str) -> float:
    """A percent as a share."""
    return float(text) / 100


@dataclass(frozen=True, slots=True)
class Share:
    """One line of `params/shares.csv`. action: what to do about it; at_least, at_most: the shares
    0..1 below and above which it is flagged, or None; whole: whom it asks about; holds: which of
    them are its part."""

    id: str
    name: FilledIn
    definition: FilledIn
    action: FilledIn
    at_least: Annotated[float, percent] | None
    at_most: Annotated[float, percent] | None
    whole: Annotated[Condition, condition]
    holds: Annotated[Condition, condition]
    source: str


@cache
def load_shares() -> dict[str, Share]:
    """The shares by id; ParamsError names file and line."""
    return {share.id: share for share in read_table("shares.csv", Share)}


def asked(records: Records, as_of: date) -> Iterator[tuple[Share, Mask, Mask]]:
    """Every share of `params/shares.csv` with the records of its whole, and those of them that are
    its part."""
    view = view_of(records, as_of)
    for share in load_shares().values():
        whole = share.whole(view)
        yield share, whole, whole & share.holds(view)


def active_records(records: Records, as_of: date) -> Mask:
    """The active caseload of Title I."""
    return active(view_of(records, as_of))
