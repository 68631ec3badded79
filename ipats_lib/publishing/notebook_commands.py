"""The command line of those who write notebooks: check, new, preview; diff and show what waits."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ipats_lib.console import Commands, say, writing
from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.commands import NOTEBOOKS, PeriodName, SiteFolder

writing_notebooks = Commands()
Families = Annotated[Path, typer.Option("--notebooks", help="The folder of the families.")]


@writing_notebooks.command()
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
    from ipats_lib.publishing.checking import find_faults

    looked_at, faults = find_faults(notebooks, chosen or [])
    for fault in faults:
        print(str(fault).removeprefix(f"{Path.cwd()}/"))
    if faults:
        wrong = _counted(len({fault.path for fault in faults}), "notebook")
        raise NotebookError(f"{_counted(len(faults), 'fault')} in {wrong}.")
    say("checked", f"{_counted(looked_at, 'notebook')} checked, no fault found.")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


@writing_notebooks.command()
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


@writing_notebooks.command()
def preview(
    notebook: Annotated[str, typer.Argument(help="A path, or comparison/earnings.")],
    scope: Annotated[
        str, typer.Option(help="state, lwia/07 or lwia/07/planner/1042; else as in JupyterLab.")
    ] = "",
    period: PeriodName = "PY2024Q4",
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
    wanted = Period.parse(period)
    options = Options(path.parents[1], Path(), wanted)
    say("waiting", "Verifying the snapshot, counting, running the notebook ...")
    opened = open_snapshot(snapshot or sample_snapshot(), verify=True)
    with live(path, mine, options, opened) as made:
        serve_live(made, port, watch)


@writing_notebooks.command()
def diff(
    period: PeriodName,
    site: SiteFolder,
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
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    areas = len(found.figures.drop_duplicates(["area_type", "area"]))
    say("diff", f"Figures: {told}, in {areas:,} areas and planners.", counts=counts)
    for file, scopes in found.files.items():
        say("diff", f"  {file}: another in {scopes:,} folders", file=file, scopes=scopes)


@writing_notebooks.command()
def show(period: PeriodName, site: SiteFolder) -> None:
    """Show the publication that `build --stage` made."""
    from ipats_lib.publishing.staged import show

    print(show(site, Period.parse(period)))
