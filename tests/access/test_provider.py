"""F15: signing in with a provider: what is sound is taken, everything else refused and logged."""

import json
import secrets
import shutil
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from ipats_lib.access import accounts
from ipats_lib.access.oidc import SECRET
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.audited import events
from tests.access.provider import CLIENT, lying_provider
from tests.access.servers import ask
from tests.access.test_signing_in import cookies
from tests.end_to_end.test_browser import FLAGS

PAGE = "/PY2024Q4/lwia/01/index.html"


@pytest.fixture(scope="module")
def liar():
    with lying_provider() as made:
        yield made


@pytest.fixture
def provider(liar):
    """Sound again, whatever the test before made of it."""
    liar.reset()
    return liar


def agreed(place, issuer, port=1) -> str:
    """The file that tells the gateway about the provider; s-1 there is admin01 here."""
    path = place.folder / "oidc.json"
    redirect = f"http://127.0.0.1:{port}/oidc/callback"
    path.write_text(json.dumps({"issuer": issuer, "id": CLIENT, "redirect": redirect}))
    with Store(place.store) as store:
        accounts.set_identity(store, "admin01", issuer, "s-1")
    return str(path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, site, rows, liar):
    made = servers.Place(tmp_path_factory.mktemp("provider"), site)
    made.fill(rows)
    with servers.gateway(made, "--oidc", agreed(made, liar.issuer)) as listening:
        yield made, listening


@pytest.fixture
def own_place(lasting):
    return lasting[0]


@pytest.fixture
def port(lasting):
    return lasting[1]


@pytest.fixture
def fresh(own_place, provider):
    """A gateway that has not yet read what the provider says about itself."""
    return servers.gateway(own_place, "--oidc", agreed(own_place, provider.issuer))


def begin(port, provider):
    """(what the provider was asked, the browser's cookie)."""
    sent = ask(port, "/oidc/start")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(sent.header("location")).query).items()}
    return asked, f"Cookie: __Host-ipats-form={cookies(sent)['__Host-ipats-form']}\r\n"


def come_back(port, cookie, **answer):
    return ask(port, f"/oidc/callback?{urlencode(answer)}", cookie)


def sign_in(port, provider, cookie=None, **changed):
    asked, own = begin(port, provider)
    code = secrets.token_hex(8)
    provider.codes[code] = (asked["nonce"], asked["code_challenge"])
    return come_back(
        port,
        own if cookie is None else cookie,
        **({"code": code, "state": asked["state"]} | changed),
    )


REFUSED: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def tally():
    """What all tests of this file refused, told once they are over."""
    yield
    kinds = len(set(REFUSED))
    print(f"F15: {len(REFUSED)} unsound sign-ins of {kinds} reasons, all refused, all logged")


def refused(answer, place, reason) -> None:
    REFUSED.append(reason)
    last = [line for line in events(place.audit) if line["event"] == "sign_in"][-1]
    assert (answer.status, "__Host-ipats" in cookies(answer)) == (403, False)
    assert (last["outcome"], last["reason"]) == ("refused", reason)


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_a_sound_answer_opens_what_the_link_table_says(own_place, provider, start):
    with start(own_place, "--oidc", agreed(own_place, provider.issuer)) as port:
        done = sign_in(port, provider)
        assert (done.status, done.header("location")) == (303, "/")
        cookie = f"Cookie: __Host-ipats={cookies(done)['__Host-ipats']}\r\n"
        assert ask(port, PAGE, cookie).status == 200
        assert ask(port, "/PY2024Q4/lwia/02/index.html", cookie).status == 404
        refused(sign_in(port, provider, state="made-up"), own_place, "state")


@pytest.mark.parametrize(("more", "ways"), [((), 0), (("--passwords",), 1)])
def test_with_a_provider_passwords_are_off_unless_asked_for(own_place, provider, more, ways):
    with servers.gateway(own_place, "--oidc", agreed(own_place, provider.issuer), *more) as port:
        page = ask(port, "/login")
        assert page.body.count(b'action="/login"') == ways
        assert b"/oidc/start" in page.body
        sent = servers.post(port, "/login", "user=admin01&password=x")
        assert sent.status == (400 if ways else 405)


