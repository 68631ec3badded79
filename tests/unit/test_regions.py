"""Regions, as `params/` declares them."""

import itertools
from collections import Counter

from ipats_lib.frames.geography import load_regions, region_areas
from ipats_lib.params import load_areas, params_folder, read_rows


def test_each_lwia_is_in_the_region_of_most_of_its_counties():
    """LWIA 19 has one county in each of two: Macon, with Decatur, decides."""
    counties = read_rows(params_folder() / "counties.csv", ("county", "fips", "lwia", "edr"))
    most = {
        lwia: Counter(row["edr"] for row in rows).most_common()
        for lwia, rows in itertools.groupby(
            sorted(counties, key=lambda row: row["lwia"]), key=lambda row: row["lwia"]
        )
    }
    regions = load_regions()
    assert set(regions) == {area.lwia for area in load_areas()} - {"90"}
    for lwia, region in regions.items():
        first = {edr for edr, many in most[lwia] if many == most[lwia][0][1]}
        assert region.edr in first
    evidence = {
        row["lwia"]: row["evidence"]
        for row in read_rows(params_folder() / "regions.csv", ("lwia", "edr", "title", "evidence"))
    }
    split = {lwia for lwia, edrs in most.items() if len(edrs) > 1}
    assert {lwia for lwia, text in evidence.items() if text.startswith("inferred")} == split
    assert len(region_areas()) == 10
