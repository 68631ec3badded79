"""Which services extend whose participation.  Source: domain 2.1, 9.2; 20 CFR 677.150(c)."""

import shutil
from datetime import date

import pytest

from ipats_lib.caseload import caseload
from ipats_lib.caseload.services import SERVICES, has_service, last_service, load_extending
from ipats_lib.cohorts import Records, View
from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder
from ipats_lib.periods import Window
from tests.tables import pirl

TODAY = date(2025, 8, 15)
YOUTH_ELEMENTS = (
    *("1402", "1403", "1405", "1407", "1408", "1409", "1410", "1411", "1413", "1414", "1415"),
)
CAREER = ("1001", "1003", "1004", "1200", "1201", "1203", "1206", "1302", "1308")
NEVER_EXTENDS = ("1002", "1007", "1412", "1503")


def view(rows) -> View:
    return View(Records(rows), "title1", Window(TODAY, TODAY), TODAY)


def days(rows) -> list[str]:
    return [str(day) for day in last_service(view(rows))]


def people(element: str):
    """An adult, a youth, and one who is in both, served on entry and once more."""
    return pirl(f"""
        id | 903 | 905 | 900      | {element}
        A  | 1   | 0   | 20250401 | 20250705
        Y  | 0   | 1   | 20250401 | 20250705
        B  | 1   | 3   | 20250401 | 20250705
    """)


@pytest.mark.parametrize("element", YOUTH_ELEMENTS)
def test_youth_elements_extend_the_participation_of_youth_alone(element):
    assert days(people(element)) == ["2025-04-01", "2025-07-05", "2025-07-05"]


@pytest.mark.parametrize("element", CAREER)
def test_career_services_and_training_extend_everybodys(element):
    assert days(people(element)) == ["2025-07-05"] * 3


@pytest.mark.parametrize("element", NEVER_EXTENDS)
def test_self_service_information_and_follow_up_extend_nobodys(element):
    assert days(people(element)) == ["2025-04-01"] * 3


def test_a_day_after_the_as_of_date_is_no_service_yet():
    rows = pirl("""
        id | 905 | 900      | 1409     | 1402
        Y  | 1   | 20250401 | 20250816 | 20250815
    """)
    assert days(rows) == ["2025-08-15"]


def test_a_supportive_service_keeps_a_youth_from_the_soft_exit_and_no_adult():
    """The last other service was 120 days ago, the supportive one 20."""
    rows = pirl("""
        id | 903 | 905 | 900      | 1003     | 1409
        A  | 1   | 0   | 20250101 | 20250417 | 20250726
        Y  | 0   | 1   | 20250101 | 20250417 | 20250726
    """)
    found = caseload(rows, TODAY)
    assert found["status"].tolist() == ["Active, past 90 days without service", "Active"]
    assert found["days"].tolist() == [120, 20]


def test_a_youth_element_alone_is_a_service_of_a_youth_and_of_no_adult():
    """Edit check L-23: a participant without a qualifying service."""
    rows = pirl("""
        id | 903 | 905 | 900      | 1409     | 1412
        A  | 1   | 0   | 20250401 | 20250705 |
        Y  | 0   | 1   | 20250401 | 20250705 |
        Z  | 0   | 1   | 20250401 |          | 20250705
    """)
    assert has_service(view(rows)).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("extends", "expected"), [("nobody", "2025-04-01"), ("everyone", "2025-07-05")]
)
def test_it_is_a_setting(monkeypatch, tmp_path, extends, expected):
    changed(monkeypatch, tmp_path, "\n1409,youth,", f"\n1409,{extends},")
    assert days(people("1409"))[0] == expected


@pytest.mark.parametrize(
    ("old", "new"), [("\n1409,youth,", "\n1409,somebody,"), ("\n1409,youth,", "\n1410,youth,")]
)
def test_a_setting_that_is_wrong_is_an_error(monkeypatch, tmp_path, old, new):
    changed(monkeypatch, tmp_path, old, new)
    with pytest.raises(ParamsError, match="extending_services"):
        load_extending()


def changed(monkeypatch, tmp_path, old, new):
    shutil.copytree(params_folder(), tmp_path / "params")
    file = tmp_path / "params" / "extending_services.csv"
    file.write_text(file.read_text().replace(old, new))
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    load_extending.cache_clear()


@pytest.fixture(autouse=True)
def _fresh():
    yield
    load_extending.cache_clear()


def test_every_date_that_may_extend_is_read():
    assert set(YOUTH_ELEMENTS) | {"1412", "1503"} < set(SERVICES)
    assert {e for e, who in load_extending().items() if who == "youth"} == {"906", *YOUTH_ELEMENTS}
