"""What the suite counts on in its own tools."""

import os
import sys

import pytest


@pytest.fixture
def group(request) -> str:
    """What a test's id ends with, by which pytest-xdist sends a group to one worker."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests")
    return request.node.nodeid.partition("@")[2]


@pytest.fixture(scope="module")
def shared_by_a_module() -> None:
    """What two tests of this module use."""


@pytest.mark.xdist_group("one worker")
def test_tests_of_a_group_go_to_one_worker(group):
    """Where it is missing, each worker makes what a group shares."""
    assert group == "one worker"


def test_tests_that_share_a_fixture_of_their_module_are_a_group(group, shared_by_a_module):
    assert group == "tests/unit/test_suite.py"


def test_bytecode_is_written():
    assert not sys.dont_write_bytecode
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
