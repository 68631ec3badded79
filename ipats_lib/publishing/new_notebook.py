"""A new notebook, written from a model that is a whole page: question, finding, picture, table,
file and definitions. An analyst changes what it selects and says."""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat

from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.project import given
from ipats_lib.publishing.catalogue import examine, read_notebook
from ipats_lib.publishing.declaration import FAMILIES, read_declaration
from ipats_lib.publishing.files import notebook_files

MODELS = given() / "notebooks" / "models"
_KEY = re.compile(r"(?P<family>[a-z]+)/(?P<name>[a-z0-9][a-z0-9-]{0,39})")


def write_new(folder: Path, key: str, title: str, scopes: Sequence[str]) -> Path:
    """Write `key`, such as `comparison/earnings`, below the folder of the families.

    Comparisons begin with every area's figures, others with those of their own scope. UsageError
    when the key, title or scopes cannot be published, or the notebook is there already;
    NotebookError when the family's others have faults, which hide its next place in the menu.
    """
    found = _KEY.fullmatch(key)
    if not found or found["family"] not in FAMILIES:
        raise UsageError(f"Write {key} as one of {', '.join(FAMILIES)}, / and a name in a-z, 0-9.")
    family, name = found.groups()
    path = folder / family / f"{name}.ipynb"
    model = "areas" if family == "comparison" else "figures"
    notebook = read_notebook(MODELS / f"{model}.ipynb")
    others, faults = examine([one for one in notebook_files(folder) if one.parent.name == family])
    if faults:
        raise NotebookError("\n".join(map(str, faults)))
    order = max((other.order for other in others), default=0) // 10 * 10 + 10
    notebook.metadata["ipats"].update(family=family, title=title, order=order, scopes=[*scopes])
    notebook.metadata["ipats"]["downloads"] = [f"{name}.csv"]
    wrong = read_declaration(path, notebook.metadata["ipats"])
    if isinstance(wrong, list):
        raise UsageError("\n".join(f"{fault.where} {fault.said}" for fault in wrong))
    notebook.cells[0].source = notebook.cells[0].source.replace(_heading(notebook), title, 1)
    for cell in notebook.cells[1:]:
        cell.source = cell.source.replace(f'"{model}.csv"', f'"{name}.csv"')
        if "parameters" in cell.metadata.get("tags", []) and "lwia" not in scopes:
            cell.source = cell.source.replace('"lwia/07"', '"state"')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            nbformat.write(notebook, file)
    except FileExistsError:
        raise UsageError(f"{path} is there already; it stays as it is.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    return path


def _heading(notebook: nbformat.NotebookNode) -> str:
    return str(notebook.cells[0].source.splitlines()[0].removeprefix("# "))
