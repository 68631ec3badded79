"""The request flow: asked, mailed, reminded of, decided, and every step in the log."""

import re
import shutil
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from aiosmtpd.controller import Controller

from ipats_lib.access import accounts, requests
from ipats_lib.access.requests import Postbox, ServerAwayError, business_days
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError
from ipats_lib.params import params_folder
from tests.access import servers
from tests.access.audited import events
from tests.access.servers import ask, post
from tests.access.test_accounts import line
from tests.access.test_signing_in import cookies
from tests.conftest import publish

MONDAY = datetime(2026, 1, 12, 15, tzinfo=UTC)
FACTS = ("anna", "anna@example.org", "local@example.org")


class Box:
    """Takes mail as a server does, and keeps it."""

    def __init__(self):
        self.taken, self.refused = [], set()

    async def handle_DATA(self, server, session, envelope):
        if self.refused & set(envelope.rcpt_tos):
            return "550 no such mailbox"
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


def linked(kept, **facts):
    """IWDS knows anna as an administrator, from this moment on."""
    row = {
        "worknet_user": "anna", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "07",
        "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "",
        "linked_on": "20240102",
    } | facts  # fmt: skip
    accounts.load_roster(kept, RosterFile(MONDAY, (row,)))


def test_a_grant_adds_to_the_group_and_mails_link_and_guide(kept, postbox, box):
    linked(kept)
    accounts.create(kept, "anna", "own@example.org")
    number = requests.ask(kept, *FACTS, MONDAY)
    requests.decide_request(kept, number, True, "confirmed by the LWIA", "state1", MONDAY)
    assert accounts.person(kept, "anna").in_group
    assert requests.send_due(kept, postbox, MONDAY) == 2
    to, text = box.taken[1]
    assert to == {"own@example.org"}, "who is in copy of the request is the word of whoever asked"
    assert "https://ipats.example.org/" in text
    assert "https://ipats.example.org/help" in text
    with pytest.raises(AccessError, match="not waiting"):
        requests.decide_request(kept, number, False, "again", "state1", MONDAY)


