"""The pages of the request flow: asking for access, the approvers' queue, and the usage report."""

import asyncio
import secrets
from datetime import datetime
from http import HTTPStatus

from starlette.responses import Response

from ipats_lib.access import accounts, pages, requests, sessions, throttle
from ipats_lib.access.audit import AuditError
from ipats_lib.access.decision import Reason, bar, flaw, granted, scopes_of
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.people import Person, Roster
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
    counters = throttle.of_request(visit.address)
    if throttle.is_held(gateway.store, counters, now):
        gateway.note(visit, "request", "refused", "throttled")
        return _form(gateway, visit, "Too many requests; wait.", HTTPStatus.TOO_MANY_REQUESTS)
    facts = (form.get("user", ""), form.get("mail", ""), form.get("administrator", ""))
    try:
        # The record is written before the deed counts: without it there is no deed.
        with gateway.store.writing():
            number = requests.ask(gateway.store, *facts, visit.now, visit.address)
            gateway.note(visit, "request", "done", "asked", object=f"request {number}")
            for gone in requests.make_room(gateway.store):
                gateway.note(visit, "request", "refused", "made_room", object=f"request {gone}")
    except AuditError:
        raise
    except AccessError as error:
        gateway.note(visit, "request", "refused", "form")
        return _form(gateway, visit, str(error), HTTPStatus.BAD_REQUEST)
    throttle.note(gateway.store, counters, now)
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
    waiting, known = requests.waiting(gateway.store), accounts.roster(gateway.store)
    asked = [_shown(gateway, request, known, visit.now) for request in waiting]
    asked.sort(key=lambda one: one["person"] is None)  # strangers' do not hide the others
    return pages.page(
        "queue",
        form=token,
        waiting=asked,
        unlinked=requests.unlinked(gateway.store, visit.now),
        unaddressed=requests.unaddressed(gateway.store),
    )


def _shown(
    gateway: Gateway, request: requests.Asked, known: Roster | None, now: datetime
) -> dict[str, object]:
    """A request as an approver sees it: with the account that it names, its roles and links."""
    person = accounts.person(gateway.store, request.user)
    roles = [
        (account.iwds_user, account.role.value, str(granted(account) or ""), _word(flaw(account)))
        for account in (person.accounts if person else ())
    ]
    mail = accounts.mail_of(gateway.store, request.user)
    barred = bar(person, known, now) if person else None
    return {"request": request, "person": person, "mail": mail, "roles": roles,
            "barred": _word(barred)}  # fmt: skip


def _word(reason: Reason | None) -> str:
    return reason.value.replace("_", " ") if reason else ""


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
    wanted = (int(number), outcome == "grant", form.get("reason", ""), person.user, visit.now,
              form.get("mail", ""))  # fmt: skip
    try:
        # The record is written before the deed counts: without it there is no deed.
        with gateway.store.writing():
            done = requests.decide_request(gateway.store, *wanted)
            told = _named(gateway, done, visit.now)
            gateway.note(visit, outcome, "done", "approver", user=person.user, object=told)
    except AuditError:
        raise
    except AccessError:
        facts = {"user": person.user, "object": f"request {int(number)}"}
        gateway.note(visit, outcome, "refused", "not_waiting_or_not_filled_in", **facts)
    return pages.see_other("/queue")


def _named(gateway: Gateway, done: requests.Asked, now: datetime) -> str:
    """What the log says of a decided request: whose it was, and what that opens at this moment."""
    opened = requests.opens(gateway.store, done.user, now)
    folders = " ".join(scope.path for scope in opened) or "nothing"
    return f"request {done.id} of {done.user}, who may open: {folders}"


async def report(gateway: Gateway, visit: Visit) -> Response:
    """Who used IPATS; for state-level administrators."""
    if _approver(gateway, visit, "usage") is None:
        return pages.not_found()
    found = await asyncio.to_thread(usage, gateway.setup.audit)
    return pages.page("usage", users=found.users, note=found.note)


def _approver(gateway: Gateway, visit: Visit, place: str) -> Person | None:
    """Who asks, when a state-level administrator at this moment."""
    person = gateway.person(visit)
    entitled = STATE in scopes_of(person, accounts.roster(gateway.store), visit.now)
    outcome, reason = ("allow", "state_level") if entitled else ("deny", "not_state_level")
    user = person.user if person else ""
    gateway.note(visit, "page", outcome, reason, user=user, object=place)
    return person if entitled else None
