"""A publication is whole or absent.  Source: issue text "Publish"; security notes, Faults."""

import errno
import gzip
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from ipats_lib.errors import PublicationError, PublisherBusyError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.build import build
from ipats_lib.publishing.files import pack, pack_all, read_published
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import KEEP, Manifest, Site, walk
from ipats_lib.publishing.staged import scope_of, verify
from tests.switched import is_intact, switch

PERIOD = "PY2024Q4"


def publish(site: Site, text: str, run: str = "a run") -> Path:
    with site.publisher():
        staged = site.stage(PERIOD)
        (staged / "state").mkdir()
        (staged / "state" / "index.html").write_text(text)
        (staged / "state" / "run.html").write_text(run)
        return switch(site, PERIOD, staged, {"snapshot": text})


def shown(site: Site) -> str:
    return (site.root / PERIOD / "state" / "index.html").read_text()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


def test_the_switch_shows_the_new_publication(site):
    publish(site, "one")
    publish(site, "two")
    assert shown(site) == "two"


def test_until_the_switch_the_old_publication_stays(site):
    publish(site, "one")
    with site.publisher():
        (site.stage(PERIOD) / "half").write_text("half")
    assert shown(site) == "one"
    assert [p.name for p in walk(site.root / PERIOD)] == ["index.html", "run.html"]


def test_the_same_content_is_the_same_release(site):
    assert publish(site, "one") == publish(site, "one")


def test_rollback_goes_back_step_by_step_and_then_refuses(site):
    for text in ("one", "two", "three"):
        publish(site, text)
    site.rollback(PERIOD)
    assert shown(site) == "two"
    site.rollback(PERIOD)
    assert shown(site) == "one"
    with pytest.raises(UsageError):
        site.rollback(PERIOD)


def test_a_rollback_never_shows_what_was_rolled_back_before(site):
    for text in ("one", "two bad"):
        publish(site, text)
    site.rollback(PERIOD)
    publish(site, "three")
    site.rollback(PERIOD)
    assert shown(site) == "one"
    with pytest.raises(UsageError):
        site.rollback(PERIOD)


def test_the_same_pages_published_again_show_the_newest_run_and_are_intact(site):
    for run in ("first", "second", "third"):
        publish(site, "one", run)
        assert (site.root / PERIOD / "state" / "run.html").read_text() == run
        assert is_intact(site, PERIOD)
    with pytest.raises(UsageError):  # the same pages are no step back
        site.rollback(PERIOD)
    for text, run in (("two", "fourth"), ("one", "fifth")):
        publish(site, text, run)
    assert is_intact(site, PERIOD)
    site.rollback(PERIOD)
    assert shown(site) == "two"


def kept(site):
    return [path for path in site.releases.iterdir() if path.is_dir()]


def test_a_rollback_waits_for_no_publisher(site):
    publish(site, "one")
    publish(site, "two")
    with site.publisher(), pytest.raises(PublisherBusyError):
        Site(site.root).rollback(PERIOD)
    assert shown(site) == "two"


def test_a_rollback_where_nothing_was_published_makes_nothing(tmp_path):
    with pytest.raises(UsageError):
        Site(tmp_path / "site").rollback(PERIOD)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("follows", [False, True])
def test_a_copy_is_a_site_or_one_that_followed_links_is_named(site, tmp_path, follows):
    publish(site, "one")
    publish(site, "two")
    copy = Site(shutil.copytree(site.root, tmp_path / "copy", symlinks=not follows))
    if not follows:
        assert is_intact(copy, PERIOD)
        copy.rollback(PERIOD)
        publish(copy, "three")
        assert (shown(copy), shown(site)) == ("three", "two")
        assert is_intact(site, PERIOD)
        return
    name = copy.history(PERIOD)[1]
    steps = (lambda: copy.stage(PERIOD), lambda: copy.rollback(PERIOD),
             lambda: copy.show(PERIOD, name))  # fmt: skip
    for step in steps:
        with pytest.raises(UsageError, match="is a folder where a link must be"):
            step()
    assert shown(copy) == "two"
    shutil.rmtree(copy.root / PERIOD)
    publish(copy, "three")
    assert shown(copy) == "three"


def test_only_the_last_publications_are_kept(site):
    site.grace = 0
    for number in range(KEEP + 2):
        publish(site, str(number))
    assert len(kept(site)) == KEEP
    assert shown(site) == str(KEEP + 1)


def test_a_release_stays_for_those_who_are_still_opening_its_files(site):
    """However fast publications follow each other, one replaced a moment ago is not removed."""
    for number in range(KEEP + 2):
        publish(site, str(number))
    assert len(kept(site)) == KEEP + 2


