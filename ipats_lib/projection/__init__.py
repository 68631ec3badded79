"""What can still change in a figure, and what it would take (pure functions)."""

from ipats_lib.projection.history import back_test, mean_miss, share_expected, share_still_to_come
from ipats_lib.projection.needed import more_successes, more_wages

__all__ = [
    "back_test",
    "mean_miss",
    "more_successes",
    "more_wages",
    "share_expected",
    "share_still_to_come",
]
