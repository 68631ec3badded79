"""Snapshots and sites of the version before the redesign still open, serve and roll back.

`version_before.tar.xz` holds what commit cd8b60c made of a synthetic state (`sample --seed 3
--scale 0.01 --as-of 2025-05-15`): `store/` with its snapshot, `site/` with two publications of
PY2024Q4, the first of LWIA 01, the second of LWIA 01 and 02. The chart bundle is left out: it
comes from a package.
"""

import tarfile
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.access.grammar import read_path
from ipats_lib.access.published import file_of
from ipats_lib.publishing.assets import build_assets
from ipats_lib.publishing.site import Site
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import open_snapshot
from tests.conftest import publish
from tests.switched import is_intact

KEPT = Path(__file__).with_name("version_before.tar.xz")
PERIOD = "PY2024Q4"
FIRST, SECOND = "903cf7d4717bc9bb", "e30eb490baef8e64"
SNAPSHOT = "362ea89533e172b6"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(KEPT) as archive:
        archive.extractall(folder, filter="data")
    build_assets().write(folder / "site" / "_static")
    return folder


def test_the_snapshot_opens_and_has_its_customers(unpacked):
    snapshot = open_snapshot(unpacked / "store" / SNAPSHOT)
    assert snapshot.as_of.isoformat() == "2025-05-15"
    assert len(snapshot.scopes()) == 48
    assert len(snapshot.rows(Scope.parse("lwia/01"), ("901", "903"))) > 0


def test_the_site_is_whole_and_its_pages_have_addresses(unpacked):
    site = unpacked / "site"
    assert is_intact(Site(site), PERIOD)
    target = read_path(f"/{PERIOD}/lwia/02/performance/summary.html".encode())
    assert file_of(site, target) == (
        f".ipats/releases/{PERIOD}-{SECOND}/lwia/02/performance/summary.html"
    )


def test_its_figures_are_those_of_today(unpacked):
    """The old site's own file and what this version counts from the old snapshot are equal."""
    told = unpacked / "site" / PERIOD / "lwia" / "01" / "figures.csv"
    counted = unpacked / "counted.csv"
    done = publish("indicators", "--extract", unpacked / "store" / SNAPSHOT, "--period", PERIOD,
                   "--out", counted)  # fmt: skip
    assert done.returncode == 0, done.stderr
    every = pd.read_csv(counted, dtype="str", keep_default_na=False)
    mine = every[(every["area_type"] == "lwia") & (every["area"].str.zfill(2) == "01")]
    old = pd.read_csv(told, dtype="str", keep_default_na=False)
    columns = [name for name in old if name in mine]
    assert len(old) > 20
    pd.testing.assert_frame_equal(
        mine[columns].reset_index(drop=True), old[columns], check_dtype=False
    )


def test_a_new_publication_replaces_it_and_rolls_back_to_it(unpacked, few):
    """The order matters: back to the first, on to a new one, and back to an old one again."""
    site = unpacked / "site"
    assert publish("rollback", "--period", PERIOD, "--site", site).returncode == 0
    assert Site(site).current(PERIOD).name == f"{PERIOD}-{FIRST}"
    built = publish("build", "--extract", unpacked / "store" / SNAPSHOT, "--period", PERIOD,
                    "--site", site, "--only", "lwia/01", "--notebooks", few)  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert Site(site).current(PERIOD).name not in (f"{PERIOD}-{FIRST}", f"{PERIOD}-{SECOND}")
    assert publish("rollback", "--period", PERIOD, "--site", site).returncode == 0
    assert Site(site).current(PERIOD).name == f"{PERIOD}-{FIRST}"
    assert is_intact(Site(site), PERIOD)


def test_it_serves_as_the_earlier_extract_of_a_new_publication(unpacked, extract, store):
    site = unpacked / "new"
    built = publish("build", "--extract", extract, "--store", store, "--period", PERIOD,
                    "--site", site, "--only", "lwia/90",
                    "--earlier", unpacked / "store" / SNAPSHOT)  # fmt: skip
    assert built.returncode == 0, built.stderr
    figures = pd.read_csv(site / PERIOD / "lwia" / "90" / "performance" / "outlook.csv")
    assert any("2025-05-15" in name for name in figures)
