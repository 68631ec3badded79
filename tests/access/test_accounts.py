"""The store: what the roster says, what an approver says, and which of them counts."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from ipats_lib.access import accounts, sessions, throttle
from ipats_lib.access.decision import decide, scopes_of
from ipats_lib.access.gateway import Facts
from ipats_lib.access.grammar import read_path
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.sessions import hashed, matches
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError

NOW = datetime.now(UTC)
LATER = NOW + timedelta(seconds=60)
SOON = NOW.timestamp()


def line(**facts: str) -> dict[str, str]:
    return {
        "worknet_user": "anna", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "07",
        "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
        "linked_on": "20240102",
    } | facts  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "access.db") as opened:
        yield opened


def load(store, *rows, taken=NOW):
    accounts.load_roster(store, RosterFile(taken, rows))


def folders(store, user="anna") -> list[str]:
    person, roster = accounts.person(store, user), accounts.roster(store)
    return [scope.path for scope in scopes_of(person, roster, NOW)]


def test_a_roster_replaces_the_one_before(store):
    load(store, line())
    load(store, line(lwia="08"), taken=LATER)
    assert folders(store) == ["lwia/08"]
    load(store, line(worknet_user="ben"), taken=LATER)
    assert folders(store) == []


def test_an_older_roster_is_refused_and_changes_nothing(store):
    load(store, line(role=""), taken=LATER)
    with pytest.raises(AccessError, match="older"):
        load(store, line())
    assert folders(store) == []


def test_a_roster_is_loaded_whole_or_not_at_all(store):
    load(store, line())
    with pytest.raises(sqlite3.Error):
        load(store, line(lwia="08"), line(lwia=None), taken=LATER)
    assert folders(store) == ["lwia/07"]


def test_revoked_here_stays_revoked_whatever_a_roster_says(store):
    load(store, line())
    accounts.set_group(store, "anna", False, NOW)
    load(store, line(), taken=LATER)
    assert folders(store) == []
    accounts.set_group(store, "anna", True, LATER)
    assert folders(store) == ["lwia/07"]


def test_let_in_here_until_a_newer_roster_says_no(store):
    load(store, line(in_group="0"))
    accounts.set_group(store, "anna", True, NOW + timedelta(seconds=1))
    assert folders(store) == ["lwia/07"]
    load(store, line(in_group=""), taken=LATER)
    assert folders(store) == ["lwia/07"], "a blank does not say no"
    load(store, line(in_group="0"), taken=LATER)
    assert folders(store) == []


def test_switched_off_on_either_side_is_off(store):
    load(store, line())
    accounts.set_active(store, "anna", False)
    assert folders(store) == []
    accounts.set_active(store, "anna", True)
    load(store, line(worknet_status="inactive"), taken=LATER)
    assert folders(store) == []


@pytest.mark.parametrize("says", ["0", "", "yes"])
def test_lines_that_contradict_each_other_are_not_in_the_group_and_not_active(store, says):
    load(store, line(), line(iwds_user="iw2", lwia="08", in_group=says))
    assert folders(store) == []
    load(store, line(), line(iwds_user="iw2", lwia="08", worknet_status=says), taken=LATER)
    assert folders(store) == []


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"role": "planner", "planner_id": "p1"},
        {"iwds_user": "IW1"},
        {"worknet_user": "bob", "linked_on": ""},
    ],
)
def test_an_iwds_account_that_one_line_closes_is_closed_in_every_line(store, other):
    load(store, line(), line(iwds_status="inactive", **other))
    assert not scopes_of(accounts.person(store, "anna"), accounts.roster(store), NOW)


@pytest.mark.parametrize(("days", "opens"), [(-1, True), (0, True), (1, False), (400, False)])
def test_a_link_of_a_day_after_the_rosters_is_not_made_yet(store, days, opens):
    load(store, line(linked_on=f"{NOW + timedelta(days=days):%Y%m%d}"))
    assert bool(scopes_of(accounts.person(store, "anna"), accounts.roster(store), NOW)) is opens
    accounts.set_link(store, "anna", "iw1", True)
    assert scopes_of(accounts.person(store, "anna"), accounts.roster(store), NOW)


def test_a_link_made_here_opens_and_one_parted_here_closes(store):
    load(store, line(linked_on=""))
    assert folders(store) == []
    accounts.set_link(store, "anna", "iw1", True)
    assert folders(store) == ["lwia/07"]
    load(store, line(), taken=LATER)
    accounts.set_link(store, "anna", "iw1", False)
    assert folders(store) == []


def test_an_iwds_account_linked_to_a_second_user_opens_for_neither(store):
    load(store, line())
    accounts.create(store, "ben")
    accounts.set_group(store, "ben", True, NOW)
    accounts.set_link(store, "ben", "iw1", True)
    assert folders(store) == folders(store, "ben") == []
    accounts.set_link(store, "anna", "iw1", False)
    assert (folders(store), folders(store, "ben")) == ([], ["lwia/07"])


def test_somebody_elses_state_role_opens_by_a_link_only_while_it_is_active_and_unshared(store):
    """State-level users need no IWDS account of their own; a link to another's is no such user."""
    ben = line(worknet_user="ben", iwds_user="iw9", role="state", lwia="", linked_on="")
    load(store, line(), ben | {"iwds_status": "inactive"})
    accounts.set_link(store, "anna", "iw9", True)
    assert folders(store) == ["lwia/07"]
    load(store, line(), ben, taken=LATER)
    assert folders(store) == ["lwia/07", "state"] or folders(store) == ["state", "lwia/07"]
    accounts.set_link(store, "ben", "iw9", True)
    assert (folders(store), folders(store, "ben")) == (["lwia/07"], [])


