"""Whatever the accounts table says and approvers do, nobody reaches a row that IWDS would not show.

From the accounts through the real store, the person, the menu and the decision, to the lines of the
snapshot that a page of the folder is made from; against `oracle.folders_of` and the drawn records.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.access import accounts
from ipats_lib.access.decision import decide, scopes_of
from ipats_lib.access.grammar import read_path
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError
from ipats_lib.snapshot import make_snapshot
from tests.access.oracle import Desk, Records, folders_of
from tests.extract.drawn import write_extract

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PIRL = """
    100 | 108-A | 108-B | 900      | 903
    a   | 17005 |       | 20240101 | 1
    b   | 17005 | 17010 | 20240102 | 1
    b   | 17010 |       | 20240601 | 1
    c   | 17115 |       | 20240103 | 1
    d   |       |       | 20240104 | 1
    e   | 17010 |       | 20240104 | 1
"""
TABLES = {
    "planner": """
        planner_id | lwia | name    | active
        p1         | 01   | Ada One | 1
        p2         | 02   | Ben Two | 1
        p3         | 23   | Cy Late | 1
    """,
    "assignment": """
        customer | enrolment | planner_id | from     | to
        a        | e1        | p1         | 20240101 | 20240630
        b        | e2        | p1         | 20240101 |
        e        | e3        | p2         | 20240601 |
    """,
    "case_note": """
        customer | date     | type  | planner_id
        b        | 20240105 | phone | p2
        c        | 20240105 | phone | p3
    """,
}
RECORDS = Records(
    areas={1: {"01"}, 2: {"01", "02"}, 3: {"02"}, 4: {"23"}, 5: set(), 6: {"02"}},
    customer=dict(enumerate("abbcde", start=1)),
    met={"p1": {"a", "b"}, "p2": {"b", "e"}, "p3": {"c"}},
    homes={"p1": "01", "p2": "02", "p3": "23"},
)
USERS, IWDS = ("anna", "ben", "cara"), ("iw1", "iw2", "iw3", "iw4")
# IWDS does not tell large from small letters: the oracle is given rows in small ones.
SHOUTED = ("Anna", "BEN", "IW1", "Iw2")
ROW = st.fixed_dictionaries(
    {
        "worknet_user": st.sampled_from((*USERS, *SHOUTED[:2])),
        "iwds_user": st.sampled_from((*IWDS, "", *SHOUTED[2:])),
        "role": st.sampled_from(("state", "lwia_admin", "planner", "planner", "", "auditor")),
        "lwia": st.sampled_from(("01", "02", "23", "")),
        "planner_id": st.sampled_from(("p1", "p2", "p3", "")),
        "worknet_status": st.sampled_from(("active",) * 5 + ("inactive", "")),
        "iwds_status": st.sampled_from(("active",) * 3 + ("inactive", "")),
        "in_group": st.sampled_from(("1",) * 4 + ("0", "")),
        "linked_on": st.sampled_from(("20240102", "20240102", "")),
    }
)
ROSTERS = st.lists(ROW, max_size=6)
STEP = st.one_of(
    st.tuples(st.sampled_from(("grant", "revoke", "off", "on", "create")), st.sampled_from(USERS)),
    st.tuples(st.sampled_from(("link", "part")), st.sampled_from(USERS), st.sampled_from(IWDS)),
    st.tuples(st.just("import"), ROSTERS),
)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    return make_snapshot(write_extract(folder / "extract", PIRL, TABLES), folder / "store")


@pytest.fixture(scope="module")
def lines(snapshot):
    """The lines that lie in each published folder."""
    return {scope: set(snapshot.rows(scope, ["100"])["row"]) for scope in snapshot.scopes()}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("rows") / "access.db") as opened:
        opened.db.execute("PRAGMA synchronous = OFF")
        yield opened


def taken(store, desk, rows, step, now):
    """One step, in the store and on the desk: the roster afterwards."""
    what, *facts = step
    if what == "import":
        accounts.load_roster(store, RosterFile(now, tuple(facts[0])))
        folded = [
            row | {name: row[name].lower() for name in ("worknet_user", "iwds_user")}
            for row in facts[0]
        ]
        desk.known |= {row["worknet_user"] for row in folded}
        desk.granted = {user: (yes, True) for user, (yes, _) in desk.granted.items()}
        return folded
    user = facts[0]
    if what == "create":
        accounts.create(store, user)
        desk.known.add(user)
    elif user not in desk.known or (
        len(facts) == 2 and not any(row["iwds_user"] == facts[1] for row in rows)
    ):
        with pytest.raises(AccessError):
            _said(store, what, facts, now)
    else:
        _said(store, what, facts, now)
        _noted(desk, what, facts)
    return rows


def _said(store, what, facts, now):
    if what in ("grant", "revoke"):
        accounts.set_group(store, facts[0], what == "grant", now)
    elif what in ("on", "off"):
        accounts.set_active(store, facts[0], what == "on")
    else:
        accounts.set_link(store, *facts, what == "link")


def _noted(desk, what, facts):
    if what in ("grant", "revoke"):
        desk.granted[facts[0]] = (what == "grant", False)
    elif what == "off":
        desk.off.add(facts[0])
    elif what == "on":
        desk.off.discard(facts[0])
    else:
        desk.links[tuple(facts)] = what == "link"


@settings(max_examples=600, deadline=None)
@given(ROSTERS, st.lists(STEP, max_size=8))
def test_nobody_reaches_a_row_that_iwds_would_not_show(store, lines, first, steps):
    for table in ("link", "portal", "roster_line", "meta"):
        store.db.execute(f"DELETE FROM {table}")
    rows, desk, now = [], Desk(), NOW
    for step in [("import", first), *steps]:
        now += timedelta(minutes=1)
        rows = taken(store, desk, rows, step, now)
    roster = accounts.roster(store)
    for user in USERS:
        person = accounts.person(store, user)
        allowed = RECORDS.shown(folders_of(rows, desk, user))
        menu = scopes_of(person, roster, now)
        reached = set()
        for scope, inside in lines.items():
            target = read_path(f"/PY2024Q4/{scope.path}/index.html".encode())
            opened = decide(person, target, roster, now).allow
            assert opened == any(offered.contains(scope) for offered in menu)
            reached |= inside if opened else set()
        assert reached == allowed, (user, reached - allowed, allowed - reached)


def test_the_drawn_records_are_those_of_the_snapshot(lines):
    """The oracle's table, read from the drawing by eye, and the folders hold the same lines."""
    for scope, inside in lines.items():
        assert inside == RECORDS.shown({(scope.lwia, scope.planner)}), scope
    assert sum(map(len, lines.values())) == 6 + (2 + 3 + 1) + (2 + 3 + 1)
