"""A person's home page on a site of several periods, on both servers."""

import re
from datetime import UTC, datetime

import pytest

from ipats_lib.params import load_areas
from ipats_lib.publishing.files import pack
from ipats_lib.publishing.site import Site
from tests.access import servers
from tests.access.servers import Place, ask
from tests.switched import switch

# In no order; an annual report stands beside the last quarter of its year.
PERIODS = {
    "PY2024Q3": ("state", "lwia/01", "lwia/02", "lwia/01/planner/1001"),
    "PY2024": ("state", "lwia/01"),
    "PY2025Q1": ("lwia/02",),
    "PY2023Q4": ("lwia/01", "lwia/01/planner/1001"),
    "PY2024Q4": ("state", "lwia/01", "lwia/07"),
}

PACKED = "PY2023Q4"  # its pages are so large that they are kept packed alone


def line(user: str, role: str, lwia: str = "", planner: str = "") -> dict[str, str]:
    return {
        "worknet_user": user, "iwds_user": f"iw_{user}", "role": role, "lwia": lwia,
        "planner_id": planner, "worknet_status": "active", "iwds_status": "active",
        "in_group": "1", "linked_on": "20240102",
    }  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Place:
    folder = tmp_path_factory.mktemp("home")
    site = Site(folder / "site")
    for period, scopes in PERIODS.items():
        with site.publisher():
            staged, many = site.stage(period), 2000 if period == PACKED else 1
            for scope in scopes:
                (staged / scope).mkdir(parents=True, exist_ok=True)
                (staged / scope / "index.html").write_text(f"{period} {scope}" * many)
                pack(str(staged / scope / "index.html"), alone=True)
            switch(site, period, staged, {"snapshot": period})
    place = Place(folder, site.root)
    place.fill(
        [line("state1", "state"), line("admin01", "lwia_admin", "01"), line("nobody", "")]
        + [line("planner1001", "planner", "01", "1001"), line("admin05", "lwia_admin", "05")]
    )
    return place


@pytest.fixture(scope="module", params=[servers.gateway, servers.behind_nginx])
def port(request, kept):
    with request.param(kept) as listening:
        yield listening


def sections(page) -> dict[str, str]:
    """What stands under each period's heading, in the page's order."""
    parts = re.split(r"<section><h2>(PY\w+)</h2>", page.body.decode())[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def links(part: str) -> list[str]:
    return re.findall(r'href="(/PY[^"]+)"', part)


def test_a_state_administrator_sees_every_period_the_newest_first(kept, port):
    found = sections(ask(port, "/", kept.cookie("state1")))
    assert list(found) == ["PY2025Q1", "PY2024Q4", "PY2024", "PY2024Q3", "PY2023Q4"]
    for period, part in found.items():
        areas = [scope[5:7] for scope in PERIODS[period] if re.fullmatch("lwia/..", scope)]
        assert re.findall(r'<option value="(..)">', part) == areas
        assert links(part) == (
            [f"/{period}/state/index.html"] if "state" in PERIODS[period] else []
        )
    names = {area.lwia: area.name for area in load_areas()}
    assert f"01 {names['01']}" in found["PY2024Q4"].replace("&amp;", "&").replace("&#39;", "'")


def test_the_dropdown_leads_to_the_areas_page_and_nobody_else_through_it(kept, port):
    way = "/open?period=PY2024Q4&lwia=07"
    there = ask(port, way, kept.cookie("state1"))
    assert (there.status, there.header("location")) == (303, "/PY2024Q4/lwia/07/index.html")
    page = ask(port, there.header("location"), kept.cookie("state1"))
    assert page.body == b"PY2024Q4 lwia/07"
    assert ask(port, way, kept.cookie("admin01")).status == ask(port, way).status == 404


@pytest.mark.parametrize(
    ("user", "folder", "periods"),
    [
        ("admin01", "lwia/01", ["PY2024Q4", "PY2024", "PY2024Q3", "PY2023Q4"]),
        ("planner1001", "lwia/01/planner/1001", ["PY2024Q3", "PY2023Q4"]),
        ("admin05", "", []),
        ("nobody", "", []),
    ],
)
def test_others_see_what_they_may_open_and_no_dropdown(kept, port, user, folder, periods):
    cookie = kept.cookie(user)
    page = ask(port, "/", cookie)
    found = sections(page)
    assert [links(part) for part in found.values()] == [
        [f"/{p}/{folder}/index.html"] for p in periods
    ]
    assert b"<select" not in page.body
    assert b"/queue" not in page.body
    assert (b"nothing that you may see" in page.body) == (not periods)
    for period in periods:
        assert ask(port, f"/{period}/{folder}/index.html", cookie).status == 200


def test_what_is_kept_packed_alone_is_listed_too(kept, port):
    release = kept.site / (kept.site / PACKED).readlink()
    assert not list(release.rglob("index.html"))
    found = sections(ask(port, "/", kept.cookie("state1")))
    assert re.findall(r'<option value="(..)">', found[PACKED]) == ["01"]


def test_it_says_when_each_period_was_last_published_and_leads_to_the_guide(kept, port):
    page = ask(port, "/", kept.cookie("admin01"))
    assert page.header("cache-control") == "no-store"
    for period, part in sections(page).items():
        release = kept.site / (kept.site / period).readlink()
        published = datetime.fromtimestamp(release.with_suffix(".json").stat().st_mtime, UTC)
        assert f"Last published {published:%Y-%m-%d %H:%M} UTC." in part
    guide = re.search(rb'<a href="(/\w+)">IPATS Guide', page.body)[1].decode()
    told = ask(port, guide).body
    for step in ("workNet account", "IWDS account", "System Administrator", "authorization group",
                 "one to three business days", "My Dashboard"):  # fmt: skip
        assert step.encode() in told
