"""/me.json: who may see what, as data. What it lists is what each landing page answers."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ipats_lib.access import accounts, sessions
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.audited import events
from tests.access.oracle import may_read
from tests.access.servers import Place, ask, post
from tests.access.test_home import PERIODS, kept  # noqa: F401  (a site of several periods)
from tests.access.test_matrix import files, statuses
from tests.switched import switch


def told(port, cookie: str) -> dict:
    answer = ask(port, "/me.json", cookie)
    assert answer.status == 200
    return json.loads(answer.body)


def landing(site) -> list[str]:
    return [path for path in files(site) if path.endswith("/index.html")]


def scope(path: str) -> str:
    return path.removeprefix("/PY2024Q4/").removesuffix("/index.html")


def test_every_account_is_told_the_scopes_whose_landing_pages_answer_it(
    place, site, rows, embedded, fronted
):
    """Every landing page is asked for as every account, on both servers, and by the oracle."""
    paths = landing(site)
    listed = set()
    for user in sorted({row["worknet_user"] for row in rows}):
        cookie = place.cookie(user)
        for port in (embedded, fronted):
            answers = zip(paths, statuses(port, paths, cookie), strict=True)
            opened = {scope(path) for path, status in answers if status == 200}
            said = told(port, cookie)
            assert [s["path"] for s in said["scopes"]] == sorted(
                opened, key=lambda path: (path != "state", path)
            ), user
            assert opened == {scope(path) for path in paths if may_read(rows, user, path)}, user
            assert said["periods"] == (
                [{"name": "PY2024Q4", "label": "April to June 2025 (PY 2024, quarter 4)"}]
                if opened
                else []
            )
            assert said["name"] == user
            listed.add((said["role"], len(opened) > 1))
    assert {("state", True), ("lwia", True), ("planner", False), ("", False)} <= listed


def test_titles_are_the_published_ones(server, place, site):
    by_path = {s["path"]: s["title"] for s in told(server, place.cookie("state1"))["scopes"]}
    assert by_path["state"] == "Illinois"
    for path in by_path:
        page = (site / "PY2024Q4" / path / "scopes.json").read_text()
        assert {"path": path, "title": by_path[path]} in json.loads(page)["scopes"]
    assert by_path["lwia/01"].startswith("LWIA 01: ")


OTHER_SPELLINGS = (
    "/ME.json", "/me.JSON", "//me.json", "/me.json/", "/./me.json", "/me%2ejson", "/me.json;x",
    "/x/../me.json", "/PY2024Q4/me.json", "/_static/me.json", "/me.html", "/me",
    "/me.json?user=state1",
)  # fmt: skip


def test_nobody_gets_what_an_unknown_path_gets(server, place):
    unknown = ask(server, "/anything")
    cookie = place.cookie("admin01")
    answers = [ask(server, "/me.json"), ask(server, "/me.json", "Cookie: __Host-ipats=forged\r\n")]
    answers += [ask(server, path, cookie) for path in OTHER_SPELLINGS]
    assert {(a.status, a.body) for a in answers} == {(404, unknown.body)}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_reading_is_allowed(server, place, method):
    answer = ask(server, "/me.json", place.cookie("admin01"), method=method)
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")
    assert answer.body == b""


def test_it_is_never_kept_and_carries_what_every_answer_carries(server, place):
    cookie = place.cookie("admin01")
    answer, home = ask(server, "/me.json", cookie), ask(server, "/", cookie)
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-type") == "application/json"
    for name in (
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Cross-Origin-Resource-Policy",
    ):
        assert answer.header(name) == home.header(name) != ""
    assert "Access-Control" not in answer.head
    assert "connect-src 'self'" in answer.header("Content-Security-Policy")
    head = ask(server, "/me.json", cookie, method="HEAD")
    assert (head.status, head.body) == (200, b"")


def test_its_form_value_signs_out_and_another_sessions_does_not(own_place):
    with servers.gateway(own_place) as port:
        mine, other = own_place.cookie("admin01"), own_place.cookie("admin01")
        form = told(port, mine)["form"]
        assert post(port, "/logout", f"form={form}", other).header("location") == "/"
        assert told(port, other)["name"] == "admin01"
        assert post(port, "/logout", f"form={form}", mine).header("location") == "/login"
        assert ask(port, "/me.json", mine).status == 404


def test_every_answer_is_recorded(own_place):
    with servers.gateway(own_place) as port:
        ask(port, "/me.json")
        ask(port, "/me.json", own_place.cookie("admin01"))
    lines = [e for e in events(own_place.audit) if e["object"] == "me"]
    assert [(e["outcome"], e["reason"], e["user"]) for e in lines] == [
        ("deny", "not_signed_in", ""),
        ("allow", "own", "admin01"),
    ]


def test_a_revocation_empties_it_at_once(own_place, rows):
    """A link that is parted opens nothing; out of the group the session has ended, too."""
    (account,) = {row["iwds_user"] for row in rows if row["worknet_user"] == "admin01"}
    with servers.gateway(own_place) as port:
        cookie = own_place.cookie("admin01")
        assert told(port, cookie)["scopes"]
        with Store(own_place.store) as store:
            accounts.set_link(store, "admin01", account, False)
        said = told(port, cookie)
        assert (said["role"], said["scopes"], said["periods"]) == ("", [], [])
        with Store(own_place.store) as store:
            accounts.set_group(store, "admin01", False, datetime.now(UTC))
        assert ask(port, "/me.json", cookie).status == 404


def test_a_roster_that_is_too_old_opens_nothing(tmp_path, site, rows):
    place = Place(tmp_path, site)
    with Store(place.store) as store:
        accounts.load_roster(store, RosterFile(datetime.now(UTC) - timedelta(days=60), tuple(rows)))
        token = sessions.begin(store, "state1", datetime.now(UTC).timestamp())
    with servers.gateway(place) as port:
        said = told(port, f"Cookie: __Host-ipats={token}\r\n")
        assert (said["role"], said["scopes"], said["periods"]) == ("", [], [])


@pytest.mark.parametrize(
    ("user", "periods", "scopes"),
    [
        ("state1", ["PY2025Q1", "PY2024Q4", "PY2024", "PY2024Q3", "PY2023Q4"], ["lwia/02"]),
        ("admin01", ["PY2024Q4", "PY2024", "PY2024Q3", "PY2023Q4"], ["lwia/01"]),
        ("planner1001", ["PY2024Q3", "PY2023Q4"], ["lwia/01/planner/1001"]),
        ("admin05", [], []),
        ("nobody", [], []),
    ],
)
def test_of_several_periods_the_newest_that_holds_something_counts(kept, user, periods, scopes):  # noqa: F811
    """Publications without a list of titles, as they were before: the path is the title."""
    with servers.gateway(kept) as port:
        said = told(port, kept.cookie(user))
    assert [period["name"] for period in said["periods"]] == periods
    assert said["scopes"] == [{"path": path, "title": path} for path in scopes]
    assert not periods or scopes[0] in PERIODS[periods[0]]


def test_a_planted_link_is_no_scope(tmp_path, rows):
    """Whoever can put a link below a release does not put a place into the menus."""
    from ipats_lib.publishing.site import Site

    site = Site(tmp_path / "site")
    with site.publisher():
        staged = site.stage("PY2024Q4")
        for path in ("state", "lwia/01"):
            (staged / path).mkdir(parents=True)
            (staged / path / "index.html").write_text(path)
        release = switch(site, "PY2024Q4", staged, {})
    (release / "lwia/02").symlink_to(release / "lwia/01")
    (release / "lwia/Foo").mkdir()
    (release / "lwia/01/planner").symlink_to(release / "lwia")
    place = Place(tmp_path, site.root)
    place.fill(rows)
    with servers.gateway(place) as port:
        said = told(port, place.cookie("state1"))
    assert [s["path"] for s in said["scopes"]] == ["state", "lwia/01"]