@pytest.mark.parametrize("clock", [-3600, 3600])
def test_a_release_replaced_long_ago_goes_and_so_does_one_from_the_future(site, clock):
    publish(site, "old")
    old = kept(site)[0]
    for number in range(KEEP):
        publish(site, str(number))
    then = time.time() + clock
    os.utime(old.with_suffix(".json"), (then, then))
    publish(site, "new")
    assert not old.exists()
    assert not old.with_suffix(".json").exists()


def test_a_second_publisher_is_told_who_holds_the_site(site):
    second = Site(site.root).publisher()
    with site.publisher(), pytest.raises(PublisherBusyError, match=f"process {os.getpid()}"):
        second.__enter__()
    assert PublisherBusyError.exit_code == 75


def test_a_run_that_failed_holds_nothing_in_its_name_any_more(site):
    with pytest.raises(ValueError, match="failed"), site.publisher():
        raise ValueError("failed")
    assert (site.inner / "lock").read_text() == ""


def test_a_publisher_whom_the_system_has_no_name_for_is_told_by_number(site, monkeypatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 3_999_999_999)
    with site.publisher():
        assert (site.inner / "lock").read_text().startswith("uid 3999999999 on ")


def test_a_killed_publisher_frees_the_site(site):
    code = (
        "import os, sys; from pathlib import Path; from ipats_lib.publishing.site import Site\n"
        "with Site(Path(sys.argv[1])).publisher(): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(site.root)], check=False)
    publish(site, "after")
    assert shown(site) == "after"


def page(folder: Path, name: str, *links: str) -> PurePosixPath:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f'<a href="{link}">x</a>' for link in links))
    return PurePosixPath(name)


@pytest.fixture
def static(tmp_path):
    folder = tmp_path / "_static"
    folder.mkdir()
    (folder / "style.css").write_text("")
    return folder


def test_links_may_stay_in_the_scope_go_inward_or_to_the_shared_files(tmp_path, static):
    staged = tmp_path / "staged"
    files = [
        page(staged, "state/index.html", "../lwia/07/index.html"),
        page(staged, "lwia/07/index.html", "planner/1042/index.html", "../../../_static/style.css"),
        page(staged, "lwia/07/planner/1042/index.html", "index.html"),
    ]
    verify(staged, files, static)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("lwia/07/planner/1042/index.html", "../../index.html"),
        ("lwia/07/index.html", "../../state/index.html"),
        ("lwia/07/index.html", "missing.html"),
        ("lwia/07/index.html", "https://elsewhere.example/x.js"),
        ("lwia/07/index.html", "/etc/passwd"),
        ("lwia/07/index.html", "../../../_static/other.css"),
    ],
)
def test_any_other_link_stops_the_publication(tmp_path, static, name, link):
    staged = tmp_path / "staged"
    names = ["state/index.html", "lwia/07/index.html", "lwia/07/planner/1042/index.html"]
    files = [page(staged, n, *([link] if n == name else [])) for n in names]
    with pytest.raises(PublicationError, match=name):
        verify(staged, files, static)


OUTSIDE = (
    "<a href=missing.html>x</a>",
    "<a HREF='missing.html'>x</a>",
    "<A\n href = 'missing.html' >x</A>",
    "<a class='b'href='missing.html'>x</a>",
    "<td title='a > b' class=\"c\"><a href='&#109;issing.html'>x</a></td>",
    "<script>if (1 < 2) {}</script><a href='missing.html'>x</a>",
    "<a href='/index.html'>x</a>",
    "<a href='//index.html'>x</a>",
    "<a href='../../state/index.html'>x</a>",
    "<base href='planner/'>",
    "<img src=a.png>",
    "<img srcset='index.html 1x, https://e.example/a.png 2x'>",
    "<link imagesrcset='https://e.example/a.png 2x'>",
    "<form action='https://e.example/'>",
    "<button formaction='https://e.example/'>",
    "<object data='https://e.example/x'>",
    "<video poster='https://e.example/x'>",
    "<a href='index.html' ping='index.html https://e.example/x'>x</a>",
    "<svg><image xlink:href='https://e.example/x'/></svg>",
    "<iframe srcdoc='&lt;img src=https://e.example/x&gt;'></iframe>",
    "<style>@import url(https://e.example/x.css)</style>",
    "<style>@import 'https://e.example/x.css';</style>",
    "<p style='background: URL( \"https://e.example/x\" )'>x</p>",
    "<meta http-equiv=Refresh content='0; URL=https://e.example'>",
    "<meta http-equiv='refresh' content='5,https://e.example'>",
)


@pytest.mark.parametrize("html", OUTSIDE)
def test_a_link_is_seen_in_whatever_spelling(tmp_path, static, html):
    staged = tmp_path / "staged"
    files = [page(staged, "state/index.html"), page(staged, "lwia/07/index.html")]
    (staged / "lwia/07/index.html").write_text(html)
    with pytest.raises(PublicationError, match="lwia/07/index.html links to"):
        verify(staged, files, static)


