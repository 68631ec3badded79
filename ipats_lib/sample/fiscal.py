"""What the sample's areas spent: made up, from a stream of its own, and it says so."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import numpy as np
from numpy.random import SeedSequence, default_rng

from ipats_lib.sample.enrolments import Table
from ipats_lib.sample.people import Block

FISCAL_STREAM = 10**6 + 1
YEARS = 3  # program years that are over, the newest last
ADMINISTRATION = 0.08
# Dollars a participant, and the share of it for training.
USUAL = {"adult": (3900.0, 0.42), "dw": (4400.0, 0.47), "youth": (6200.0, 0.18)}
SAID = "synthetic: made up for the sample state"


def fiscal_table(seed: int, blocks: Iterable[Block], day: date) -> Table:
    """`fiscal.csv` of the sample: the years that were over on a day, by area and program."""
    served: Counter[tuple[str, str]] = Counter()
    for block in blocks:
        served.update({(block.lwia, name): count for name, count in block.counts.items()})
    last = day.year - 1 if (day.month, day.day) > (6, 30) else day.year - 2
    lines = [
        (lwia, program, str(py), *_amounts(seed, py, place, served[lwia, program], program), SAID)
        for py in range(last - YEARS + 1, last + 1)
        for place, (lwia, program) in enumerate(sorted(served))
    ]
    names = ("area", "program", "py", "spent", "career", "training", "administration", "source")
    columns = zip(*lines, strict=True)
    return {
        name: np.array(values, dtype=object) for name, values in zip(names, columns, strict=True)
    }


def _amounts(seed: int, py: int, place: int, served: int, program: str) -> list[str]:
    rng = default_rng(SeedSequence([seed, FISCAL_STREAM, py, place]))
    each, trained = USUAL[program]
    spent = round(served * each * float(np.exp(rng.normal(0, 0.22))))
    training = round(spent * min(trained * float(np.exp(rng.normal(0, 0.2))), 0.85))
    administration = round(spent * ADMINISTRATION)
    parts = (spent, spent - training - administration, training, administration)
    return [f"{amount}.00" for amount in parts]
