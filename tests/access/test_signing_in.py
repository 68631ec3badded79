"""Signing in with a password, through the real gateway."""

import re
import statistics
import time
from urllib.parse import quote, urlencode

import pytest

from ipats_lib.access import accounts
from ipats_lib.access.audit import verify
from ipats_lib.access.sessions import hashed
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.audited import events
from tests.access.servers import ask, post

PASSWORD = "correct horse battery"
PAGE = "/PY2024Q4/lwia/01/index.html"


@pytest.fixture
def local(own_place):
    with Store(own_place.store) as store:
        for user in ("admin01", "admin07b"):
            accounts.create(store, user, secret=hashed(PASSWORD))
    return own_place


def cookies(answer) -> dict[str, str]:
    lines = [line for line in answer.head.split("\r\n") if line.lower().startswith("set-cookie:")]
    return dict(line[12:].split(";", 1)[0].split("=", 1) for line in lines)


def form(port, cookie="") -> tuple[str, str]:
    """A login form's token, and the Cookie header of the browser that it was given to."""
    page = ask(port, "/login", cookie)
    token = re.search(rb'name="form" value="([0-9a-f]{64})"', page.body)[1].decode()
    return token, f"Cookie: __Host-ipats-form={cookies(page)['__Host-ipats-form']}\r\n"


def attempt(port, user, password, token, cookie):
    fields = urlencode({"user": user, "password": password, "form": token}, quote_via=quote)
    return post(port, "/login", fields, cookie)


def sign_in(port, user="admin01", password=PASSWORD):
    return attempt(port, user, password, *form(port))


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_the_right_password_opens_the_own_folder_and_logout_closes_it(local, start):
    with start(local) as port:
        done = sign_in(port)
        assert (done.status, done.header("location")) == (303, "/")
        given = next(line for line in done.head.split("\r\n") if "__Host-ipats=" in line).lower()
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(given.split("; "))
        cookie = f"Cookie: __Host-ipats={cookies(done)['__Host-ipats']}\r\n"
        assert ask(port, PAGE, cookie).status == 200
        home = ask(port, "/", cookie)
        assert b"/PY2024Q4/lwia/01/index.html" in home.body
        assert b"state" not in home.body.split(b"<main", 1)[1].split(b"</main", 1)[0]
        token = re.search(rb'name="form" value="([0-9a-f]{64})"', home.body)[1].decode()
        assert post(port, "/logout", "form=wrong", cookie).header("location") == "/"
        assert ask(port, PAGE, cookie).status == 200
        assert post(port, "/logout", f"form={token}", cookie).header("location") == "/login"
        assert ask(port, PAGE, cookie).status == 404


def test_a_name_in_other_letters_is_the_same_account(local):
    """As IWDS compares names: signed in, served and recorded under the name that the store has."""
    with servers.gateway(local) as port:
        done = sign_in(port, "ADMIN01")
        assert (done.status, done.header("location")) == (303, "/")
        cookie = f"Cookie: __Host-ipats={cookies(done)['__Host-ipats']}\r\n"
        assert ask(port, PAGE, cookie).status == 200
    assert {event["user"] for event in events(local.audit) if event["user"]} == {"admin01"}