@pytest.mark.parametrize("facts", [None, {"linked_on": ""}, {"role": ""}, {"iwds_status": ""}])
def test_a_grant_that_opens_nothing_yet_is_mailed_once_a_role_is_linked(kept, postbox, box, facts):
    """Group first, link later (domain 1.3, step 4): no mail says "you have access" before."""
    if facts:
        linked(kept, **facts)
    accounts.create(kept, "anna", FACTS[1])
    number = requests.ask(kept, *FACTS, MONDAY)
    requests.decide_request(kept, number, True, "confirmed by the LWIA", "state1", MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 1
    assert [request.user for request in requests.unlinked(kept, MONDAY)] == ["anna"]
    linked(kept)
    assert requests.unlinked(kept, MONDAY) == ()
    assert requests.send_due(kept, postbox, MONDAY) == 1
    assert "You have access" in box.taken[1][1]


def test_many_requests_of_strangers_are_one_message(kept, postbox, box):
    """To the approvers alone: nobody has us write to whom they like."""
    limit = load_settings().letters_of_strangers
    accounts.create(kept, "anna")
    requests.ask(kept, *FACTS, MONDAY)
    for number in range(limit):
        requests.ask(kept, f"early{number}", *FACTS[1:], MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 1 + limit
    requests.ask(kept, "dora", *FACTS[1:], MONDAY)
    accounts.create(kept, "dora")
    for number in range(limit + 1):
        requests.ask(kept, f"late{number}", *FACTS[1:], MONDAY)
    assert requests.send_due(kept, postbox, MONDAY) == 2
    assert requests.send_due(kept, postbox, MONDAY) == 0
    (_, own), (to, many) = box.taken[1 + limit :]
    assert "user name: dora" in own
    assert to == {"approvers@example.org"}
    assert f"{limit + 1} new requests" in many


def test_a_grant_leaves_a_known_accounts_mail_address(kept):
    """Whoever asks may write another's name."""
    accounts.create(kept, "anna", "right@example.org")
    number = requests.ask(kept, "anna", "evil@example.org", FACTS[2], MONDAY)
    requests.decide_request(
        kept, number, True, "confirmed", "state1", MONDAY, mail_address="other@example.org"
    )
    assert accounts.mail_of(kept, "anna") == "right@example.org"


def test_no_outcome_goes_to_an_address_that_whoever_asked_wrote(kept, postbox, box):
    """Neither of the two in the request, whichever way it is decided, however early it came."""
    linked(kept)
    requests.ask(kept, "anna", "evil@example.org", "evil2@example.org", MONDAY)
    assert requests.ask(kept, "ANNA", *FACTS[1:], MONDAY) == 1, "the same account asks"
    requests.decide_request(kept, 1, True, "confirmed", "state1", MONDAY)
    requests.ask(kept, "ben", "evil@example.org", "evil2@example.org", MONDAY)
    requests.decide_request(kept, 2, False, "nobody knows them", "state1", MONDAY)
    requests.send_due(kept, postbox, MONDAY)
    assert [text for _, text in box.taken if "Request for IPATS access" not in text] == []
    assert [one.user for one in requests.unaddressed(kept)] == ["anna"], "a refusal waits for none"
    accounts.create(kept, "anna", "own@example.org")
    assert requests.unaddressed(kept) == ()
    assert requests.send_due(kept, postbox, MONDAY) == 1
    to, text = box.taken[-1]
    assert (to, "You have access" in text) == ({"own@example.org"}, True)


@pytest.mark.parametrize("grant", [True, False])
def test_an_approver_says_the_address_of_an_account_that_has_none(kept, postbox, box, grant):
    linked(kept)
    number = requests.ask(kept, "Anna", "evil@example.org", FACTS[2], MONDAY)
    decided = (kept, number, grant, "confirmed", "state1", MONDAY)
    with pytest.raises(AccessError, match="no mail address"):
        requests.decide_request(*decided, mail_address="own@example.org\nBcc: x@example.org")
    requests.decide_request(*decided, mail_address="own@example.org")
    assert accounts.mail_of(kept, "anna") == "own@example.org"
    requests.send_due(kept, postbox, MONDAY)
    assert box.taken[-1][0] == {"own@example.org"}


def test_requests_of_one_address_wait_in_bounded_number_and_shut_out_no_other(kept):
    """An IPv6 host counts with its /64; a decided request no longer counts."""
    limit = load_settings().requests_per_address
    for number in range(limit):
        requests.ask(kept, f"user{number}", *FACTS[1:], MONDAY, f"2001:db8::{number:x}")
    for address in ("2001:db8::1", "2001:db8::ffff"):
        with pytest.raises(AccessError, match="from your network"):
            requests.ask(kept, "anna", *FACTS[1:], MONDAY, address)
    assert requests.ask(kept, "user3", *FACTS[1:], MONDAY, "2001:db8::1") == 4, "asked before"
    assert requests.ask(kept, "ben", *FACTS[1:], MONDAY, "2001:db8:0:1::1") == limit + 1
    requests.decide_request(kept, 1, False, "no", "state1", MONDAY)
    assert requests.ask(kept, "anna", *FACTS[1:], MONDAY, "2001:db8::1") == limit + 2


def test_strangers_never_shut_the_form(kept):
    """However many addresses they have: their own oldest make room, and no known account's."""
    limit = load_settings().requests_of_strangers
    accounts.create(kept, "anna")
    requests.ask(kept, "anna", *FACTS[1:], MONDAY, "10.0.0.1")
    requests.ask(kept, "new", *FACTS[1:], MONDAY, "10.0.0.2")
    with kept.writing():
        for number in range(limit + 200):
            address = f"2001:db8:{number // 10:x}::1"
            at = MONDAY + timedelta(seconds=number)
            requests.ask(kept, f"stranger{number}", *FACTS[1:], at, address)
            assert len(requests.make_room(kept)) == (number + 2 > limit)
    waiting = [one.user for one in requests.waiting(kept)]
    assert len(waiting) == limit + 1
    assert waiting[:2] == ["anna", "new"], "one address with one request loses none to ten"
    late = MONDAY + timedelta(days=1)
    requests.ask(kept, "later", *FACTS[1:], late, "10.0.0.3")
    accounts.create(kept, "dora")
    requests.ask(kept, "dora", *FACTS[1:], late, "10.0.0.3")
    (gone,) = requests.make_room(kept)
    assert gone > 2
    waiting = [one.user for one in requests.waiting(kept)]
    assert len(waiting) == limit + 2
    assert set(waiting) >= {"anna", "new", "later", "dora"}


def test_one_mail_that_is_not_taken_holds_up_no_other(kept, postbox, box):
    box.refused = {"gone@example.org"}
    noted = []
    requests.ask(kept, "anna", FACTS[1], "gone@example.org", MONDAY)
    for user in ("ben", "cara"):
        requests.ask(kept, user, f"{user}@example.org", FACTS[2], MONDAY)
    accounts.create(kept, "ben", "ben@example.org")
    requests.decide_request(kept, 2, False, "no", "state1", MONDAY)

    def note(letter, taken):
        noted.append((letter.kind, letter.about[0].id, taken))

    assert requests.send_due(kept, postbox, MONDAY, note) == 3
    assert noted == [
        ("asked_mailed", 1, False), ("asked_mailed", 2, True), ("asked_mailed", 3, True),
        ("outcome_mailed", 2, True),
    ]  # fmt: skip
    later = MONDAY + timedelta(days=4)
    box.refused = set()
    assert requests.send_due(kept, postbox, later) == 2
    assert len(box.taken) == 5


def test_who_approves_is_mailed_when_nobody_was_there_to_judge_a_roster(tmp_path, postbox, box):
    """The exit is 7 whether or not the mail goes out, and the log says which."""
    log = tmp_path / "audit"
    where = ("--access", tmp_path / "a.db", "--audit", log)
    mail = ("--server", f"127.0.0.1:{postbox.port}", "--sender", "ipats@example.org", "--plain")
    told = (*where, *mail, "--approvers", "approvers@example.org")
    rows = [line(worknet_user=f"user{n}", iwds_user=f"iw{n}") for n in range(10)]
    for n, (name, kept) in enumerate((("whole", rows), ("cut", rows[3:]))):
        text = RosterFile(datetime.now(UTC) - timedelta(minutes=9 - n), tuple(kept)).text
        (tmp_path / name).write_text(text)
    assert publish("access", "import", tmp_path / "whole", *told).returncode == 0
    assert box.taken == []
    assert publish("access", "import", tmp_path / "cut", *where, *mail).returncode == 2
    assert publish("access", "import", tmp_path / "cut", *told).returncode == 7
    [(to, message)] = box.taken
    assert to == {"approvers@example.org"}
    assert "it lacks 3 of the 10 accounts" in message
    assert "user" not in message
    box.refused = {"approvers@example.org"}
    again = publish("access", "import", tmp_path / "cut", *told)
    assert again.returncode == 7
    assert "it lacks 3 of the 10" in again.stderr
    assert "did not take a message" in again.stderr
    assert [one["outcome"] for one in events(log) if one["event"] == "mail"] == ["done", "refused"]


def test_the_record_of_an_operator_is_of_what_was_done(tmp_path):
    """No line says done of what failed; and a grant says what it opens."""
    store, log = tmp_path / "a.db", tmp_path / "audit"
    where = ("--access", store, "--audit", log)
    with Store(store) as kept:
        linked(kept)
        kept.set_meta("roster_taken", datetime.now(UTC).isoformat())
    assert publish("access", "grant", "nobody", *where).returncode == 7
    assert publish("access", "link", "anna", "--iwds", "iw9", *where).returncode == 7
    assert not list(events(log))
    assert publish("access", "grant", "anna", *where).returncode == 0
    line = next(events(log))
    assert (line["user"], line["object"]) == ("anna", "may open: lwia/07")
    (log / "audit-000001.jsonl").write_text("torn")
    assert publish("access", "revoke", "anna", *where).returncode == 7
    with Store(store) as kept:
        assert accounts.person(kept, "anna").in_group, "no record, no deed"


def test_a_refusal_says_why_and_opens_nothing(kept, postbox, box):
    accounts.create(kept, "ben", "ben@example.org")
    for user in ("anna", "ben"):
        number = requests.ask(kept, user, *FACTS[1:], MONDAY)
        with pytest.raises(AccessError, match="reason"):
            requests.decide_request(kept, number, False, " ", "state1", MONDAY)
        requests.decide_request(kept, number, False, "not an employee", "state1", MONDAY)
    requests.send_due(kept, postbox, MONDAY)
    (outcome,) = [mail for mail in box.taken if "not an employee" in mail[1]]
    assert outcome[0] == {"ben@example.org"}
    assert accounts.person(kept, "anna") is None
    assert not accounts.person(kept, "ben").in_group


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
    with pytest.raises(ServerAwayError):
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
        wrong = urlencode(sent | {"mail": "x", "form": token(page)})
        assert post(port, "/request", wrong, browser).status == 400
        done = post(port, "/request", urlencode(sent | {"form": token(page)}), browser)
        assert (done.status, b"has the number 1" in done.body) == (200, True)
        for path in ("/queue", "/usage"):
            assert ask(port, path, other).status == ask(port, path).status == 404
        waiting = ask(port, "/queue", state)
        assert b"anna@example.org" in waiting.body
        assert b"no such account yet" in waiting.body
        assert b'name="mail"' in waiting.body
        with Store(own_place.store) as kept:
            accounts.create(kept, "anna", "right@example.org")
            assert b"right@example.org" in ask(port, "/queue", state).body
            accounts.set_link(kept, "anna", "iwds_admin01", True)
            assert b"iwds_admin01: lwia_admin, does not count: iwds account of several" in (
                ask(port, "/queue", state).body
            )
            accounts.set_link(kept, "anna", "iwds_admin01", False)
        assert b'name="mail"' not in ask(port, "/queue", state).body, "the account has its own"
        decision = {"id": "1", "outcome": "grant", "reason": "confirmed"}
        stolen = post(port, "/queue", urlencode(decision | {"form": token(waiting)}), other)
        assert stolen.status == 404
        assert post(port, "/queue", urlencode(decision), state).status == 303
        assert b"anna@example.org" in ask(port, "/queue", state).body, "no token, no decision"
        post(port, "/queue", urlencode(decision | {"form": token(waiting)}), state)
        queue = ask(port, "/queue", state).body
        assert b"Nothing is waiting" in queue
        assert b"Granted, and nothing to open yet" in queue
        ask(port, "/PY2024Q4/lwia/02/index.html", other)
        style = next((own_place.site / "_static").glob("style.*")).name
        assert ask(port, f"/_static/{style}", other).status == 200
        assert re.search(
            rb"admin01</th><td class=\"n\">0</td><td class=\"n\">1<",
            ask(port, "/usage", state).body,
        )
    logged = [(e["event"], e["outcome"], e["object"]) for e in events(own_place.audit)]
    assert ("request", "done", "request 1") in logged
    assert ("grant", "done", "request 1 of anna, who may open: nothing") in logged
    with Store(own_place.store) as kept:
        assert accounts.person(kept, "anna").in_group


def test_the_form_takes_a_request_however_many_strangers_wait_and_the_log_says_who_made_room(
    own_place, tmp_path, monkeypatch
):
    params = shutil.copytree(params_folder(), tmp_path / "params")
    limits = params / "access.csv"
    limits.write_text(re.sub(r"(?m)^requests_of_strangers,\d+", "requests_of_strangers,2",
                             limits.read_text()))  # fmt: skip
    monkeypatch.setenv("IPATS_PARAMS", str(params))
    with servers.gateway(own_place) as port:
        page = ask(port, "/request")
        browser = f"Cookie: __Host-ipats-form={cookies(page)['__Host-ipats-form']}\r\n"
        for number, user in enumerate(("eve", "mallory", "anna", "admin01"), start=1):
            sent = {"user": user, "mail": FACTS[1], "administrator": FACTS[2], "form": token(page)}
            done = post(port, "/request", urlencode(sent), browser)
            assert (done.status, f"has the number {number}".encode() in done.body) == (200, True)
    with Store(own_place.store) as kept:
        assert [one.user for one in requests.waiting(kept)] == ["mallory", "anna", "admin01"]
    assert [e["object"] for e in events(own_place.audit) if e["reason"] == "made_room"] == [
        "request 1"
    ]


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f13_every_request_has_its_line(own_place, start):
    """Whatever is asked, there is one line for it at least, before it is answered."""
    cookie = own_place.cookie("admin01")
    paths = ["/", "/login", "/help", "/style.css", "/request", "/queue", "/usage", "/open?x"]
    paths += ["/favicon.ico", "/PY2024Q4/lwia/01/index.html", "/nothing", "/_static/x", "/%00"]
    refused = own_place.folder / "ipats-refused.log"
    with start(own_place) as port:
        for number, path in enumerate(paths * 3, start=1):
            ask(port, path, cookie if number % 2 else "")
            for _ in range(100):  # nginx writes its line after it has answered
                if lines(own_place, refused) >= number:
                    break
                time.sleep(0.02)
            assert lines(own_place, refused) == number
    print(f"F13: {number} requests, {lines(own_place, refused)} lines of them")


def lines(place, refused) -> int:
    """Lines of the audit log, and of nginx's about what it refused itself."""
    by_nginx = refused.read_text().splitlines() if refused.exists() else []
    return sum(1 for _ in events(place.audit)) + len(by_nginx)
