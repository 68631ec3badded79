"""The chart bundle is made once a version of vl-convert, and kept where its user alone writes."""

from pathlib import Path

import pytest
import vl_convert

from ipats_lib.publishing import assets


@pytest.fixture
def made(monkeypatch, tmp_path) -> list[str]:
    """Each bundle that vl-convert was asked for, with the user's cache in a folder of the test."""
    asked: list[str] = []

    def javascript_bundle() -> str:
        asked.append(f"bundle {len(asked)}")
        return asked[-1]

    monkeypatch.setattr(vl_convert, "javascript_bundle", javascript_bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return asked


def entry(tmp_path: Path) -> Path:
    [found] = (path for path in tmp_path.rglob("*") if path.is_file())
    return found


def test_the_second_site_finds_the_bundle_of_the_first(made):
    assert [assets.chart_bundle(), assets.chart_bundle()] == ["bundle 0", "bundle 0"]
    assert len(made) == 1


def test_another_version_has_a_bundle_of_its_own(made, monkeypatch):
    assets.chart_bundle()
    monkeypatch.setattr(assets, "version", lambda _: "99")
    assert assets.chart_bundle() == "bundle 1"


def test_a_damaged_bundle_is_made_again(made, tmp_path):
    assets.chart_bundle()
    path = entry(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert assets.chart_bundle() == "bundle 1"


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_nothing_is_read_where_others_may_write(made, tmp_path, mode):
    """A script that others put there would run in readers' browsers."""
    assets.chart_bundle()
    (tmp_path / "cache" / "ipats").chmod(mode)
    assert assets.chart_bundle() == "bundle 1"
    assert assets.chart_bundle() == "bundle 2"


def test_without_a_place_to_keep_it_the_bundle_is_made(made, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert assets.chart_bundle() == "bundle 0"
