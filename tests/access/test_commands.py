"""The command line of access, as an operator types it."""

import asyncio
import csv
import shutil
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from ipats_lib import command_line
from ipats_lib.access import accounts, commands, requests, sessions
from ipats_lib.access.audit import AuditLog, Event
from ipats_lib.access.nginx import configuration
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.audited import events
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

    def brings(self, *lines, taken=None, head=HEAD, more=(), **expected):
        path = self.folder / "accounts.csv"
        path.write_text("\n".join((head, *lines)) + "\n")
        moment = taken or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        return self.does("import", path, "--taken", moment, *more, **expected)

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
    desk.brings("anna,540-12-3456", head="worknet_user,ssn", code=2, told="lacks iwds_user")
    for moved in ("eve, " + LINES[1], LINES[1].replace("ben,", "")):
        desk.brings(LINES[0], moved, code=2, told="accounts.csv line 3: expected 9 columns")
    desk.brings(LINES[0] + ",state", head=HEAD + ",role", code=2, told="role more")
    desk.brings(LINES[0].replace("20240102", "no"), code=7, told="line 2: linked_on must be a date")
    desk.brings(*LINES, taken="2020-01-01", code=7, told="older")
    desk.brings(*LINES, taken=f"{datetime.now(UTC) + timedelta(hours=1):%FT%T}", code=7,
                told="yet to come")  # fmt: skip
    path.write_bytes(b"\xff\xfe\x00")
    desk.does("import", path, "--taken", "2026-01-01", code=2, told="UTF-16")
    desk.does("import", desk.folder / "none.csv", "--taken", "2026-01-01", code=2, told="none.csv")
    desk.does("import", desk.folder / "none.json", code=7, told="none.json")
    assert len(desk.listed()) == 4
    assert len(desk.logged()) == lines


def test_a_csv_is_one_whatever_the_letters_of_its_name(desk):
    path = desk.folder / "ACCOUNTS.CSV"
    path.write_text("\n".join((HEAD, LINES[0])))
    moment = f"{datetime.now(UTC):%FT%T}"
    desk.does("import", path, "--taken", moment, told="ACCOUNTS.CSV: The last line has no line end")
    assert desk.listed() == {"anna": "lwia/07"}


def test_a_roster_that_lacks_many_accounts_waits_for_a_word_but_closes_what_it_closes(desk):
    """Unattended: exit 7, the old roster stays, who was switched off is off."""
    desk.brings(*LINES)
    off = LINES[2].replace("active,,1", "inactive,,1")
    desk.brings(off, code=7, told="it lacks 3 of the 4 accounts of the one before")
    desk.brings(code=7, told="it holds no account")
    assert (desk.listed()["anna"], desk.listed()["cara"]) == ("lwia/07", "portal_inactive")
    last = list(events(desk.log))[1:]
    assert [(line["event"], line["outcome"]) for line in last] == [("import", "refused")] * 2
    assert last[0]["object"].endswith(", 1 lines closed")
    desk.brings(LINES[0], more=("--yes",))
    assert desk.listed()["anna"] == "lwia/07"
    assert desk.listed()["ben"] == "not_in_group"
    desk.brings(more=("--yes",))
    assert set(desk.listed().values()) == {"not_in_group"}


def test_names_that_differ_in_large_and_small_letters_are_one_account(desk):
    """As IWDS compares them: one line in `list`, one word of an approver, one link."""
    desk.brings("Anna,IW1,lwia_admin,7,,active,active,1,20240102",
                "ANNA,iw2,planner,8,P-9,active,active,1,20240102")  # fmt: skip
    assert desk.listed() == {"ANNA": "lwia/07 lwia/08/planner/p-9"}
    desk.does("revoke", "anna")
    assert desk.listed() == {"ANNA": "not_in_group"}
    assert desk.logged()[-1] == ("revoke", "ANNA", "")
    desk.does("create", "aNNa", "--mail", "a@example.org")
    desk.does("grant", "anna")
    desk.does("link", "anna", "--iwds", "iw1", "--part")
    assert desk.listed() == {"ANNA": "lwia/08/planner/p-9"}
    desk.does("create", "ben")
    desk.does("grant", "Ben")
    desk.does("link", "BEN", "--iwds", "IW2")
    assert desk.listed() == {"ANNA": "nothing", "ben": "nothing"}, "one IWDS account of two users"


