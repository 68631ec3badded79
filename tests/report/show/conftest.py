"""Verbs as a publication runs them, with a folder for the files beside the page."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from ipats_lib.report.show import formats


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPATS_CHARTS", "live")
    monkeypatch.delenv("IPATS_DOWNLOADS", raising=False)
    monkeypatch.setattr(formats, "KINDS", {})  # frames of a test have no schema but its own


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run's files go."""
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    return tmp_path


def soup(shown) -> BeautifulSoup:
    """What a page would hold of a verb's result."""
    return BeautifulSoup(shown._repr_mimebundle_()["text/html"], "html.parser")


HOSTILE = """<script>alert(1)</script>'"&amp;</td>"""
