"""The decision, case by case.  Source: domain 1.2, 1.3; the table in docs/access.md."""

from datetime import UTC, datetime, timedelta

import pytest

from ipats_lib.access.decision import (
    Account,
    Decision,
    Person,
    Reason,
    Role,
    Roster,
    bar,
    decide,
    scopes_of,
)
from ipats_lib.access.grammar import Target, read_path
from ipats_lib.scopes import STATE, Scope

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ROSTER = Roster(NOW - timedelta(days=1), timedelta(days=7))
ADMIN = Account("iw1", Role.LWIA_ADMIN, "07", "", active=True, linked=True)
PLANNER = Account("iw2", Role.PLANNER, "07", "1042", active=True, linked=True)
STATE_USER = Account("", Role.STATE, "", "", active=False, linked=True)


def changed(account: Account, **facts: object) -> Account:
    values = {name: getattr(account, name) for name in Account.__slots__}
    return Account(**(values | facts))


def page(folder: str) -> Target:
    found = read_path(f"/PY2024Q4/{folder}/index.html".encode())
    assert found is not None
    return found


def verdict(accounts, folder, *, active=True, in_group=True, roster=ROSTER, now=NOW) -> str:
    person = Person("someone", active, in_group, tuple(accounts))
    made = decide(person, page(folder), roster, now)
    assert made.allow == (made.reason is Reason.IN_SCOPE)
    return made.reason.value


@pytest.mark.parametrize("folder", ["state", "lwia/07", "lwia/90", "lwia/07/planner/1042"])
def test_a_state_user_without_iwds_account_reads_everything(folder):
    assert verdict([STATE_USER], folder) == "in_scope"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "in_scope"),
        ({"active": True}, "in_scope"),
        ({"holders": 2}, "iwds_account_of_several"),
        ({"holders": 2, "active": True}, "iwds_account_of_several"),
        ({"own": False}, "iwds_inactive"),
        ({"own": False, "active": True}, "in_scope"),
        ({"own": False, "active": True, "holders": 2}, "iwds_account_of_several"),
        ({"own": False, "linked": False, "active": True}, "not_linked"),
    ],
)
def test_a_state_users_iwds_account(facts, reason):
    """State-level users need no active one (domain 1.3, step 2); a shared one, or an inactive one
    of somebody else, opens the state to nobody."""
    assert verdict([changed(STATE_USER, iwds_user="iw9", **facts)], "state") == reason
    assert verdict([changed(STATE_USER, iwds_user="iw9", **facts)], "lwia/07") == reason


def test_an_iwds_account_of_somebody_else_opens_by_a_link_when_it_is_active():
    assert verdict([changed(ADMIN, own=False)], "lwia/07") == "in_scope"
    assert verdict([changed(ADMIN, own=False, active=False)], "lwia/07") == "iwds_inactive"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("lwia/07", "in_scope"),
        ("lwia/07/planner/1042", "in_scope"),
        ("lwia/08", "out_of_scope"),
        ("lwia/08/planner/1042", "out_of_scope"),
        ("lwia/90", "out_of_scope"),
        ("state", "out_of_scope"),
    ],
)
def test_an_lwia_administrator_reads_the_lwia_and_its_planners(folder, reason):
    assert verdict([ADMIN], folder) == reason


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("lwia/07/planner/1042", "in_scope"),
        ("lwia/07/planner/104", "out_of_scope"),
        ("lwia/07/planner/10421", "out_of_scope"),
        ("lwia/08/planner/1042", "out_of_scope"),
        ("lwia/07", "out_of_scope"),
        ("state", "out_of_scope"),
    ],
)
def test_a_planner_reads_the_own_folder_only(folder, reason):
    assert verdict([PLANNER], folder) == reason


def test_a_planner_without_id_is_not_an_administrator():
    assert verdict([changed(PLANNER, planner="")], "lwia/07") == "no_role"


def test_an_administrator_without_area_reads_nothing():
    assert verdict([changed(ADMIN, lwia="")], "lwia/07") == "no_role"


@pytest.mark.parametrize("area", ["7", "007", "..", "0７", "07\n", "07/planner/1042/x"])
def test_an_area_outside_the_grammar_opens_nothing(area):
    assert verdict([changed(ADMIN, lwia=area)], "lwia/07") == "no_role"


def test_a_role_taken_away_closes_the_folder():
    assert verdict([changed(ADMIN, role=Role.NONE)], "lwia/07") == "no_role"
    assert verdict([changed(PLANNER, role=Role.NONE)], "lwia/07/planner/1042") == "no_role"


@pytest.mark.parametrize("name", ["", "State", "admin", "lwia-admin", "planner "])
def test_an_unknown_role_name_is_none(name):
    assert Role.read(name) is Role.NONE


@pytest.mark.parametrize("name", ["state", "lwia_admin", "planner"])
def test_a_known_role_name_is_read(name):
    assert Role.read(name).value == name


