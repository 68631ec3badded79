"""`publish.py selfcheck` on generated files in each program year's layout.

Source: domain 8.3. The results in these files come from the second computation in SQL, so full
agreement is expected, and every planted difference must be found.
"""

import gzip
import io
import re
import threading
import weakref
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.errors import ExtractError
from ipats_lib.extract import public
from ipats_lib.indicators.rules import ELEMENTS
from ipats_lib.periods import Period
from ipats_lib.selfcheck import compare
from tests.conftest import publish
from tests.oracle import sql
from tests.oracle.records import draw

RESULTS = {"MSG": 4007, "ERQ2": 4013, "ME": 4015, "ERQ4": 4017, "CR": 4019}
# How a program year writes the reporting state, an element, a board code and a result (domain
# 8.3). The numbers of the 3000 series are not established: these stand for whatever they are.
STATE_OF = {2018: "PIRL 3000", 2019: "PIRL 3000", 2020: "PIRL3000", 2021: "PIRL4000"}
RESULT_OF = {2018: "PIRL 3{:03}", 2019: "PIRL 3{:03}", 2020: "PIRL3{:03}", 2021: "PIRL4{:03}"}


def windows(py: int) -> dict[str, tuple[date, date]]:
    return {
        "ERQ2": (date(py - 1, 7, 1), date(py, 6, 30)),
        "ME": (date(py - 1, 7, 1), date(py, 6, 30)),
        "ERQ4": (date(py - 1, 1, 1), date(py - 1, 12, 31)),
        "CR": (date(py - 1, 1, 1), date(py - 1, 12, 31)),
        "MSG": (date(py, 7, 1), date(py + 1, 6, 30)),
    }


def column_of(measure: str, py: int) -> str:
    return RESULT_OF.get(py, "CALC4{:03}").format(RESULTS[measure] - 4000)


def moved(rows: pd.DataFrame, py: int) -> pd.DataFrame:
    """The records, drawn around PY2024, as of another program year."""
    days = [name for name in rows if pd.api.types.is_datetime64_any_dtype(rows[name])]
    return rows.assign(**{name: rows[name] - pd.DateOffset(years=2024 - py) for name in days})


def public_file(folder: Path, py: int, rows: pd.DataFrame) -> Path:
    """The records as DOL would publish them: named, dated and masked in its way."""
    texts = {}
    for element in ELEMENTS:
        column = rows[element]
        is_date = pd.api.types.is_datetime64_any_dtype(column)
        text = column.dt.strftime("%Y%m%d") if is_date else column.astype("object").map(_plain)
        texts[f"PIRL{element}"] = text.fillna("")
    results = sql.states(rows, windows(py), date(py + 4, 1, 1))
    results = results[results["state"] != "awaiting"]
    for measure in RESULTS:
        mine = results[(results["indicator"] == measure) & (results["state"] != "excluded")]
        title1 = mine[mine["program"] == "title1"].set_index("row")
        others = mine[mine["program"] == "wp"].set_index("row")
        in_title1 = rows["903"].isin([1, 2, 3]) | rows["904"].isin([1, 2, 3])
        in_title1 |= rows["905"].isin([1, 2, 3])
        texts[column_of(measure, py)] = [
            _result(measure, (title1 if inside else others), row)
            for row, inside in zip(rows["row"], in_title1, strict=True)
        ]
    state = ["IL" if row % 5 else "IA" for row in rows["row"]]
    board = "PIRL108-A" if py <= 2020 else "PIRL108A"
    quarter = {} if py < 2022 else {"REPORT_QUARTER": f"{py}Q4"}
    frame = pd.DataFrame({STATE_OF.get(py, "CALC4000"): state, board: "17001", **texts, **quarter})
    path = folder / f"WIOAPerformanceRecords_PY{py}Q4_PUBLIC.csv"
    frame.to_csv(path, index=False, lineterminator="\n")
    return path


