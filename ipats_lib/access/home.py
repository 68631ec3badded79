"""A person's own pages: what they may see, the way to an LWIA, and the help page."""

from http import HTTPStatus

from starlette.responses import Response

from ipats_lib.access import accounts, pages, sessions
from ipats_lib.access.audit import veiled
from ipats_lib.access.decision import bar, scopes_of
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.grammar import read_path
from ipats_lib.access.published import file_of, publications
from ipats_lib.access.visit import Visit
from ipats_lib.scopes import STATE


async def home(gateway: Gateway, visit: Visit) -> Response:
    """What the person may open, the newest period first; the way in for everyone else."""
    person = gateway.person(visit)
    if person is None:
        gateway.note(visit, "page", "deny", "not_signed_in", object="home")
        return pages.see_other("/login")
    roster = accounts.roster(gateway.store)
    barred = bar(person, roster, visit.now)
    scopes = scopes_of(person, roster, visit.now)
    reason = barred.value if barred else "own"
    gateway.note(visit, "page", "allow", reason, user=person.user, object="home")
    return pages.page(
        "home",
        user=person.user,
        form=sessions.form_token(gateway.store, visit.session),
        publications=publications(gateway.setup.site, scopes),
        approver=STATE in scopes,
    )


async def open_area(gateway: Gateway, visit: Visit) -> Response:
    """From the LWIA dropdown to that LWIA's folder: the same decision as for the folder itself."""
    asked, person = visit.asked, gateway.person(visit)
    path = f"/{asked.get('period', '')}/lwia/{asked.get('lwia', '')}/index.html"
    try:
        target = read_path(path.encode())
    except UnicodeEncodeError:
        target = None
    if target is not None and (target.scope is None or target.scope.kind != "lwia"):
        target = None
    made = gateway.decide(person, target, visit)
    outcome, user = "allow" if made.allow else "deny", person.user if person else ""
    file = file_of(gateway.setup.site, target) if target else None
    named = gateway.named(target, file) or veiled(visit.query)
    gateway.note(visit, "open", outcome, made.reason.value, user=user, object=named)
    return pages.see_other(path) if made.allow else pages.not_found()


async def help_page(gateway: Gateway, visit: Visit) -> Response:
    """How access is had (domain 1.3)."""
    gateway.note(visit, "page", "allow", "open_to_all", object="help")
    return pages.page("help")


async def style(gateway: Gateway, visit: Visit) -> Response:
    """The stylesheet."""
    gateway.note(visit, "page", "allow", "open_to_all", object="style")
    return pages.style()


async def icon(gateway: Gateway, visit: Visit) -> Response:
    """Browsers ask for one with every first page: there is none, and that is no error."""
    gateway.note(visit, "page", "allow", "open_to_all", object="icon")
    return Response(status_code=HTTPStatus.NO_CONTENT)
