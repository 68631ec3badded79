"""The request flow: asked, mailed, reminded of, decided, and every step in the log."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from aiosmtpd.controller import Controller

from ipats_lib.access import accounts, requests
from ipats_lib.access.audit import events
from ipats_lib.access.calendar import business_days
from ipats_lib.access.mail import MailError, Postbox
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError
from tests.access import servers
from tests.access.servers import ask, post
from tests.access.test_signing_in import cookies

MONDAY = datetime(2026, 1, 12, 15, tzinfo=UTC)
FACTS = ("anna", "anna@example.org", "local@example.org")


class Box:
    """Takes mail as a server does, and keeps it."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((set(envelope.rcpt_tos), envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def postbox(box):
    controller = Controller(box, hostname="127.0.0.1", port=servers.free_port())
    controller.start()
    yield Postbox(
        "127.0.0.1", controller.port, "ipats@example.org", "approvers@example.org",
        "https://ipats.example.org", tls=False,
    )  # fmt: skip
    controller.stop()


@pytest.fixture
def kept(tmp_path):
    with Store(tmp_path / "requests.db") as opened:
        yield opened


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 1, 12), date(2026, 1, 12), 0),
        (date(2026, 1, 12), date(2026, 1, 15), 3),
        (date(2026, 1, 15), date(2026, 1, 20), 3),
        (date(2026, 1, 16), date(2026, 1, 18), 0),
        (date(2026, 1, 20), date(2026, 1, 12), 0),
    ],
)
def test_business_days_leave_out_the_weekend(first, last, days):
    assert business_days(first, last) == days


def test_a_request_goes_to_the_approvers_with_the_administrator_in_copy(kept, postbox, box):
    number = requests.ask(kept, *FACTS, MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 1
    assert requests.send_due(kept, postbox, MONDAY) == 0
    ((to, text),) = box.taken
    assert to == {"approvers@example.org", "local@example.org"}
    assert "Cc: local@example.org" in text
    assert "Request for IPATS access" in text
    assert "user name: anna" in text
    assert number == requests.ask(kept, *FACTS, MONDAY), "asking twice is asking once"


def test_a_grant_adds_to_the_group_and_mails_link_and_guide(kept, postbox, box):
    number = requests.ask(kept, *FACTS, MONDAY)
    requests.decide_request(kept, number, True, "confirmed by the LWIA", "state1", MONDAY)
    assert accounts.person(kept, "anna").in_group
    assert requests.send_due(kept, postbox, MONDAY) == 2
    to, text = box.taken[1]
    assert to == {"anna@example.org", "local@example.org"}
    assert "https://ipats.example.org/" in text
    assert "https://ipats.example.org/help" in text
    with pytest.raises(AccessError, match="not waiting"):
        requests.decide_request(kept, number, False, "again", "state1", MONDAY)


def test_a_refusal_says_why_and_opens_nothing(kept, postbox, box):
    number = requests.ask(kept, *FACTS, MONDAY)
    with pytest.raises(AccessError, match="reason"):
        requests.decide_request(kept, number, False, " ", "state1", MONDAY)
    requests.decide_request(kept, number, False, "not an employee", "state1", MONDAY)
    requests.send_due(kept, postbox, MONDAY)
    assert "not an employee" in box.taken[1][1]
    assert accounts.person(kept, "anna") is None


def test_approvers_are_reminded_once_after_three_business_days(kept, postbox, box):
    requests.ask(kept, *FACTS, MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 1
    assert requests.send_due(kept, postbox, MONDAY + timedelta(days=3)) == 0
    assert requests.send_due(kept, postbox, MONDAY + timedelta(days=4)) == 1
    assert requests.send_due(kept, postbox, MONDAY + timedelta(days=5)) == 0
    assert "waiting" in box.taken[1][1]


def test_a_mail_server_that_is_away_loses_nothing(kept, postbox, box):
    requests.ask(kept, *FACTS, MONDAY)
    nobody = Postbox("127.0.0.1", servers.free_port(), "a@b.c", "a@b.c", "", tls=False)
    with pytest.raises(MailError):
        requests.send_due(kept, nobody, MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 1


@pytest.mark.parametrize(
    "facts",
    [("", *FACTS[1:]), ("a\nb", *FACTS[1:]), ("anna", "x", FACTS[2]),
     ("anna", "a@b.org\nBcc: c@d.org", FACTS[2]), ("anna", FACTS[1], "a@b.org, c@d.org")],
)  # fmt: skip
def test_what_is_no_name_or_address_is_refused(kept, facts):
    with pytest.raises(AccessError, match="Write"):
        requests.ask(kept, *facts, MONDAY)


def token(answer) -> str:
    return re.search(rb'name="form" value="([0-9a-f]{64})"', answer.body)[1].decode()


def test_from_the_form_to_the_grant_through_the_gateway(own_place):
    state, other = own_place.cookie("state1"), own_place.cookie("admin01")
    with servers.gateway(own_place) as port:
        page = ask(port, "/request")
        browser = f"Cookie: __Host-ipats-form={cookies(page)['__Host-ipats-form']}\r\n"
        sent = dict(zip(("user", "mail", "administrator"), FACTS, strict=True))
        assert post(port, "/request", urlencode(sent), browser).status == 400
        done = post(port, "/request", urlencode(sent | {"form": token(page)}), browser)
        assert (done.status, b"has the number 1" in done.body) == (200, True)
        for path in ("/queue", "/usage"):
            assert ask(port, path, other).status == ask(port, path).status == 404
        waiting = ask(port, "/queue", state)
        assert b"anna@example.org" in waiting.body
        decision = {"id": "1", "outcome": "grant", "reason": "confirmed"}
        stolen = post(port, "/queue", urlencode(decision | {"form": token(waiting)}), other)
        assert stolen.status == 404
        assert post(port, "/queue", urlencode(decision), state).status == 303
        assert b"anna@example.org" in ask(port, "/queue", state).body, "no token, no decision"
        post(port, "/queue", urlencode(decision | {"form": token(waiting)}), state)
        assert b"Nothing is waiting" in ask(port, "/queue", state).body
        ask(port, "/PY2024Q4/lwia/02/index.html", other)
        assert re.search(
            rb"admin01</th><td class=\"n\">0</td><td class=\"n\">1<",
            ask(port, "/usage", state).body,
        )
    logged = [(e["event"], e["outcome"], e["object"]) for e in events(own_place.audit)]
    assert ("request", "allow", "") in logged
    assert ("grant", "allow", "request 1") in logged
    with Store(own_place.store) as kept:
        assert accounts.person(kept, "anna").in_group


def test_f13_every_request_has_its_line(own_place):
    """Whatever is asked, there is one line for it at least, before it is answered."""
    cookie = own_place.cookie("admin01")
    paths = ["/", "/login", "/help", "/style.css", "/request", "/queue", "/usage", "/open?x"]
    paths += ["/favicon.ico", "/PY2024Q4/lwia/01/index.html", "/nothing", "/%00", "/_static/x"]
    with servers.gateway(own_place) as port:
        for number, path in enumerate(paths * 3, start=1):
            ask(port, path, cookie if number % 2 else "")
            assert sum(1 for _ in events(own_place.audit)) == number
