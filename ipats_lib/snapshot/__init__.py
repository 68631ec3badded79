"""Immutable snapshots of extracts: made once, named by their content, read by scope."""

from ipats_lib.snapshot.contacts import ContactRule
from ipats_lib.snapshot.make import make_snapshot
from ipats_lib.snapshot.manifest import Provenance
from ipats_lib.snapshot.obtaining import kept_snapshot, obtain_snapshot
from ipats_lib.snapshot.remote import fetch_snapshot, send_snapshot
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot

__all__ = [
    "ContactRule",
    "Provenance",
    "Snapshot",
    "fetch_snapshot",
    "kept_snapshot",
    "make_snapshot",
    "obtain_snapshot",
    "open_snapshot",
    "send_snapshot",
]
