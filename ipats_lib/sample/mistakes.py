"""The errors that real files carry, put into a small share of rows (domain 4.4)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample.rates import MISTAKE_SHARE

Text = dict[str, NDArray[Any]]


def _put(element: str, value: str, where: str = "") -> Callable[[Text, int], None]:
    """Write a value into an element, where another one is filled."""

    def spoil(text: Text, row: int) -> None:
        if not where or text[where][row]:
            text[element][row] = value

    return spoil


def _swap_dates(text: Text, row: int) -> None:
    if text["901"][row]:
        text["900"][row], text["901"][row] = text["901"][row], text["900"][row]


def _birth_date_of_another(text: Text, row: int) -> None:
    text["100"][row] = text["100"][row - 1]


def _without_leading_zero(text: Text, row: int) -> None:
    for element in ("1303", "923"):
        text[element][row] = text[element][row].removeprefix("0")


MISTAKES: tuple[Callable[[Text, int], None], ...] = (
    _put("410", "20240231"),
    _put("901", "20241301", where="901"),
    _put("1704", "8,250.00", where="1704"),
    _put("1703", "-1.00", where="1703"),
    _put("201", "3"),
    _put("408", "99"),
    _put("409", ""),
    _put("1811", "", where="1811"),
    _put("1801", "00000000"),
    _put("108-A", "17999"),
    _put("1602", "9", where="1602"),
    _put("1704", "0.00", where="1704"),
    _put("1302", "", where="1302"),
    _put("103", "6070"),
    _swap_dates,
    _birth_date_of_another,
    _without_leading_zero,
)


def make_mistakes(rng: Generator, text: Text) -> None:
    """Spoil about `MISTAKE_SHARE` of the rows in place; at least one in a block of any size."""
    size = len(text["100"])
    for element in ("410", "901", "1704", "1703", "100", "108-A", "1811", "1302", "103"):
        text[element] = text[element].astype(object)
    number = max(1, round(size * MISTAKE_SHARE))
    for row in np.sort(rng.choice(np.arange(1, size), min(number, size - 1), replace=False)):
        MISTAKES[rng.integers(len(MISTAKES))](text, int(row))
