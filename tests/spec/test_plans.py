"""Plans of participants and exiters, by hand.  Source: `params/plans/README.md`; issue 18."""

import shutil

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.levels.plans import Plan, load_plans
from ipats_lib.params import params_folder

HEADER = "py,area_type,area_code,program,count,planned,source"


@pytest.fixture
def plans(tmp_path, monkeypatch):
    """Writes a file of plans, and reads them all."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))

    def read(*lines):
        (tmp_path / "params/plans/made.csv").write_text("\n".join([HEADER, *lines]) + "\n")
        load_plans.cache_clear()
        return load_plans()

    yield read
    load_plans.cache_clear()


def test_none_is_on_file_by_default():
    load_plans.cache_clear()
    assert load_plans() == {}


def test_a_line_is_the_plan_of_one_area_program_and_count(plans):
    found = plans("2024,lwia,07,adult,participants,350,Local plan PY 2024",
                  "2024,state,IL,youth,exiters,1200,State plan")  # fmt: skip
    assert found == {
        (2024, "lwia", "07", "adult", "participants"): Plan(350, "Local plan PY 2024"),
        (2024, "state", "IL", "youth", "exiters"): Plan(1200, "State plan"),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2024,lwia,07,adult,participants,many,x", "expected a whole number, found 'many'"),
        ("2024,lwia,77,adult,participants,5,x", "'77' is not known here"),
        ("2024,state,07,adult,participants,5,x", "'07' is not known here"),
        ("2024,lwia,07,title1,participants,5,x", "'title1' is not known here"),
        ("2024,lwia,07,adult,enrolled,5,x", "'enrolled' is not known here"),
        ("2024,lwia,07,adult,participants,5, ", "source is empty"),
    ],
)
def test_a_wrong_line_is_refused_by_file_and_line(plans, line, said):
    with pytest.raises(ParamsError, match="params/plans/made.csv line 2: ") as refused:
        plans(line)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_same_plan_twice_is_refused(plans):
    line = "2024,lwia,07,adult,participants,5,x"
    with pytest.raises(
        ParamsError, match="line 3: the plan of 2024, lwia, 07, adult, participants"
    ):
        plans(line, line)
