"""The frame `source_documents` and where it is shown.  Source: domain 4.5."""

from types import SimpleNamespace

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.frames import source_documents
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.frames.source_documents import RATES, load_results
from ipats_lib.indicators.intervals import wilson
from tests.frames.checked import check
from tests.notebooks.pages import open_sample, page, with_frames
from tests.published import lines

# Of 40 lines 3 failed; of one element nothing was checked. Rates in a file are not read.
LINES = (
    "all,all,All elements,40,3,0.5,0,1,2,8",
    "all,200,Date of birth,30,3,0.5,0,1,1,4",
    "all,802,Low income,10,0,0.5,0,1,1,0",
    "all,409,School status,0,0,,,,0,4",
    "Adult,all,All elements,40,3,0.5,0,1,2,8",
    "Adult,200,Date of birth,30,3,0.5,0,1,1,4",
)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Writes a file of results into an empty folder of parameters; gives what is read of it."""
    monkeypatch.setattr(source_documents, "params_folder", lambda: tmp_path)

    def write(*told, name="PY2024.csv"):
        folder = tmp_path / "source_documents"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(
            "\ufeff" + "\n".join((",".join(RATES), *told)) + "\n", encoding="utf-8"
        )
        load_results.cache_clear()
        return load_results()

    yield write
    load_results.cache_clear()


def test_rates_and_intervals_are_those_of_the_counts(kept):
    found = kept(*LINES)
    assert list(found.columns) == [*SCHEMAS["source_documents"].names]
    whole, none = found.iloc[0], found.iloc[3]
    assert (whole.program_year, whole.program_title) == ("PY2024", "All programs")
    assert whole.rate == 3 / 40
    assert (whole.rate_low, whole.rate_high) == wilson(3, 40)
    assert none[["rate", "rate_low", "rate_high"]].isna().all()
    assert (whole.not_applicable, whole.without_result) == (2, 8)


def test_the_newest_program_year_is_shown(kept):
    kept(LINES[0], name="PY2023.csv")
    assert set(kept(*LINES)["program_year"]) == {"PY2024"}


@pytest.mark.parametrize(
    ("told", "name", "says"),
    [
        ("all,all,All,3,4,,,,0,0", "PY2024.csv", "line 2: 4 failed of 3"),
        ("all,all,All,3,-1,,,,0,0", "PY2024.csv", "line 2: expected a whole number"),
        (LINES[0], "2024.csv", "expected the program year as name"),
    ],
)
def test_what_does_not_fit_names_the_file(kept, told, name, says):
    with pytest.raises(ParamsError, match=says):
        kept(told, name=name)


def test_only_the_state_has_rows(kept):
    size = len(kept(*LINES))
    for scopes, rows in ((("IL",), size), (("01", "07"), 0)):
        frame = source_documents.source_documents(SimpleNamespace(scopes=scopes))
        assert len(frame) == rows


def test_without_a_file_there_are_none():
    for scope in ("state", "lwia/07"):
        frame = open_sample(scope).source_documents
        check(frame, SCHEMAS["source_documents"])
        assert frame.empty


def shown(report, monkeypatch):
    return page("dashboards/area", report, monkeypatch, only=("quality",))


def test_the_states_data_quality_page_shows_them(kept, monkeypatch):
    report = open_sample("state")
    none = shown(report, monkeypatch)
    assert "Source documents" not in none.get_text(" ")
    found = shown(with_frames(report, source_documents=kept(*LINES)), monkeypatch)
    tables = [t for t in found.select("table") if "elements checked failed" in t.caption.text]
    assert [t.caption.get_text() for t in tables] == [
        f"{who}, program year 2024: 3 of 40 elements checked failed"
        for who in ("All programs", "Adult")
    ]
    rows = lines(tables[0])
    assert [line["Element"] for line in rows] == ["All elements", "Date of birth", "Low income"]
    assert [line["Failed"] for line in rows] == ["3", "3", "0"]
    cell = tables[0].select("tbody tr")[1].svg["aria-label"]
    low, high = wilson(3, 30)
    assert cell == f"interval {low:.1%} to {high:.1%}"
