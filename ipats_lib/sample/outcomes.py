"""What happens after exit: reasons, employment, match, wages, placements (domain 2.3, 2.4)."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import People, chance, choose

QUARTERS = (("1600", "1601", "1703", "1614"), ("1602", "1603", "1704", "1615"),
            ("1604", "1605", "1705", "1616"), ("1606", "1607", "1706", "1617"))  # fmt: skip
NOT_YET = 999999.99


def follow_up(rng: Generator, people: People) -> None:
    """Fill 923, 1406, 1600 to 1618, 1700 to 1706, 1900 and 1901."""
    exited = ~np.isnat(people.days["901"])
    reason = choose(rng, people.size, rates.EXIT_REASONS)
    reason[(reason == 5) & ~people.is_in("youth")] = 0
    reason[exited & (reason == 0) & chance(rng, people.size, rates.EXIT_REASON_BLANK_SHARE)] = -1
    people.codes["923"] = np.where(exited, reason, -1)
    works = _employment(rng, people, exited & (reason != 3))
    _placements(rng, people, exited)
    enrolled = people.days["901"] + rng.integers(10, 360, people.size).astype("timedelta64[D]")
    later = exited & people.is_in("youth") & (enrolled <= rates.AS_OF)
    people.days["1406"] = np.where(
        later & chance(rng, people.size, 0.12), enrolled, np.datetime64("NaT")
    )
    _about_the_job(rng, people, works)


def _employment(rng: Generator, people: People, exited: NDArray[np.bool_]) -> NDArray[Any]:
    size = people.size
    justice, trained = people.codes["801"] == 1, people.codes["1300"] == 1
    share = people.rates("employed") + 0.05 * people.block.effect - 0.06 * justice + 0.03 * trained
    share = np.clip(share, 0.05, 0.97)
    steady = rng.random(size)
    median = people.rates("wage")
    person = np.exp(rng.normal(0.05 * people.block.effect, 0.45, size))
    works = np.zeros((4, size), dtype=bool)
    for quarter, elements in enumerate(QUARTERS, start=1):
        shifted = np.where(chance(rng, size, 0.7), steady, rng.random(size))
        works[quarter - 1] = exited & (shifted < share - rates.FADE * quarter)
        wage = np.round(median * person * np.exp(rng.normal(0, 0.15, size)), 2)
        _quarter(rng, people, quarter, elements, works[quarter - 1], np.clip(wage, 120, 60000))
    for element in ("1700", "1701", "1702"):
        before = np.where(chance(rng, size, 0.6), np.round(0.7 * median * person, 2), 0.0)
        people.amounts[element] = np.where(people.title_one, np.clip(before, 0, 60000), np.nan)
    return works


def _quarter(
    rng: Generator,
    people: People,
    number: int,
    elements: tuple[str, str, str, str],
    works: NDArray[np.bool_],
    wage: NDArray[Any],
) -> None:
    """One quarter after exit, as far as it was known on the as-of date."""
    employed, match, amount, industry = elements
    size, exits = people.size, people.days["901"]
    months = exits.astype("datetime64[M]").astype("int64")
    over = ((months // 3 + number + 1) * 3).astype("datetime64[M]").astype("datetime64[D]")
    lag = np.where(chance(rng, size, 0.03), 260, rates.WAGE_DELAY_DAYS).astype("timedelta64[D]")
    exited = ~np.isnat(exits)
    known = exited & (over + lag <= rates.AS_OF)
    how = choose(rng, size, {1: 91, 2: 7, 3: 2})
    found = np.where(how == 3, 3, choose(rng, size, {1: 92, 2: 2, 4: 6}))
    unpaid = (found == 4) & chance(rng, size, 0.2)
    open_ = np.where(exited, 9, -1)
    people.codes[employed] = np.where(known, np.where(works, how, 0), open_)
    people.codes[match] = np.where(known, np.where(works, found, 0), np.where(exited, 5, -1))
    paid = np.where(works & ~unpaid, wage, 0.0)
    people.amounts[amount] = np.where(known, paid, np.where(exited, NOT_YET, np.nan))
    people.strings[industry] = np.where(known & works, "621610", "")


def _placements(rng: Generator, people: People, exited: NDArray[np.bool_]) -> None:
    for element, employed in (("1900", "1602"), ("1901", "1606")):
        placed = chance(rng, people.size, 0.18) & (people.codes[employed] != 1)
        code = np.where(placed, rng.integers(1, 4, people.size), 0)
        people.codes[element] = np.where(exited & people.is_in("youth"), code, -1)


def _about_the_job(rng: Generator, people: People, works: NDArray[Any]) -> None:
    known = np.isin(people.codes["1602"], (1, 2, 3))
    both = known & np.isin(people.codes["1606"], (1, 2, 3))
    size = people.size
    trained = known & (people.codes["1300"] == 1)
    people.codes["1608"] = np.where(trained, chance(rng, size, 0.6).astype(int), -1)
    people.codes["1611"] = np.where(known, chance(rng, size, 0.05).astype(int), -1)
    people.codes["1618"] = np.where(both, chance(rng, size, 0.68).astype(int), -1)
    for element, quarter in (("1610", 0), ("1612", 1), ("1613", 3)):
        people.strings[element] = np.where(known & works[quarter], "31113100", "")
