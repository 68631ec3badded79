"""What occupations are called. Source: SOC 2018, Bureau of Labor Statistics."""

from importlib import metadata

import numpy as np
import pytest

from ipats_lib.frames import occupations

TITLES = {
    "29114100": "Registered Nurses",
    "15123200": "Computer User Support Specialists",
    "31112100": "Home Health and Personal Care Aides",  # published with 31-1122 alone
    "29999999": "Healthcare practitioners and technical",  # no such code: its major group
    "99999999": "",
    "": "",
}


@pytest.fixture
def unknown(monkeypatch):
    """Without what earlier tests have read."""
    monkeypatch.setattr(occupations, "_published_titles", occupations._published_titles.__wrapped__)


def test_an_occupation_has_the_title_that_the_bureau_publishes():
    codes = np.array(list(TITLES), dtype=object)
    assert occupations.occupation_titles(codes) == list(TITLES.values())


def test_without_the_package_the_major_group_is_named(unknown, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(occupations.metadata, "files", missing)
    codes = np.array(["29114100", "47215200", ""], dtype=object)
    groups = ["Healthcare practitioners and technical", "Construction and extraction", ""]
    assert occupations.occupation_titles(codes) == groups
