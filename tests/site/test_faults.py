"""F10: readers during many switches."""

import threading

from ipats_lib.publishing.site import Site
from tests.switched import switch

PERIOD = "PY2024Q4"


def test_readers_never_meet_half_a_publication(tmp_path):
    """F10: reads of a page while publications replace each other."""
    site = Site(tmp_path / "site")
    stop, bad, reads = threading.Event(), [], [0]

    def publish(text: str) -> None:
        with site.publisher():
            staged = site.stage(PERIOD)
            (staged / "state").mkdir()
            (staged / "state" / "index.html").write_text(text * 2000)
            switch(site, PERIOD, staged, {"snapshot": text})

    def read() -> None:
        page = site.root / PERIOD / "state" / "index.html"
        while not stop.is_set():
            try:
                text = page.read_text()
            except OSError as error:
                bad.append(str(error))
            else:
                reads[0] += 1
                bad.extend([] if len(text) == 2000 and len(set(text)) == 1 else [text[:20]])

    publish("a")
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1_000):
        publish("abcdefgh"[number % 8])
    stop.set()
    reader.join()
    print(f"F10: {reads[0]} reads during 1,000 switches, {len(bad)} bad")
    assert reads[0] > 0
    assert not bad
