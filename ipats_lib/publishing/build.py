"""One publication: found unchanged, or made and switched to."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ipats_lib import __version__, modes
from ipats_lib.errors import Interrupted, PublicationError
from ipats_lib.publishing.dependencies import hash_facts, publication_parts
from ipats_lib.publishing.family import Beside, check_family
from ipats_lib.publishing.options import Options, Progress, RunReport
from ipats_lib.publishing.plan import choose_scopes
from ipats_lib.publishing.site import Manifest, Site
from ipats_lib.snapshot import Released, Snapshot, read_released
from ipats_lib.snapshot.released import is_kept


def build(snapshot: Snapshot, options: Options, progress: Progress) -> RunReport:
    """Execute what changed, frame, verify and switch; the old publication stays on any failure.

    A failed notebook does not take the others along: they are made and kept for the next run,
    then NotebookError names the failed ones. Raises PublicationError, PublisherBusyError,
    UsageError or Interrupted too.
    """
    site = Site(options.site)
    before = site.current(options.period.name)

    def left() -> str:
        switched = site.current(options.period.name) != before
        seen = "the new publication already" if switched else "what they saw before"
        return f"readers see {seen}, and the next run goes on from what was finished."

    try:
        return _build(site, snapshot, options, progress)
    except OSError as error:
        raise PublicationError(f"{_refused(error, options.site)}; {left()}") from None
    except KeyboardInterrupt:
        raise Interrupted(f"The publication was interrupted; {left()}") from None


def _refused(error: OSError, site: Path) -> str:
    """What the system did not let us do: with the site, unless it names a place elsewhere."""
    why = error.strerror or str(error) or type(error).__name__
    named = error.filename2 or error.filename  # what was to be written there comes first
    place = os.fsdecode(named) if isinstance(named, str | bytes) else ""
    if place and not Path(place).absolute().is_relative_to(site.absolute()):
        return f"{place} cannot be read or written ({why})"
    return f"{site} cannot be written ({why})"


def _build(site: Site, snapshot: Snapshot, options: Options, progress: Progress) -> RunReport:
    check_family(site, options)
    scopes, beside = choose_scopes(snapshot.scopes(), options.only), None
    released = read_released(snapshot.path.parent, options.period, options.released)
    facts = _facts(snapshot, options, released)
    with site.publisher():
        modes.shared_folder(options.site, options.group)
        current = site.current_manifest(options.period.name)
        if options.family and current:
            beside = Beside.of(site, current, snapshot, facts)
            facts, scopes = beside.facts(facts), beside.scopes(snapshot)
        inputs = hash_facts({**facts, "scopes": [s.path for s in scopes]})
        there = _there(site, options)
        manifest = site.manifest(there) if there else None
        if (
            there
            and manifest
            and manifest.facts.get("inputs") == inputs
            and (options.stage or _is_on_record(snapshot, manifest))
            and site.is_whole(there)
        ):
            known = tuple(one.name for one in released)
            pages, made = manifest.page_count, manifest.id
            return RunReport(pages=pages, unchanged=True, release=made, released=known)
        # An unchanged publication need not wait for the libraries that only a new one uses.
        from ipats_lib.publishing.publication import publish

        asked = {**facts, "inputs": inputs}
        return publish(snapshot, options, site, scopes, released, asked, progress, beside)


def _there(site: Site, options: Options) -> Path | None:
    """The release that a build may find unchanged: what readers see, or what waits to be shown."""
    name = options.period.name
    waiting = site.waiting(name) if options.stage else None
    found = site.releases / waiting["release"] if waiting else site.current(name)
    return None if options.clean else found


def _is_on_record(snapshot: Snapshot, shown: Manifest) -> bool:
    records = shown.facts.get("record", "").split()
    return bool(records) and all(is_kept(snapshot.path.parent, name) for name in records)


def _facts(snapshot: Snapshot, options: Options, released: Sequence[Released]) -> dict[str, Any]:
    """What every page of a publication has in common."""
    return {
        **publication_parts(options.notebooks),
        "as_of": snapshot.as_of.isoformat(),
        "earlier": " ".join(sorted(older.id for older in options.earlier)),
        "period": options.period.name,
        "renderer": f"quarto {options.quarto.version}" if options.quarto else "ipats",
        "released": " ".join(one.name for one in released),
        "snapshot": snapshot.id,
        "stored": "packed" if options.packed else "plain",
        "version": __version__,
    }
