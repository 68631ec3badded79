"""The dashboards alone, made from a newer snapshot beside the quarter's pages.  Source: issue 20;
decision 0024.

Two LWIAs and their planners. In the newer extract a customer who stood before others is gone, one
has another planner, all customers of planner 1002 have a new one, and 1002 is there no more.
"""

import json
import os
import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipats_lib.access.decision import Account, Person, Role, Roster, decide
from ipats_lib.access.grammar import read_path
from ipats_lib.access.published import listed
from ipats_lib.publishing.files import read_published
from ipats_lib.publishing.site import Site, walk
from ipats_lib.scopes import STATE, Scope
from tests.attack.planted import AT, Planted
from tests.attack.test_canaries import unpacked
from tests.conftest import ROOT, once, passed, publish
from tests.published import page
from tests.site.whole_builds import PERIOD
from tests.switched import is_intact

OLD, NEW = "August 15, 2025", "August 16, 2025"
NOTEBOOKS = ("dashboards/worklist", "performance/detail", "performance/home-lwia",
             "performance/home-state", "performance/outlook", "performance/summary")  # fmt: skip
CONTACTS = ("assignment", "service", "case_note")
LINK = re.compile(r"""<a href=\\?["']([^"'\\]*)#([rn]\d+)\\?["'][^>]*>([^<]*)</a>""")


class Weeks:
    """The extract of a quarter's publication, and the one of the next day."""

    def __init__(self, extract: Path) -> None:
        self.state = Planted(extract, ("01", "02"))
        exits = {row[AT["100"]]: row[AT["901"]] for row in self.state.pirl}
        counted = [c for c in self.customers_of("1001") if "20230701" <= exits[c] <= "20240630"]
        self.gone, self.moved = counted[:2]  # on the rosters of the quarter's pages

    def customers_of(self, planner: str) -> list[str]:
        """In the order of their records."""
        met = {r["customer"] for name in CONTACTS for r in self.state.tables[name]
               if r["planner_id"] == planner}  # fmt: skip
        return list(dict.fromkeys(r[AT["100"]] for r in self.state.pirl if r[AT["100"]] in met))

    def next_day(self) -> None:
        self.state.pirl = [row for row in self.state.pirl if row[AT["100"]] != self.gone]
        for name, rows in self.state.tables.items():
            rows[:] = [row for row in rows if row.get("customer") != self.gone]
            for row in rows if name in CONTACTS else ():
                if row["customer"] == self.moved:
                    row["planner_id"] = "1003"
                if row["planner_id"] == "1002":
                    row["planner_id"] = "1004"
        planners = self.state.tables["planner"]
        first, second = planners[0], next(row for row in planners if row["planner_id"] == "1002")
        planners.append({**first, "planner_id": "1003", "name": "Ada Newcomb"})
        planners.append({**second, "planner_id": "1004", "name": "Ben Follows"})
        planners.remove(second)


@pytest.fixture(scope="module")
def weeks(extract) -> Weeks:
    """What the newer extract changes."""
    return Weeks(extract)


@pytest.fixture(scope="module")
def place(shared, extract) -> Path:
    """`before`: the whole publication; `site`: with the dashboards made anew. Beside them `store`
    and `notebooks`."""

    def make(folder: Path) -> None:
        for key in NOTEBOOKS:
            (folder / "notebooks" / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "notebooks" / f"{key}.ipynb", folder / "notebooks" / f"{key}.ipynb")
        both = Weeks(extract)
        old = both.state.write(folder / "old")
        both.next_day()
        new = both.state.write(folder / "new")
        only = [word for s in ("state", "lwia/01", "lwia/02") for word in ("--only", s)]
        passed(command(folder, folder / "before", old, "2025-08-15", *only))
        shutil.copytree(folder / "before", folder / "site", symlinks=True)
        passed(command(folder, folder / "site", new, "2025-08-16", "--family", "dashboards"))

    return once(shared, "family", make)


def command(folder: Path, site: Path, extract: Path, day: str, *words: str):
    return publish(
        "build", "--extract", extract, "--as-of", day, "--store", folder / "store", "--site", site,
        "--period", PERIOD.name, "--notebooks", folder / "notebooks", *words,
    )  # fmt: skip


def shown(site: Path) -> dict[str, bytes]:
    folder = (site / PERIOD.name).resolve()
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in walk(folder)}


def text(place: Path, name: str) -> str:
    return read_published(place / "site" / PERIOD.name / name).decode("utf-8")


def dates(place: Path, name: str) -> str:
    return dates_of(place / "site", name)


def dates_of(site: Path, name: str) -> str:
    said = page((site / PERIOD.name / name).resolve()).select_one(".asof").get_text(" ")
    return " ".join(said.split())


