"""Whom areas serve and at what cost: counted by hand, and what is withheld.

Source: domain 2.2 (served), 7.3; docs/extract.md (fiscal.csv).
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from ipats_lib.disclosure import load_thresholds, withhold_counts
from ipats_lib.frames.reach import ENGAGEMENT
from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import make_snapshot
from tests.extract.drawn import write_extract
from tests.notebooks.pages import open_sample
from tests.seeds import seeds

# Of LWIA 01, all in the 12 months: a, b and twice c are Adults; d is a Youth; e left before.
PIRL = """
    100 | 108-A | 900      | 901      | 903 | 905 | 918 | 1300 | 1302
    a   | 17005 | 20240801 |          | 1   |     | 1   | 1    | 20240811
    b   | 17005 | 20230801 | 20240701 | 1   |     |     | 0    |
    c   | 17005 | 20230801 | 20240801 | 1   |     |     | 1    | 20230802
    c   | 17005 | 20250301 |          | 1   |     |     | 1    | 20250331
    d   | 17005 | 20250301 |          |     | 1   |     |      |
    e   | 17005 | 20230801 | 20240630 | 1   |     |     | 1    | 20230802
"""
TABLES = {
    "planner": "planner_id | lwia | name | active\np1 | 01 | Ada | 1",
    "assignment": "customer | enrolment | planner_id | from | to\na | e | p1 | 20240801 |",
    "application": "customer | lwia | applied | certified | status\na | 01 | 20240701 | | enrolled",
    "service": (
        "customer | enrolment | service_code | title | start | planned_end | actual_end | provider "
        "| status\na | e | 1 | T | 20240630 | | | |\na | e | 1 | T | 20240708 | | | |"
    ),
    "fiscal": (
        "area | program | py | spent | career | training | administration | source\n"
        "01 | adult | 2024 | 900 | 300 | 450 | 100 | the grant's books\n"
        "01 | youth | 2024 | 600 | 300 | 60 | 100 | the grant's books\n"
        "01 | adult | 2023 | 5 | 1 | 1 | 1 |"
    ),
}


@pytest.fixture
def drawn(tmp_path):
    def make(period="PY2024Q4", **tables):
        chosen = {name: text for name, text in (TABLES | tables).items() if text}
        folder = write_extract(tmp_path / f"extract-{len(chosen)}", PIRL, chosen)
        data = StateData(make_snapshot(folder, tmp_path / "store"), Period.parse(period))
        frame = data.slice(STATE).frame("reach")
        assert {*frame["area_type"]} == {"state", "lwia"}  # and no planner
        assert not frame.duplicated(["area_type", "area", "program", "item"]).any()
        return frame.set_index(["area", "program", "item"])["result"].sort_index()

    return make


def test_each_item_by_hand(drawn):
    found = drawn()
    for area in ("01", "IL"):
        adult, youth, all_ = (
            found[area, p].dropna().to_dict() for p in ("adult", "youth", "title1")
        )
        assert adult == {
            "participants": 3, "several": 0.33, "trained": 0.67, "to_training": 20.0,
            "spent": 900, "training_spent": 0.5, "cost": 300,
        }  # fmt: skip
        assert youth == {
            "participants": 1, "several": 0, "trained": 0, "spent": 600, "training_spent": 0.1,
            "cost": 600,
        }  # fmt: skip
        assert (all_["participants"], all_["cost"], all_["first_service"]) == (4, 375, 7)


def test_an_area_that_serves_nobody_costs_nothing_and_hides_nothing(drawn):
    found = drawn()["02", "adult"]
    assert found[["participants", "spent"]].tolist() == [0, 0]
    assert found[["several", "trained", "cost", "training_spent"]].isna().all()


def test_without_amounts_of_one_part_the_whole_has_no_cost(drawn):
    fiscal = TABLES["fiscal"].replace("01 | youth | 2024", "01 | youth | 2022")
    found = drawn(fiscal=fiscal)
    assert found["01", "adult", "cost"] == 300
    assert found[[("01", "title1", "cost"), ("IL", "title1", "cost")]].isna().all()


@pytest.mark.parametrize("period", ["PY2024Q3", "PY2025"])
def test_costs_are_there_for_a_program_year_on_file_alone(drawn, period):
    items = drawn(period).reset_index()["item"]
    assert {"participants", "trained"} <= {*items}
    assert not {"cost", "spent", "training_spent"} & {*items}


def test_without_the_file_nobody_has_a_cost(drawn):
    assert "cost" not in drawn(fiscal="").reset_index()["item"].tolist()


# -- what is withheld ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def editions():
    return [open_sample(scope).reach for scope in ("state", "lwia/07")]


def test_no_reader_of_an_area_can_find_a_small_count_of_participants(editions):
    """Neither from the number, nor from a cost, nor by subtraction, also knowing the own area."""
    full, shown = editions
    keys = ["area", "program", "item"]
    both = shown.merge(full, on=keys, suffixes=("", "_true"))
    wide = both.pivot(index=["area", "program"], columns="item", values=["result", "result_true"])
    truth, seen = wide["result_true"]["participants"], wide["result"]["participants"]
    least = load_thresholds().minimum_denominator
    assert truth[seen.notna() & (truth > 0)].min() >= least
    hidden = seen[seen.isna()].index
    assert len(hidden) > 10
    assert wide["result"].loc[hidden, ["cost", "several", "trained"]].isna().all(axis=None)
    assert wide["result"]["spent"].notna().all()
    for program in ("adult", "dw", "youth"):
        secret = truth[[key for key in hidden if key[1] == program and key[0] != "IL"]]
        if ("IL", program) in hidden or secret.empty:
            continue
        for own in secret:
            assert len(secret) >= 3
            assert secret.sum() - own >= least


def test_both_editions_name_what_is_not_for_release(editions):
    full, shown = editions
    assert (shown["suppressed"] == ~full["release"]).all()
    assert not full["suppressed"].any()
    assert shown.loc[shown["suppressed"], "result"].isna().all()
    same = full["release"] & full["result"].notna()
    assert (shown.loc[same, "result"] == full.loc[same, "result"]).all()


def _counts(sizes):
    state = {p: sum(n for (_, q), n in sizes.items() if q == p) for p in ("adult", "dw", "youth")}
    lines = [("lwia", area, program, n) for (area, program), n in sizes.items()]
    lines += [("state", "IL", program, n) for program, n in state.items()]
    areas = sorted({("lwia", area) for area, _ in sizes}) + [("state", "IL")]
    lines += [(k, a, "title1", sum(n for kk, aa, _, n in lines if (kk, aa) == (k, a)))
              for k, a in areas]  # fmt: skip
    found = pd.DataFrame(lines, columns=["area_type", "area", "program", "denominator"])
    return found.assign(measure="participants", numerator=pd.NA)


def _narrow(lines, hidden, own):
    """The hidden positive counts of which integer least and most are less than three apart."""
    place = {(r.area, r.program): n for n, r in enumerate(lines.itertuples())}
    areas = sorted({*lines["area"]} - {"IL"})
    parts = ("adult", "dw", "youth")
    sums = [([place[a, p] for a in areas], place["IL", p]) for p in (*parts, "title1")]
    sums += [([place[a, p] for p in parts], place[a, "title1"]) for a in (*areas, "IL")]
    truth = lines["denominator"].to_numpy(dtype=float)
    matrix = np.zeros((len(sums), len(truth)))
    for row, (inside, whole) in enumerate(sums):
        matrix[row, inside], matrix[row, whole] = 1, -1
    known = ~hidden | (lines["area"] == own).to_numpy()
    bounds = Bounds(np.where(known, truth, 0), np.where(known, truth, np.inf))
    rule = {
        "integrality": np.ones(len(truth)),
        "bounds": bounds,
        "constraints": LinearConstraint(matrix, 0, 0),
    }
    found = []
    for n in np.flatnonzero(~known & (truth > 0)):
        low, high = (milp(sign * np.eye(len(truth))[n], **rule).fun for sign in (1, -1))
        found += [n] if high is not None and -high - low < 3 else []
    return found


def _state(seed):
    some = np.random.default_rng(seed)
    areas = [f"{n:02d}" for n in range(1, 5 + seed % 4)]
    programs = ("adult", "dw", "youth")
    return areas, _counts(
        {(a, p): int(some.choice([0, 1, 3, 8, 15, 40, 90])) for a in areas for p in programs}
    )


@pytest.mark.parametrize("seed", seeds(12, 50))
def test_sums_of_random_states_leave_a_range_of_three(seed):
    """For strangers, and for readers who know the counts of one area."""
    areas, lines = _state(seed)
    hidden = withhold_counts(lines, load_thresholds()).to_numpy()
    for own in ("", areas[seed % len(areas)]):
        assert _narrow(lines, hidden, own) == []


@pytest.mark.parametrize("seed", range(50))
def test_a_small_count_hidden_alone_is_found(seed):
    """Planted: one area's smallest count is hidden, and nothing beside it."""
    _, lines = _state(seed)
    small = lines[(lines["area"] != "IL") & (lines["program"] != "title1")]
    one = small["denominator"].where(small["denominator"] > 0).idxmin()
    assert _narrow(lines, (lines.index == one), "") == [one]