def test_wrong_unknown_and_inactive_answer_alike(local):
    with Store(local.store) as store:
        accounts.set_active(store, "admin07b", False)
    with servers.gateway(local) as port:
        answers = [
            sign_in(port, "admin01", "not the password"),
            sign_in(port, "nobody", PASSWORD),
            sign_in(port, "admin07b", PASSWORD),
            sign_in(port, "state1", PASSWORD),
        ]
    assert {answer.status for answer in answers} == {403}
    plain = {re.sub(rb'value="[0-9a-f]{64}"', b"", answer.body) for answer in answers}
    assert len(plain) == 1
    assert all("__Host-ipats" not in cookies(answer) for answer in answers)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [({"worknet_status": "inactive"}, "portal_inactive"), ({"in_group": "0"}, "not_in_group")],
)
def test_whom_the_roster_closes_does_not_sign_in(local, rows, cells, reason):
    """As by a provider: no session begins that opens nothing."""
    local.fill([{**row, **(cells if row["worknet_user"] == "admin01" else {})} for row in rows])
    with servers.gateway(local) as port:
        refused = sign_in(port)
    assert (refused.status, "__Host-ipats" in cookies(refused)) == (403, False)
    told = next(event for event in events(local.audit) if event["event"] == "sign_in")
    assert (told["outcome"], told["reason"], told["user"]) == ("refused", reason, "admin01")


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_a_cookie_that_a_neighbor_planted_is_no_session(local, start):
    """Browsers keep the `__Host-` prefix for this host alone; a name that is read as it with blanks
    taken off, or one that comes twice, went around that."""
    own, planted = local.cookie("state1").strip(), local.cookie("admin01").strip()
    token = planted.partition("=")[2]
    with start(local) as port:
        assert ask(port, PAGE, f"{planted}\r\n").status == 200
        for name in ("__Host-ipats ", "\t__Host-ipats", "\xa0__Host-ipats", "\x85__Host-ipats",
                     "__host-ipats", "=__Host-ipats", '"__Host-ipats"'):  # fmt: skip
            answer = ask(port, PAGE, f"Cookie: a=b; {name}={token}\r\n")
            assert answer.status == 404, name
        twice = f"{own}; __Host-ipats={token}\r\n"
        assert ask(port, PAGE, twice).status == 404
        assert ask(port, PAGE, f"{own}\r\n{planted}\r\n").status == 404


def test_a_form_of_another_browser_is_refused(local):
    with servers.gateway(local) as port:
        token, cookie = form(port)
        other = form(port)[1]
        for sent, with_cookie in ((token, other), (token, ""), ("", cookie), ("é", cookie)):
            refused = attempt(port, "admin01", PASSWORD, sent, with_cookie)
            assert (refused.status, "__Host-ipats" in cookies(refused)) == (400, False)
        assert attempt(port, "admin01", PASSWORD, token, cookie).status == 303


def test_too_many_failures_hold_the_right_password_too(local):
    with servers.gateway(local) as port:
        for user in ("admin01", "nobody"):
            for _ in range(load_settings().failures_per_account):
                assert sign_in(port, user, "not the password").status == 403
        held = sign_in(port, "admin01")
        assert held.status == 429
        assert f"Wait {load_settings().failure_minutes} minutes" in held.body.decode()
        assert sign_in(port, "nobody").status == 429, "an unknown name is held like a known one"


def test_a_session_brought_along_is_not_taken_over(local):
    """Whoever plants a session in another's browser does not share what is signed in to later."""
    planted = local.cookie("admin01")
    with servers.gateway(local) as port:
        token, cookie = form(port)
        both = planted.rstrip("\r\n") + "; " + cookie.removeprefix("Cookie: ")
        done = attempt(port, "admin01", PASSWORD, token, both)
        assert done.status == 303
        assert cookies(done)["__Host-ipats"] not in planted
        assert ask(port, PAGE, planted).status == 404


@pytest.mark.parametrize(
    "body",
    ["user=admin01&user=admin02", "x" * 9000, "&" * 50, "user=%ff%fe", "user", "", "=%", "a=1;b=2"],
)
def test_a_form_that_is_none_is_refused(local, body):
    with servers.gateway(local) as port:
        assert post(port, "/login", body, form(port)[1]).status == 400


REFUSED = (
    "period=/evil.example&lwia=01",
    "period=PY2024Q4&lwia=../..",
    "lwia=01",
    "",
    "period=PY2024Q4&lwia=01/planner/1",
    "period=%2F%2Fevil&lwia=01",
    "lwia=%C3%A9",
)


def test_nothing_leads_elsewhere(local):
    """No page takes an address to go to; the area form builds its own, inside the grammar."""
    state = local.cookie("state1")
    with servers.gateway(local) as port:
        there = ask(port, "/open?period=PY2024Q4&lwia=01", state)
        assert there.header("location") == "/PY2024Q4/lwia/01/index.html"
        for asked in REFUSED:
            assert ask(port, f"/open?{asked}", state).status == 404
        for next_page in ("next", "url", "rd", "return_to"):
            answer = ask(port, f"/login?{next_page}=https://evil.example", state)
            assert b"evil" not in answer.body
            assert "evil" not in answer.head


def test_many_right_passwords_from_one_address_are_all_taken(local):
    """An office signs in behind one address; only failures hold it."""
    with servers.gateway(local) as port:
        for _ in range(load_settings().failures_per_address + 1):
            assert sign_in(port).status == 303


