"""The pages of people who are signed in, or ask to be let in.

A person's own: what they may see, the way to an LWIA, and who may see what as data, which the menus
of every page are built from (decision 0019). Requests: asking for access, the approvers' queue, and
the usage report.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from ipats_lib.access import accounts, pages, requests, sessions, throttle
from ipats_lib.access.audit import AuditError, usage, veiled
from ipats_lib.access.decision import Person, Reason, Roster, bar, decide, flaw, granted, scopes_of
from ipats_lib.access.gateway import Answer, Gateway
from ipats_lib.access.grammar import Target, read_path
from ipats_lib.access.headers import PRIVATE
from ipats_lib.access.published import file_of, landing_pages, listed, periods, publications
from ipats_lib.access.signing import STALE, open_form
from ipats_lib.access.visit import Visit
from ipats_lib.errors import AccessError
from ipats_lib.periods import Period
from ipats_lib.scopes import STATE, Scope


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
    made = decide(person, target, accounts.roster(gateway.store), visit.now)
    outcome, user = "allow" if made.allow else "deny", person.user if person else ""
    file = file_of(gateway.setup.site, target) if target else None
    named = gateway.named(target, file) or veiled(visit.query)
    gateway.note(visit, "open", outcome, made.reason.value, user=user, object=named)
    return pages.see_other(path) if made.allow else pages.not_found()


def open_to_all(name: str, shown: Callable[[Gateway, Visit], Response]) -> Answer:
    """A page that anybody may see. name: what the log calls it."""

    async def answer(gateway: Gateway, visit: Visit) -> Response:
        gateway.note(visit, "page", "allow", "open_to_all", object=name)
        return shown(gateway, visit)

    return answer


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
    site, roster = gateway.setup.site, accounts.roster(gateway.store)
    folders = scopes_of(person, roster, visit.now)
    roots = sorted(folders, key=lambda scope: scope.path.count("/"))  # the widest first

    def opens(period: str) -> Iterator[Scope]:
        """The scopes whose landing page the decision lets this person read, some of them twice."""
        for scope in (s for root in roots for s in landing_pages(site, period, root)):
            if decide(person, Target(period, scope, "index.html"), roster, visit.now).allow:
                yield scope

    names = [name for name in periods(site) if any(opens(name))]
    gateway.note(visit, "page", "allow", "own", user=person.user, object="me")
    newest = names[:1]
    known = {k: v for name in newest for root in roots for k, v in listed(site, name, root).items()}
    paths = [scope.path for name in newest for scope in sorted(set(opens(name)))]
    answer = {
        "name": person.user,
        "role": roots[0].kind if roots else "",
        "scopes": [known.get(path, {"path": path, "title": path}) for path in paths],
        "periods": [{"name": name, "label": Period.parse(name).title} for name in names],
        "form": sessions.form_token(gateway.store, visit.session),
    }
    return JSONResponse(answer, headers={"Cache-Control": PRIVATE})


async def request(gateway: Gateway, visit: Visit) -> Response:
    """Take a request. The answer does not tell whether there is such an account."""
    form, now = await visit.form(), visit.now.timestamp()
    if not sessions.is_form_token(gateway.store, visit.browser, form.get("form", "")):
        gateway.note(visit, "request", "refused", "form_token")
        return request_form(gateway, visit, STALE, HTTPStatus.BAD_REQUEST)
    counters = throttle.of_request(visit.address)
    if throttle.is_held(gateway.store, counters, now):
        gateway.note(visit, "request", "refused", "throttled")
        return request_form(
            gateway, visit, "Too many requests; wait.", HTTPStatus.TOO_MANY_REQUESTS
        )
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
        return request_form(gateway, visit, str(error), HTTPStatus.BAD_REQUEST)
    throttle.note(gateway.store, counters, now)
    return request_form(gateway, visit, f"Your request has the number {number}.")


def request_form(
    gateway: Gateway, visit: Visit, message: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """The form to ask for access."""
    return open_form(gateway, visit, "request", status, message=message)


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


async def take_decision(gateway: Gateway, visit: Visit) -> Response:
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
            decided = _named(gateway, done, visit.now)
            gateway.note(visit, outcome, "done", "approver", user=person.user, object=decided)
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
