"""How often each user was shown a page and refused one, counted from the audit log."""

from dataclasses import dataclass
from pathlib import Path

from ipats_lib.access.audit import events


@dataclass(frozen=True, slots=True)
class Use:
    """One user's requests for published files."""

    user: str
    shown: int
    refused: int


def usage(folder: Path) -> tuple[Use, ...]:
    """One entry per user who asked for a published file, by name."""
    counts: dict[str, list[int]] = {}
    for event in events(folder):
        shared = str(event["object"]).startswith("_static/")
        if event["event"] == "read" and event["user"] and not shared:
            counts.setdefault(event["user"], [0, 0])[event["outcome"] == "deny"] += 1
    return tuple(Use(user, *numbers) for user, numbers in sorted(counts.items()))
