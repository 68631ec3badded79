"""How often each user was shown a page and refused one, counted from the audit log."""

from dataclasses import dataclass
from pathlib import Path

from ipats_lib.access.audit import lines


@dataclass(frozen=True, slots=True)
class Use:
    """One user's requests for published files."""

    user: str
    shown: int
    refused: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Every user who asked for a published file, by name. damaged: lines that could not be read."""

    users: tuple[Use, ...]
    damaged: int

    @property
    def note(self) -> str:
        """What is said of a report that a damaged log gave; empty when the log is sound."""
        if not self.damaged:
            return ""
        many = "1 line" if self.damaged == 1 else f"{self.damaged:,} lines"
        return (
            f"{many} of the audit log cannot be read and were not counted: "
            "`publish.py audit verify` names the first."
        )


def usage(folder: Path) -> Usage:
    """Count the audit log's lines; damaged ones are skipped and counted apart."""
    counts: dict[str, list[int]] = {}
    damaged = 0
    for event in lines(folder):
        if event is None:
            damaged += 1
            continue
        shared = str(event["object"]).startswith("_static/")
        if event["event"] == "read" and event["user"] and not shared:
            counts.setdefault(event["user"], [0, 0])[event["outcome"] == "deny"] += 1
    users = tuple(Use(user, *numbers) for user, numbers in sorted(counts.items()))
    return Usage(users, damaged)