def _plain(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _result(measure: str, known: pd.DataFrame, row: int) -> str:
    if row not in known.index:
        return ""
    line = known.loc[row]
    return f"{line['value']:.2f}" if measure == "ME" else str(int(line["state"] == "success"))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return draw(1500, seed=5)


def agreement(table: str) -> list[tuple[str, str, str, str]]:
    return re.findall(
        r"^ *(ERQ2|ERQ4|ME|CR|MSG) +(adult|dw|youth|wp) +(\d+) +(\d+)", table, re.MULTILINE
    )


@pytest.mark.parametrize("py", [2021, 2022, 2023, 2024])
def test_a_file_whose_results_follow_the_rules_agrees_row_by_row(tmp_path, rows, py):
    done = publish("selfcheck", public_file(tmp_path, py, moved(rows, py)))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "1,200 rows compared, 0 lines disagree" in done.stderr
    compared = agreement(done.stdout)
    assert len(compared) == 18
    assert all(int(both) for _, _, both, _ in compared)


@pytest.mark.parametrize("py", [2018, 2019, 2020])
def test_the_3000_series_is_compared_once_its_columns_are_named(tmp_path, rows, py, monkeypatch):
    """As shipped, a file of these years is refused with the name of the table to fill in."""
    path = public_file(tmp_path, py, moved(rows, py))
    done = publish("selfcheck", path)
    assert done.returncode == 2
    assert f"no column of DOL's results for PY{py}" in done.stderr
    assert "params/public/results.csv" in done.stderr
    named = {measure: column_of(measure, py) for measure in RESULTS}
    monkeypatch.setattr(public, "result_columns", lambda _: named)
    blocks = public.read_public(path, ELEMENTS, py, "IL", lambda *_: None)
    found = compare(blocks, Period(py).reports[0], 5)
    assert (found.rows, found.disagreeing, found.first) == (1200, 0, [])
    assert (found.table()["both"] > 0).all()
    assert len(found.table()) == 18


@pytest.mark.parametrize("py", [2013, 2014, 2015])
def test_files_of_before_pirl_are_refused_in_one_sentence(tmp_path, py):
    """WIASRD: `Item_100`, dates m/d/Y, another numbering (domain 8.3)."""
    path = tmp_path / f"WIASRD_PY{py}Q4_PUBLIC.csv"
    path.write_text("Item_100,Item_105,Item_900,Item_3002\n1,17001,7/1/2013,IL\n")
    done = publish("selfcheck", path)
    assert done.returncode == 2
    assert "this is a WIASRD file" in done.stderr
    assert "PY2017 or later" in done.stderr
    assert done.stderr.count("Stopped:") == 1


def test_an_indicator_that_fails_throughout_does_not_hide_the_others(tmp_path, rows):
    path = public_file(tmp_path, 2024, rows)
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    frame["CALC4013"] = frame["CALC4013"].map({"0": "1", "1": "0"}).fillna("")
    wrong = frame[(frame["CALC4000"] == "IL") & (frame["CALC4007"] == "1")].index[-1]
    frame.loc[wrong, "CALC4007"] = "0"
    frame.to_csv(path, index=False)
    done = publish("selfcheck", path, "--disagreements", 3)
    told = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("line ")]
    assert told == ["ERQ2:", "ERQ2:", "ERQ2:", "MSG:"]


def test_planted_differences_are_found_and_told_without_an_identifier(tmp_path, rows):
    path = public_file(tmp_path, 2023, moved(rows, 2023))
    frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    mine = frame[(frame["CALC4000"] == "IL") & (frame["CALC4013"] == "1")].index[:3]
    frame.loc[mine, "CALC4013"] = "0"
    frame.to_csv(path, index=False)
    done = publish("selfcheck", path, "--disagreements", 2)
    assert done.returncode == 8
    told = [line for line in done.stdout.splitlines() if line.startswith("line ")]
    assert len(told) == 2
    assert told[0].startswith(f"line {mine[0] + 2} ERQ2: ours success, DOL's no success")
    assert "1602=" in told[0]
    assert "P000" not in done.stdout + done.stderr


@pytest.mark.parametrize("how", ["gz", "zip"])
def test_compressed_files_are_read_as_they_are(tmp_path, rows, how):
    plain = public_file(tmp_path, 2024, rows)
    packed = plain.with_name(f"{plain.stem}_csv.{how}")
    if how == "gz":
        packed.write_bytes(gzip.compress(plain.read_bytes()))
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(plain, plain.name)
    done = publish("selfcheck", packed)
    assert done.returncode == 0, done.stderr
    assert "0 lines disagree" in done.stderr