def test_what_is_no_link_is_no_hindrance(tmp_path, static):
    staged = tmp_path / "staged"
    files = [page(staged, "lwia/07/index.html")]
    (staged / "lwia/07/index.html").write_text(
        "<meta name='viewport' content='width=1'><a name=there data=x>x</a><a href=#there>y</a>"
        "<p style='width: calc(1px + 2px)'>z</p><svg fill='url(#there)'></svg><a href>w</a>"
        "<script>const s = 'a href=missing.html';</script><img srcset='index.html 2x'>"
        "<meta http-equiv=refresh content=60><a href=' index.html#there '>v</a>"
    )
    verify(staged, files, static)


@pytest.mark.parametrize("link", ["other.html#here", "#there"])
def test_a_link_into_a_page_leads_to_a_place_that_is_there(tmp_path, static, link):
    staged = tmp_path / "staged"
    files = [page(staged, "state/index.html", link), page(staged, "state/other.html")]
    with pytest.raises(PublicationError, match="no such place"):
        verify(staged, files, static)
    for name in files:
        with (staged / name).open("a") as html:
            html.write("<p id='here'>x</p><p id='there'>x</p>")
    verify(staged, files, static)


def test_a_link_with_a_place_in_it_leaves_no_scope_either(tmp_path, static):
    staged = tmp_path / "staged"
    files = [page(staged, "lwia/07/index.html", "../../state/index.html#x")]
    files.append(page(staged, "state/index.html"))
    with pytest.raises(PublicationError, match="not in its scope"):
        verify(staged, files, static)


def test_a_missing_or_an_unplanned_file_stops_the_publication(tmp_path, static):
    staged = tmp_path / "staged"
    planned = [page(staged, "state/index.html")]
    with pytest.raises(PublicationError, match="state/other.html"):
        verify(staged, [*planned, PurePosixPath("state/other.html")], static)
    page(staged, "state/extra.html")
    with pytest.raises(PublicationError, match="state/extra.html"):
        verify(staged, planned, static)


def test_every_file_lies_in_a_scopes_folder():
    assert scope_of("lwia/07/planner/1042/a/b.html").path == "lwia/07/planner/1042"
    for name in ("index.html", "lwia/index.html", "lwia/7/index.html", "stateful/index.html"):
        with pytest.raises(PublicationError):
            scope_of(name)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((), "SITE cannot be written"),
        (("SITE/.ipats/staging/x",), "SITE cannot be written"),
        ((".ipats/releases/x", None, "SITE/.PY2024Q4"), "SITE cannot be written"),
        (("/nowhere/ipats-new-1",), "/nowhere/ipats-new-1 cannot be read or written"),
    ],
)
def test_the_sentence_names_the_place_that_refused(tmp_path, monkeypatch, place, said):
    site = str(tmp_path / "site")
    named = [name and name.replace("SITE", site) for name in place]

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *named)

    monkeypatch.setattr("ipats_lib.publishing.build._build", refuse)
    options = Options(tmp_path, Path(site), Period.parse(PERIOD))
    said = f"{said.replace('SITE', site)} (No space left on device); readers see"
    with pytest.raises(PublicationError, match=re.escape(said)):
        build(None, options, lambda *_: None)


def test_a_link_to_a_place_of_a_shared_page_leads_to_one_that_is_there(tmp_path, static):
    staged = tmp_path / "staged"
    (static / "guide.html").write_text('<h2 id="Glossary">')
    verify(staged, [page(staged, "state/a.html", "../../_static/guide.html#Glossary")], static)
    file = page(staged, "state/a.html", "../../_static/guide.html#Nothing")
    with pytest.raises(PublicationError, match="no such place"):
        verify(staged, [file], static)


LARGE = "<p>of no use</p>" * 2000


def packed_site(folder: Path) -> list[PurePosixPath]:
    (folder / "state").mkdir(parents=True)
    (folder / "state/a.html").write_text(LARGE)
    (folder / "state/a.csv").write_text("x\n")
    (folder / "state/a.xlsx").write_bytes(bytes(50_000))
    for path in walk(folder):
        pack(str(path))
    return [PurePosixPath(f"state/a.{kind}") for kind in ("html", "csv", "xlsx")]


def test_a_large_text_gets_a_copy_of_the_same_bytes_whenever_it_is_made(tmp_path):
    for name in ("one", "two"):
        packed_site(tmp_path / name)
    (one,) = (tmp_path / "one").rglob("*.gz")
    (two,) = (tmp_path / "two").rglob("*.gz")
    assert one.name == "a.html.gz"
    assert one.read_bytes() == two.read_bytes()
    assert gzip.decompress(one.read_bytes()).decode() == LARGE
    assert one.read_bytes()[3:8] == bytes(5), "no name, no time"


