"""The same state on earlier days: what was known then, and nothing that came later.

Source: domain 2.1, 2.2, 8.1. `test_rules.py` holds the default extract to the edit rules.
"""

import csv
import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipats_lib.caseload.checks import records_to_fix
from ipats_lib.caseload.vocabulary import ELEMENTS
from ipats_lib.cohorts import Records
from ipats_lib.errors import UsageError
from ipats_lib.frames.combined import ROW_COLUMNS
from ipats_lib.params import load_layout
from ipats_lib.periods import Quarter
from ipats_lib.sample import AS_OF, write_sample
from ipats_lib.scopes import STATE
from ipats_lib.snapshot import make_snapshot
from tests.independent import Row, read, skill_gain
from tests.sample.conftest import SCALE as LARGER
from tests.tables import annual

SCALE, SEED = 0.02, 7
LAST_YEAR, LAST_QUARTER = date(2024, 8, 15), date(2025, 5, 15)
DATES = [e.number for e in load_layout().elements if e.type == "date"]
# A dislocation may be announced; what is planned lies ahead.
COLUMNS = tuple(dict.fromkeys((*ROW_COLUMNS, *ELEMENTS)))
AHEAD = ("410",)
TABLES = {"assignment": ("from", "to"), "service": ("actual_end",), "case_note": ("date",),
          "application": ("applied", "certified")}  # fmt: skip
QUARTERS = (("1600", "1703"), ("1602", "1704"), ("1604", "1705"), ("1606", "1706"))
days = st.dates(date(2021, 1, 1), AS_OF)


def written(as_of: date, folder: Path, *, errors: bool = False) -> Path:
    """An extract; errors: also those put in on purpose, which are of each extract by itself."""
    with pytest.MonkeyPatch.context() as patch:
        if not errors:
            patch.setattr("ipats_lib.sample.write.make_mistakes", lambda *_: None)
        write_sample(folder / str(as_of), seed=SEED, scale=SCALE, as_of=as_of)
    return folder / str(as_of)