def test_a_store_or_log_that_is_not_there_is_an_error_and_is_not_made(desk, site):
    reads = [
        ("list",), ("who", PAGE), ("who", "anna", "--user"), ("grant", "anna"), ("revoke", "anna"),
        ("disable", "anna"), ("link", "anna", "--iwds", "iw1"),
        ("mail", "--server", "h:25", "--sender", "s", "--approvers", "a", "--link", "l"),
    ]  # fmt: skip
    for words in reads:
        done = typed(commands.access, *words, "--access", desk.store)
        assert (done.exit_code, "no access store" in done.stderr) == (2, True), words
    done = publish("serve", "--site", site, "--access", desk.store, "--audit", desk.log)
    assert (done.returncode, "no access store" in done.stderr) == (2, True)
    for words in (("verify",), ("repair",), ("usage",)):
        for folder in (desk.log, desk.folder):
            done = typed(commands.audit, *words, "--audit", folder)
            assert (done.exit_code, "holds no audit log" in done.stderr) == (7, True), words
    assert list(desk.folder.iterdir()) == []


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
            for number, user in enumerate(("anna", "ben"), start=1):
                accounts.create(store, user, f"{user}@example.org")
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
    assert audit("repair")[0] == 0
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
    assert typed(command_line.access, "export", "roster", *words).exit_code == 0
    assert desk.does("import", roster).startswith(f"{len(rows)} accounts")
    assert set(desk.listed().values()) >= {"roster_too_old"}, "as old as its extract"
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    passed(publish("access", "export", "roster", *words, "--taken", now))
    desk.does("import", roster)
    assert desk.listed()["admin02"] == "lwia/02"


@pytest.mark.parametrize("at_once", [True, False])
def test_who_is_deactivated_in_iwds_loses_access_at_the_next_sync(desk, extract, at_once):
    """A sync brings the accounts to the access store, or `access import` those of the snapshot."""
    shutil.copytree(extract, iwds := desk.folder / "iwds")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    access = ("--access", desk.store, "--audit", desk.log, "--taken", now) if at_once else ()
    for active in (True, False):
        with (iwds / "account.csv").open(newline="") as file:
            head, *lines = csv.reader(file)
        for one in lines:
            if one[head.index("worknet_user")] == "admin02" and not active:
                one[head.index("iwds_status")] = "inactive"
        with (iwds / "account.csv").open("w", newline="") as file:
            csv.writer(file).writerows([head, *lines])
        made = publish("sync", iwds, "--store", desk.folder / "store", *access)
        passed(made)
        if not at_once:
            desk.does("import", made.stdout.strip(), "--taken", now)
        assert desk.listed()["admin02"] == ("lwia/02" if active else "nothing")


def test_a_sync_that_loses_many_accounts_closes_what_it_closes_and_exits_7(desk, extract):
    shutil.copytree(extract, iwds := desk.folder / "iwds")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    words = ("--access", desk.store, "--audit", desk.log, "--taken", now)
    passed(publish("sync", iwds, "--store", desk.folder / "store", *words))
    before = desk.listed()
    with (iwds / "account.csv").open(newline="") as file:
        head, *lines = csv.reader(file)
    user, status = head.index("worknet_user"), head.index("iwds_status")
    kept = [one for one in lines if one[user] in ("admin01", "admin02")]
    for one in kept:
        one[status] = "inactive" if one[user] == "admin02" else one[status]
    with (iwds / "account.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *kept])
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=servers.free_port())
    server.start()
    try:
        mail = ("--server", f"127.0.0.1:{server.port}", "--plain", "--sender", "i@example.org")
        mail += ("--approvers", "office@example.org")
        made = publish("sync", iwds, "--store", desk.folder / "store", *words, *mail)
    finally:
        server.stop()
    assert made.returncode == 7
    assert "is not taken" in made.stderr
    assert len(box.taken) == 1, "the approvers are mailed"
    assert made.stdout.strip(), "the snapshot is made all the same"
    assert desk.listed() == before | {"admin02": "nothing"}


def test_nginxs_configuration_is_written_by_command(desk):
    out = desk.folder / "ipats.conf"
    words = ("export", "nginx", "--site", desk.folder, "--out", out)
    assert typed(commands.access, *words).exit_code == 2
    assert typed(commands.access, *words, "--plain", "--listen", "8080").exit_code == 0
    assert out.read_text() == configuration(desk.folder, "127.0.0.1:8000", "8080", plain=True)


@pytest.mark.parametrize(
    "listen", ["443", "0.0.0.0:443", "[::]:443", "[2001:db8::1]:8443", "[::1]"]
)
def test_nginx_listens_where_it_is_told_in_either_family(desk, listen):
    out = desk.folder / "ipats.conf"
    words = ("export", "nginx", "--site", desk.folder, "--out", out, "--plain")
    assert typed(commands.access, *words, "--listen", listen).exit_code == 0
    assert f"\n  listen {listen};\n" in out.read_text()


@pytest.mark.parametrize(
    "listen", ["[::]:443; include x", "[::]:", "[x]:443", "[::]443", "a b", "["]
)
def test_what_is_no_address_stands_in_no_configuration(desk, listen):
    out = desk.folder / "ipats.conf"
    words = ("export", "nginx", "--site", desk.folder, "--out", out, "--plain", "--listen", listen)
    done = typed(commands.access, *words)
    assert (done.exit_code, out.exists()) == (2, False)
    assert "cannot stand in a configuration" in done.stderr


def test_nginx_takes_an_address_of_ipv6(desk):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listen = f"[::1]:{probe.getsockname()[1]}"
    folder, whole = desk.folder, desk.folder / "nginx.conf"
    text = configuration(folder, "[::1]:8000", listen, plain=True, log=str(folder))
    whole.write_text(f"pid {folder}/pid; error_log {folder}/e.log;\nevents {{}}\nhttp {{{text}}}")
    command = [servers.NGINX, "-t", "-p", folder, "-c", whole]
    tried = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
