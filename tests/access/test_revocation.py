"""F4: a change counts at the next request, whichever flag it was."""

import time
from datetime import UTC, datetime

import pytest

from ipats_lib.access import accounts
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.servers import ask

PAGE = "/PY2024Q4/lwia/01/index.html"


def imported(**facts):
    """A newer roster in which admin01's first line differs."""

    def change(store, rows):
        changed = [row | facts if row["iwds_user"] == "iwds_admin01" else row for row in rows]
        accounts.load_roster(store, RosterFile(datetime.now(UTC), tuple(changed)))

    return change


CHANGES = {
    "group, here": lambda store, rows: accounts.set_group(
        store, "admin01", False, datetime.now(UTC)
    ),
    "account, here": lambda store, rows: accounts.set_active(store, "admin01", False),
    "link, here": lambda store, rows: accounts.set_link(store, "admin01", "iwds_admin01", False),
    "workNet status": imported(worknet_status="inactive"),
    "IWDS status": imported(iwds_status="inactive"),
    "group": imported(in_group="0"),
    "link": imported(linked_on=""),
    "role": imported(role=""),
    "area": imported(lwia="02"),
    "another user's link": imported(worknet_user="planner1001"),
    "roster gone": lambda store, rows: store.db.execute(
        "DELETE FROM meta WHERE name = 'roster_taken'"
    ),
    "roster too old": lambda store, rows: store.set_meta(
        "roster_taken", "2020-01-01T00:00:00+00:00"
    ),
    "session": lambda store, rows: store.db.execute("DELETE FROM session"),
}


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f4_the_next_request_is_denied(own_place, rows, start):
    took = []
    with start(own_place) as port, Store(own_place.store) as store:
        for change in CHANGES.values():
            for row in store.db.execute("SELECT user FROM portal").fetchall():
                store.db.execute("DELETE FROM link WHERE user = ?", (row["user"],))
            store.db.execute("UPDATE portal SET active = 1, granted = NULL, granted_at = NULL")
            store.db.execute("DELETE FROM meta WHERE name = 'roster_taken'")
            own_place.fill(rows)
            cookie = own_place.cookie("admin01")
            assert ask(port, PAGE, cookie).status == 200
            change(store, rows)
            begun = time.perf_counter()
            assert ask(port, PAGE, cookie).status == 404
            took.append(time.perf_counter() - begun)
    late = sum(seconds > 0.1 for seconds in took)
    print(
        f"F4: {len(CHANGES)} kinds of change, slowest denial {max(took) * 1e3:.1f} ms after it, "
        f"{late} later than 100 ms"
    )
