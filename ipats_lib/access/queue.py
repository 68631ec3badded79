"""The pages of the request flow: asking for access, the approvers' queue, and the usage report."""

import asyncio
import secrets
from http import HTTPStatus

from starlette.responses import Response

from ipats_lib.access import accounts, pages, requests, sessions, throttle
from ipats_lib.access.decision import scopes_of
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.people import Person
from ipats_lib.access.usage import usage
from ipats_lib.access.visit import Visit
from ipats_lib.errors import AccessError
from ipats_lib.scopes import STATE

_STALE = "This form was too old. Try again."


async def request_page(gateway: Gateway, visit: Visit) -> Response:
    """The form to ask for access."""
    gateway.note(visit, "page", "allow", "open_to_all", object="request")
    return _form(gateway, visit, "", HTTPStatus.OK)


async def request(gateway: Gateway, visit: Visit) -> Response:
    """Take a request. The answer does not tell whether there is such an account."""
    form, now = await visit.form(), visit.now.timestamp()
    if not sessions.is_form_token(gateway.store, visit.browser, form.get("form", "")):
        gateway.note(visit, "request", "refused", "form_token")
        return _form(gateway, visit, _STALE, HTTPStatus.BAD_REQUEST)
    if throttle.is_held(gateway.store, "request", visit.address, now):
        gateway.note(visit, "request", "refused", "throttled")
        return _form(gateway, visit, "Too many requests; wait.", HTTPStatus.TOO_MANY_REQUESTS)
    gateway.note(visit, "request", "allow", "asked")
    facts = (form.get("user", ""), form.get("mail", ""), form.get("administrator", ""), visit.now)
    try:
        number = requests.ask(gateway.store, *facts)
    except AccessError as error:
        return _form(gateway, visit, str(error), HTTPStatus.BAD_REQUEST)
    throttle.note_failure(gateway.store, f"request {number}", visit.address, now)
    return _form(gateway, visit, f"Your request has the number {number}.", HTTPStatus.OK)


def _form(gateway: Gateway, visit: Visit, told: str, status: HTTPStatus) -> Response:
    browser = visit.browser or secrets.token_urlsafe(32)
    token = sessions.form_token(gateway.store, browser)
    return pages.give_form_cookie(pages.page("request", status, form=token, told=told), browser)


async def queue(gateway: Gateway, visit: Visit) -> Response:
    """What waits for a decision; for state-level administrators."""
    person = _approver(gateway, visit, "queue")
    if person is None:
        return pages.not_found()
    token = sessions.form_token(gateway.store, visit.session)
    return pages.page("queue", form=token, waiting=requests.waiting(gateway.store))


async def decide(gateway: Gateway, visit: Visit) -> Response:
    """Grant or refuse one request, with a reason."""
    form, person = await visit.form(), _approver(gateway, visit, "queue")
    if person is None:
        return pages.not_found()
    sound = sessions.is_form_token(gateway.store, visit.session, form.get("form", ""))
    number, outcome = form.get("id", ""), form.get("outcome", "")
    named = number.isascii() and number.isdigit() and len(number) < 10
    if not sound or not named or outcome not in ("grant", "refuse"):
        gateway.note(visit, "decide", "refused", "form", user=person.user)
        return pages.see_other("/queue")
    facts = {"user": person.user, "object": f"request {number}"}
    gateway.note(visit, outcome, "allow", "approver", **facts)
    try:
        done = (int(number), outcome == "grant", form.get("reason", ""), person.user, visit.now)
        requests.decide_request(gateway.store, *done)
    except AccessError:
        gateway.note(visit, outcome, "refused", "not_waiting_or_no_reason", **facts)
    return pages.see_other("/queue")


async def report(gateway: Gateway, visit: Visit) -> Response:
    """Who used IPATS; for state-level administrators."""
    if _approver(gateway, visit, "usage") is None:
        return pages.not_found()
    return pages.page("usage", users=await asyncio.to_thread(usage, gateway.setup.audit))


def _approver(gateway: Gateway, visit: Visit, place: str) -> Person | None:
    """Who asks, when a state-level administrator at this moment."""
    person = gateway.person(visit)
    entitled = STATE in scopes_of(person, accounts.roster(gateway.store), visit.now)
    outcome, reason = ("allow", "state_level") if entitled else ("deny", "not_state_level")
    user = person.user if person else ""
    gateway.note(visit, "page", outcome, reason, user=user, object=place)
    return person if entitled else None