def test_an_unknown_account_is_not_linked_revoked_or_named(store):
    load(store, line())
    for change in (
        lambda: accounts.set_link(store, "nobody", "iw1", True),
        lambda: accounts.set_link(store, "anna", "iw9", True),
        lambda: accounts.set_link(store, "anna", "", True),
        lambda: accounts.set_group(store, "nobody", True, NOW),
        lambda: accounts.set_identity(store, "nobody", "https://idp", "1"),
        lambda: accounts.create(store, "a b"),
    ):
        with pytest.raises(AccessError):
            change()
    assert accounts.person(store, "nobody") is None


def test_an_identity_is_keyed_by_issuer_and_subject(store):
    load(store, line())
    accounts.set_identity(store, "anna", "https://idp", "1")
    assert accounts.user_of_identity(store, "https://idp", "1") == "anna"
    assert accounts.user_of_identity(store, "https://other", "1") is None
    assert accounts.user_of_identity(store, "https://idp", "2") is None


def test_a_stale_roster_decides_nothing(store):
    load(store, line(role="state"), taken=NOW - timedelta(days=8))
    page = read_path(b"/PY2024Q4/state/index.html")
    made = decide(accounts.person(store, "anna"), page, accounts.roster(store), NOW)
    assert made.reason.value == "roster_too_old"


def test_a_session_ends_idle_or_old_and_with_the_access(store):
    limits = load_settings()
    idle, longest = 60 * limits.session_idle_minutes, 3600 * limits.session_hours
    load(store, line())
    token = sessions.begin(store, "anna", SOON)
    assert sessions.user_of(store, sessions.find(store, token), SOON + idle) == "anna"
    assert sessions.user_of(store, sessions.find(store, token), SOON + 2 * idle + 1) is None
    assert sessions.user_of(store, sessions.find(store, token), SOON + idle) is None, (
        "ended, not asleep"
    )
    token = sessions.begin(store, "anna", SOON)
    for step in range(0, longest, idle):
        assert sessions.user_of(store, sessions.find(store, token), SOON + step) == "anna"
    assert sessions.user_of(store, sessions.find(store, token), SOON + longest + 1) is None
    token = sessions.begin(store, "anna", SOON)
    accounts.set_group(store, "anna", False, NOW)
    assert sessions.user_of(store, sessions.find(store, token), SOON) is None


def test_the_token_is_new_at_sign_in_and_not_in_the_store(store):
    load(store, line())
    first = sessions.begin(store, "anna", SOON)
    second = sessions.begin(store, "anna", SOON, first)
    assert sessions.user_of(store, sessions.find(store, first), SOON) is None
    assert sessions.user_of(store, sessions.find(store, second), SOON) == "anna"
    assert second not in "".join(store.db.iterdump())


def test_a_forms_token_belongs_to_one_session(store):
    assert sessions.is_form_token(store, "one", sessions.form_token(store, "one"))
    assert not sessions.is_form_token(store, "two", sessions.form_token(store, "one"))
    assert not sessions.is_form_token(store, "", sessions.form_token(store, ""))
    assert not sessions.is_form_token(store, "one", "é")


def test_failures_hold_the_account_and_the_address_and_are_forgotten(store):
    limits = load_settings()
    for _ in range(limits.failures_per_account):
        assert not held(store, "anna", "10.0.0.1")
        failed(store, "anna", "10.0.0.1")
    assert held(store, "anna", "10.0.0.2")
    assert not held(store, "ben", "10.0.0.1")
    assert not held(store, "anna", "10.0.0.2", SOON + 60 * limits.failure_minutes + 1)
    for number in range(limits.failures_per_address):
        failed(store, f"user{number}", "10.0.0.1")
    assert held(store, "ben", "10.0.0.1")
    throttle.forgive(store, "anna", "10.0.0.1", SOON)
    assert not held(store, "anna", "10.0.0.2")
    assert held(store, "ben", "10.0.0.1"), "one right password is no pass for guessing"


def held(store, user, address, now=SOON) -> bool:
    return throttle.is_held(store, throttle.of_sign_in(user, address), now)


def failed(store, user, address, now=SOON) -> None:
    throttle.note(store, throttle.of_sign_in(user, address), now)


