"""The command line of those who write notebooks: check, new."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ipats_lib.console import say, sentences
from ipats_lib.errors import NotebookError
from ipats_lib.publishing.commands import NOTEBOOKS

writing_notebooks = typer.Typer()
Families = Annotated[Path, typer.Option("--notebooks", help="The folder of the families.")]


@writing_notebooks.command()
@sentences
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
        raise NotebookError(f"{len(faults)} faults in {len({f.path for f in faults})} notebooks.")
    say("checked", f"{looked_at} notebooks checked, no fault found.")


@writing_notebooks.command()
@sentences
def new(
    key: Annotated[str, typer.Argument(help="Family and name: comparison/earnings.")],
    title: Annotated[str, typer.Option(help="What menus and the page are headed by.")],
    scopes: Annotated[
        str, typer.Option(help="Who has the page: some of state,lwia,planner.")
    ] = "state,lwia",
    notebooks: Families = NOTEBOOKS,
) -> None:
    """Write a notebook from a model: a whole page with a finding, a picture, a table, a file."""
    from ipats_lib.publishing.new_notebook import write_new

    path = write_new(notebooks, key, title, [one.strip() for one in scopes.split(",")])
    say("written", f"Wrote {path}. Change it, then `publish.py check {key}` and `preview {key}`.")
    print(path)
