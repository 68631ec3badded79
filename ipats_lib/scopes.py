"""Scopes: whose records a page shows. Identity, path and containment, nothing else.

A scope's path is the access boundary of the published site: `state`, `lwia/07`,
`lwia/07/planner/1042`. Ids come from a closed grammar, so a path never needs normalizing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ipats_lib.errors import UsageError

AreaType = Literal["state", "lwia", "planner"]

STATE_AREA = "IL"
_PATH = re.compile(r"state|lwia/(?P<lwia>[0-9]{2})(?:/planner/(?P<planner>[a-z0-9_-]{1,32}))?")
PLANNER_ID = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """The state, one LWIA, or one career planner inside an LWIA."""

    lwia: str = ""
    planner: str = ""

    @classmethod
    def parse(cls, path: str) -> "Scope":
        """Read `state`, `lwia/07` or `lwia/07/planner/1042`; UsageError for anything else."""
        return _parsed(path)

    @property
    def kind(self) -> AreaType:
        if self.planner:
            return "planner"
        return "lwia" if self.lwia else "state"

    @property
    def area(self) -> str:
        """The area id as the long form of the figures writes it: IL, 07, or the planner id."""
        return self.planner or self.lwia or STATE_AREA

    @property
    def path(self) -> str:
        if self.planner:
            return f"lwia/{self.lwia}/planner/{self.planner}"
        return f"lwia/{self.lwia}" if self.lwia else "state"

    def contains(self, other: "Scope") -> bool:
        """Whether every record of `other` is also a record of this scope."""
        if self.kind == "state":
            return True
        return self.lwia == other.lwia and self.planner in ("", other.planner)

    def __str__(self) -> str:
        return self.path


@lru_cache(maxsize=4096)
def _parsed(path: str) -> Scope:
    """A gateway reads the same few paths at every request."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise UsageError(
            f"Scope '{path}' is not known: write state, lwia/07 or lwia/07/planner/1042."
        )
    return Scope(found["lwia"] or "", found["planner"] or "")


STATE = Scope()
