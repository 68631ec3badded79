"""Who may see what, as data: the menus of every page are built from it (decision 0019)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response

from ipats_lib.access import accounts, pages, sessions
from ipats_lib.access.decision import decide, scopes_of
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.grammar import Target
from ipats_lib.access.headers import PRIVATE
from ipats_lib.access.people import Person, Roster
from ipats_lib.access.published import landing_pages, listed, periods
from ipats_lib.access.visit import Visit
from ipats_lib.periods import Period
from ipats_lib.scopes import Scope


async def me(gateway: Gateway, visit: Visit) -> Response:
    """The signed-in person's name, role, scopes and periods; not found for anybody else.

    scopes: those whose landing page the person may open in the newest period that has any.
    periods: those that have any, the newest first. form: what a form of this session sends back.
    """
    person = gateway.person(visit)
    if person is None or visit.query:
        reason, user = ("not_a_path", person.user) if person else ("not_signed_in", "")
        gateway.note(visit, "page", "deny", reason, user=user, object="me")
        return pages.not_found()
    asker = _Asker(gateway.setup.site, person, accounts.roster(gateway.store), visit.now)
    names = [name for name in periods(asker.site) if any(asker.opens(name))]
    gateway.note(visit, "page", "allow", "own", user=person.user, object="me")
    told = {
        "name": person.user,
        "role": asker.roots[0].kind if asker.roots else "",
        "scopes": asker.scopes(names[0]) if names else [],
        "periods": [{"name": name, "label": Period.parse(name).title} for name in names],
        "form": sessions.form_token(gateway.store, visit.session),
    }
    return JSONResponse(told, headers={"Cache-Control": PRIVATE})


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, with what the decision needs to know."""

    site: Path
    person: Person
    roster: Roster | None
    now: datetime

    @property
    def roots(self) -> tuple[Scope, ...]:
        """The folders of the person's roles, the widest first."""
        folders = scopes_of(self.person, self.roster, self.now)
        return tuple(sorted(folders, key=lambda scope: len(scope.path.split("/"))))

    def opens(self, period: str) -> Iterator[Scope]:
        """The scopes whose landing page the decision lets this person read, some of them twice."""
        for scope in (s for root in self.roots for s in landing_pages(self.site, period, root)):
            target = Target(period, scope, "index.html")
            if decide(self.person, target, self.roster, self.now).allow:
                yield scope

    def scopes(self, period: str) -> list[dict[str, Any]]:
        """What is left about each scope that `opens` gives, once."""
        known = {k: v for root in self.roots for k, v in listed(self.site, period, root).items()}
        paths = [scope.path for scope in sorted(set(self.opens(period)))]
        return [known.get(path, {"path": path, "title": path}) for path in paths]