def test_what_is_no_published_file_is_in_the_log_by_its_folder_at_most(local):
    cookie, state = local.cookie("admin01"), local.cookie("state1")
    with servers.gateway(local) as port:
        for asker in (cookie, state, ""):
            for path in (
                "/PY2024Q4/lwia/01/john-q-public/540-12-3456.html",
                "/PY2024Q4/lwia/01/planner/john-q-public/index.html",
                "/PY2024Q4/lwia/02/john-q-public.html",
                "/PY2031Q4/lwia/01/john-q-public.html",
                "/_static/john-q-public.0123456789ab.css",
                "/open?period=PY2024Q4&lwia=john-q-public",
            ):
                assert ask(port, path, asker).status == 404
        assert ask(port, "/open?period=PY2024Q4&lwia=01", state).status == 303
        assert ask(port, PAGE, cookie).status == 200
        assert ask(port, PAGE).status == 404
    whole = b"".join(path.read_bytes() for path in local.audit.glob("*.jsonl"))
    assert b"john-q" not in whole
    assert b"3456" not in re.sub(rb'"hash":"\w+"|"before":"\w+"|unread:\d+:\w+', b"", whole)
    named = [line["object"] for line in events(local.audit)]
    assert named[0].startswith("PY2024Q4/lwia/01/unread:")
    assert named[1].startswith("unread:")
    assert named[-3:] == [PAGE[1:]] * 3


def test_passwords_and_unknown_names_are_not_in_the_log(local):
    with servers.gateway(local) as port:
        sign_in(port, "a-mistyped-secret", "another-secret-here")
        sign_in(port)
        ask(port, "/Customer%20Name/12345", "")
    whole = b"".join(path.read_bytes() for path in local.audit.glob("*.jsonl"))
    for secret in (b"mistyped", b"another-secret", PASSWORD.encode(), b"Customer"):
        assert secret not in whole
    signs = [line for line in events(local.audit) if line["event"] == "sign_in"]
    assert [(line["outcome"], line["reason"], line["user"]) for line in signs] == [
        ("refused", "wrong", ""),
        ("done", "password", "admin01"),
    ]
    verify(local.audit)


def test_a_known_and_an_unknown_name_take_the_same_work(local, monkeypatch):
    """F16, short: both verify exactly one hash of the same cost (the long run measures times)."""
    from ipats_lib.access import sessions

    verified = []
    real = sessions._HASHER.verify

    class Counting:
        def verify(self, stored, password):
            verified.append(stored.rsplit("$", 2)[0])
            return real(stored, password)

    sessions._dummy()
    monkeypatch.setattr(sessions, "_HASHER", Counting())
    known = hashed_known = hashed_text()
    assert not sessions.matches(known, "wrong password")
    assert not sessions.matches(None, "wrong password")
    assert verified[0] == verified[1] == hashed_known.rsplit("$", 2)[0]


def hashed_text() -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(PASSWORD)


@pytest.mark.attack
def test_f16_known_and_unknown_names_cannot_be_told_by_time(local, monkeypatch, tmp_path):
    """500 pairs in turn: the median difference is small against the spread of one and the same."""
    import shutil

    from ipats_lib.params import params_folder

    shutil.copytree(params_folder(), tmp_path / "params")
    limits = tmp_path / "params/access.csv"
    limits.write_text(re.sub(r"(failures_per_\w+),\d+", r"\1,100000", limits.read_text()))
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    times = {"admin01": [], "nobody0": []}
    with servers.gateway(local) as port:
        token, cookie = form(port)
        for turn in range(500):
            for user in sorted(times, reverse=bool(turn % 2)):
                begun = time.perf_counter()
                assert attempt(port, user, "not the password", token, cookie).status == 403
                times[user].append(time.perf_counter() - begun)
    known, unknown = times["admin01"], times["nobody0"]
    gap = abs(statistics.median(known) - statistics.median(unknown))
    wins = sum(a > b for a, b in zip(known, unknown, strict=True))
    print(f"F16: medians {gap * 1e3:.2f} ms apart; the known name slower in {wins} of 500 pairs")
    assert 190 <= wins <= 310, "as a fair coin would fall but once in ten million"