def test_the_other_families_stay_byte_for_byte_and_the_dashboards_are_new(place):
    before, after = shown(place / "before"), shown(place / "site")
    kinds = {name: name.split("/")[-2] for name in {*before, *after}}
    kept = {name for name, kind in kinds.items() if kind == "performance"}
    assert kept
    assert all(before[name] == after[name] for name in kept | {"state/figures.csv"})
    own = {name for name in after if kinds[name] == "dashboards" and name.endswith(".html")}
    own -= {name for name in own if b"This page moved" in after[name]}
    assert own
    assert not [name for name in own if before.get(name) == after[name]]


def test_each_page_says_from_when_it_is_and_a_landing_page_says_both(place):
    for name, day in (("dashboards/worklist-today", NEW), ("performance/detail-erq2", OLD)):
        assert dates(place, f"lwia/01/{name}.html").endswith(f"Data as of As of {day}")
    for name in ("state/index.html", "lwia/01/index.html", "lwia/01/planner/1001/index.html",
                 "state/run.html"):  # fmt: skip
        said = dates(place, name)
        assert f"Dashboards as of {NEW}" in said, name
        assert f"Performance as of {OLD}" in said, name
    run = text(place, "state/run.html")
    assert "Snapshot of Dashboards" in run
    assert "Snapshot of Performance" in run


def test_links_of_pages_that_stay_lead_to_the_same_customer(place, weeks):
    """In each list and shard; who is not on that page any more is said not to be."""
    found = Counter()
    for name, data in shown(place / "site").items():
        if "/performance/" in name and name.endswith((".html", ".json")):
            for link, at, customer in LINK.findall(data.decode("utf-8")):
                target = os.path.normpath(f"{os.path.dirname(name)}/{link}")
                found[customer, leads_to(place, target, at)] += 1
    assert {led for customer, led in found if customer == weeks.gone} == {"nobody"}
    by_others = {led for customer, led in found if led not in (customer, "nobody")}
    assert by_others == set()
    assert sum(led == customer for customer, led in found) > 20
    assert (weeks.moved, "nobody") in found


def leads_to(place: Path, target: str, at: str) -> str:
    """Whose time line is at a place of a page; "nobody" where the page says that none is."""
    whole = page(place / "site" / PERIOD.name / target)
    here = whole.find(id=at)
    if here is None:
        shard = next(one["data-shard"] for one in whole.select("[data-shard]")
                     if at in one["data-places"].split())  # fmt: skip
        beside = os.path.dirname(target)
        inner = json.loads(text(place, f"{beside}/{shard}"))["details"][at]
        return re.search(r"<h3>([^<]*)</h3>", inner)[1]
    if here.name == "section":
        return here.h3.get_text()
    said = here.find_parent(class_="gone").p.get_text() if here.find_parent(class_="gone") else ""
    assert said.startswith(f"This link is from a page as of {OLD}. As of {NEW} the customer")
    return "nobody"


def test_a_new_planner_has_the_dashboards_and_a_sentence_for_the_rest(place):
    folder = place / "site" / PERIOD.name / "lwia" / "01" / "planner" / "1003"
    assert not (folder / "performance").exists()
    assert not (folder / "figures.csv").exists()
    home = page(folder / "index.html")
    assert f"Performance: as of {OLD}, when there were no pages of Ada Newcomb" in home.get_text()
    assert {a["href"].split("/")[0] for a in home.select(".menus a")} == {"dashboards"}
    known = listed(place / "site", PERIOD.name, STATE)
    assert known["lwia/01/planner/1003"]["families"] == ["dashboards"]
    assert "families" not in known["lwia/01/planner/1001"]


def test_a_planner_who_is_gone_keeps_the_quarters_pages_alone(place):
    folder = place / "site" / PERIOD.name / "lwia" / "02" / "planner" / "1002"
    said = f"No customer of Ulric Bellwether (1002), LWIA 02 is in the data as of {NEW}."
    assert (folder / "performance" / "detail-erq2.html").is_file()
    for name in ("worklist-customers", "worklist-kinds"):
        assert said in page(folder / "dashboards" / f"{name}.html").get_text()
    assert not [*folder.glob("dashboards/*.csv"), *folder.glob("dashboards/*.json")]
    assert f"Dashboards: {said[0].lower()}{said[1:]}" in page(folder / "index.html").get_text()
    known = listed(place / "site", PERIOD.name, Scope("02"))
    assert known["lwia/02/planner/1002"]["families"] == ["performance"]


NOW = datetime(2025, 8, 18, 12, tzinfo=UTC)
ROSTER = Roster(NOW, timedelta(days=7))


