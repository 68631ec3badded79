"""Signing in with a provider: the two requests of the browser, and what is kept between them."""

import hashlib
import secrets
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from ipats_lib.access import accounts, pages, sessions, throttle
from ipats_lib.access.decision import Reason, bar
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.headers import PRIVATE
from ipats_lib.access.oidc import Attempt, Provider, SignInError
from ipats_lib.access.store import Store
from ipats_lib.access.visit import Visit

# How long a browser may take to come back.
LONGEST = 600.0
_BARS = (Reason.PORTAL_INACTIVE, Reason.NOT_IN_GROUP)


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
    return pages.give_form_cookie(response, browser)


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
    person = accounts.person(gateway.store, user) if user else None
    if user is None or person is None:
        return _refused(gateway, visit, "identity_not_linked")
    barred = bar(person, accounts.roster(gateway.store), visit.now)
    if barred in _BARS and barred is not None:
        return _refused(gateway, visit, barred.value, user)
    gateway.note(visit, "sign_in", "done", "provider", user=user)
    throttle.forgive_provider(gateway.store, visit.address)
    token = sessions.begin(gateway.store, user, now, visit.session)
    return pages.give_session(pages.see_other("/"), token)


def remember(store: Store, attempt: Attempt, browser: str, now: float) -> None:
    """Keep an attempt until its answer comes; old ones go."""
    facts = (_key(attempt.state), _key(browser), attempt.nonce, attempt.verifier, now)
    with store.writing() as db:
        db.execute("DELETE FROM signing_in WHERE begun < ?", (now - LONGEST,))
        db.execute("INSERT INTO signing_in VALUES (?, ?, ?, ?, ?)", facts)


def recall(store: Store, state: str, browser: str, now: float) -> Attempt | None:
    """The attempt with this state, begun in this browser; it can be asked for once."""
    query = "DELETE FROM signing_in WHERE state = ? AND browser = ? AND begun >= ? RETURNING *"
    with store.writing() as db:
        row = db.execute(query, (_key(state), _key(browser), now - LONGEST)).fetchone()
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


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