def test_beginning_again_and_again_is_held_but_coming_back_is_not(own_place, provider):
    from ipats_lib.access import throttle
    from ipats_lib.access.settings import load_settings

    with servers.gateway(own_place, "--oidc", agreed(own_place, provider.issuer)) as port:
        with Store(own_place.store) as store:
            store.db.execute("DELETE FROM failure")
            counters = throttle.of_provider("127.0.0.1")
            for _ in range(load_settings().starts_per_address - 1):
                throttle.note(store, counters, time.time())
        assert [sign_in(port, provider).status for _ in range(3)] == [303] * 3
        assert ask(port, "/oidc/start").status == 303
        assert ask(port, "/oidc/start").status == 429
        with Store(own_place.store) as store:
            store.db.execute("DELETE FROM failure")


def test_the_request_carries_state_nonce_and_pkce(port, provider):
    asked, _ = begin(port, provider)
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


@pytest.mark.parametrize("state", ["", "made-up", "é"])
def test_a_state_that_was_not_given_is_refused(port, provider, own_place, state):
    refused(sign_in(port, provider, state=state), own_place, "state")


def test_an_answer_in_another_browser_is_refused(port, provider, own_place):
    other = begin(port, provider)[1]
    refused(sign_in(port, provider, cookie=other), own_place, "state")
    refused(sign_in(port, provider, cookie=""), own_place, "state")


def test_an_answer_counts_once(port, provider, own_place):
    asked, cookie = begin(port, provider)
    for code in ("one", "two"):
        provider.codes[code] = (asked["nonce"], asked["code_challenge"])
    assert come_back(port, cookie, code="one", state=asked["state"]).status == 303
    refused(come_back(port, cookie, code="two", state=asked["state"]), own_place, "state")


def test_an_answer_that_comes_late_is_refused(port, provider, own_place):
    asked, cookie = begin(port, provider)
    provider.codes["c"] = (asked["nonce"], asked["code_challenge"])
    with Store(own_place.store) as store:
        store.db.execute("UPDATE signing_in SET begun = begun - 601")
    refused(come_back(port, cookie, code="c", state=asked["state"]), own_place, "state")


def test_a_code_of_another_attempt_is_refused_by_its_verifier(port, provider, own_place):
    """PKCE: a stolen code was given to another challenge."""
    stolen, _ = begin(port, provider)
    asked, cookie = begin(port, provider)
    provider.codes["c"] = (asked["nonce"], stolen["code_challenge"])
    refused(come_back(port, cookie, code="c", state=asked["state"]), own_place, "code_refused")


def test_a_made_up_code_and_a_refusal_are_refused(port, provider, own_place):
    refused(sign_in(port, provider, code="made-up"), own_place, "code_refused")
    refused(sign_in(port, provider, error="access_denied"), own_place, "refused_by_provider")
    refused(sign_in(port, provider, code=""), own_place, "refused_by_provider")


def test_an_answer_of_another_issuer_is_refused(port, provider, own_place):
    """RFC 9207."""
    assert sign_in(port, provider, iss=provider.issuer).status == 303
    refused(sign_in(port, provider, iss="https://evil"), own_place, "answer_of_another_issuer")


def test_a_missing_issuer_is_refused_where_it_was_promised(fresh, provider, own_place):
    provider.tells_issuer = True
    with fresh as port:
        refused(sign_in(port, provider), own_place, "answer_of_another_issuer")
        assert sign_in(port, provider, iss=provider.issuer).status == 303


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://evil"}, "claim_iss"),
        ({"aud": "another"}, "claim_aud"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "claim_azp"),
        ({"nonce": "another"}, "claim_nonce"),
        ({"exp": int(time.time()) - 3600}, "claim_exp"),
        ({"iat": int(time.time()) + 3600}, None),
        ({"nbf": int(time.time()) + 3600}, None),
        ({"sub": "s-2"}, "identity_not_linked"),
        ({"sub": "admin01"}, "identity_not_linked"),
        ({"sub": "s-2", "email": "admin01@example.org"}, "identity_not_linked"),
    ],
)
def test_a_wrong_claim_is_refused(port, provider, own_place, claims, reason):
    provider.claims = claims
    answer = sign_in(port, provider)
    last = [line for line in events(own_place.audit) if line["event"] == "sign_in"][-1]
    REFUSED.append(last["reason"])
    assert answer.status == 403
    assert last["outcome"] == "refused"
    assert reason is None or reason in last["reason"]


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_a_missing_claim_is_refused(port, provider, own_place, name):
    provider.dropped = (name,)
    assert sign_in(port, provider).status == 403
    REFUSED.append([e["reason"] for e in events(own_place.audit) if e["event"] == "sign_in"][-1])


