"""Signing in with a local account, and out."""

import secrets
from http import HTTPStatus

from starlette.responses import Response

from ipats_lib.access import pages, sessions, throttle
from ipats_lib.access.gateway import Gateway
from ipats_lib.access.settings import load_settings
from ipats_lib.access.visit import Visit

_WRONG = "This name and password do not open an account."
_STALE = "This form was too old. Try again."


def _held() -> str:
    minutes = load_settings().failure_minutes
    return f"Too many attempts. Wait {minutes} minutes and try again."


async def login_page(gateway: Gateway, visit: Visit) -> Response:
    """The form."""
    gateway.note(visit, "page", "allow", "open_to_all", object="login")
    return _form(gateway, visit, "", HTTPStatus.OK)


def _form(gateway: Gateway, visit: Visit, told: str, status: HTTPStatus) -> Response:
    browser = visit.browser or secrets.token_urlsafe(32)
    token = sessions.form_token(gateway.store, browser)
    setup = gateway.setup
    ways = {"provider": setup.oidc is not None, "passwords": setup.passwords}
    response = pages.page("login", status, form=token, told=told, **ways)
    return pages.give_form_cookie(response, browser)


async def login(gateway: Gateway, visit: Visit) -> Response:
    """Check name and password: unknown, wrong, inactive and held differ in nothing but the log."""
    form = await visit.form()
    if not sessions.is_form_token(gateway.store, visit.browser, form.get("form", "")):
        gateway.note(visit, "sign_in", "refused", "form_token")
        return _form(gateway, visit, _STALE, HTTPStatus.BAD_REQUEST)
    user, now = form.get("user", "")[:64], visit.now.timestamp()
    counters = throttle.of_sign_in(user, visit.address)
    if throttle.is_held(gateway.store, counters, now):
        gateway.note(visit, "sign_in", "refused", "throttled", user=_known(gateway, user))
        return _form(gateway, visit, _held(), HTTPStatus.TOO_MANY_REQUESTS)
    # Counted before the slow check, so that attempts side by side are counted too.
    throttle.note(gateway.store, counters, now)
    row = gateway.store.db.execute(
        "SELECT user, secret, active FROM portal WHERE user = ?", (user,)
    ).fetchone()
    right = await gateway.verifier.matches(row["secret"] if row else None, form.get("password", ""))
    if not right or not row["active"]:
        reason = "portal_inactive" if right else "wrong"
        gateway.note(visit, "sign_in", "refused", reason, user=_known(gateway, user))
        return _form(gateway, visit, _WRONG, HTTPStatus.FORBIDDEN)
    user = row["user"]
    throttle.forgive(gateway.store, user, visit.address, now)
    gateway.note(visit, "sign_in", "done", "password", user=user)
    return pages.give_session(
        pages.see_other("/"), sessions.begin(gateway.store, user, now, visit.session)
    )


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


def _known(gateway: Gateway, user: str) -> str:
    """The name, when it is an account's: anything else may be a mistyped password."""
    row = gateway.store.db.execute("SELECT user FROM portal WHERE user = ?", (user,)).fetchone()
    return row["user"] if row else ""
