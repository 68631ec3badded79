"""A publication of a part counts frames for that part, and gives what one of everything gives."""

from dataclasses import replace

import pytest

from ipats_lib.scopes import STATE, Scope
from tests.conftest import planner_of


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(("planner",), marks=pytest.mark.soak),
        pytest.param(("state",), marks=pytest.mark.soak),
        ("lwia", "planner"),
    ],
    ids=" and ".join,
)
def test_the_scopes_asked_for_have_the_frames_that_they_have_among_all(state, extract, kinds):
    """Byte for byte, whatever else is published."""
    every = {"state": STATE, "lwia": Scope("07"), "planner": Scope.parse(planner_of(extract))}
    scopes = tuple(every[kind] for kind in kinds)
    some = replace(state, asked=scopes)
    for scope in (*scopes, *({Scope(s.lwia) for s in scopes})):
        alone, among_all = some.slice(scope).files, state.slice(scope).files
        assert [n for n in among_all if alone[n] != among_all[n]] == [], scope
    assert some.areas.equals(state.areas)


def test_no_planner_is_counted_who_is_not_asked_for(state):
    some = replace(state, asked=(Scope("07"),))
    assert some.scopes == (Scope("07"),)
    assert not [scope for scope in some.around if scope.planner]
