"""A publication that is staged: nobody sees it until it is shown; what differs is listed before."""

from functools import partial
from pathlib import Path

import pytest

from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.build import build
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import KEEP, Manifest, Site
from ipats_lib.publishing.staged import KEY, differences, show
from ipats_lib.snapshot import make_snapshot
from tests.few import write_areas
from tests.site.whole_builds import PERIOD, hashes, stand

NAME = PERIOD.name
HEAD = (
    "report,py,quarter,window,area_type,area,program,group,measure,numerator,denominator,value,"
    "suppressed\n"
)


def figures(*lines: str) -> str:
    """`figures.csv` of the state. lines: measure, numerator, denominator, value, withheld."""
    start = "quarterly,2024,Q4,rolling4,state,IL,adult,all,"
    return HEAD + "".join(f"{start}{line}\n" for line in lines)


def make(site: Site, text: str, table: str = "", period: str = NAME) -> str:
    """A release of one page, and of a table of figures; not shown."""
    with site.publisher():
        made = site.stage(period)
        (made / "state").mkdir()
        (made / "state" / "index.html").write_text(text)
        (made / "state" / "figures.csv").write_text(table or HEAD)
        return site.keep(period, made, Manifest({"snapshot": text}, hashes(made))).name


def publish(site: Site, text: str, table: str = "") -> str:
    site.show(NAME, name := make(site, text, table))
    return name


def stage(site: Site, store: Path, text: str, table: str = "", released: str = "") -> str:
    name = make(site, text, table)
    site.hold(NAME, name, {"store": str(store), "record": text, "released": released})
    return name


def shown(site: Site) -> str:
    return (site.root / NAME / "state" / "index.html").read_text()


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path / "site", grace=0)
    publish(made, "one")
    return made


def test_what_is_staged_is_shown_by_one_step_and_rollback_goes_back(site, store):
    name = stage(site, store, "two")
    assert shown(site) == "one"
    assert show(site.root, PERIOD) == name
    assert shown(site) == "two"
    assert site.history(NAME)[0] == name
    site.rollback(NAME)
    assert shown(site) == "one"


def test_it_is_on_record_once_it_is_shown(site, store):
    stage(site, store, "two")
    assert list(store.iterdir()) == []
    show(site.root, PERIOD)
    (record,) = (store / "released").iterdir()
    assert record.read_text() == "two"


def test_a_second_one_replaces_the_first_and_it_is_kept_among_many(site, store):
    first = stage(site, store, "two")
    second = stage(site, store, "three")
    assert not (site.releases / first).exists()
    for text in "abcdefg"[: KEEP + 1]:  # of another period: nothing of ours is pruned
        site.show("PY2023", make(site, text, period="PY2023"))
    assert site.waiting(NAME)["release"] == second
    show(site.root, PERIOD)
    assert shown(site) == "three"
    with pytest.raises(UsageError, match="holds no publication of PY2024Q4 that waits"):
        show(site.root, PERIOD)


def test_the_first_publication_of_a_period_may_be_staged(tmp_path, store):
    site = Site(tmp_path / "new", grace=0)
    with pytest.raises(UsageError, match="holds no publication"):
        show(site.root, PERIOD)
    stage(site, store, "one", figures("ME,,184,9000.5,false"))
    assert not (site.root / NAME).exists()
    assert set(differences(site.root, PERIOD).figures["change"]) == {"new"}
    show(site.root, PERIOD)
    assert shown(site) == "one"


@pytest.mark.parametrize("change", ["publish", "rollback"])
def test_it_waits_as_long_as_readers_see_what_it_was_compared_with(site, store, change):
    publish(site, "two")
    name = stage(site, store, "three")
    publish(site, "four") if change == "publish" else site.rollback(NAME)
    before = shown(site)
    for step in (show, differences):
        with pytest.raises(UsageError, match="holds no publication of PY2024Q4 that waits"):
            step(site.root, PERIOD)
    assert shown(site) == before
    publish(site, "five")
    assert not (site.releases / name).exists()


def test_one_that_is_damaged_is_not_shown(site, store):
    name = stage(site, store, "two")
    (site.releases / name / "state" / "index.html").write_text("tampered")
    with pytest.raises(PublicationError, match="is not what was staged: stage PY2024Q4 again"):
        show(site.root, PERIOD)
    assert shown(site) == "one"
    assert list(store.iterdir()) == []


def test_one_whose_store_is_gone_is_not_shown(site, store):
    stage(site, store, "two")
    store.rmdir()
    with pytest.raises(UsageError, match="is not there"):
        show(site.root, PERIOD)
    assert (shown(site), store.exists()) == ("one", False)


def test_one_that_does_not_know_what_was_published_since_is_not_shown(tmp_path, extract):
    """A cell that it shows could tell of one that the other publication withheld."""
    write_areas(tmp_path / "notebooks")
    snapshot = make_snapshot(extract, tmp_path / "store")
    options = partial(
        Options, tmp_path / "notebooks", tmp_path / "site", only=("state", "lwia/90"), pool=stand
    )

    def made(period, **more):
        return build(snapshot, options(period, **more), lambda *_: None)

    made(PERIOD, stage=True)
    assert not (tmp_path / "store" / "released").exists()
    run = made(PERIOD, stage=True)
    assert (run.unchanged, run.executed) == (True, 0)
    made(Period.parse("PY2024Q2"))
    with pytest.raises(UsageError, match=r"PY2024Q2-\w+\.csv was published since PY2024Q4"):
        show(tmp_path / "site", PERIOD)
    assert not (tmp_path / "site" / NAME).exists()
    assert not made(PERIOD, stage=True).unchanged
    show(tmp_path / "site", PERIOD)
    assert made(PERIOD).unchanged  # what was shown is what a build would have made


def test_figures_that_differ_are_listed_by_key_and_equal_ones_are_not(site, store):
    publish(site, "one", figures("ERQ2,8,10,0.8,false", "ME,,184,9000.5,false", "MSG,5,9,0.5,true"))
    stage(
        site,
        store,
        "two",
        figures("ERQ2,9,10,0.9,false", "ME,,184,9000.5,false", "CR,1,2,0.5,false"),
    )
    found = differences(site.root, PERIOD)
    assert [*found.figures.columns[:8]] == [*KEY, "change"]
    rows = {row["measure"]: row for row in found.figures.to_dict("records")}
    assert {name: row["change"] for name, row in rows.items()} == {
        "ERQ2": "changed", "CR": "new", "MSG": "gone",
    }  # fmt: skip
    assert {row["period"] for row in rows.values()} == {"PY2024Q4"}
    change = rows["ERQ2"]
    assert (change["numerator_shown"], change["numerator_staged"]) == ("8", "9")
    assert (change["value_shown"], change["value_staged"]) == ("0.8", "0.9")
    assert (rows["CR"]["value_shown"], rows["CR"]["value_staged"]) == ("", "0.5")
    assert found.files == {"index.html": 1}


def test_no_figure_differs_where_pages_alone_do(site, store):
    publish(site, "one", table := figures("ERQ2,8,10,0.8,false"))
    stage(site, store, "two", table)
    found = differences(site.root, PERIOD)
    assert found.figures.empty
    assert found.files == {"index.html": 1}


def test_a_damaged_note_is_no_staged_publication(site, store):
    stage(site, store, "two")
    note = site.inner / f"{NAME}.staged"
    note.write_text(note.read_text()[:-5])
    with pytest.raises(UsageError, match="that waits"):
        show(site.root, PERIOD)
    assert shown(site) == "one"
