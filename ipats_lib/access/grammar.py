"""The closed grammar of published paths: what does not fit is refused, never normalized.

    /PY2024Q4/state/index.html
    /PY2024Q4/lwia/07/performance/summary.html
    /PY2024Q4/lwia/07/planner/1042/figures.csv
    /_static/style.6bfff7ed2625.css

Segments are lower-case letters, digits, `_` and `-`; a dot stands only in the last. There is no
percent sign, no empty or dotted segment, no backslash and no query, so that a path has one reading
on every server. Every published path is ours to name: the grammar costs nothing.
"""

import re
from dataclasses import dataclass

from ipats_lib.scopes import Scope

LONGEST = 300
_SCOPE = r"(?P<scope>state|lwia/[0-9]{2}(?:/planner/[a-z0-9_-]{1,32})?)"
# What lies inside a scope's folder never starts like another scope's folder.
_REST = (
    r"(?P<rest>(?:(?!planner/|lwia/|state/)[a-z0-9_-]{1,64}/){0,3}[a-z0-9_-]{1,64}\.[a-z0-9]{1,8})"
)
_PUBLISHED = re.compile(rf"/(?P<period>PY20[0-9]{{2}}(?:Q[1-4])?)/{_SCOPE}/{_REST}".encode())
_SHARED = re.compile(rb"/_static/(?P<rest>[a-z0-9_-]{1,64}\.[0-9a-f]{12}\.[a-z0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class Target:
    """A file that a path names. `scope` None: a shared file, which holds no data."""

    period: str
    scope: Scope | None
    rest: str

    @property
    def path(self) -> str:
        """The path again, as the grammar writes it: without the leading slash."""
        if self.scope is None:
            return f"_static/{self.rest}"
        return f"{self.period}/{self.scope.path}/{self.rest}"


def read_path(raw: bytes) -> Target | None:
    """The file that a request's path names, byte for byte as it came; None when none can be."""
    if len(raw) > LONGEST:
        return None
    if shared := _SHARED.fullmatch(raw):
        return Target("", None, shared["rest"].decode())
    if found := _PUBLISHED.fullmatch(raw):
        scope = Scope.parse(found["scope"].decode())
        return Target(found["period"].decode(), scope, found["rest"].decode())
    return None
