"""Immutable snapshots of extracts: made once, named by their content, read by scope."""

from ipats_lib.snapshot.areas import ContactRule
from ipats_lib.snapshot.make import make_snapshot
from ipats_lib.snapshot.manifest import Provenance
from ipats_lib.snapshot.obtaining import (
    fetch_snapshot,
    is_snapshot,
    kept_snapshot,
    obtain_snapshot,
    passing_snapshot,
    send_snapshot,
)
from ipats_lib.snapshot.released import Released, keep_released, linked_period, read_released
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot

__all__ = [
    "ContactRule",
    "Provenance",
    "Released",
    "Snapshot",
    "fetch_snapshot",
    "is_snapshot",
    "keep_released",
    "kept_snapshot",
    "linked_period",
    "make_snapshot",
    "obtain_snapshot",
    "open_snapshot",
    "passing_snapshot",
    "read_released",
    "send_snapshot",
]