def test_an_unsigned_token_and_a_shared_secret_are_refused(port, provider, own_place):
    provider.header = {"alg": "none"}
    refused(sign_in(port, provider), own_place, "signature")
    provider.sign_with_public_key()
    refused(sign_in(port, provider), own_place, "signature")


def test_a_new_key_counts_once_it_is_published(port, provider, own_place):
    assert sign_in(port, provider).status == 303
    provider.rotate(publish=False)
    refused(sign_in(port, provider), own_place, "signature")
    provider.rotate(publish=True)
    assert sign_in(port, provider).status == 303


def test_a_discovery_document_of_another_issuer_is_refused(fresh, provider, own_place):
    provider.discovery = {"issuer": "https://evil"}
    with fresh as port:
        refused(ask(port, "/oidc/start"), own_place, "discovery_of_another_issuer")


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_discovery_document_that_lacks_an_address_is_refused(fresh, provider, own_place, name):
    provider.discovery = {name: None}
    with fresh as port:
        refused(ask(port, "/oidc/start"), own_place, "discovery_incomplete")


@pytest.mark.parametrize("change", [accounts.set_active, accounts.set_group])
def test_switched_off_or_not_in_the_group_is_refused(port, provider, own_place, change):
    from datetime import UTC, datetime

    with Store(own_place.store) as store:
        now = () if change is accounts.set_active else (datetime.now(UTC),)
        change(store, "admin01", False, *now)
    answer = sign_in(port, provider)
    with Store(own_place.store) as store:
        change(store, "admin01", True, *now)
    reason = "portal_inactive" if change is accounts.set_active else "not_in_group"
    refused(answer, own_place, reason)


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_a_real_provider_and_a_real_browser(own_place, monkeypatch, start):
    """oidc-provider-mock from PyPI, chromium from Debian: through the login to a drawn chart."""
    monkeypatch.setenv(SECRET, "agreed with the provider")
    away, port = servers.free_port(), servers.free_port()
    issuer = f"http://127.0.0.1:{away}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", away, "--user", "s-1"]
    started = start(own_place, "--oidc", agreed(own_place, issuer, port), port=port)
    with servers.process(command, away), started, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page, complaints, ours = browser.new_page(), [], f"http://127.0.0.1:{port}"
        page.on(
            "console",
            lambda m: m.type == "error" and complaints.append((m.location["url"], m.text)),
        )
        page.on("pageerror", lambda e: complaints.append((ours, str(e))))
        page.on("dialog", lambda d: complaints.append((ours, d.message)))
        page.goto(f"http://127.0.0.1:{port}/login")
        page.click("text=Illinois workNet")
        page.click("button:has-text('s-1')")
        page.wait_for_url(f"http://127.0.0.1:{port}/")
        page.click("a[href='/PY2024Q4/lwia/01/index.html']")
        page.goto(f"http://127.0.0.1:{port}/PY2024Q4/lwia/01/dashboards/caseload-flow.html")
        page.wait_for_selector("figure.drawn svg")
        assert page.evaluate("document.cookie") == "", "no script reads a cookie"
        for family in ("comparison/areas-erq2", "dashboards/caseload-status"):
            page.goto(f"http://127.0.0.1:{port}/PY2024Q4/lwia/01/{family}.html")
            page.wait_for_load_state("networkidle")
        assert page.locator("figure.failed").count() == 0
        browser.close()
    assert [told for told in complaints if told[0].startswith(ours)] == []
