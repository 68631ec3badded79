"""What an audit log holds, for tests that ask what was recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipats_lib.access.audit import lines


def events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every undamaged line of the log, whether or not its chain is whole."""
    return (line for line in lines(folder) if line is not None)
