"""F10 through the real servers: readers ask while publications replace each other.

Every answer is one publication, whole: never a part of two, never nothing. What is staged is in no
answer until it is shown.
"""

import threading

import pytest

from ipats_lib.periods import Period
from ipats_lib.publishing.site import Manifest, Site
from ipats_lib.publishing.staged import show
from tests.access import servers
from tests.access.servers import Place, ask
from tests.site.whole_builds import hashes

PERIOD = "PY2024Q4"
PAGE = f"/{PERIOD}/lwia/01/index.html"
ROW = {
    "worknet_user": "admin01", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "01",
    "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
    "linked_on": "20240102",
}  # fmt: skip


def make(site: Site, letter: str, period: str = PERIOD) -> str:
    """A release of one page, which nobody sees."""
    with site.publisher():
        staged = site.stage(period)
        (staged / "lwia/01").mkdir(parents=True)
        (staged / "lwia/01/index.html").write_text(letter * 20_000)
        return site.keep(period, staged, Manifest({"snapshot": letter}, hashes(staged))).name


def publish(site: Site, letter: str) -> None:
    site.show(PERIOD, make(site, letter))


def run(tmp_path, start, switches: int) -> None:
    site, stop, bad, reads = Site(tmp_path / "site"), threading.Event(), [], [0]
    publish(site, "a")
    place = Place(tmp_path, site.root)
    place.fill([ROW])
    with start(place) as port:

        def read(cookie: str) -> None:
            while not stop.is_set():
                answer = ask(port, PAGE, cookie)
                whole = len(answer.body) == 20_000 and len(set(answer.body)) == 1
                reads[0] += 1
                if answer.status != 200 or not whole:
                    bad.append((answer.status, len(answer.body)))

        readers = [threading.Thread(target=read, args=(place.cookie("admin01"),)) for _ in "ab"]
        for reader in readers:
            reader.start()
        for number in range(switches):
            publish(site, "abcdefgh"[number % 8])
        stop.set()
        for reader in readers:
            reader.join()
    print(f"F10: {reads[0]} reads over HTTP during {switches} switches, {len(bad)} bad")
    assert reads[0] > 50
    assert bad == []


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f10_every_answer_is_one_publication(tmp_path, start):
    run(tmp_path, start, 100)


@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_nobody_reads_what_is_staged_before_it_is_shown(tmp_path, start):
    """By no path, also of a period that nobody has seen yet; a state administrator neither."""
    site, store = Site(tmp_path / "site"), tmp_path / "store"
    publish(site, "a")
    store.mkdir()
    names = {}
    for period in (PERIOD, "PY2023"):
        names[period] = make(site, "b", period)
        site.hold(period, names[period], {"store": str(store), "record": "b", "released": ""})
    place = Place(tmp_path, site.root)
    place.fill([ROW, {**ROW, "worknet_user": "state1", "iwds_user": "iw2", "role": "state_admin"}])
    folders = [f".ipats/releases/{name}" for name in names.values()]
    folders += [*names.values(), "PY2023", f"{PERIOD}/../.ipats/releases/{names[PERIOD]}"]
    folders += [
        f"%2eipats/releases/{names[PERIOD]}",
        f".ipats/staging/{PERIOD}",
        f"{PERIOD}.staged",
    ]
    paths = [f"/{folder}/lwia/01/index.html" for folder in folders]
    paths += [f"/.ipats/{PERIOD}.staged", f"/.ipats/releases/{names[PERIOD]}.json", "/", "/me.json"]
    with start(place) as port:
        for user in ("admin01", "state1", ""):
            cookie = place.cookie(user)
            for path in paths:
                answer = ask(port, path, cookie)
                assert b"bbbb" not in answer.body, path
                assert b"PY2023" not in answer.body, path
                assert answer.status != 200 or path in ("/", "/me.json"), path
        assert ask(port, PAGE, place.cookie("admin01")).body == b"a" * 20_000
        show(site.root, Period.parse(PERIOD))
        assert ask(port, PAGE, place.cookie("admin01")).body == b"b" * 20_000
        assert ask(port, PAGE, "").status != 200


@pytest.mark.attack
@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f10_during_a_thousand_switches(tmp_path, start):
    run(tmp_path, start, 1_000)
