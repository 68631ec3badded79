"""The command line of what is checked and compared: findings, snapshots, source documents."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ipats_lib import command_options as ask
from ipats_lib import modes
from ipats_lib.console import Commands, say, shown_progress, writing
from ipats_lib.places import SNAPSHOTS

review = Commands()
snapshots = Commands(no_args_is_help=True, help="What is kept, and what changed between two.")
review.add_typer(snapshots, name="snapshots")
documents = Commands(no_args_is_help=True, help="Source documents: a sample, and its results.")
review.add_typer(documents, name="documents")

CsvFile = Annotated[Path, typer.Option("--out", help="The CSV file to write.")]
SampleFolder = Annotated[Path, typer.Argument(help="The sample's folder.")]


def _write(out: Path, data: bytes, what: str) -> None:
    """A file that only this account may read: it holds records."""
    from ipats_lib.durable import write_file

    with writing(out):
        write_file(out, data, modes.open_private)
    say("written", f"Wrote {what} to {out}.")


@review.command()
def validate(
    extract: Annotated[
        str, typer.Option(help="What `sync` takes, or a snapshot: a folder or a URL.")
    ],
    out: CsvFile,
    store: Annotated[
        str, typer.Option(help="Keep the snapshot as well: a folder or a URL of snapshots.")
    ] = "",
    as_of: ask.AsOf = None,
) -> None:
    """Write every finding of every rule, and where WIPS would stop. Exit 1: errors were found.

    The file holds records: keep it where only those may read it who correct them in IWDS.
    """
    from ipats_lib.report.show.files import csv
    from ipats_lib.review.every_finding import FAILING, every_finding, not_asked, summary

    with _validated(extract, store, as_of) as source, shown_progress() as advance:
        found, unanswered = every_finding(source, advance), not_asked(source)
    for stage in summary(found):
        say("stage", str(stage))
    if unanswered:
        rules = ", ".join(unanswered)
        say("stage", f"Not asked, since some lines cannot be read (F-01, F-02): {rules}.", "yellow")
    _write(out, csv(found), f"{len(found):,} findings")
    if found["severity"].isin(FAILING).any():
        raise typer.Exit(1)


@contextmanager
def _validated(extract: str, store: str, as_of: datetime | None) -> Iterator[Any]:
    """A snapshot to ask rules of; without a store, of an extract none is kept."""
    from ipats_lib.review.every_finding import ASKED
    from ipats_lib.snapshot import is_snapshot, passing_snapshot
    from ipats_lib.snapshot.store import workspace
    from ipats_lib.sources import extract_in

    with ExitStack() as stack:
        if not is_snapshot(extract):
            work = stack.enter_context(workspace(Path(SNAPSHOTS)))
            extract = str(stack.enter_context(extract_in(extract, work)))
        if store:
            yield ask.snapshot_of(extract, store, as_of, "any_contact")
            return
        with shown_progress() as advance:
            day = as_of.date() if as_of else None
            found = stack.enter_context(passing_snapshot(extract, ASKED, day, advance))
        ask.say_loud(found)
        yield found


@snapshots.command("list")
def list_snapshots(
    store: Annotated[Path, typer.Option(help="The folder of snapshots.")] = Path(SNAPSHOTS),
) -> None:
    """List the snapshots of a store: id, as-of date, records, and where the date was said."""
    from ipats_lib.snapshot.store import kept

    for one in kept(store):
        facts = one.provenance
        print(f"{one.id}  {facts.as_of}  {facts.sources[0].rows:>9,} records  {facts.as_of_source}")


@snapshots.command()
def verify(
    places: Annotated[list[Path], typer.Argument(help="Folders of snapshots.")],
) -> None:
    """Compare every byte of snapshots with what was kept. Exit 4: one is damaged."""
    from ipats_lib.snapshot import open_snapshot

    for place in places:
        found = open_snapshot(place, verify=True)
        say("verified", f"Snapshot {found.id}, as of {found.as_of}, is whole.")


@snapshots.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The older snapshot's folder.")],
    after: Annotated[Path, typer.Argument(help="The newer one's.")],
    out: CsvFile,
    scope: Annotated[str, typer.Option(help="state, lwia/07 or lwia/07/planner/1234.")] = "state",
) -> None:
    """Write what changed between two snapshots, to the record and element.

    The file holds records of the scope: keep it where only those may read it who may see them.
    """
    from ipats_lib.errors import UsageError
    from ipats_lib.frames.changes import changes_between
    from ipats_lib.report.show.files import csv
    from ipats_lib.scopes import Scope
    from ipats_lib.snapshot import open_snapshot

    old, new = (open_snapshot(place, verify=True) for place in (before, after))
    if (asked := Scope.parse(scope)) not in {*old.scopes(), *new.scopes()}:
        raise UsageError(f"Neither snapshot has the scope {scope}.")
    found = changes_between(old, new).of(asked)
    for kind, lines in found.groupby("kind", sort=False):
        say("changes", f"  {kind}: {len(lines):,}")
    _write(out, csv(found), f"{len(found):,} changes")


@snapshots.command()
def prune(
    keep: Annotated[int, typer.Option(help="How many of the newest as-of dates stay.", min=1)],
    site: Annotated[list[Path], typer.Option(help="A site: what its publications need stays.")],
    sample: Annotated[
        list[Path] | None, typer.Option(help="A sample of documents: its snapshot stays 3 years.")
    ] = None,
    store: Annotated[Path, typer.Option(help="The folder of snapshots.")] = Path(SNAPSHOTS),
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; else they are listed.")] = False,
) -> None:
    """Remove old snapshots that no publication of these sites was made from.

    Records of what was published (`released`) always stay, and the snapshot that a sample of source
    documents was drawn from stays until the day that `documents draw` printed.
    """
    from ipats_lib.errors import UsageError
    from ipats_lib.publishing.site import Site
    from ipats_lib.review.documents import read_sample
    from ipats_lib.snapshot.store import kept
    from ipats_lib.snapshot.store import prune as remove

    for place in site:
        if not Site(place).releases.is_dir():
            raise UsageError(f"{place} is no site of ours: name the folder that is served.")
    used = {name for place in site for name in Site(place).snapshots_in_use()}
    today, samples = datetime.now(UTC).date(), map(read_sample, sample or ())
    used |= {one.snapshot for one in samples if one.keep_until >= today}
    every = kept(store)
    days = sorted({one.provenance.as_of for one in every}, reverse=True)[:keep]
    old = [one for one in every if one.provenance.as_of not in days and one.id not in used]
    for one in old:
        print(f"{one.id}  {one.provenance.as_of}")
    if yes:
        with writing(store):
            remove(store, [one.id for one in old])
    said = "Removed" if yes else "With --yes these are removed:"
    say("pruned", f"{said} {len(old)} of {len(every)} snapshots; {len(used)} are in use.")


@documents.command("draw")
def draw_documents(
    extract: ask.Extract,
    py: Annotated[int, typer.Option(help="The program year, such as 2024.", min=2016, max=2040)],
    out: Annotated[Path, typer.Option(help="The folder to make: sample, workbook, pages.")],
    size: Annotated[int, typer.Option(help="How many records.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="The same seed draws the same records.")] = 1,
    store: ask.Store = SNAPSHOTS,
    as_of: ask.AsOf = None,
) -> None:
    """Draw records whose source documents are to be looked at, with their worksheets.

    Every program, LWIA and status (active, exited) gives one record at least.
    """
    from ipats_lib.review.documents import SHEET, draw, write_worksheets

    source = ask.snapshot_of(extract, store, as_of, "any_contact")
    drawn = draw(source, py, size, seed)
    with writing(out):
        write_worksheets(drawn, out, synthetic=source.synthetic)
    records, strata = int(drawn.strata["drawn"].sum()), len(drawn.strata)
    say("drawn", f"Drew {records:,} records of {strata} strata: {len(drawn.lines):,} elements.")
    say("drawn", f"Fill in {out / SHEET}. Keep the folder until {drawn.keep_until}.")


@documents.command("results")
def document_results(
    sample: SampleFolder,
    out: CsvFile,
    sheet: Annotated[
        Path | None, typer.Option(help="The filled-in workbook; by default the sample's.")
    ] = None,
) -> None:
    """Write the error rate of each element, with its interval, from a filled-in workbook."""
    from ipats_lib.report.show.files import csv
    from ipats_lib.review.documents import rates, read_results

    found = rates(read_results(sample, sheet))
    whole = found.iloc[0]
    say(
        "rates",
        f"{whole.failed} of {whole.checked} elements failed; {whole.open} have no result yet.",
    )
    _write(out, csv(found), f"the rates of {found['element'].nunique() - 1} elements")
