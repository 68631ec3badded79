"""A roster that is not to be believed, and what it closes all the same.

Source: docs/access.md, "Where the facts come from".
"""

from datetime import timedelta

import pytest

from ipats_lib.access import accounts
from ipats_lib.access.decision import scopes_of
from ipats_lib.access.roster import RosterFile, narrowed
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError
from tests.access.test_accounts import LATER, NOW, line


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "access.db") as opened:
        yield opened


def folders(store, user="anna") -> list[str]:
    found = scopes_of(accounts.person(store, user), accounts.roster(store), NOW)
    return [scope.path for scope in found]


USERS = [f"user{number}" for number in range(10)]
ROWS = tuple(line(worknet_user=user, iwds_user=f"iw_{user}") for user in USERS)


def taken(store, *rows, at=LATER, sure=False):
    return accounts.import_roster(store, RosterFile(at, rows), LATER, sure=sure)


def test_a_roster_that_loses_more_than_the_share_needs_a_word(store):
    """Twenty in a hundred: two of ten may go, three may not."""
    assert load_settings().roster_loss_percent == 20
    accounts.load_roster(store, RosterFile(NOW, ROWS))
    assert taken(store, *ROWS[3:]).doubt == "it lacks 3 of the 10 accounts of the one before"
    assert (folders(store, "user0"), folders(store, "user9")) == (["lwia/07"], ["lwia/07"])
    assert accounts.roster(store).taken == NOW, "the old one stays, and grows too old"
    assert taken(store, *ROWS[2:]).doubt == ""
    assert (folders(store, "user1"), folders(store, "user9")) == ([], ["lwia/07"])
    assert taken(store, *ROWS[9:], sure=True).doubt == ""
    assert (folders(store, "user8"), folders(store, "user9")) == ([], ["lwia/07"])


@pytest.mark.parametrize("before", [(), ROWS])
def test_an_empty_roster_needs_a_word(store, before):
    if before:
        accounts.load_roster(store, RosterFile(NOW, before))
    assert taken(store).doubt == "it holds no account"
    assert bool(folders(store, "user0")) == bool(before)
    assert taken(store, sure=True).doubt == ""
    assert accounts.roster(store).taken == LATER
    assert folders(store, "user0") == []


def test_accounts_are_users_with_their_iwds_account_whatever_the_letters(store):
    accounts.load_roster(store, RosterFile(NOW, ROWS))
    shouted = [row | {"worknet_user": row["worknet_user"].upper()} for row in ROWS]
    assert taken(store, *shouted).doubt == ""
    renamed = [row | {"iwds_user": row["worknet_user"]} for row in ROWS]
    assert "lacks 10 of the 10" in taken(store, *renamed).doubt


@pytest.mark.parametrize(
    "closed",
    [
        {"worknet_status": "inactive"}, {"worknet_status": ""}, {"iwds_status": "inactive"},
        {"in_group": "0"}, {"in_group": ""}, {"linked_on": ""}, {"role": ""},
        {"lwia": "08"}, {"role": "planner", "planner_id": "1042"},
    ],
)  # fmt: skip
def test_what_a_doubtful_roster_closes_is_closed(store, closed):
    accounts.load_roster(store, RosterFile(NOW, ROWS))
    done = taken(store, ROWS[0] | closed, ROWS[1] | {"role": "state"})
    assert (done.doubt != "", done.changed) == (True, 2)
    assert folders(store, "user0") == []
    assert folders(store, "user1") == [], "its old role is gone, and the new one is not believed"
    assert folders(store, "user2") == ["lwia/07"]


def test_a_doubtful_roster_opens_nothing(store):
    shut = tuple(row | {"in_group": "0", "iwds_status": "inactive"} for row in ROWS)
    accounts.load_roster(store, RosterFile(NOW, shut))
    done = taken(store, ROWS[0], line(worknet_user="new", iwds_user="iw_new", role="state"))
    assert (done.doubt != "", done.changed) == (True, 0)
    assert folders(store, "user0") == []
    assert accounts.person(store, "new") is None


def test_a_line_under_another_name_closes_what_is_its_own():
    """The status of an IWDS account is the account's, whoever holds it; a user's is the user's."""
    before = [line(), line(iwds_user="iw2"), line(worknet_user="ben", iwds_user="iw3")]
    closed = {"worknet_status": "inactive", "in_group": "0"}
    after = [line(worknet_user="BEN", iwds_user="IW1", iwds_status="inactive", **closed)]
    assert narrowed(before, after) == [
        line(iwds_status="inactive"),
        line(iwds_user="iw2"),
        line(worknet_user="ben", iwds_user="iw3", **closed),
    ]


def test_users_without_an_iwds_account_have_none_in_common():
    state = line(iwds_user="", role="state", lwia="", iwds_status="")
    other = state | {"worknet_user": "ben", "iwds_status": "inactive"}
    assert narrowed([state], [other]) == [state]


@pytest.mark.parametrize(
    ("before", "after", "then"),
    [("1", "0", "0"), ("1", "", ""), ("", "0", "0"), ("0", "", "0"), ("0", "1", "0"),
     ("", "1", ""), ("1", "1", "1")],
)  # fmt: skip
def test_the_groups_word_that_closes_most_holds(before, after, then):
    """A blank is no: but whom an approver let in stays in until there is a 0."""
    (found,) = narrowed([line(in_group=before)], [line(in_group=after)])
    assert found["in_group"] == then


def test_whom_an_approver_let_in_a_doubtful_roster_shuts_out_until_one_says_otherwise(store):
    accounts.load_roster(store, RosterFile(NOW, tuple(row | {"in_group": ""} for row in ROWS)))
    for user in USERS[:2]:
        accounts.set_group(store, user, True, NOW + timedelta(seconds=1))
    assert folders(store, "user0") == folders(store, "user1") == ["lwia/07"]
    assert taken(store, ROWS[0] | {"in_group": "0"}).doubt
    assert (folders(store, "user0"), folders(store, "user1")) == ([], ["lwia/07"])
    assert taken(store, *ROWS).doubt == ""
    assert folders(store, "user0") == ["lwia/07"]


def test_a_roster_from_the_future_is_refused_and_shuts_out_no_right_one(store):
    with pytest.raises(AccessError, match="yet to come"):
        taken(store, *ROWS, at=LATER + timedelta(minutes=6))
    assert accounts.roster(store) is None
    accounts.load_roster(store, RosterFile(NOW + timedelta(days=400), ROWS))
    assert taken(store, *ROWS).doubt == "", "what an earlier version took by mistake"
    with pytest.raises(AccessError, match="older"):
        taken(store, *ROWS, at=NOW)


def test_an_older_roster_closes_nothing_even_when_it_is_doubtful(store):
    accounts.load_roster(store, RosterFile(LATER, ROWS))
    with pytest.raises(AccessError, match="older"):
        taken(store, ROWS[0] | {"in_group": "0"}, at=NOW)
    assert folders(store, "user0") == ["lwia/07"]
