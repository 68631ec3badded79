"""The command line of publishing: build, workers on other machines, and the way back; and of those
who write notebooks: check, new, preview; diff and show what waits."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ipats_lib import command_options as ask
from ipats_lib.console import Commands, failed, notice, say, shown_progress, writing
from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.periods import Period
from ipats_lib.places import SNAPSHOTS
from ipats_lib.project import project_folder

publishing = Commands()
Scheduler = Annotated[str, typer.Option(help="A dask scheduler, tcp://host:8786.")]
ShareFolder = Annotated[
    str,
    typer.Option("--share", help="Where publishers and workers share data and bodies: path, URL."),
]
ShareKey = Annotated[
    Path | None, typer.Option(help="A file of 64 hex digits that protects the share.")
]
Families = Annotated[Path, typer.Option("--notebooks", help="The folder of the families.")]
NOTEBOOKS = project_folder() / "notebooks"


def _print_reasons(path: str, reasons: tuple[str, ...]) -> None:
    print(f"{path}: {', '.join(reasons)}")


def _share(place: str, key: Path | None) -> Any:
    if not place:
        return None
    from ipats_lib.publishing.share import open_share

    return open_share(place, key)


@publishing.command()
def worker(
    scheduler: Scheduler,
    slots: Annotated[int, typer.Option(help="Pages at once.", min=1)] = 2,
    share: ShareFolder = "",
    share_key: ShareKey = None,
) -> None:
    """Make pages for a build on another machine, until the scheduler goes away."""
    from ipats_lib.publishing.cluster import run_worker

    run_worker(scheduler, slots, _share(share, share_key))


@publishing.command()
def build(
    extract: ask.Extract,
    period: ask.PeriodName,
    site: ask.SiteFolder,
    only: Annotated[list[str] | None, typer.Option(help="lwia/07 and what is inside it.")] = None,
    family: Annotated[
        str, typer.Option(help="dashboards: make them alone, the other pages stay as they are.")
    ] = "",
    stage: Annotated[
        bool, typer.Option("--stage", help="Make it without showing it: see `diff` and `show`.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes at once.", min=1)] = 2,
    notebooks: Families = NOTEBOOKS,
    clean: Annotated[bool, typer.Option(help="Execute every page anew.")] = False,
    explain: Annotated[bool, typer.Option(help="Say why each page is executed anew.")] = False,
    scheduler: Scheduler = "",
    share: ShareFolder = "",
    share_key: ShareKey = None,
    worker_seconds: Annotated[
        float, typer.Option(help="How long to wait for a worker when the scheduler has none left.")
    ] = 120,
    notebook_seconds: Annotated[float, typer.Option(help="A notebook's time limit.")] = 300,
    notebook_mb: Annotated[float, typer.Option(help="A notebook's memory limit.")] = 4096,
    failures: Annotated[
        Path | None,
        typer.Option(help="Where failed runs are kept, private; by default beside the store."),
    ] = None,
    earlier: Annotated[
        list[str] | None, typer.Option(help="An older snapshot's folder or URL, for the trend.")
    ] = None,
    released: ask.ReleasedRecords = None,
    store: ask.Store = SNAPSHOTS,
    as_of: ask.AsOf = None,
    contacts: ask.Contacts = "any_contact",
    group: ask.Group = "",
    packed: Annotated[
        bool, typer.Option(help="Keep large files packed alone: our servers unpack them.")
    ] = False,
    renderer: Annotated[
        Literal["ipats", "quarto"],
        typer.Option(help="What frames pages; quarto must be installed."),
    ] = "ipats",
) -> None:
    """Publish: execute every notebook for every scope, verify, and switch the site in one step."""
    from ipats_lib.publishing.build import build
    from ipats_lib.publishing.options import Options
    from ipats_lib.publishing.postmortem import failures_folder
    from ipats_lib.publishing.site import Site
    from ipats_lib.snapshot import kept_snapshot

    quarto, pool, shared = None, None, _share(share, share_key)
    if scheduler:
        from ipats_lib.publishing.cluster import cluster_workers

        pool = lambda _: cluster_workers(scheduler, worker_seconds, notice, shared)  # noqa: E731
    if renderer == "quarto":
        from ipats_lib.publishing.quarto.renderer import find_quarto

        quarto = find_quarto()
    options = Options(
        notebooks=notebooks,
        site=site,
        period=Period.parse(period),
        only=tuple(only or ()),
        workers=workers,
        clean=clean,
        failed=failed,
        pool=pool,
        notebook_seconds=notebook_seconds,
        notebook_mb=notebook_mb,
        earlier=tuple(kept_snapshot(place, store) for place in earlier or ()),
        released=tuple(released or ()),
        share=shared,
        failures=failures_folder(failures, store, site),
        group=group,
        packed=packed,
        family=family,
        stage=stage,
        quarto=quarto,
        **({"explain": _print_reasons} if explain else {}),
    )
    source = ask.snapshot_of(extract, store, as_of, contacts, group)
    waited = Site(site).waiting(period)
    with shown_progress() as advance:
        run = build(source, options, advance)
    said = "nothing had changed" if run.unchanged else f"{_counted(run.executed, 'run')} made anew"
    ask.say_released(run.released, options.period)
    if run.hiding:
        say("withheld", run.hiding)
    waits = Site(site).waiting(period)
    if waited and not waits:
        say("staged", f"What was staged of {period} is out of date: stage it again.", "yellow")
    elif waits and not stage:
        say("staged", f"A publication of {period} is staged still: `show` shows it.", "yellow")
    verb = "Staged" if stage and waits else "Published"
    say(verb.lower(), f"{verb} {run.pages:,} pages: {said}.", **asdict(run))
    print(Site(site).releases / waits["release"] if stage and waits else site / period)


@publishing.command()
def plan(
    notebooks: Families = NOTEBOOKS,
) -> None:
    """Show which notebook runs for which kind of scope, and run none."""
    from ipats_lib.publishing.catalogue import read_catalogue
    from ipats_lib.publishing.plan import describe

    rows = describe(read_catalogue(notebooks))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


@publishing.command()
def rollback(period: ask.PeriodName, site: ask.SiteFolder) -> None:
    """Show the publication before the current one again."""
    from ipats_lib.publishing.site import Site

    print(Site(site).rollback(period))


@publishing.command()
def check(
    chosen: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NOTEBOOK]...", help="Paths, or comparison/areas; else all."),
    ] = None,
    notebooks: Families = NOTEBOOKS,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a notebook, for editors.")
    ] = False,
) -> None:
    """List every fault of notebooks: keys of their metadata and cells, with what to write."""
    if schema:
        from ipats_lib.publishing import declaration

        print(json.dumps(declaration.schema(), indent=2))
        return
    from ipats_lib.publishing.checking import find_faults, left_out

    looked_at, faults = find_faults(notebooks, chosen or [])
    if not chosen and (others := left_out(notebooks)):
        say("left-out", f"In no family, so not published: {', '.join(others)}.", "yellow")
    for fault in faults:
        print(str(fault).removeprefix(f"{Path.cwd()}/"))
    if faults:
        wrong = _counted(len({fault.path for fault in faults}), "notebook")
        raise NotebookError(f"{_counted(len(faults), 'fault')} in {wrong}.")
    say("checked", f"{_counted(looked_at, 'notebook')} checked, no fault found.")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


@publishing.command()
def new(
    key: Annotated[str, typer.Argument(help="Family and name: comparison/earnings.")],
    title: Annotated[str, typer.Option(help="What menus and the page are headed by.")],
    scopes: Annotated[
        str, typer.Option(help="Who has the page: some of state,lwia,planner.")
    ] = "state,lwia",
    notebooks: Families = NOTEBOOKS,
) -> None:
    """Write a notebook from a model: a whole page with a finding, a picture, a table, a file."""
    from ipats_lib.publishing.checking import write_new

    path = write_new(notebooks, key, title, [one.strip() for one in scopes.split(",")])
    say("written", f"Wrote {path}. Change it, then `publish.py check {key}` and `preview {key}`.")
    print(path)


@publishing.command()
def preview(
    notebook: Annotated[str, typer.Argument(help="A path, or comparison/earnings.")],
    scope: Annotated[
        str, typer.Option(help="state, lwia/07 or lwia/07/planner/1042; else as in JupyterLab.")
    ] = "",
    period: ask.PeriodName = "PY2024Q4",
    snapshot: Annotated[
        Path | None, typer.Option(help="A snapshot's folder; by default a small synthetic state.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Make it again at each save.")] = False,
    port: Annotated[int, typer.Option(help="On loopback; 0 for any that is free.")] = 0,
    notebooks: Families = NOTEBOOKS,
) -> None:
    """Show one notebook's pages in the browser, in the site's look, while it is being written."""
    from ipats_lib.publishing.catalogue import read_notebook
    from ipats_lib.publishing.checking import path_of
    from ipats_lib.publishing.declaration import opened_with
    from ipats_lib.publishing.live import live, serve_live
    from ipats_lib.publishing.options import Options
    from ipats_lib.report.source import sample_snapshot
    from ipats_lib.scopes import Scope
    from ipats_lib.snapshot import open_snapshot

    path = path_of(notebooks, notebook)
    mine = Scope.parse(scope or opened_with(read_notebook(path))["scope"])
    options = Options(path.parents[1], Path(), Period.parse(period))
    say("waiting", "Verifying the snapshot, counting, running the notebook ...")
    opened = open_snapshot(snapshot or sample_snapshot(), verify=True)
    with live(path, mine, options, opened, watch) as made:
        serve_live(made, port)


@publishing.command()
def diff(
    period: ask.PeriodName,
    site: ask.SiteFolder,
    staged: Annotated[
        bool, typer.Option("--staged", help="What `build --stage` made, against what readers see.")
    ] = False,
    most: Annotated[int, typer.Option(help="How many figures to print.", min=0)] = 50,
    out: Annotated[Path | None, typer.Option(help="A CSV file for all of them.")] = None,
) -> None:
    """List the figures that differ from what readers see, by key, before they are shown."""
    from ipats_lib.publishing.staged import differences

    if not staged:
        raise UsageError("Only a staged publication is compared: add --staged.")
    found = differences(site, Period.parse(period))
    print(found.figures.head(most).to_csv(index=False), end="")
    if out:
        with writing(out):
            found.figures.to_csv(out, index=False)
    if len(found.figures) > most:
        say("diff", f"{len(found.figures) - most:,} more figures: --most, or --out FILE for all.")
    kinds = found.figures["change"].value_counts()
    counts = {kind: int(kinds.get(kind, 0)) for kind in ("changed", "new", "gone")}
    numbers = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    areas = len(found.figures.drop_duplicates(["area_type", "area"]))
    say("diff", f"Figures: {numbers}, in {areas:,} areas and planners.", counts=counts)
    for file, scopes in found.files.items():
        say("diff", f"  {file}: another in {_counted(scopes, 'folder')}", file=file, scopes=scopes)


@publishing.command()
def show(period: ask.PeriodName, site: ask.SiteFolder) -> None:
    """Show the publication that `build --stage` made."""
    from ipats_lib.publishing.staged import show

    print(show(site, Period.parse(period)))