# -- shares of whom they count -------------------------------------------------------------------


def _shares(seed):
    """A share of random areas, of Title I alone as engagement is, and of Illinois."""
    some = np.random.default_rng(seed)
    sizes = some.choice([0, 2, 7, 12, 15, 40, 90], size=5 + seed % 4)
    held = [int(some.choice([0, min(1, size), size // 2, size])) for size in sizes]
    lines = [
        ("lwia", f"{n:02d}", x, d) for n, (x, d) in enumerate(zip(held, sizes, strict=True), 1)
    ]
    lines.append(("state", "IL", sum(held), int(sizes.sum())))
    found = pd.DataFrame(lines, columns=["area_type", "area", "numerator", "denominator"])
    return found.assign(measure="E-05", program="title1")


def _narrow_shares(lines, hidden, own):
    """Hidden positive counts, of events and of those that hold, of which integer least and most
    are less than three apart. A shown share gives both away, which is more than a page does."""
    many = len(lines)
    size, held = (lines[n].to_numpy(dtype=float) for n in ("denominator", "numerator"))
    truth, known = np.concatenate([size, held]), ~hidden | (lines["area"] == own).to_numpy()
    known = np.concatenate([known, known])
    whole = np.r_[np.ones(many - 1), -1]
    rows = np.zeros((2 + many, 2 * many))
    rows[0, :many], rows[1, many:] = whole, whole
    rows[2:, :many], rows[2:, many:] = np.eye(many), -np.eye(many)
    rule = {
        "integrality": np.ones(2 * many),
        "bounds": Bounds(np.where(known, truth, 0), np.where(known, truth, np.inf)),
        "constraints": LinearConstraint(rows, 0, np.r_[0, 0, np.full(many, np.inf)]),
    }
    found = []
    for n in np.flatnonzero(~known & (truth > 0)):
        low, high = (milp(sign * np.eye(2 * many)[n], **rule).fun for sign in (1, -1))
        found += [int(n)] if high is not None and -high - low < 3 else []
    return found


@pytest.mark.parametrize("seed", seeds(12, 50))
def test_shares_of_random_states_leave_a_range_of_three(seed):
    """For strangers, and for readers who know one area."""
    lines = _shares(seed)
    hidden = withhold_counts(lines, load_thresholds()).to_numpy()
    for own in ("", f"{1 + seed % 5:02d}"):
        assert _narrow_shares(lines, hidden, own) == [], own


@pytest.mark.parametrize("seed", range(50))
def test_a_small_share_hidden_alone_is_found(seed):
    """Planted: the smallest share that counts anybody is hidden, and nothing beside it."""
    lines = _shares(seed)
    local = lines["denominator"].where((lines["area"] != "IL") & (lines["numerator"] > 0))
    hidden = np.arange(len(lines)) == local.idxmin()
    assert hidden.nonzero()[0][0] in _narrow_shares(lines, hidden, "")


# -- engagement ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counted(state):
    """Of the sample: engagement by area as each area's own pages have it, beside both editions."""
    frames = {s: state.slice(s).frame("reach") for s in (STATE, Scope("07"))}
    both = frames[STATE].merge(
        frames[Scope("07")], on=["area_type", "area", "item"], suffixes=("", "_shown")
    )
    both = both[both["item"].isin(ENGAGEMENT) & (both["program"] == both["program_shown"])]
    parts = []
    for scope in state.snapshot.scopes():
        if scope.kind != "planner":
            own = state.slice(scope).frame("engagement")
            own = own[(own["area"] == scope.area) & (own["program"] == "all") & (own["band"] == "")]
            parts.append(own[own["closed"] & own["indicator"].isin(ENGAGEMENT)])
    own = pd.concat(parts).rename(columns={"indicator": "item", "result": "own"})
    both["quarter"] = both["item_title"].str[-7:]
    own = own[["area_type", "area", "item", "quarter", "events", "own"]]
    return both.merge(own, how="left").fillna({"events": 0})


def test_engagement_is_that_of_each_areas_own_pages(counted):
    """Shares in whole percents; of the newest quarter that is over for good."""
    told = counted[counted["events"] > 0]
    assert set(told["item"]) == set(ENGAGEMENT)
    share = told["unit"] == "share"
    assert told.loc[share, "result"].tolist() == told.loc[share, "own"].round(2).tolist()
    assert told.loc[~share, "result"].tolist() == told.loc[~share, "own"].tolist()
    assert counted.loc[counted["events"] == 0, "result"].isna().all()
    assert counted.groupby("item")["quarter"].nunique().eq(1).all()
    assert counted["program"].eq("title1").all()


def test_no_reader_finds_out_a_small_count_of_engagement(counted):
    """No count is shown; of few events no median, and of a share none from which one follows."""
    limits = load_thresholds()
    shown = counted[counted["result_shown"].notna()]
    assert shown["events"].min() >= limits.minimum_denominator
    shares = counted[counted["unit"] == "share"].assign(measure="", denominator=counted["events"])
    shares["numerator"] = (shares["events"] * shares["own"].fillna(0)).round()
    seen = shares[shares["result_shown"].notna()]
    assert len(seen) > 2
    least = np.minimum(seen["numerator"], seen["events"] - seen["numerator"]).min()
    assert least >= limits.minimum_numerator
    assert counted["suppressed_shown"].sum() > 20
    for _, lines in shares.groupby("item"):
        lines = lines.sort_values("area_type", ignore_index=True)
        over = lines["area_type"] == "state"  # who is in two areas counts once in Illinois
        for name in ("events", "numerator"):
            lines.loc[over, name] = lines.loc[~over, name].sum()
        lines["denominator"] = lines["events"]
        hidden = lines["suppressed_shown"].to_numpy(dtype=bool)
        for own in ("", "07", "01"):
            assert _narrow_shares(lines, hidden, own) == []
