"""Scopes: a closed grammar, and what contains what."""

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.scopes import Scope

STATE, AREA, PLANNER = map(Scope.parse, ("state", "lwia/07", "lwia/07/planner/1042"))


@pytest.mark.parametrize("path", ["state", "lwia/07", "lwia/07/planner/1042"])
def test_path_round_trip(path):
    assert Scope.parse(path).path == path


@pytest.mark.parametrize(
    "path",
    ["", "lwia", "lwia/7", "lwia/07/", "/lwia/07", "lwia/07/planner", "lwia/07/planner/",
     "lwia/07/planner/../x", "lwia/07/planner/A", "lwia/0７", "state/..", "lwia/07\n",
     "lwia/07/planner/1042/x", "LWIA/07"],
)  # fmt: skip
def test_anything_else_is_refused(path):
    with pytest.raises(UsageError):
        Scope.parse(path)


def test_containment():
    assert STATE.contains(AREA)
    assert AREA.contains(PLANNER)
    assert not PLANNER.contains(AREA)
    assert not AREA.contains(STATE)
    assert not AREA.contains(Scope.parse("lwia/10/planner/1042"))


def test_area_ids_of_the_long_form():
    assert [s.area for s in (STATE, AREA, PLANNER)] == ["IL", "07", "1042"]
