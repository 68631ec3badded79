"""Which customers a planner worked with (domain 1.2 rule 3)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.snapshot.areas import Masks, Numbers
from ipats_lib.validation.findings import NOBODY

ContactRule = Literal["current_only", "ever_assigned", "any_contact"]
CONTACT_RULES: tuple[ContactRule, ...] = ("current_only", "ever_assigned", "any_contact")


@dataclass(frozen=True, slots=True)
class Planners:
    """The planner table, sorted by LWIA and id; a planner's number is its place here."""

    ids: tuple[str, ...] = ()
    lwias: tuple[str, ...] = ()

    @property
    def numbers(self) -> dict[str, int]:
        return {planner: number for number, planner in enumerate(self.ids)}


@dataclass(slots=True)
class Contacts:
    """Collects pairs of planner and customer, each pair once."""

    rule: ContactRule
    as_of: date
    _pairs: list[NDArray[np.int64]] = field(default_factory=list)

    def from_assignments(
        self, planners: Masks, customers: Numbers, begun: pa.Array, ended: pa.Array
    ) -> None:
        """current_only: begun and not ended on the as-of date; else every assignment."""
        if self.rule == "current_only":
            day = pa.scalar(self.as_of, pa.date32())
            started = pa.compute.less_equal(begun, day).fill_null(True)
            open_yet = pa.compute.greater_equal(ended, day).fill_null(True)
            current = pa.compute.and_(started, open_yet).to_numpy(zero_copy_only=False)
            planners, customers = planners[current], customers[current]
        self._add(planners, customers)

    def from_records(self, planners: Masks, customers: Numbers) -> None:
        """A service or case note counts as contact under any_contact."""
        if self.rule == "any_contact":
            self._add(planners, customers)

    def _add(self, planners: Masks, customers: Numbers) -> None:
        known = (planners >= 0) & (customers >= 0)
        self._pairs.append(np.unique(planners[known] << 32 | customers[known]))

    def table(self, planners: Planners) -> pa.Table:
        """Columns planner_id and _customer, sorted by planner number and customer number."""
        pairs = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *self._pairs]))
        ids = pa.DictionaryArray.from_arrays(
            pa.array(pairs >> 32, pa.int32()), pa.array(planners.ids, pa.string())
        )
        customers = pa.array(pairs & 0xFFFFFFFF, pa.int32())
        return pa.table({"planner_id": ids.cast(pa.string()), "_customer": customers})


@dataclass(slots=True)
class Homes:
    """The planner of each customer who stands for them in the order of rows: the open assignment
    that began last, else the last one. Order only; who may see a row is decided by contacts.
    """

    _home: Numbers = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    @classmethod
    def from_assignments(
        cls, planners: Masks, customers: Numbers, begun: Numbers, ended: Numbers, total: int
    ) -> "Homes":
        """begun and ended are days, `ended` above any day for an open assignment."""
        order = np.lexsort((begun, ended))
        order = order[(planners[order] >= 0) & (customers[order] >= 0)]
        home = np.full(total, NOBODY, dtype=np.int32)
        home[customers[order]] = planners[order]
        return cls(home)

    def __call__(self, customers: Numbers) -> Numbers:
        """The planner number of each customer, NOBODY for none."""
        padded = np.append(self._home, np.full(2, NOBODY, dtype=np.int32))
        inside = (customers >= 0) & (customers < len(self._home))
        return padded[np.where(inside, customers, len(self._home))]
