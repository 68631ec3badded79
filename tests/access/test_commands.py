"""The command line of access, as an operator types it."""

import asyncio
import csv
import ssl
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from ipats_lib.access import accounts, commands, requests, sessions
from ipats_lib.access.audit import AuditLog, Event, events
from ipats_lib.access.nginx import Front, configuration
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.test_requests import Box
from tests.access.test_tls import certified
from tests.conftest import ROOT, passed, publish

PAGE = "/PY2024Q4/lwia/07/index.html"
HEAD = "worknet_user,iwds_user,role,lwia,planner_id,worknet_status,iwds_status,in_group,linked_on"
LINES = (
    "anna,iw1,lwia_admin,7,,active,active,1,20240102",
    "ben,iw2,planner,7,P-9,active,active,0,20240102",
    "cara,,state,,,active,,1,20240102",
    "dora,iw4,lwia_admin,08,,active,inactive,1,20240102",
)


def typed(app, *words, given=""):
    """One command of `publish.py access` or `publish.py audit`."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=given)
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done


class Desk:
    """One store and log, and the commands on them."""

    def __init__(self, folder):
        self.folder, self.store, self.log = folder, folder / "access.db", folder / "audit"
        self.where = ("--access", self.store, "--audit", self.log)

    def does(self, *words, code=0, told="", given=""):
        done = typed(commands.access, *words, *self.where, given=given)
        assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
        return done.stdout

    def brings(self, *lines, taken=None, head=HEAD, **expected):
        path = self.folder / "accounts.csv"
        path.write_text("\n".join((head, *lines)) + "\n")
        moment = taken or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        return self.does("import", path, "--taken", moment, **expected)

    def tells(self, *words) -> list[list[str]]:
        done = typed(commands.access, *words, "--access", self.store)
        assert done.exit_code == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def listed(self) -> dict[str, str]:
        return {user: folders for user, folders, _ in self.tells("list")}

    def logged(self) -> list[tuple[str, str, str]]:
        return [(line["event"], line["user"], line["object"]) for line in events(self.log)]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_csv_of_accounts_is_imported_and_says_who_sees_what_and_why(desk):
    assert desk.brings(*LINES).startswith("4 accounts, taken ")
    assert desk.listed() == {
        "anna": "lwia/07", "ben": "not_in_group", "cara": "state", "dora": "nothing",
    }  # fmt: skip
    assert desk.tells("who", PAGE) == [
        ["anna", "allow", "in_scope"], ["ben", "deny", "not_in_group"],
        ["cara", "allow", "in_scope"], ["dora", "deny", "iwds_inactive"],
    ]  # fmt: skip
    assert desk.tells("who", "ben", "--user") == [
        ["ben", "not_in_group"], ["  iw2", "planner", "lwia/07/planner/p-9"],
    ]  # fmt: skip
    assert desk.tells("who", "dora", "--user")[1] == ["  iw4", "lwia_admin", "iwds_inactive"]
    for words in (("who", "/PY2024Q4/lwia/07/../index.html"), ("who", "nobody", "--user")):
        assert typed(commands.access, *words, "--access", desk.store).exit_code == 2


def test_a_csv_that_is_none_or_does_not_say_how_old_it_is_changes_nothing(desk):
    desk.brings(*LINES)
    lines = len(desk.logged())
    path = desk.folder / "accounts.csv"
    desk.does("import", path, code=2, told="--taken")
    desk.brings("anna,540-12-3456", head="worknet_user,ssn", code=7, told="account 1")
    for moved in ("eve, " + LINES[1], LINES[1].replace("ben,", "")):
        desk.brings(LINES[0], moved, code=7, told="account 2: expected worknet_user, iwds_user")
    desk.brings(*LINES[:1], taken="2020-01-01", code=7, told="older")
    path.write_bytes(b"\xff\xfe\x00")
    desk.does("import", path, "--taken", "2030-01-01", code=2, told="cannot be read")
    desk.does("import", desk.folder / "none.csv", "--taken", "2030-01-01", code=2)
    assert len(desk.listed()) == 4
    assert len(desk.logged()) == lines


def test_an_account_is_made_granted_linked_parted_revoked_and_disabled(desk):
    desk.brings(*LINES, "emil,iw5,planner,08,e1,active,active,,")
    desk.does("create", "fred", "--mail", "fred@example.org")
    assert desk.listed()["fred"] == "not_in_group"
    desk.does("grant", "fred")
    assert desk.listed()["fred"] == "nothing"
    desk.does("link", "fred", "--iwds", "iw5")
    assert desk.listed()["fred"] == "lwia/08/planner/e1"
    desk.does("link", "fred", "--iwds", "iw5", "--part")
    assert desk.listed()["fred"] == "nothing"
    desk.does("revoke", "anna")
    assert desk.listed()["anna"] == "not_in_group"
    desk.does("grant", "anna")
    desk.does("disable", "anna")
    assert desk.listed()["anna"] == "portal_inactive"
    desk.does("grant", "anna")
    assert desk.listed()["anna"] == "lwia/07"
    desk.does("create", "a b", code=7)
    desk.does("link", "fred", code=2, told="--iwds")
    desk.does("link", "fred", "--iwds", "iw5", "--issuer", "i", "--subject", "s", code=2)
    assert desk.logged()[1:5] == [
        ("create", "fred", ""), ("grant", "fred", "may open: nothing"),
        ("link", "fred", "IWDS account iw5"), ("part", "fred", "IWDS account iw5"),
    ]  # fmt: skip
    assert [event for event, *_ in desk.logged()[5:]] == ["revoke", "grant", "disable", "grant"]


def test_a_local_account_has_its_password_from_standard_input(desk):
    for password, code in (("correct horse battery\n", 0), ("short\n", 7), ("", 7)):
        desk.does("create", "anna", "--local", code=code, given=password)
    (told,) = desk.tells("list")
    assert told[2] == "password"
    assert len(desk.logged()) == 1
    written = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"correct horse" not in written


def test_a_providers_identity_is_linked_moved_and_parted(desk):
    """Parted is parted: nobody signs in by it, and who did is out."""
    desk.brings(*LINES)
    ours = ("--issuer", "https://idp", "--subject", "1")
    desk.does("link", "anna", *ours)
    with Store(desk.store) as store:
        token = sessions.begin(store, "anna", datetime.now(UTC).timestamp())
        desk.does("link", "anna", *ours)
        assert sessions.find(store, token)
        desk.does("link", "cara", *ours)
        assert accounts.user_of_identity(store, "https://idp", "1") == "cara"
        assert sessions.find(store, token) is None, "it was another's identity"
        desk.does("link", "anna", *ours, "--part", code=7, told="not linked")
        assert accounts.user_of_identity(store, "https://idp", "1") == "cara"
        token = sessions.begin(store, "cara", datetime.now(UTC).timestamp())
        desk.does("link", "cara", *ours, "--part")
        assert accounts.user_of_identity(store, "https://idp", "1") is None
        assert sessions.find(store, token) is None
    assert desk.logged()[-1] == ("part", "cara", "an identity of https://idp")
    assert {ways for _, _, ways in desk.tells("list")} == {""}


@pytest.mark.parametrize("tls", [True, False])
def test_mail_is_sent_and_noted_by_command(desk, tmp_path, monkeypatch, tls):
    certificate, key = certified(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    box = Box()
    safe = {"tls_context": context, "require_starttls": True} if tls else {}
    server = Controller(box, hostname="127.0.0.1", port=servers.free_port(), **safe)
    server.start()
    words = (
        "mail", "--sender", "ipats@example.org", "--approvers", "approvers@example.org",
        "--link", "https://ipats.example.org/",
    )  # fmt: skip
    more = () if tls else ("--plain",)
    try:
        with Store(desk.store) as store:
            for user in ("anna", "ben"):
                asked = (f"{user}@example.org", "local@example.org", datetime.now(UTC))
                requests.ask(store, user, *asked)
        there = ("--server", f"127.0.0.1:{server.port}")
        if tls:
            desk.does(*words, *there, code=7, told="cannot be reached")
            assert box.taken == [], "nothing goes to a server that nobody vouches for"
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        box.refused = {"anna@example.org"}
        assert desk.does(*words, *there, *more) == "2 sent\n"
        assert desk.does(*words, *there, *more) == "0 sent\n"
        with Store(desk.store) as store:
            for number in (1, 2):
                requests.decide_request(store, number, False, "no", "cara", datetime.now(UTC))
        assert (
            desk.does(*words, *there, *more, code=7, told="1 messages were not taken") == "1 sent\n"
        )
    finally:
        server.stop()
    desk.does(*words, "--server", "127.0.0.1", code=2, told="HOST:PORT")
    mails = [line["outcome"] for line in events(desk.log) if line["event"] == "mail"]
    assert mails == (["refused"] if tls else []) + ["done", "done", "refused", "done"]
    for _, text in box.taken:
        assert "\r\nDate: " in text
        assert "\r\nMessage-ID: <" in text


def test_two_runs_of_mail_at_once_send_each_message_once(desk):
    class Slow(Box):
        async def handle_DATA(self, server, session, envelope):
            await asyncio.sleep(0.3)
            return await super().handle_DATA(server, session, envelope)

    box = Slow()
    server = Controller(box, hostname="127.0.0.1", port=servers.free_port())
    server.start()
    command = [
        sys.executable, "publish.py", "access", "mail", "--server", f"127.0.0.1:{server.port}",
        "--sender", "a@example.org", "--approvers", "b@example.org", "--link", "x", "--plain",
    ]  # fmt: skip
    try:
        with Store(desk.store) as store:
            for user in ("anna", "ben", "cara"):
                requests.ask(store, user, "c@example.org", "d@example.org", datetime.now(UTC))
        both = [
            subprocess.Popen([*command, *map(str, desk.where)], cwd=ROOT, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert [running.wait(60) for running in both] == [0, 0]
    finally:
        server.stop()
    assert len(box.taken) == 3


def test_the_log_is_verified_and_counted_by_command(desk):
    def audit(*words):
        done = typed(commands.audit, *words, "--audit", desk.log)
        return done.exit_code, done.stdout.strip(), done.stderr

    desk.brings(*LINES)
    _, head, _ = audit("verify")
    assert head.startswith("1:")
    desk.does("grant", "ben")
    assert [audit("verify", "--known", known)[0] for known in (head, "", "1:x")] == [0, 0, 2]
    path = desk.log / "audit-000001.jsonl"
    whole = path.read_text()
    for changed, told in (
        (whole.replace("ben", "bob"), "line 2: changed"),
        (whole.splitlines(keepends=True)[1], "line 1: changed"),
        ("torn", "line 1: not a line"),
    ):
        path.write_text(changed)
        code, _, said = audit("verify")
        assert (code, told in said) == (7, True), said
    path.write_text(whole[:-9])
    assert audit("mend")[0] == 0
    assert audit("verify", "--known", head)[0] == 0
    assert audit("usage") == (0, "user,shown,refused", "")


def test_the_usage_is_a_csv_file_that_holds_no_formula(desk):
    """A name that an older store took as it came: one cell, and a text."""
    log = AuditLog(desk.log)
    for user in ('=HYPERLINK("http://x","y")', "anna"):
        log.append(
            Event("read", "allow", "own", user=user, object="PY2024Q4/state"), datetime.now(UTC)
        )
    log.close()
    told = typed(commands.audit, "usage", "--audit", desk.log).stdout
    assert list(csv.reader(told.splitlines())) == [
        ["user", "shown", "refused"],
        ['\'=HYPERLINK("http://x","y")', "1", "0"],
        ["anna", "1", "0"],
    ]


def test_a_snapshots_accounts_go_to_the_web_server_in_one_file(desk, extract, rows):
    made = publish("snapshot", "--extract", extract, "--store", desk.folder / "store")
    passed(made)
    roster = desk.folder / "roster.json"
    words = ("--snapshot", made.stdout.strip(), "--out", roster)
    assert typed(commands.access, "export", "roster", *words).exit_code == 0
    assert desk.does("import", roster).startswith(f"{len(rows)} accounts")
    assert set(desk.listed().values()) >= {"roster_too_old"}, "as old as its extract"
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    passed(publish("access", "export", "roster", *words, "--taken", now))
    desk.does("import", roster)
    assert desk.listed()["admin02"] == "lwia/02"


def test_nginxs_configuration_is_written_by_command(desk):
    out = desk.folder / "ipats.conf"
    words = ("export", "nginx", "--site", desk.folder, "--out", out)
    assert typed(commands.access, *words).exit_code == 2
    assert typed(commands.access, *words, "--plain", "--listen", "8080").exit_code == 0
    assert out.read_text() == configuration(
        Front(desk.folder, "127.0.0.1:8000", "8080", plain=True)
    )
