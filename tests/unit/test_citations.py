"""Guidance is cited in the issue that holds: docs/sources.md lists them (domain 10)."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# `TEGL 10-16 Change 3, 26-16 Change 1`: each letter of a list is one citation.
LETTER = r"\d{1,2}-\d{2}(?: Change \d)?"
CITED = re.compile(rf"TEGLs? ({LETTER}(?:(?:,| and|;)\s+(?:\"\s+\")?{LETTER})*)")
PLACES = ("ipats_lib", "params", "notebooks", "docs/*.md", "README.md")


def cited(text: str) -> set[str]:
    return {letter for found in CITED.findall(text) for letter in re.findall(LETTER, found)}


LISTED = cited((ROOT / "docs" / "sources.md").read_text())


def files() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", *PLACES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listing.stdout.split()


def test_the_table_lists_one_issue_of_each_letter():
    numbers = [letter.split(" Change")[0] for letter in LISTED]
    assert len(numbers) == len(set(numbers)) == 8


def test_every_letter_is_cited_in_the_listed_issue():
    older = {}
    for name in files():
        text = (ROOT / name).read_text(encoding="utf-8")
        if unlisted := cited(re.sub(r"\"\s+f?\"", "", text)) - LISTED:
            older[name] = sorted(unlisted)
    assert not older


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("TEGL 10-16; PIRL 901", {"10-16"}),
        ("TEGL 10-16 Change 3, 26-16 Change 1; PIRL", {"10-16 Change 3", "26-16 Change 1"}),
        ("TEGL 7-18 Change 1 and 23-19 Change 3 (x)", {"7-18 Change 1", "23-19 Change 3"}),
        ("20 CFR 677.150, 12-16", set()),
    ],
)
def test_how_a_citation_is_read(text, letters):
    assert cited(text) == letters
