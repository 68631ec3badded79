"""What the suite counts on in its own tools."""

import os

import pytest


@pytest.mark.xdist_group("one worker")
def test_tests_of_a_group_go_to_one_worker(request):
    """By the end of their ids. Where it is missing, each worker makes what a group shares."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@one worker")