def table(extract: Path, name: str) -> list[dict[str, str]]:
    with (extract / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def text(day: date) -> str:
    return day.strftime("%Y%m%d")


def periods(rows) -> dict[tuple[str, str], object]:
    """customer and entry -> the row."""
    return {(row["100"], row["900"]): row for row in rows if row["900"]}


@pytest.fixture(scope="module")
def present(tmp_path_factory):
    """The rows of the default extract, without errors."""
    return read(written(AS_OF, tmp_path_factory.mktemp("present")))


@pytest.fixture(scope="module")
def last_year(tmp_path_factory) -> Path:
    """The extract of a year before, with its errors."""
    return written(LAST_YEAR, tmp_path_factory.mktemp("last-year"), errors=True)


def test_the_default_day_is_the_full_state(tmp_path):
    write_sample(tmp_path / "default", seed=SEED, scale=SCALE)
    for file in written(AS_OF, tmp_path, errors=True).iterdir():
        assert file.read_bytes() == (tmp_path / "default" / file.name).read_bytes()


def test_the_full_state_does_not_change():
    """A golden figure: published pages, tests and benchmarks rest on this very extract."""
    with TemporaryDirectory() as folder:
        extract = written(AS_OF, Path(folder), errors=True)
        spent = (extract / "fiscal.csv").read_bytes()  # came later, and moved nothing else
        files = sorted(file for file in extract.iterdir() if file.name != "fiscal.csv")
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    assert digest == "d147cb757bd99e809cdcb474e2a977e41fa5a9f95a5bfd208ec0f62a1ce11d78"
    assert (
        hashlib.sha256(spent).hexdigest()
        == "3e015ba1ae6242dbb58da7e672c332bf1ae03804b2c626532a323c4b01c40626"
    )


@settings(max_examples=3, deadline=None)
@given(days)
@example(LAST_YEAR)
@example(LAST_QUARTER)
@example(AS_OF - timedelta(days=1))
def test_an_earlier_extract_tells_nothing_of_later(present, as_of):
    with TemporaryDirectory() as folder:
        extract = written(as_of, Path(folder))
        rows, tables = read(extract), {name: table(extract, name) for name in TABLES}
        linked = [line["linked_on"] for line in table(extract, "account")]
    for row in rows:
        assert not [e for e in DATES if e not in AHEAD and row[e] > text(as_of)]
        assert row["901"] <= text(as_of - timedelta(days=90)), "no exit is certain before"
    for name, columns in TABLES.items():
        assert not [c for line in tables[name] for c in columns if line[c] > text(as_of)]
    assert max(linked) <= text(as_of)
    assert {s["status"] for s in tables["service"] if s["start"] > text(as_of)} <= {"planned"}


@settings(max_examples=3, deadline=None)
@given(days)
@example(LAST_YEAR)
@example(LAST_QUARTER)
def test_both_extracts_are_of_the_same_people(present, as_of):
    with TemporaryDirectory() as folder:
        rows = read(written(as_of, Path(folder)))
    now, then = periods(present), periods(rows)
    known = {row["100"] for row in present}
    for (customer, entry), row in then.items():
        if customer not in known:
            assert row["900"] < "20230101", "who is gone has left before the full state begins"
            continue
        later = now[customer, entry]
        assert [row[e] for e in ("200", "201", "903", "904", "905", "918", "108-A", "408")] == [
            later[e] for e in ("200", "201", "903", "904", "905", "918", "108-A", "408")
        ]
        assert row["901"] in ("", later["901"])
        for employed, wage in QUARTERS:
            settled = row[employed] not in ("", "9")
            assert not settled or (row[employed], row[wage]) == (later[employed], later[wage])
    entered = {key for key, row in now.items() if row["900"] <= text(as_of)}
    assert entered == {key for key in then if key[0] in known}


@settings(max_examples=2, deadline=None)
@given(days)
@example(LAST_YEAR)
def test_an_earlier_extract_breaks_no_more_rules_than_the_full_state(as_of):
    """Without errors put in on purpose: L-20 is of service, not of entering data; few records of
    the full state break the others too."""
    with TemporaryDirectory() as folder:
        made = make_snapshot(written(as_of, Path(folder)), Path(folder) / "store")
        # Some applicants are in no PIRL row, and some case notes of one day are alike.
        assert set(made.findings()["rule"]) <= {"C-07", "N-09"}
        assert made.as_of == as_of
        found = set(records_to_fix(Records(made.rows(STATE, COLUMNS)), as_of)["rule"])
    assert found <= {"L-20", "L-28", "L-31", "L-43", "L-58"}


def test_an_earlier_extract_holds_its_own_ten_quarters_of_exits(last_year):
    exits = [row.day("901") for row in read(last_year) if row.day("901")]
    quarters = {Quarter.of(day) for day in exits if day >= date(2022, 1, 1)}
    assert quarters == {Quarter.of(LAST_YEAR) - back for back in range(1, 11)}
    assert sum(day < date(2022, 1, 1) for day in exits) <= 2, "but for errors"


def test_the_state_neither_grows_nor_shrinks(last_year, present):
    """Participants of PY2023 as known then, beside those of PY2024 as known now."""
    rows = {2023: read(last_year), 2024: present}
    served = {py: _served(rows[py], py) for py in rows}
    assert served[2023] == pytest.approx(served[2024], rel=0.06)
    active = [sum(bool(row["900"] and not row["901"]) for row in found) for found in rows.values()]
    assert active[0] == pytest.approx(active[1], rel=0.12)


def _served(rows, py: int) -> int:
    year = annual(py).cohort("served")
    return len({
        row["100"] for row in rows
        if row.day("900") and row.day("900") <= year.end
        and (not row.day("901") or row.day("901") >= year.start)
        and any(row[e] in ("1", "2", "3") for e in ("903", "904", "905"))
    })  # fmt: skip


def test_an_earlier_extract_carries_the_errors_of_real_files(tmp_path):
    write_sample(tmp_path / "x", scale=0.1, as_of=LAST_YEAR)
    findings = make_snapshot(tmp_path / "x", tmp_path).findings()
    assert {"D-01", "F-05", "F-06", "F-07"} <= set(findings["rule"])
    assert len(findings) < 0.01 * len(read(tmp_path / "x"))


def test_keys_of_an_earlier_extract(last_year):
    customers = {row["100"] for row in read(last_year)}
    planners = {line["planner_id"] for line in table(last_year, "planner")}
    for name in ("assignment", "service", "case_note"):
        lines = table(last_year, name)
        assert lines
        assert {line["customer"] for line in lines} <= customers
        assert {line["planner_id"] for line in lines} <= planners | {""}
    enrolled = {a["customer"] for a in table(last_year, "application") if a["status"] == "enrolled"}
    assert enrolled <= customers


def test_services_of_an_earlier_extract_are_closed_open_or_planned(last_year):
    services = table(last_year, "service")
    for line in services:
        assert (line["status"] == "closed") == bool(line["actual_end"])
        assert (line["status"] == "planned") == (line["start"] > text(LAST_YEAR))
        assert line["start"] <= line["planned_end"]
    assert {line["status"] for line in services} == {"closed", "open", "planned"}
    assert "Planned gap in service" in {line["title"] for line in services}


def test_the_newest_service_is_the_same_in_pirl_and_in_the_service_table(last_year):
    """Participants of Title I with one row, but for a few whose row carries an error."""
    newest: dict[str, str] = {}
    everyone = read(last_year)
    young = {row["100"] for row in everyone if row["905"] in ("1", "2", "3")}
    not_qualifying = ("Follow-up contact", "Youth follow-up service")
    for line in table(last_year, "service"):
        supports = line["title"] == "Supportive service" and line["customer"] not in young
        if line["title"] not in not_qualifying and line["status"] != "planned" and not supports:
            day = max(line["start"], line["actual_end"])
            newest[line["customer"]] = max(newest.get(line["customer"], ""), day)
    elements = ("900", "906", "1001", "1003", "1004", "1200", "1201", "1203", "1206", "1302",
                "1308", "1309", "1313", "1314", "1318")  # fmt: skip
    of_youth = ("1402", "1403", "1405", "1407", "1408", "1409", "1410", "1411", "1413", "1414",
                "1415")  # fmt: skip
    rows = [row for row in everyone if row["900"] and row["100"] in newest]
    title_one = [r for r in rows if any(r[e] in ("1", "2", "3") for e in ("903", "904", "905"))]
    single = [r for r in title_one if sum(other["100"] == r["100"] for other in rows) == 1]
    asked = {row["100"]: (*elements, *of_youth) if row["100"] in young else elements
             for row in single}  # fmt: skip
    same = [newest[row["100"]] == max(row[e] for e in asked[row["100"]]) for row in single]
    assert sum(same) > 0.985 * len(same)


def test_who_enters_later_is_an_applicant_as_yet(last_year):
    status = {line["customer"]: line["status"] for line in table(last_year, "application")}
    assert {"applied", "certified", "enrolled"} <= set(status.values())


def test_planners_who_have_left_meanwhile_are_still_there(last_year, extract):
    then = {p["planner_id"]: p["active"] for p in table(last_year, "planner")}
    assert all(p["active"] <= then[p["planner_id"]] for p in table(extract, "planner")
               if p["planner_id"] in then)  # fmt: skip


def test_the_newest_exits_are_not_known_yet(present, last_year):
    """An exit counts from 90 days later on; until then the customer is active."""
    rows = {row["100"]: row for row in read(last_year)}
    recent = [r for r in present if r.day("901") and "20240518" < r["901"] <= text(LAST_YEAR)]
    found = [rows[r["100"]]["901"] for r in recent if r["100"] in rows]
    assert found
    assert sum(not exit_ for exit_ in found) >= len(found) - 1


@pytest.mark.parametrize("as_of", [AS_OF + timedelta(days=1), date(2020, 12, 31)])
def test_days_that_the_state_is_not_known_on(tmp_path, as_of):
    with pytest.raises(UsageError, match="is known from 2021-01-01 to 2025-08-15"):
        write_sample(tmp_path / "x", scale=SCALE, as_of=as_of)
    assert not list(tmp_path.iterdir())


def test_it_says_of_which_day_it_is(last_year):
    assert json.loads((last_year / "extract.json").read_text())["as_of"] == "2024-08-15"


def test_who_has_a_supportive_service_had_one_before(present, last_year):
    """The newest of several is the newest then: the share of the active that has one stays."""
    now, then = periods(present), periods(read(last_year))
    both = [(now[key]["1409"], then[key]["1409"]) for key in then.keys() & now.keys()]
    had = [before for after, before in both if after]
    assert sum(map(bool, had)) > 0.95 * len(had) > 20
    assert not [before for after, before in both if before > (after or "")]


@pytest.fixture(scope="module")
def year_before(tmp_path_factory) -> Path:
    """The larger sample, a year before."""
    folder = tmp_path_factory.mktemp("year-before") / "extract"
    write_sample(folder, scale=LARGER, as_of=LAST_YEAR)
    return folder


@pytest.fixture(scope="module")
def two_years(year_before, many) -> tuple[list[Row], list[Row]]:
    """The PIRL rows of that and of the larger sample."""
    return read(year_before), many


@pytest.mark.parametrize("program", ["903", "904", "905"])
def test_a_quarter_of_two_years_has_alike_shares_of_skill_gains(program, two_years):
    """April to June of 2024 and of 2025, and both program years, each known in the middle of the
    following August: chance apart (some 300 to 600 records a quarter), nothing tells them apart.

    An extract holds the newest gain of each kind. Where gains of July and August had replaced more
    of one year's than of the other's, its share would be lower.
    """
    spans = (("2024-04-01", "2024-06-30"), ("2025-04-01", "2025-06-30"))
    quarters = [_gained(rows, program, span)
                for rows, span in zip(two_years, spans, strict=True)]  # fmt: skip
    assert quarters[0] == pytest.approx(quarters[1], abs=0.1)
    years = (("2023-07-01", "2024-06-30"), ("2024-07-01", "2025-06-30"))
    shares = [_gained(rows, program, span)
              for rows, span in zip(two_years, years, strict=True)]  # fmt: skip
    assert shares[0] == pytest.approx(shares[1], abs=0.07)


def _gained(rows: list[Row], program: str, span: tuple[str, str]) -> float:
    judged = [skill_gain(row, span) for row in rows if row[program] in ("1", "2", "3")]
    hits = [hit for hit, _ in filter(None, judged)]
    assert len(hits) > 250
    return sum(hits) / len(hits)


def test_an_extract_of_a_year_later_has_lost_gains_to_newer_ones(present, last_year):
    """As elements 1806 to 1810 say: the date of the most recent gain of a kind."""
    now, then = periods(present), periods(read(last_year))
    gains = ("1806", "1807", "1808", "1809", "1810")
    lost = [
        key for key in now.keys() & then.keys() for gain in gains
        if then[key][gain] and then[key][gain] != now[key][gain]
    ]  # fmt: skip
    assert len(lost) > 20
    for key in now.keys() & then.keys():
        for gain in gains:
            assert then[key][gain] <= (now[key][gain] or then[key][gain])
