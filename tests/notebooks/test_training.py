"""Training outcomes: by provider and occupation, and what is withheld stays so."""

import csv

import pytest

from tests.notebooks.pages import open_sample, page, with_frames

NAME = "performance/training"


@pytest.fixture(scope="module")
def state():
    return open_sample("state")


def finding(found):
    return found.select_one(".show-finding").get_text(" ", strip=True)


def rates(state, **providers):
    """Employment in the second quarter of some providers: successes and how many are counted."""
    line = state.training.query("measure == 'ERQ2' and dimension == 'Training provider'").iloc[[0]]
    lines = line.loc[line.index.repeat(len(providers))].reset_index(drop=True)
    pairs = list(providers.values())
    return lines.assign(
        group_title=list(providers), suppressed=False,
        numerator=[n for n, _ in pairs], denominator=[d for _, d in pairs],
        value=[n / d for n, d in pairs], lower95=[n / d - 0.1 for n, d in pairs],
        upper95=[n / d + 0.1 for n, d in pairs],
    )  # fmt: skip


def test_the_finding_names_the_lowest_and_the_highest(state, monkeypatch):
    """40 of 100 and 70 of 100 are 30 points apart, beyond both intervals of 10."""
    frame = rates(state, North=(70, 100), South=(40, 100), East=(50, 100))
    said = finding(page(NAME, with_frames(state, training=frame), monkeypatch))
    assert "40.0% to 70.0% of a provider's trainees were employed" in said
    assert "South is lowest and North highest." in said
    assert "Chance" not in said
    assert "3 of 3 providers have enough people to show." in said


def test_a_difference_that_chance_could_give_is_said_to_be_such(state, monkeypatch):
    """Of Title I 80 of 100: 70 of 100 is clearly below, though its interval meets North's."""
    figures = state.figures.assign(value=0.8)
    for north, south, by_chance in ((82, 76, True), (83, 70, False)):
        frame = rates(state, North=(north, 100), South=(south, 100))
        found = page(NAME, with_frames(state, training=frame, figures=figures), monkeypatch)
        assert ("Chance could explain the difference." in finding(found)) == by_chance
        assert ("1 of 2 providers is clearly below all" in found.get_text(" ")) != by_chance


def test_a_name_that_ends_in_a_period_ends_no_sentence(state, monkeypatch):
    frame = rates(state, **{"North, Inc.": (70, 100), "South Co.": (60, 100)})
    said = finding(page(NAME, with_frames(state, training=frame), monkeypatch))
    assert "South Co. is lowest and North, Inc. highest." in said


def test_what_an_asterisk_means_is_said_where_one_is(state, monkeypatch):
    frame = rates(state, North=(70, 100), South=(60, 100))
    for hidden in (False, True):
        changed = frame.assign(suppressed=hidden & (frame["group_title"] == "South"))
        text = page(NAME, with_frames(state, training=changed), monkeypatch).get_text(" ")
        assert ("*: withheld" in text) == hidden


def test_who_is_not_recorded_is_no_provider(state, monkeypatch):
    frame = rates(state, North=(70, 100), **{"Not recorded": (10, 100)}, South=(60, 100))
    said = finding(page(NAME, with_frames(state, training=frame), monkeypatch))
    assert "60.0% to 70.0%" in said
    assert "2 of 2 providers" in said


def test_what_is_withheld_is_an_asterisk_on_the_page_and_in_the_file(state, monkeypatch, tmp_path):
    monkeypatch.setenv("IPATS_DOWNLOADS", str(tmp_path))
    frame = rates(state, North=(70, 100), South=(60, 100), Hidden=(3, 7))
    numbers = ["numerator", "denominator", "pending", "value", "lower95", "upper95"]
    here = frame["group_title"] == "Hidden"
    frame["suppressed"] = here
    frame[numbers] = frame[numbers].mask(here)
    found = page(NAME, with_frames(state, training=frame), monkeypatch)
    row = next(r for r in found.select("tbody tr") if "Hidden" in r.get_text())
    assert [cell.get_text(strip=True) for cell in row.select("td")] == ["*withheld"] * 4
    assert not any("Hidden" in str(chart) for chart in found.select(".show-chart"))
    lines = list(csv.DictReader((tmp_path / "training.csv").read_text().splitlines()))
    assert len(lines) == len(frame)
    assert {lines[2][name] for name in numbers} == {"*"}


def test_an_area_with_too_few_says_so_and_lists_its_groups(monkeypatch):
    area = open_sample("lwia/01")
    found = page(NAME, area, monkeypatch)
    assert "too few people trained with any one of" in finding(found)
    assert not found.select(".show-chart")
    listed = {row.select_one("th").get_text() for row in found.select("tbody tr")}
    assert listed == set(area.training["group_title"])


def test_without_trainees_there_are_sentences(state, monkeypatch):
    found = page(NAME, with_frames(state, training=state.training.head(0)), monkeypatch)
    assert "No one in training is counted for Illinois yet." in finding(found)
    assert "No one in training is counted in this window." in found.get_text(" ")
