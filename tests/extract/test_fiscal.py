"""What areas spent (`fiscal.csv`): read whole, validated, and absent where there is none.

Source: docs/extract.md.
"""

from datetime import date

import pytest

from ipats_lib.errors import ExtractError
from ipats_lib.sample import write_sample
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import write_extract

PIRL = "100 | 108-A | 900 | 903\na | 17005 | 20250601 | 1"
HEAD = "area | program | py | spent | career | training | administration\n"


def taken(tmp_path, lines, head=HEAD):
    tables = {"fiscal": head + "\n".join(lines)} if lines is not None else {}
    return make_snapshot(write_extract(tmp_path / "extract", PIRL, tables), tmp_path / "store")


def found(snapshot):
    lines = snapshot.findings().query("file == 'fiscal.csv' and not rule.str.startswith('N-')")
    return [(f.rule, f.row, f.element, f.value) for f in lines.itertuples()]


def test_amounts_of_any_size_are_read_in_dollars(tmp_path):
    snapshot = taken(tmp_path, ["7 | adult | 2024 | 1234567.50 | 600000 | 500000.5 | 98000"])
    assert found(snapshot) == []
    (line,) = snapshot.fiscal().to_dict("records")
    assert line == {
        "area": "07", "program": "adult", "py": 2024, "spent": 1234567.5, "career": 600000.0,
        "training": 500000.5, "administration": 98000.0, "source": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("77 | adult | 2024 | 9 | 3 | 3 | 3", ("C-10", 3, "area", "77")),
        ("10 | wp | 2024 | 9 | 3 | 3 | 3", ("C-10", 3, "program", "wp")),
        ("10 | adult | PY24 | 9 | 3 | 3 | 3", ("C-10", 3, "py", "PY24")),
        ("07 | adult | 2024 | 8 | 2 | 3 | 3", ("C-10", 3, "py", "2024")),
    ],
)
def test_a_line_of_nobody_or_of_an_earlier_line_is_found_and_left_out(tmp_path, line, finding):
    snapshot = taken(tmp_path, ["07 | adult | 2024 | 9 | 3 | 3 | 3", line])
    assert finding in found(snapshot)
    assert len(snapshot.fiscal()) == 1


def test_an_amount_that_is_none_is_found_and_blank(tmp_path):
    snapshot = taken(tmp_path, ["07 | youth | 2024 | -9 | 3 | n/a | 3"])
    assert found(snapshot) == [("C-09", 2, "spent", "-9"), ("C-09", 2, "training", "n/a")]
    assert snapshot.fiscal()[["spent", "training"]].isna().all(axis=None)


def test_parts_that_exceed_the_whole_are_found_and_kept(tmp_path):
    snapshot = taken(tmp_path, ["07 | dw | 2024 | 9.00 | 3 | 3 | 3.5"])
    assert found(snapshot) == [("C-11", 2, "spent", "9.00")]
    assert snapshot.fiscal()["spent"].tolist() == [9.0]


def test_a_missing_column_stops_in_one_sentence(tmp_path):
    with pytest.raises(ExtractError, match="fiscal.csv line 1: the header lacks administration"):
        taken(tmp_path, ["07 | dw | 2024 | 9 | 3 | 3"], HEAD.replace(" | administration", ""))


def test_without_the_file_nothing_is_missing(tmp_path):
    snapshot = taken(tmp_path, None)
    assert len(snapshot.fiscal()) == 0
    assert "fiscal" not in snapshot.missing_tables


def test_the_samples_own_says_synthetic_and_holds_years_that_are_over(tmp_path):
    for name, day in (("now", "2025-08-15"), ("before", "2025-05-15")):
        write_sample(tmp_path / name, scale=0.01, as_of=date.fromisoformat(day))
    now, before = (
        make_snapshot(tmp_path / name, tmp_path / "store").fiscal() for name in ("now", "before")
    )
    assert now["source"].str.startswith("synthetic").all()
    assert (sorted({*now["py"]}), sorted({*before["py"]})) == (
        [2022, 2023, 2024],
        [2021, 2022, 2023],
    )
    same = ["area", "program", "py"]
    both = now.merge(before, on=same, suffixes=("", "_before"))
    assert len(both) > 100
    assert (both["spent"] == both["spent_before"]).all()
    parts = now[["career", "training", "administration"]].sum(axis=1)
    assert (parts == now["spent"]).all()
