"""Whatever the accounts table says, the decision is the oracle's."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.access import accounts
from ipats_lib.access.decision import Roster, decide, scopes_of
from ipats_lib.access.grammar import read_path
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.store import Store
from tests.access.oracle import folder as folder_of
from tests.access.oracle import may_read

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FRESH = Roster(NOW, timedelta(days=7))
PLANNERS = st.sampled_from(["", "1", "10", "1042", "a_b"])
AREAS = st.sampled_from(["", "01", "07", "90"])
USERS = st.sampled_from(["anna", "ben", "cara"])

ROW = st.fixed_dictionaries(
    {
        "worknet_user": USERS,
        "iwds_user": st.sampled_from(["", "iw1", "iw2", "iw3", "iw4"]),
        "role": st.sampled_from(["state", "lwia_admin", "planner", "", "auditor"]),
        "lwia": AREAS,
        "planner_id": PLANNERS,
        "worknet_status": st.sampled_from(["active", "active", "active", "inactive", ""]),
        "iwds_status": st.sampled_from(["active", "active", "active", "inactive", ""]),
        "in_group": st.sampled_from(["1", "1", "1", "0", ""]),
        "linked_on": st.sampled_from(["20240102", "20240102", ""]),
    }
)
FOLDERS = st.one_of(
    st.just("state"),
    AREAS.filter(bool).map("lwia/{}".format),
    st.tuples(AREAS.filter(bool), PLANNERS.filter(bool)).map(
        lambda p: "lwia/{}/planner/{}".format(*p)
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("oracle") / "access.db") as opened:
        opened.db.execute("PRAGMA synchronous = OFF")
        yield opened


def loaded(store, rows, user):
    """The person that the store makes of this accounts table and nothing else."""
    for table in ("link", "portal", "roster_line"):
        store.db.execute(f"DELETE FROM {table}")
    accounts.load_roster(store, RosterFile(NOW, tuple(rows)))
    return accounts.person(store, user)


@settings(max_examples=2000, deadline=None)
@given(st.lists(ROW, max_size=6), USERS, FOLDERS)
def test_the_decision_agrees_with_the_oracle(store, rows, user, folder):
    path = f"/PY2024Q4/{folder}/performance/summary.html"
    person = loaded(store, rows, user)
    assert decide(person, read_path(path.encode()), FRESH, NOW).allow == may_read(rows, user, path)


@settings(max_examples=500, deadline=None)
@given(st.lists(ROW, max_size=6), USERS, FOLDERS)
def test_the_menu_offers_what_may_be_read_and_nothing_else(store, rows, user, folder):
    path = f"/PY2024Q4/{folder}/index.html"
    target = read_path(path.encode())
    offered = scopes_of(loaded(store, rows, user), FRESH, NOW)
    assert any(scope.contains(target.scope) for scope in offered) == may_read(rows, user, path)


SEGMENTS = st.text(st.sampled_from("abz07_-"), min_size=1, max_size=6)
PATHS = st.builds(
    "/{}/{}/{}{}.{}".format,
    st.sampled_from(["PY2024", "PY2024Q4"]),
    FOLDERS,
    st.lists(SEGMENTS, max_size=3).map(lambda parts: "".join(f"{part}/" for part in parts)),
    SEGMENTS,
    st.sampled_from(["html", "csv", "xlsx"]),
)
# Where, how much is cut away there, and what is put in its place.
DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 2),
        st.sampled_from([*"/.%\\?\0 \nQ7Aéxyz_-", "", "..", "//", "/../", "lwia/", "planner/10/"]),
    ),
    max_size=2,
)


def test_what_the_grammar_reads_it_writes_again():
    """A path has one reading: the file's name is the path itself, so nothing is normalized, and it
    lies in the folder that the oracle sees."""
    read = dict.fromkeys(("whole", "damaged", "neither"), 0)

    @settings(max_examples=2000, deadline=None)
    @given(PATHS, DAMAGE)
    def ask(path, damage):
        text = path
        for place, cut, put in damage:
            text = text[:place] + put + text[place + cut :]
        target = read_path(text.encode())
        if target is None:
            assert text != path
            read["neither"] += 1
            return
        read["whole" if text == path else "damaged"] += 1
        assert f"/{target.path}" == text
        assert not re.search(r"\.\.|//|[%\\?\0\s]", text)
        assert (target.scope.lwia, target.scope.planner) == folder_of(text)

    ask()
    assert min(read.values()) > 20, read
