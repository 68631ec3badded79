"""The inputs of a page, part by part: what its kept body is found by, and why it is made again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """Hash per part of a page's input: notebook, library, params, template, packages, data/..."""

    hashes: Mapping[str, str]

    @property
    def key(self) -> str:
        text = json.dumps(dict(self.hashes), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def changed_since(self, earlier: Mapping[str, str] | None) -> tuple[str, ...]:
        """The parts that differ from an earlier build's; ("new page",) when there was none."""
        if earlier is None:
            return ("new page",)
        names = sorted({*self.hashes, *earlier})
        return tuple(name for name in names if self.hashes.get(name) != earlier.get(name))