def test_files_are_packed_alone_where_that_is_asked(tmp_path, static):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    for name in ("table.csv", "list.json", "work.ics"):
        (staged / "state" / name).write_text(LARGE)
        pack(f"{staged}/state/{name}", alone=True)
        files.append(PurePosixPath("state", name))
    pack(f"{staged}/state/a.html", alone=True)
    files.append(page(staged, "state/b.html", "table.csv"))
    found = verify(staged, files, static)
    assert "state/a.html" not in found
    assert Manifest({}, found).page_count == 2
    assert {"state/table.csv.gz", "state/list.json.gz", "state/work.ics.gz"} <= set(found)
    assert "state/table.csv" not in found
    assert read_published(staged / "state/table.csv").decode() == LARGE
    assert read_published(staged / "state/a.csv") == b"x\n"


def test_links_of_a_page_that_is_packed_alone_are_followed(tmp_path, static):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    files.append(page(staged, "state/b.html", "a.html#place"))
    with pytest.raises(PublicationError, match="there is no such place"):
        verify(staged, files, static)
    (staged / "state/a.html").write_text(f"<p id='place'>{LARGE}</p><a href='../lwia/07/x'></a>")
    (staged / "state/a.html.gz").unlink()
    pack(f"{staged}/state/a.html", alone=True)
    with pytest.raises(PublicationError, match=r"a.html links to ../lwia/07/x"):
        verify(staged, files, static)
    (staged / "state/a.html").write_text(f"<p id='place'>{LARGE}</p>")
    (staged / "state/a.html.gz").unlink()
    pack(f"{staged}/state/a.html", alone=True)
    assert "state/a.html.gz" in verify(staged, files, static)


@pytest.mark.parametrize("alone", [False, True])
def test_a_file_of_several_names_is_packed_and_looked_at_once(tmp_path, static, alone):
    staged, names = tmp_path / "staged", ("state/a.csv", "lwia/07/a.csv", "lwia/07/b.csv")
    for name in names:
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
    (staged / names[0]).write_text(LARGE)
    for name in names[1:]:
        os.link(staged / names[0], staged / name)
    packed: list[str] = []

    def each(function, paths):
        packed.extend(paths)
        return map(function, paths)

    pack_all(walk(staged), each, alone)
    assert len(packed) == 1
    found = verify(staged, [PurePosixPath(name) for name in names], static)
    assert set(found) == {f"{n}.gz" for n in names} | (set() if alone else {*names})
    assert len({(staged / name).stat().st_ino for name in found}) == len(set(found.values()))
    for name in names:
        assert read_published(staged / name).decode() == LARGE
    (staged / "lwia/07/a.csv.gz").unlink()
    (staged / "lwia/07/a.csv.gz").write_bytes(b"damaged")
    with pytest.raises(PublicationError, match=r"lwia/07/a.csv.gz does not hold its file"):
        verify(staged, [PurePosixPath(name) for name in names], static)


def test_what_is_packed_alone_must_be_planned_and_sound(tmp_path, static):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    (staged / "state/table.csv").write_text(LARGE)
    pack(f"{staged}/state/table.csv", alone=True)
    with pytest.raises(PublicationError, match="table.csv is there and was not planned"):
        verify(staged, files, static)
    whole = (staged / "state/table.csv.gz").read_bytes()
    (staged / "state/table.csv.gz").write_bytes(whole[:-9])
    with pytest.raises(PublicationError, match="does not hold its file"):
        verify(staged, [*files, PurePosixPath("state/table.csv")], static)
    with pytest.raises(PublicationError, match="was planned and is not there"):
        verify(staged, [*files, PurePosixPath("state/other.csv")], static)


def test_a_copy_is_hashed_with_its_file_and_a_link_to_it_is_refused(tmp_path, static):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    found = verify(staged, files, static)
    assert sorted(found) == ["state/a.csv", "state/a.html", "state/a.html.gz", "state/a.xlsx"]
    files.append(page(staged, "state/b.html", "a.html.gz"))
    with pytest.raises(PublicationError, match="not in its scope"):
        verify(staged, files, static)


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"another page"), gzip.compress(LARGE.encode())[:-9]],
    ids=["empty", "no gzip", "another page", "cut off"],
)
def test_a_copy_that_holds_something_else_stops_the_publication(tmp_path, static, content):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    (staged / "state/a.html.gz").write_bytes(content)
    with pytest.raises(PublicationError, match="does not hold its file"):
        verify(staged, files, static)


def test_a_copy_of_nothing_was_not_planned(tmp_path, static):
    staged = tmp_path / "staged"
    files = packed_site(staged)
    (staged / "state/b.html.gz").write_bytes(gzip.compress(b"x"))
    with pytest.raises(PublicationError, match="was not planned"):
        verify(staged, files, static)
