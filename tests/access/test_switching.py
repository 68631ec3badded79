"""F10 through the real servers: readers ask while publications replace each other.

Every answer is one publication, whole: never a part of two, never nothing.
"""

import threading

import pytest

from ipats_lib.publishing.site import Site
from tests.access import servers
from tests.access.servers import Place, ask

PERIOD = "PY2024Q4"
PAGE = f"/{PERIOD}/lwia/01/index.html"
ROW = {
    "worknet_user": "admin01", "iwds_user": "iw1", "role": "lwia_admin", "lwia": "01",
    "planner_id": "", "worknet_status": "active", "iwds_status": "active", "in_group": "1",
    "linked_on": "20240102",
}  # fmt: skip


def publish(site: Site, letter: str) -> None:
    with site.publisher():
        staged = site.stage(PERIOD)
        (staged / "lwia/01").mkdir(parents=True)
        (staged / "lwia/01/index.html").write_text(letter * 20_000)
        site.switch(PERIOD, staged, {"snapshot": letter})


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


@pytest.mark.attack
@pytest.mark.parametrize("start", [servers.gateway, servers.behind_nginx])
def test_f10_during_a_thousand_switches(tmp_path, start):
    run(tmp_path, start, 1_000)
