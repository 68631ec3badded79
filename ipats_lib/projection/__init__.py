"""What can still change in a figure, and what it would take (pure functions)."""

from ipats_lib.projection.band import band, bands_of
from ipats_lib.projection.closing import last_day
from ipats_lib.projection.earnings import back_test_medians, median_bounds, median_expected
from ipats_lib.projection.history import (
    HISTORY,
    back_test,
    back_test_dated,
    mean_miss,
    share_by_waits,
    share_expected,
    share_still_to_come,
)
from ipats_lib.projection.needed import more_successes, more_wages

__all__ = [
    "HISTORY",
    "back_test",
    "back_test_dated",
    "back_test_medians",
    "band",
    "bands_of",
    "last_day",
    "mean_miss",
    "median_bounds",
    "median_expected",
    "more_successes",
    "more_wages",
    "share_by_waits",
    "share_expected",
    "share_still_to_come",
]