def test_earlier_years_spell_elements_with_a_space_and_lack_known_results(tmp_path, rows):
    """PY2017: `PIRL 100`, 3000-series results whose numbers nobody has established."""
    path = tmp_path / "WIOAPerformanceRecords_PY2017Q4_PUBLIC.csv"
    header = ["PIRL 3000", *(f"PIRL {e}" for e in ELEMENTS), "PIRL 180-C", "PIRL 3013"]
    path.write_text(",".join(header) + "\n" + ",".join([""] * len(header)) + "\n")
    done = publish("selfcheck", path)
    assert done.returncode == 2
    assert "no column of DOL's results for PY2017" in done.stderr
    assert "params/public/results.csv" in done.stderr


def test_every_spelling_of_the_columns_is_understood():
    spelled = [f"PIRL {e}" for e in ELEMENTS] + ["PIRL 180-C", "CALC4013", "CALC 4000"]
    found = public.find_columns(spelled, [*ELEMENTS, "108-C"], 2023, "x.csv")
    assert found.elements["108-C"] == "PIRL 180-C"
    assert found.elements["1602"] == "PIRL 1602"
    assert (found.results, found.state) == ({"ERQ2": "CALC4013"}, "CALC 4000")


@pytest.mark.parametrize(
    ("name", "period"),
    [("WIOAPerformanceRecords_PY2023Q4_PUBLIC.csv", "PY2023"),
     ("WIOAPerformanceRecords_PY2024Q2_Public_csv.gz", "PY2024Q2")],
)  # fmt: skip
def test_the_name_tells_the_period(name, period):
    assert public.period_of_name(Path(name)) == Period.parse(period)


def test_faulty_files_get_one_sentence(tmp_path, rows):
    good = public_file(tmp_path, 2024, rows.head(40))
    text = good.read_text()
    lines = text.splitlines()
    faults = {
        "missing.csv": None,
        "PY2024Q4.zip": b"no zip",
        "PY2024Q4_other.csv": b"a,b\n1,2\n",
        "PY2024Q4_torn.csv": "\n".join([*lines[:20], lines[20][:40]]).encode(),
        "PY2024Q4_bytes.csv": b"\xff\xfe\x00" * 50,
    }
    for name, content in faults.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        done = publish("selfcheck", path, "--period", "PY2024")
        assert done.returncode == 2, name
        assert done.stderr.count("Stopped:") == 1
        assert "Traceback" not in done.stderr


def test_a_torn_file_is_refused_once_arrows_threads_have_let_it_go(tmp_path, rows, monkeypatch):
    """One that held it when Python ended aborted the process, after its sentence."""
    lines = public_file(tmp_path, 2024, rows.head(40)).read_text().splitlines()
    names, wait, left = lines[0].split(","), public._wait_until_gone, []

    def waited(held):
        wait(held)
        left.append(held())

    monkeypatch.setattr(public, "_wait_until_gone", waited)
    torn = io.BytesIO("\n".join([*lines[1:20], lines[20][:40]]).encode())
    with pytest.raises(ExtractError, match="the file is damaged"):
        list(public._batches(torn, names, names, "torn.csv"))
    assert left == [None]


def test_what_a_thread_holds_is_waited_for():
    kept = [io.BytesIO()]
    held = weakref.ref(kept[0])
    threading.Timer(0.05, kept.clear).start()
    public._wait_until_gone(held)
    assert held() is None


def test_memory_is_bounded_by_the_block_and_not_by_the_file(tmp_path, rows, monkeypatch):
    """With a small block, the same file comes in many pieces that hold a block each."""
    monkeypatch.setattr(public, "BLOCK", 40_000)
    path = public_file(tmp_path, 2024, rows)
    told: list[int] = []
    pieces = [
        len(frame)
        for frame, _ in public.read_public(
            path, ELEMENTS, 2024, "", lambda done, _: told.append(done)
        )
    ]
    assert sum(pieces) == len(rows)
    assert len(pieces) > 3
    assert max(pieces) < len(rows) / 3
    assert told[-1] == path.stat().st_size
