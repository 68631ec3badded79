"""Records of what was published: named by content, whole, never removed."""

import pytest

from ipats_lib.errors import SnapshotError, UsageError
from ipats_lib.periods import Period
from ipats_lib.snapshot import keep_released, linked_period, read_released
from ipats_lib.snapshot.store import workspace

NOW = Period.parse("PY2024Q4")
TEXT = (
    b"report,py,quarter,window,area_type,area,program,group,measure,numerator,denominator,value,"
    b"suppressed\n"
    b"quarterly,2024,Q2,current,lwia,07,adult,all,ERQ2,*,*,*,true\n"
    b"quarterly,2024,Q2,current,lwia,25,adult,all,ERQ2,40,60,0.66,false\n"
)


def test_the_fourth_quarter_after_exit_was_the_second_two_reports_ago():
    assert linked_period(NOW).name == linked_period(Period.parse("PY2024")).name == "PY2024Q2"


def test_a_record_is_read_by_the_period_that_counts_its_exits_again(tmp_path):
    name = keep_released(tmp_path, "PY2024Q2", TEXT)
    (found,) = read_released(tmp_path, NOW)
    assert found.name == name
    assert read_released(tmp_path, Period.parse("PY2024Q2")) == ()


def test_a_record_is_read_by_earlier_periods_whose_windows_hold_its_quarters(tmp_path):
    name = keep_released(tmp_path, "PY2024Q2", TEXT)
    for period in ("PY2024Q1", "PY2023Q4"):
        assert [one.name for one in read_released(tmp_path, Period.parse(period))] == [name]
    assert read_released(tmp_path, Period.parse("PY2023Q3")) == ()


def test_a_record_is_read_by_the_periods_that_show_its_quarter_again(tmp_path):
    name = keep_released(tmp_path, "PY2024Q2", TEXT)
    for period in ("PY2024Q3", "PY2024", "PY2025Q3", "PY2025Q4", "PY2026Q1"):
        assert [one.name for one in read_released(tmp_path, Period.parse(period))] == [name]
    assert read_released(tmp_path, Period.parse("PY2026Q2")) == ()


def test_an_annual_report_and_its_fourth_quarters_are_read_by_each_other_and_not_by_itself(
    tmp_path,
):
    year, quarter = (keep_released(tmp_path, name, TEXT) for name in ("PY2024", "PY2024Q4"))
    assert [one.name for one in read_released(tmp_path, NOW)] == [year]
    assert [one.name for one in read_released(tmp_path, Period.parse("PY2024"))] == [quarter]


def test_withheld_lines_are_known_as_withheld_and_hold_no_number(tmp_path):
    keep_released(tmp_path, "PY2024Q2", TEXT)
    lines = read_released(tmp_path, NOW)[0].lines()
    assert lines["suppressed"].tolist() == [True, False]
    assert lines["denominator"].isna().tolist() == [True, False]
    assert lines[["numerator", "denominator"]].iloc[1].tolist() == [40, 60]


def test_equal_records_are_kept_once_and_none_replaces_another(tmp_path):
    names = {keep_released(tmp_path, "PY2024Q2", text) for text in (TEXT, TEXT, TEXT[:-1])}
    assert {path.name for path in (tmp_path / "released").iterdir()} == names
    assert len(names) == 2


def test_the_stores_sweep_leaves_records(tmp_path):
    name = keep_released(tmp_path, "PY2024Q2", TEXT)
    (tmp_path / ".making-left").mkdir()
    with workspace(tmp_path):
        assert not (tmp_path / ".making-left").exists()
    assert (tmp_path / "released" / name).read_bytes() == TEXT


def test_a_damaged_record_stops_and_is_named(tmp_path):
    path = tmp_path / "released" / keep_released(tmp_path, "PY2024Q2", TEXT)
    path.write_bytes(TEXT.replace(b"40", b"41"))
    with pytest.raises(SnapshotError, match=path.name):
        read_released(tmp_path, NOW)


def test_an_operator_names_a_record_of_another_store(tmp_path):
    name = keep_released(tmp_path / "other", "PY2024Q2", TEXT)
    named = [tmp_path / "other" / "released" / name]
    assert [one.name for one in read_released(tmp_path, NOW, named)] == [name]


def test_a_file_that_is_no_record_of_a_linked_quarter_is_refused(tmp_path):
    other = keep_released(tmp_path, "PY2025Q3", TEXT)
    with pytest.raises(UsageError, match="PY2024Q2"):
        read_released(tmp_path, NOW, [tmp_path / "released" / other])
