"""Signing in with a local account or with a provider (its two requests, and what is kept between
them), and out."""

import secrets
from datetime import datetime
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from ipats_lib.access import accounts, pages, sessions, throttle
from ipats_lib.access.decision import Reason, bar
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.headers import FORM_COOKIE, PRIVATE, SESSION_COOKIE
from ipats_lib.access.oidc import Attempt, Provider, SignInError
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.access.visit import Visit

_WRONG = "This name and password do not open an account."
STALE = "This form was too old. Try again."


def _held() -> str:
    minutes = load_settings().failure_minutes
    return f"Too many attempts. Wait {minutes} minutes and try again."


def login_form(
    gateway: Gateway, visit: Visit, message: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """The form to sign in."""
    setup = gateway.setup
    ways = {"provider": setup.oidc is not None, "passwords": setup.passwords}
    return open_form(gateway, visit, "login", status, message=message, **ways)


def open_form(
    gateway: Gateway, visit: Visit, name: str, status: HTTPStatus, **values: object
) -> Response:
    """A page with a form for those who are not signed in, which only this browser may send."""
    browser = visit.browser or secrets.token_urlsafe(32)
    values["form"] = sessions.form_token(gateway.store, browser)
    return pages.give(pages.page(name, status, **values), FORM_COOKIE, browser)


async def login(gateway: Gateway, visit: Visit) -> Response:
    """Check name and password: unknown, wrong, inactive and held differ in nothing but the log."""
    form = await visit.form()
    if not sessions.is_form_token(gateway.store, visit.browser, form.get("form", "")):
        gateway.note(visit, "sign_in", "refused", "form_token")
        return login_form(gateway, visit, STALE, HTTPStatus.BAD_REQUEST)
    user, now = form.get("user", "")[:64], visit.now.timestamp()
    row = gateway.store.db.execute(
        "SELECT user, secret FROM portal WHERE user = ?", (user,)
    ).fetchone()
    # The name, when it is an account's: anything else may be a mistyped password.
    known = row["user"] if row else ""
    counters = throttle.of_sign_in(user, visit.address)
    if throttle.is_held(gateway.store, counters, now):
        gateway.note(visit, "sign_in", "refused", "throttled", user=known)
        return login_form(gateway, visit, _held(), HTTPStatus.TOO_MANY_REQUESTS)
    # Counted before the slow check, so that attempts side by side are counted too.
    throttle.note(gateway.store, counters, now)
    right = await gateway.verifier.matches(row["secret"] if row else None, form.get("password", ""))
    barred = _bar(gateway, known, visit.now) if right else "wrong"
    if barred:
        gateway.note(visit, "sign_in", "refused", barred, user=known)
        return login_form(gateway, visit, _WRONG, HTTPStatus.FORBIDDEN)
    throttle.forgive(gateway.store, known, visit.address, now)
    gateway.note(visit, "sign_in", "done", "password", user=known)
    return _begun(gateway, visit, known)


def _bar(gateway: Gateway, user: str, now: datetime) -> str:
    """Why an account does not sign in, whichever way; empty when it does.

    A person may sign in while the roster is too old; the home page is empty then.
    """
    barred = bar(accounts.person(gateway.store, user), accounts.roster(gateway.store), now)
    return barred.value if barred in _BARS and barred is not None else ""


def _begun(gateway: Gateway, visit: Visit, user: str) -> Response:
    token = sessions.begin(gateway.store, user, visit.now.timestamp(), visit.session)
    return pages.give(pages.see_other("/"), SESSION_COOKIE, token)


async def logout(gateway: Gateway, visit: Visit) -> Response:
    """End the session, when its own page asks for it."""
    form, person = await visit.form(), gateway.person(visit)
    user = person.user if person else ""
    if not sessions.is_form_token(gateway.store, visit.session, form.get("form", "")):
        gateway.note(visit, "sign_out", "refused", "form_token", user=user)
        return pages.see_other("/")
    gateway.note(visit, "sign_out", "done", "asked", user=user)
    sessions.end(gateway.store, visit.session)
    return pages.take_session(pages.see_other("/login"))


# How long a browser may take to come back.
LONGEST = 600.0
_BARS = (Reason.NOT_SIGNED_IN, Reason.PORTAL_INACTIVE, Reason.NOT_IN_GROUP)


async def start(gateway: Gateway, visit: Visit) -> Response:
    """Send the browser to the provider, and remember in which browser this began."""
    now, counters = visit.now.timestamp(), throttle.of_provider(visit.address)
    if throttle.is_held(gateway.store, counters, now):
        return _refused(gateway, visit, "throttled", status=HTTPStatus.TOO_MANY_REQUESTS)
    throttle.note(gateway.store, counters, now)
    attempt, browser = Attempt.new(), visit.browser or secrets.token_urlsafe(32)
    try:
        address = await _provider(gateway).address(attempt)
    except SignInError as error:
        return _refused(gateway, visit, error.reason)
    remember(gateway.store, attempt, browser, now)
    gateway.note(visit, "sign_in", "allow", "sent_to_provider")
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER, headers={"Cache-Control": PRIVATE})
    return pages.give(response, FORM_COOKIE, browser)


async def callback(gateway: Gateway, visit: Visit) -> Response:
    """Take the provider's answer: of an attempt of this browser, once, in time, linked here."""
    answer, now = visit.asked, visit.now.timestamp()
    attempt = recall(gateway.store, answer.get("state", ""), visit.browser, now)
    if attempt is None:
        return _refused(gateway, visit, "state")
    try:
        iss, sub = await _provider(gateway).identity(attempt, answer)
    except SignInError as error:
        return _refused(gateway, visit, error.reason)
    user = accounts.user_of_identity(gateway.store, iss, sub)
    if user is None:
        return _refused(gateway, visit, "identity_not_linked")
    if barred := _bar(gateway, user, visit.now):
        return _refused(gateway, visit, barred, user)
    gateway.note(visit, "sign_in", "done", "provider", user=user)
    throttle.forgive_provider(gateway.store, visit.address)
    return _begun(gateway, visit, user)


def remember(store: Store, attempt: Attempt, browser: str, now: float) -> None:
    """Keep an attempt until its answer comes; old ones go."""
    facts = (
        sessions.key_of(attempt.state),
        sessions.key_of(browser),
        attempt.nonce,
        attempt.verifier,
        now,
    )
    with store.writing() as db:
        db.execute("DELETE FROM signing_in WHERE begun < ?", (now - LONGEST,))
        db.execute("INSERT INTO signing_in VALUES (?, ?, ?, ?, ?)", facts)


def recall(store: Store, state: str, browser: str, now: float) -> Attempt | None:
    """The attempt with this state, begun in this browser; it can be asked for once."""
    query = "DELETE FROM signing_in WHERE state = ? AND browser = ? AND begun >= ? RETURNING *"
    with store.writing() as db:
        row = db.execute(
            query, (sessions.key_of(state), sessions.key_of(browser), now - LONGEST)
        ).fetchone()
    return Attempt(state, row["nonce"], row["verifier"]) if row and state and browser else None


def _provider(gateway: Gateway) -> Provider:
    if gateway.setup.oidc is None:
        raise SignInError("no_provider")
    return gateway.setup.oidc


def _refused(
    gateway: Gateway,
    visit: Visit,
    reason: str,
    user: str = "",
    status: HTTPStatus = HTTPStatus.FORBIDDEN,
) -> Response:
    gateway.note(visit, "sign_in", "refused", reason, user=user)
    return pages.page("refused", status)