def test_a_name_in_other_letters_is_held_with_it(store):
    for user in ("anna", "Anna", "ANNA", "aNNa", "annA")[: load_settings().failures_per_account]:
        failed(store, user, "10.0.0.1")
    assert held(store, "AnNa", "10.0.0.2")


def test_names_compare_without_regard_to_large_and_small_letters(store):
    """worknet and IWDS names alike; holders are counted so, too."""
    load(store, line(), line(worknet_user="ANNA", iwds_user="iw2", lwia="08", linked_on=""))
    assert folders(store, "Anna") == ["lwia/07"]
    assert accounts.person(store, "aNNa").user in ("anna", "ANNA")
    accounts.set_link(store, "Anna", "IW2", True)
    assert folders(store) == ["lwia/07", "lwia/08"]
    load(store, line(), line(worknet_user="Anna", iwds_user="IW1"), taken=LATER)
    assert folders(store) == ["lwia/07"], "one holder, written in two ways"
    accounts.create(store, "ben")
    accounts.set_link(store, "BEN", "Iw1", True)
    assert folders(store) == [], "two"
    accounts.set_group(store, "ANNA", False, NOW)
    assert not accounts.person(store, "anna").in_group
    assert [one.user for one, _ in accounts.listed(store) if one.user.lower() == "anna"] == [
        accounts.spelled(store, "anna")
    ]


def test_right_passwords_from_one_office_do_not_hold_it(store):
    """Each takes back its own attempt, and no other's."""
    limits = load_settings()
    for number in range(3 * limits.failures_per_address):
        at = SOON + number / 100
        assert not held(store, f"user{number}", "10.0.0.1", at)
        failed(store, f"user{number}", "10.0.0.1", at)
        throttle.forgive(store, f"user{number}", "10.0.0.1", at)
    for number in range(limits.failures_per_address):
        failed(store, f"guess{number}", "10.0.0.1")
        throttle.forgive(store, "anna", "10.0.0.1", SOON + 1)
    assert held(store, "ben", "10.0.0.1")


def test_requests_and_sign_ins_are_counted_apart(store):
    for _ in range(load_settings().failures_per_address):
        throttle.note(store, throttle.of_request("10.0.0.1"), SOON)
    assert throttle.is_held(store, throttle.of_request("10.0.0.1"), SOON)
    assert not held(store, "anna", "10.0.0.1")
    assert not throttle.is_held(store, throttle.of_provider("10.0.0.1"), SOON)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("no address", "no address", True),
    ],
)
def test_an_address_of_ipv6_counts_with_its_network(one, other, same):
    assert (throttle.of_request(one) == throttle.of_request(other)) == same


def test_a_password_is_hashed_and_an_unknown_user_matches_nothing():
    stored = hashed("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert matches(stored, "correct horse battery")
    assert not matches(stored, "correct horse")
    assert not matches(None, "correct horse battery")
    with pytest.raises(AccessError):
        hashed("short")


def test_the_stores_state_changes_with_every_change_of_whichever_connection(tmp_path):
    """What the gateway keeps is good for as long as this stays the same."""
    with Store(tmp_path / "a.db") as one, Store(tmp_path / "a.db") as other:
        before = one.state()
        assert one.state() == before
        other.set_meta("roster_taken", "x")
        between = one.state()
        assert between != before
        one.set_meta("roster_taken", "y")
        after = one.state()
        assert after not in (before, between)
        assert one.state() == after


def test_kept_facts_are_those_of_the_store_at_each_question(tmp_path):
    with Store(tmp_path / "a.db") as mine, Store(tmp_path / "a.db") as others:
        facts = Facts(mine)
        assert facts.about("", SOON) == (None, None)
        accounts.load_roster(others, RosterFile(NOW, (line(),)))
        token = sessions.begin(others, "anna", SOON)
        for minute, status in enumerate(("active", "inactive", "active")):
            taken = NOW + timedelta(minutes=minute)
            accounts.load_roster(others, RosterFile(taken, (line(iwds_status=status),)))
            person, roster = facts.about(token, SOON)
            assert person == accounts.person(mine, "anna")
            assert person.accounts[0].active == (status == "active")
            assert roster.taken == taken


def test_a_kept_session_is_gone_as_soon_as_it_ends_or_is_too_old(tmp_path):
    with Store(tmp_path / "a.db") as mine, Store(tmp_path / "a.db") as others:
        facts = Facts(mine)
        accounts.load_roster(others, RosterFile(NOW, (line(),)))
        idle = 60 * load_settings().session_idle_minutes
        ended, left = (sessions.begin(others, "anna", SOON) for _ in range(2))
        assert facts.about(ended, SOON)[0].user == "anna"
        assert facts.about(left, SOON)[0].user == "anna"
        sessions.end(others, ended)
        assert facts.about(ended, SOON)[0] is None
        assert facts.about(left, SOON + idle + 1)[0] is None
        assert facts.about(left, SOON)[0] is None, "ended, not asleep"
