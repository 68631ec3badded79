"""What happens between entry and exit: training, services, skill gains, credentials."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ipats_lib.sample import rates
from ipats_lib.sample.people import People, chance, choose

NAT = np.datetime64("NaT")
SLOTS = (("1302", "1303", "1306", "1307", "1308"), ("1309", "1310", "1311", "1312", "1313"),
         ("1314", "1315", "1316", "1317", "1318"))  # fmt: skip
SLOT_SHARES = (1.0, 0.12, 0.02)
CREDENTIAL_TRAINING = (2, 3, 4, 6, 7, 8, 9, 10)


def run_course(rng: Generator, people: People) -> None:
    """Fill elements 1001 to 1503 and 1800 to 1813."""
    _trainings(rng, people)
    _services(rng, people)
    _education(rng, people)
    _credentials(rng, people)
    _gains(rng, people)


def days(rng: Generator, size: int, low: int, high: int) -> NDArray[Any]:
    return rng.integers(low, high, size).astype("timedelta64[D]")


def _until(people: People) -> NDArray[Any]:
    """The last day that the record can speak of: exit, or the as-of date while active."""
    return np.where(np.isnat(people.days["901"]), rates.AS_OF, people.days["901"])


def _trainings(rng: Generator, people: People) -> None:
    size = people.size
    trained = people.title_one & chance(rng, size, people.rates("trained"))
    people.codes["1300"] = trained.astype(int)
    until = _until(people)
    after = people.days["900"]
    for (entered, kind, occupation, completed, ended), slot_share in zip(
        SLOTS, SLOT_SHARES, strict=True
    ):
        start = after + days(rng, size, 3, 50)
        took = trained & chance(rng, size, slot_share) & (start <= until)
        if slot_share == 1.0:
            start = np.minimum(start, until)
            took = trained
        planned = start + days(rng, size, 20, 260)
        end = np.where(np.isnat(people.days["901"]), planned, np.minimum(planned, until))
        end = np.where(took & (end <= rates.AS_OF), end, NAT)
        people.days[entered] = np.where(took, start, NAT)
        people.days[ended] = end
        people.codes[kind] = np.where(took, _training_types(rng, people), -1)
        done = chance(rng, size, 0.78).astype(int)
        people.codes[completed] = np.where(np.isnat(end), -1, done)
        people.strings[occupation] = np.where(took, "29114100", "")
        trained = took
        after = np.where(np.isnat(end), until, end)
    people.codes["1303"][people.title_one & (people.codes["1300"] == 0)] = 0
    provider = rng.choice(np.array(rates.PROVIDERS), size)
    people.strings["1301"] = np.where(people.codes["1300"] == 1, provider, "")
    people.codes["1319"] = ((people.codes["1303"] == 6) & chance(rng, size, 0.9)).astype(int)
    people.codes["1328"] = ((people.codes["1300"] == 1) & chance(rng, size, 0.3)).astype(int)
    people.codes["1333"] = ((people.codes["1300"] == 1) & chance(rng, size, 0.2)).astype(int)


def _training_types(rng: Generator, people: People) -> NDArray[Any]:
    kinds = choose(rng, people.size, rates.TRAINING_TYPES["adult"])
    for name in ("dw", "youth"):
        of_program = people.is_in(name)
        kinds[of_program] = choose(rng, int(of_program.sum()), rates.TRAINING_TYPES[name])
    return kinds


def _services(rng: Generator, people: People) -> None:
    """Dates of services; the most recent qualifying one is the exit, or some weeks before now."""
    size, entry, exit_ = people.size, people.days["900"], people.days["901"]
    quiet = np.clip(rng.gamma(1.1, 32, size), 0, 400).astype("timedelta64[D]")
    last = np.where(np.isnat(exit_), np.maximum(rates.AS_OF - quiet, entry), exit_)
    taking_part = ~np.isnat(entry)
    individual = people.title_one & chance(rng, size, 0.93)
    people.days["1001"] = entry
    people.days["1003"] = last
    people.days["1004"] = last
    people.days["1200"] = np.where(
        individual, np.minimum(entry + days(rng, size, 0, 14), last), NAT
    )
    people.days["1201"] = np.where(individual, last, NAT)
    contact = rates.AS_OF - days(rng, size, 0, 700)
    people.days["1007"] = np.where(taking_part, NAT, contact)
    people.days["1002"] = np.where(chance(rng, size, 0.4), np.fmax(last, contact), NAT)
    inside = _between(rng, entry, last)
    work = people.title_one & chance(rng, size, 0.15)
    youth = people.is_in("youth")
    people.days["1203"] = np.where(work, inside, NAT)
    people.codes["1205"] = np.where(work, rng.integers(1, 6, size), 0)
    people.days["1206"] = np.where(people.title_one & chance(rng, size, 0.1), inside, NAT)
    people.days["1405"] = np.where(youth & chance(rng, size, 0.45), inside, NAT)
    people.days["1410"] = np.where(youth & chance(rng, size, 0.15), inside, NAT)
    people.days["1411"] = np.where(youth & chance(rng, size, 0.3), inside, NAT)
    people.days["1409"] = np.where(people.title_one & chance(rng, size, 0.35), inside, NAT)
    people.codes["1500"] = (people.title_one & chance(rng, size, 0.01)).astype(int)
    follow = exit_ + days(rng, size, 20, 360)
    follow = np.where(follow <= rates.AS_OF, follow, NAT)
    people.days["1412"] = np.where(youth & chance(rng, size, 0.7), follow, NAT)
    adults = people.is_in("adult", "dw") & chance(rng, size, 0.3)
    people.days["1503"] = np.where(adults, follow, people.days["1412"])


def _between(rng: Generator, low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """A day between two days, both included; NaT where either is."""
    span = (high - low).astype("timedelta64[D]").astype("int64")
    blank = np.isnat(low) | np.isnat(high)
    steps = np.floor(rng.random(len(low)) * (np.where(blank, 0, np.maximum(span, 0)) + 1))
    return np.where(blank, NAT, low + steps.astype("timedelta64[D]"))


def _education(rng: Generator, people: People) -> None:
    """1811 and 1813: enrolled in, completed education or training that counts for skill gains."""
    kinds = [people.codes[slot[1]] for slot in SLOTS]
    leads = np.logical_or.reduce([np.isin(kind, CREDENTIAL_TRAINING) for kind in kinds])
    college = people.title_one & leads & chance(rng, people.size, 0.15)
    people.codes["1332"] = college.astype(int)
    school = people.title_one & (people.codes["1401"] == 1)
    start = np.where(np.isnat(people.days["1302"]), people.days["900"], people.days["1302"])
    enrolled = leads | school
    people.days["1811"] = np.where(enrolled, start, NAT)
    ended = np.fmax(np.fmax(people.days["1308"], people.days["1313"]), people.days["1318"])
    people.days["1813"] = np.where(enrolled & ~np.isnat(people.days["1302"]), ended, NAT)


def _credentials(rng: Generator, people: People) -> None:
    size = people.size
    enrolled = ~np.isnat(people.days["1811"])
    earned = enrolled & chance(
        rng, size, np.clip(people.rates("credential") + 0.06 * people.block.effect, 0.2, 0.95)
    )
    finish = np.where(np.isnat(people.days["1813"]), _until(people), people.days["1813"])
    when = finish + days(rng, size, 0, 120)
    deadline = people.days["901"] + np.timedelta64(360, "D")
    when = np.where(np.isnat(deadline), when, np.minimum(when, np.maximum(deadline, finish)))
    earned &= when <= rates.AS_OF
    kind = choose(rng, size, rates.CREDENTIAL_TYPES)
    kind[(people.codes["1401"] == 1) & chance(rng, size, 0.75)] = 1
    due = enrolled & ~np.isnat(people.days["901"])
    people.codes["1800"] = np.where(earned, kind, np.where(due, 0, -1))
    people.days["1801"] = np.where(earned, when, NAT)
    for slot, share in (("1802", 0.1), ("1804", 0.15)):
        earned = earned & chance(rng, size, share)
        people.codes[slot] = np.where(earned, choose(rng, size, rates.CREDENTIAL_TYPES), -1)
        people.days[str(int(slot) + 1)] = np.where(earned, when, NAT)


def _gains(rng: Generator, people: People) -> None:
    """Skill gains in the last program year of the education that had ended by the as-of date."""
    size = people.size
    start = people.days["1811"]
    end = np.fmin(np.where(np.isnat(people.days["1813"]), _until(people), people.days["1813"]),
                  np.datetime64("2025-06-30"))  # fmt: skip
    months = (end - np.timedelta64(181, "D")).astype("datetime64[Y]")
    year_start = months.astype("datetime64[D]") + np.timedelta64(181, "D")
    shares = people.rates("gain") + 0.07 * people.block.effect
    gained = (start <= end) & chance(rng, size, np.clip(shares, 0.2, 0.95))
    when = _between(rng, np.fmax(start, np.fmin(year_start, end)), end)
    kind = choose(rng, size, {1806: 14, 1807: 28, 1808: 8, 1809: 26, 1810: 24})
    kind[(kind == 1808) & (people.codes["1401"] != 1)] = 1810
    for element in (1806, 1807, 1808, 1809, 1810):
        people.days[str(element)] = np.where(gained & (kind == element), when, NAT)
