"""The errors that real files carry, put into a small share of rows (domain 4.3, 4.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates

Text = dict[str, NDArray[Any]]
Mask = NDArray[np.bool_]
Day = np.datetime64
Fits = Callable[[Text, Day], Mask]
STEP = 7


@dataclass(frozen=True, slots=True)
class Mistake:
    """One kind of error: the rule that finds it, rows where it can be made, and how.

    fits: asked of the elements as written and the as-of date.
    """

    rule: str
    fits: Fits
    spoil: Callable[[Text, int], None]


def _filled(*elements: str) -> Fits:
    """Rows where all of the elements hold something."""
    return lambda text, _: np.logical_and.reduce([text[element] != "" for element in elements])


def _holds(element: str, *values: str, also: str = "100") -> Fits:
    return lambda text, _: np.isin(text[element].astype("U9"), values) & (text[also] != "")


def _exited(days: int, element: str = "901") -> Fits:
    """Rows that exited more than so many days before the as-of date and hold the element."""

    def fits(text: Text, as_of: Day) -> Mask:
        before = str(as_of - days).replace("-", "")
        held: Mask = (text["901"] != "") & (text["901"] < before) & (text[element] != "")
        return held

    return fits


def _comes_again(text: Text, as_of: Day) -> Mask:
    """Rows of customers that have another row."""
    del as_of
    _, place, count = np.unique(text["100"].astype("U12"), return_inverse=True, return_counts=True)
    return np.asarray((count[place] > 1) & (text["901"] != ""))


def _put(**values: str) -> Callable[[Text, int], None]:
    """Write values; `e1602="9"` writes 9 into element 1602."""

    def spoil(text: Text, row: int) -> None:
        for name, value in values.items():
            text[name[1:].replace("_", "-")][row] = value

    return spoil


def _put_day_after(element: str, other: str, days: int) -> Callable[[Text, int], None]:
    """Write into an element the day so many days after another element's."""

    def spoil(text: Text, row: int) -> None:
        text[element][row] = _later(text[other][row], days)

    return spoil


def _later(day: str, days: int) -> str:
    moved = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}") + np.timedelta64(days, "D")
    return str(moved).replace("-", "")


def _lose_zeros(text: Text, row: int) -> None:
    for element in ("1303", "923"):
        text[element][row] = text[element][row].removeprefix("0")


def _enter_early(text: Text, row: int) -> None:
    """The customer's last period begins 40 days after the exit of this one."""
    mine = np.flatnonzero(text["100"] == text["100"][row])
    last = max(mine, key=lambda place: text["900"][place])
    if last != row:
        text["900"][last] = _later(text["901"][row], 40)


def _repeat(text: Text, row: int) -> None:
    """The whole row once more, at the end."""
    for element, column in text.items():
        text[element] = np.append(column, column[row])


MISTAKES: tuple[Mistake, ...] = (
    Mistake("F-05", _filled("410"), _put(e410="20240231")),
    Mistake("F-05", _filled("901"), _put(e901="20241301")),
    Mistake("F-06", _holds("1602", "1", "2"), _put(e1704="8,250.00")),
    Mistake("F-06", _holds("1600", "1", "2"), _put(e1703="-1.00")),
    Mistake("F-07", _filled("201"), _put(e201="3")),
    Mistake("F-07", _filled("408"), _put(e408="99")),
    Mistake("F-07", _filled("901", "923"), _lose_zeros),
    Mistake("V-05", _holds("101", "IL"), _put(e103="6070")),
    Mistake("V-06", _holds("903", "1"), _put(e108_A="")),
    Mistake("V-07", _filled("108-A"), _put(e108_A="17999")),
    Mistake("D-01", _filled("900"), _repeat),
    Mistake("D-03", _comes_again, _enter_early),
    Mistake("D-04", _comes_again, _put_day_after("200", "200", 9)),
    Mistake("L-02", _filled("901"), _put_day_after("901", "900", -12)),
    Mistake("L-13", _filled("900"), _put(e409="")),
    Mistake("L-21", _filled("901"), _put_day_after("1003", "901", 20)),
    Mistake("L-24", _holds("1300", "1"), _put(e1302="", e1308="")),
    Mistake("L-25", _filled("1308"), _put_day_after("1308", "1302", -5)),
    Mistake("L-31", _exited(501, "1602"),
            _put(e1602="9", e1603="5", e1704="999999.99", e1615="", e1612="", e1618="")),
    Mistake("L-35", _holds("1603", "1"), _put(e1704="0.00")),
    Mistake("L-39", _holds("905", "0", also="901"), _put(e1900="2")),
    Mistake("L-41", _exited(471, "1801"), _put_day_after("1801", "901", 400)),
    Mistake("L-43", lambda text, as_of: _exited(471)(text, as_of) & (text["1800"] == "0"),
            _put(e1800="")),
    Mistake("L-45", _filled("1811"), _put(e1811="", e1813="")),
    Mistake("L-54", _holds("1602", "1", also="901"), _put(e923="03")),
    Mistake("L-57", _holds("1800", "7"), _put(e1800="8")),
    Mistake("N-01", lambda text, _: (text["901"] != "") & (text["1801"] == ""),
            _put(e1801="00000000")),
    Mistake("N-01", lambda text, _: (text["900"] != "") & (text["901"] == ""),
            _put(e901="00000000")),
    Mistake("N-03", _filled("201"), _put(e201=" 1")),
    Mistake("N-04", _holds("1606", "1"), _put(e1706="8250")),
)  # fmt: skip


def make_mistakes(rng: Generator, text: Text, number: int, as_of: Day = rates.AS_OF) -> None:
    """Spoil about `MISTAKE_SHARE` of the rows in place, each at most once.

    text: one row per period of participation, elements as written. number: of the block; kinds
    take turns from block to block, so that all of them occur in a small file too.
    """
    size = len(text["100"])
    spoiled = np.zeros(size, dtype=bool)
    for turn in range(int(size * rates.MISTAKE_SHARE + rng.random())):
        kind = MISTAKES[(number * STEP + turn) % len(MISTAKES)]
        places = np.flatnonzero(kind.fits(text, as_of)[:size] & ~spoiled)
        if len(places):
            row = int(rng.choice(places))
            spoiled[row] = True
            kind.spoil(text, row)
