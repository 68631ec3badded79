"""Every figure of the command's long form, against plain Python over the raw file."""

import csv
from pathlib import Path

import pytest

from tests.commands import cold
from tests.conftest import publish
from tests.independent import WINDOWS, figures

HEADER = (
    "report,py,quarter,window,area_type,area,program,group,measure,"
    "numerator,denominator,value,suppressed"
)


@pytest.mark.parametrize("period", WINDOWS)
def test_every_figure_to_the_record(extract, tmp_path, period):
    out = tmp_path / "figures.csv"
    done = publish(
        "indicators", "--extract", extract, "--period", period, "--out", out,
        "--store", tmp_path / "store",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = figures(extract, period)
    with out.open() as lines:
        found = list(csv.DictReader(lines))
    assert out.read_text().splitlines()[0] == HEADER
    keys = {(r["window"], r["area_type"], r["area"], r["program"], r["measure"]) for r in found}
    assert len(keys) == len(found)
    assert expected.keys() <= keys
    assert {"state", "lwia", "planner"} <= {area_type for _, area_type, *_ in expected}
    for line in found:
        key = tuple(line[c] for c in ("window", "area_type", "area", "program", "measure"))
        hits, size, value = expected.get(key, (None if line["measure"] == "ME" else 0, 0, None))
        assert line["denominator"] == str(size), key
        assert line["numerator"] == ("" if hits is None else str(hits)), key
        assert (
            line["value"] == ""
            if value is None
            else float(line["value"]) == pytest.approx(value, abs=1e-12)
        ), key
        assert line["suppressed"] == "false"


def test_suppressed_figures_carry_the_marker_and_no_value(extract, tmp_path):
    out = tmp_path / "figures.csv"
    done = publish(
        "indicators", "--extract", extract, "--period", "PY2024", "--out", out, "--suppress",
        "--store", tmp_path / "store",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with out.open() as lines:
        found = list(csv.DictReader(lines))
    hidden = [r for r in found if r["suppressed"] == "true"]
    assert hidden
    assert {r[c] for r in hidden for c in ("denominator", "value")} == {"*"}
    shown = [r for r in found if r["suppressed"] == "false" and r["denominator"] != "0"]
    assert all(int(r["denominator"]) >= 10 for r in shown)


def test_two_suppressed_files_withhold_linked_cells_together(extract, tmp_path):
    """ME with ER Q2 in one file; ER Q4 with the ER Q2 of two quarters before."""
    hidden = {}
    for period in ("PY2024Q2", "PY2024Q4"):
        out = tmp_path / f"{period}.csv"
        done = publish(
            "indicators", "--extract", extract, "--period", period, "--out", out, "--suppress",
            "--store", tmp_path / "store",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        known = "PY2024Q2-" if period == "PY2024Q4" else "none, no record of PY2023Q4"
        assert f"known to withholding: {known}" in done.stderr
        with out.open() as lines:
            for r in csv.DictReader(lines):
                if r["suppressed"] == "true":
                    key = tuple(r[c] for c in ("window", "area_type", "area", "program"))
                    hidden.setdefault((period, r["measure"]), set()).add(key)
        assert hidden[period, "ERQ2"] == hidden[period, "ME"]
    assert hidden["PY2024Q2", "ERQ2"] <= hidden["PY2024Q4", "ERQ4"]
    records = list((tmp_path / "store" / "released").iterdir())
    assert sorted(path.name[:8] for path in records) == ["PY2024Q2", "PY2024Q4"]


def test_a_snapshot_gives_the_same_figures_as_its_extract(extract, tmp_path):
    store, asked = tmp_path / "store", ("--period", "PY2024Q4")
    made = publish("snapshot", "--extract", extract, "--store", store)
    assert made.returncode == 0, made.stderr
    folder = made.stdout.strip()
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    publish("indicators", "--extract", extract, *asked, "--out", first, "--store", store)
    cold("indicators", "--extract", folder, *asked, "--out", again, "--store", store)
    assert first.read_bytes() == again.read_bytes() != b""


def test_a_file_of_any_name_is_written_and_one_that_cannot_be_is_one_sentence(
    extract, store, tmp_path
):
    for out, code, said in (
        (tmp_path / "x[" / "y].csv", 0, "Wrote {} figures to {}.\n"),
        (
            Path("/proc/none/x.csv"),
            2,
            "Stopped: {1} cannot be written: No such file or directory.\n",
        ),
    ):
        done = publish(
            "indicators", "--extract", extract, "--period", "PY2024", "--out", out,
            "--store", store,
        )  # fmt: skip
        assert done.returncode == code
        lines = out.read_text().count("\n") - 1 if out.exists() else 0
        assert done.stderr.endswith(said.format(f"{lines:,}", out)), done.stderr


@pytest.mark.parametrize("rule", ["current_only", "ever_assigned"])
def test_a_narrower_contact_rule_never_gives_a_planner_more(extract, tmp_path, rule):
    def sizes(contacts: str) -> dict[tuple[str, ...], int]:
        out = tmp_path / f"{contacts}.csv"
        done = publish(
            "indicators", "--extract", extract, "--period", "PY2024", "--out", out,
            "--store", tmp_path / "store", "--contacts", contacts,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with out.open() as lines:
            return {
                (r["area_type"], r["area"], r["program"], r["measure"]): int(r["denominator"])
                for r in csv.DictReader(lines)
            }

    narrow, wide = sizes(rule), sizes("any_contact")
    assert all(narrow[key] <= wide[key] for key in wide)
    assert any(narrow[key] < wide[key] for key in wide if key[0] == "planner")
    assert all(narrow[key] == wide[key] for key in wide if key[0] != "planner")
