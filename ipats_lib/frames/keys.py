"""The key of a figure, the same words everywhere: frames, files, `indicators` (decision 0015)."""

import hashlib
from base64 import b32encode
from typing import NamedTuple


class FigureKey(NamedTuple):
    """Names one figure. group: empty for everybody, else `kind=value` of `params`."""

    period: str
    window: str
    area_type: str
    area: str
    program: str
    measure: str
    group: str = ""

    @property
    def text(self) -> str:
        """The key as one line, as ledgers and search results keep it."""
        return "|".join(self)

    @property
    def id(self) -> str:
        """Twelve letters and digits made from the key: short enough for a link's fragment."""
        digest = hashlib.sha256(self.text.encode()).digest()
        return b32encode(digest[:10])[:12].decode().lower()