def fetched(place: Path, planner: str) -> dict[str, bytes]:
    """Every file of the site that a planner of LWIA 01 may read, unpacked."""
    account = Account("iw1", Role.PLANNER, "01", planner, active=True, linked=True)
    person = Person("someone", True, True, (account,))
    every = shown(place / "site")
    asked = {name: read_path(f"/{PERIOD.name}/{name}".encode()) for name in every}
    allowed = [n for n, target in asked.items() if decide(person, target, ROSTER, NOW).allow]
    return {name: b"".join(unpacked(every[name])) for name in allowed}


def test_who_moved_is_seen_in_the_dashboards_by_the_new_planner_alone(place, weeks):
    """The former planner keeps the quarter's pages, which were published to that planner."""
    seen = {
        (planner, name.split("/")[4])
        for planner in ("1001", "1003", "1004")
        for name, data in fetched(place, planner).items()
        if weeks.moved.encode() in data
    }
    assert seen - {("1003", "index.html")} == {("1001", "performance"), ("1003", "dashboards")}
    assert all(len(fetched(place, planner)) > 5 for planner in ("1001", "1003"))


@pytest.fixture
def copied(place, tmp_path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(place, tmp_path / "copy", symlinks=True))


def alone(folder: Path, day: str, site: str = "site"):
    """The dashboards of the newer extract, as of a day."""
    return command(folder, folder / site, folder / "new", day, "--family", "dashboards")


def test_the_same_again_is_found_unchanged_and_a_rollback_shows_what_was_before(place, copied):
    done = alone(copied, "2025-08-16")
    passed(done)
    assert "nothing had changed" in done.stdout + done.stderr
    assert is_intact(Site(copied / "site"), PERIOD.name)
    passed(publish("rollback", "--site", copied / "site", "--period", PERIOD.name))
    assert shown(copied / "site") == shown(place / "before")


def test_the_next_week_gives_the_same_whatever_was_shown_between(copied):
    passed(alone(copied, "2025-08-17"))
    said = dates_of(copied / "site", "lwia/01/index.html")
    assert "Dashboards as of August 17, 2025" in said
    assert f"Performance as of {OLD}" in said
    passed(alone(copied, "2025-08-17", "before"))
    after, direct = (shown(copied / site) for site in ("site", "before"))
    assert without_run(direct) == without_run(after)
    names = {Site(copied / site).current(PERIOD.name).name for site in ("site", "before")}
    assert len(names) == 1


def without_run(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != "state/run.html"}


@pytest.mark.parametrize(
    ("words", "which", "day", "said"),
    [
        (["--family", "dashboards"], "old", "2025-08-15",
         "shows dashboards as of 2025-08-16, and snapshot [0-9a-f]{16} is older, as of 2025-08-15"),
        (["--family", "performance"], "new", "2025-08-16", "Only the dashboards are made alone"),
        (["--family", "dashboards", "--only", "lwia/01"], "new", "2025-08-16", "leave --only out"),
        (["--family", "dashboards", "--period", "PY2024"], "new", "2025-08-16",
         "shows no publication of PY2024: publish all of it first"),
        (["--family", "dashboards", "--packed"], "new", "2025-08-17",
         r"from another version \(stored changed\): publish all of it first"),
        (["--only", "lwia/01"], "old", "2025-08-15",
         r"from another snapshot or version \(dashboards changed\)"),
    ],
    ids=["older", "another family", "a part", "no publication", "packed", "a part of all"],
)  # fmt: skip
def test_what_would_mix_is_refused_in_a_sentence_and_changes_nothing(
    copied, words, which, day, said
):
    before = shown(copied / "site")
    done = command(copied, copied / "site", copied / which, day, *words)
    assert done.returncode == 2, done.stderr
    assert re.search(f"Stopped: .*{said}.*\\.$", done.stderr.strip()), done.stderr
    assert shown(copied / "site") == before


def test_without_the_snapshot_of_the_pages_that_stay_nothing_is_made(copied):
    """Their links are followed by it."""
    shutil.rmtree(
        copied / "store" / Site(copied / "site").current_manifest(PERIOD.name).facts["snapshot"]
    )
    done = alone(copied, "2025-08-17")
    assert (done.returncode, "does not hold snapshot" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("name", ["performance/detail-erq2.html", "index.html"])
def test_a_page_that_has_changed_on_the_disk_is_not_taken_over(place, copied, name):
    path = copied / "site" / PERIOD.name / "lwia" / "01" / name
    text = path.read_text("utf-8")
    path.unlink()
    path.write_text(text.replace("LWIA", "LWlA", 1), "utf-8")
    done = alone(copied, "2025-08-17")
    assert done.returncode == 6, done.stderr
    assert f"{name} is no longer the file that was published" in done.stderr
    sites = [Site(folder / "site").current(PERIOD.name).name for folder in (copied, place)]
    assert sites[0] == sites[1]
