"""What tests of a site do to it without a publication: name a staged folder and show it."""

from pathlib import Path
from typing import Any

from ipats_lib.durable import file_hash
from ipats_lib.publishing.site import Manifest, Site, walk


def switch(site: Site, period: str, staged: Path, facts: dict[str, Any]) -> Path:
    """Keep a staging folder as a release, and show it."""
    files = {path.relative_to(staged).as_posix(): file_hash(path) for path in walk(staged)}
    release = site.keep(period, staged, Manifest(facts, files))
    site.show(period, release.name)
    return release


def is_intact(site: Site, period: str) -> bool:
    """Whether every file that readers see is the one that was published, shared ones too."""
    release = site.current(period)
    return release is not None and site.is_whole(release)