def test_a_moved_planner_reads_the_new_area_only():
    """The old IWDS account is inactive, the new one names the new area."""
    moved = [changed(PLANNER, active=False), changed(PLANNER, iwds_user="iw3", lwia="11")]
    assert verdict(moved, "lwia/11/planner/1042") == "in_scope"
    assert verdict(moved, "lwia/07/planner/1042") == "out_of_scope"


def test_an_administrator_who_is_also_a_planner_elsewhere_reads_both():
    both = [ADMIN, changed(PLANNER, lwia="08")]
    assert verdict(both, "lwia/07/planner/7") == "in_scope"
    assert verdict(both, "lwia/08/planner/1042") == "in_scope"
    assert verdict(both, "lwia/08") == "out_of_scope"


def test_of_two_linked_accounts_an_inactive_one_takes_nothing_from_the_other():
    two = [changed(ADMIN, active=False), PLANNER]
    assert verdict(two, "lwia/07/planner/1042") == "in_scope"
    assert verdict(two, "lwia/07") == "out_of_scope"


def test_an_iwds_account_linked_to_two_portal_users_opens_for_neither():
    assert verdict([changed(ADMIN, holders=2)], "lwia/07") == "iwds_account_of_several"


def test_state_lines_without_account_are_not_mistaken_for_one_shared_account():
    assert verdict([changed(STATE_USER, holders=5)], "state") == "in_scope"


def test_an_iwds_role_without_iwds_account_opens_nothing():
    assert verdict([changed(ADMIN, iwds_user="")], "lwia/07") == "no_role"


@pytest.mark.parametrize("account", [ADMIN, PLANNER])
def test_an_inactive_iwds_account_opens_nothing(account):
    assert verdict([changed(account, active=False)], "lwia/07/planner/1042") == "iwds_inactive"


@pytest.mark.parametrize("account", [ADMIN, PLANNER, STATE_USER])
def test_an_unlinked_account_opens_nothing(account):
    assert verdict([changed(account, linked=False)], "lwia/07/planner/1042") == "not_linked"


def test_nothing_linked_at_all_is_the_same():
    assert verdict([], "lwia/07") == "not_linked"


@pytest.mark.parametrize("account", [ADMIN, PLANNER, STATE_USER])
def test_the_portal_account_and_the_group_come_first(account):
    folder = "lwia/07/planner/1042"
    assert verdict([account], folder, active=False) == "portal_inactive"
    assert verdict([account], folder, in_group=False) == "not_in_group"
    assert verdict([account], folder, active=False, in_group=False) == "portal_inactive"


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(days=7), "in_scope"),
        (timedelta(days=7, seconds=1), "roster_too_old"),
        (timedelta(minutes=-5), "in_scope"),
        (timedelta(minutes=-5, seconds=-1), "roster_too_old"),
    ],
)
def test_a_roster_too_old_or_from_the_future_opens_nothing(age, reason):
    roster = Roster(NOW - age, timedelta(days=7))
    assert verdict([STATE_USER], "state", roster=roster) == reason


def test_without_roster_nobody_reads_anything():
    assert verdict([STATE_USER], "state", roster=None) == "no_roster"


def test_nobody_signed_in_reads_nothing():
    assert decide(None, page("state"), ROSTER, NOW) == Decision(False, Reason.NOT_SIGNED_IN)
    assert bar(None, ROSTER, NOW) is Reason.NOT_SIGNED_IN


def test_what_is_no_path_is_refused_to_everyone():
    person = Person("someone", True, True, (STATE_USER,))
    assert decide(person, None, ROSTER, NOW) == Decision(False, Reason.NOT_A_PATH)


def test_shared_files_hold_no_data_and_are_open():
    style = read_path(b"/_static/style.6bfff7ed2625.css")
    assert decide(None, style, None, NOW) == Decision(True, Reason.SHARED_FILE)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ({"linked": False}, {"lwia": ""}, "no_role"),
        ({"lwia": ""}, {"active": False}, "iwds_inactive"),
        ({"active": False}, {"holders": 2}, "iwds_account_of_several"),
        ({"holders": 2}, {"lwia": "08"}, "out_of_scope"),
    ],
)
def test_of_several_refusals_the_most_telling_is_named(first, second, told):
    assert verdict([changed(ADMIN, **first), changed(ADMIN, **second)], "lwia/07") == told


def test_the_menu_is_what_the_decision_allows():
    lost = changed(ADMIN, lwia="09", active=False)
    person = Person("someone", True, True, (PLANNER, ADMIN, lost, changed(ADMIN, lwia="")))
    assert scopes_of(person, ROSTER, NOW) == (Scope("07"), Scope("07", "1042"))
    assert scopes_of(Person("x", True, True, (STATE_USER,)), ROSTER, NOW) == (STATE,)
    assert scopes_of(Person("x", True, False, (STATE_USER,)), ROSTER, NOW) == ()
    assert scopes_of(None, ROSTER, NOW) == ()
