"""For those who write notebooks: every fault at once, what the catalogue refuses and what would
stop a run; and a new notebook, from a model that is a whole page (question, finding, picture,
table, file and definitions), whose selection and words an analyst changes.

A run would stop at a cell that is not Python, at a frame or a file that the metadata do not
declare, and show nothing of a verb amid a cell. Only names in a cell's text are found, such as
`report.figures`.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from ipats_lib.errors import NotebookError, ParamsError, UsageError
from ipats_lib.project import given
from ipats_lib.publishing.catalogue import Notebook, examine, read_notebook
from ipats_lib.publishing.declaration import FAMILIES, Fault, nearest, read_declaration, set_values
from ipats_lib.publishing.files import notebook_files
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import FRAMES


def find_faults(folder: Path, chosen: Sequence[str]) -> tuple[int, list[Fault]]:
    """How many notebooks were looked at, and every fault of them.

    chosen: notebooks below the folder, by path or as `comparison/areas`; all where there is none.
    UsageError names one that is not there.
    """
    every = [p.absolute() for p in notebook_files(folder) if p.parent.name in FAMILIES]
    wanted = [path_of(folder, name) for name in chosen] or every
    if not wanted:
        raise UsageError(f"{folder} holds no notebook in {', '.join(FAMILIES)}.")
    found, faults = examine(sorted({*every, *wanted}))
    try:
        if not faults:
            set_values({each.key: dict(each.parameters) for each in found})
    except ParamsError as error:
        faults.append(Fault(wanted[0], "", str(error)))
    faults += [fault for one in found for fault in faults_of_cells(one)]
    return len(wanted), [fault for fault in faults if fault.path in wanted]


def left_out(folder: Path) -> list[str]:
    """Notebooks below the folder that are in no family, so that nothing publishes them."""
    every = (path.relative_to(folder) for path in sorted(folder.rglob("*.ipynb")))
    known = {*FAMILIES, "models"}
    return [
        str(path)
        for path in every
        if not (len(path.parts) == 2 and path.parts[0] in known)
        and not any(part.startswith(".") for part in path.parts)
    ]


def path_of(folder: Path, name: str) -> Path:
    """The file of a notebook that is named by its path or by family and name; or UsageError."""
    for path in (folder / f"{name}.ipynb", folder / name, Path(name)):
        if path.is_file():
            return path.absolute()
    raise UsageError(f"There is no notebook {name}, nor {folder / name}.ipynb.")


def faults_of_cells(notebook: Notebook) -> Iterator[Fault]:
    """What would stop a run of a notebook that the catalogue takes, and what would show nothing."""
    trees: dict[int, ast.Module] = {}
    for number, cell in enumerate(read_notebook(notebook.path).cells, start=1):
        if cell.cell_type == "code":
            try:
                trees[number] = ast.parse(TransformerManager().transform_cell(cell.source))
            except SyntaxError as error:
                said = f"is not Python in line {error.lineno}: {error.msg}."
                yield Fault(notebook.path, f"cell {number}", said)
    reports = {name for tree in trees.values() for name in _opened(tree)}
    for number, tree in trees.items():
        for key, name in sorted({*_uses(tree, reports)} - {*_declared(notebook)}):
            said = f"uses {name}, which `{key}` does not list: add it there."
            yield Fault(notebook.path, f"cell {number}", said)
        for said in (*_unknown(tree, reports), *_unshown(tree)):
            yield Fault(notebook.path, f"cell {number}", said)


def _declared(notebook: Notebook) -> Iterator[tuple[str, str]]:
    yield from (("data", name) for name in notebook.data)
    yield from (("records", name) for name in notebook.records)
    yield from (("downloads", f"{name}.csv") for name in notebook.records)
    yield from (("downloads", name) for name in notebook.downloads)


def _opened(tree: ast.AST) -> Iterator[str]:
    """The names that a cell gives to what `open_report` returns."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)):
                if ast.unparse(called).split(".")[-1] == "open_report":
                    yield name


def _unknown(tree: ast.AST, reports: set[str]) -> Iterator[str]:
    """What a cell asks of a report that no report has."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=report), attr=name) if report in reports:
                if not hasattr(Report, name) and name != "data":
                    yield f"uses {report}.{name}: a report has none; {nearest(name, FRAMES)}."


def _unshown(tree: ast.Module) -> Iterator[str]:
    """Verbs whose piece is not displayed: a cell displays its last line alone."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="show"), attr=verb))):
                if node is not tree.body[-1]:
                    place = f"show.{verb} in line {node.lineno}"
                    yield f"shows nothing of {place}: write display(...) around it."


def _uses(tree: ast.AST, reports: set[str]) -> Iterator[tuple[str, str]]:
    """The frames and files that a cell names, each with the key that lists it."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=report), attr=name) if report in reports:
                yield from [("data", name)] if name in FRAMES else []
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="show"), attr="records" | "download" as verb),
                args=[_, ast.Constant(value=str(name)), *_],
            ):
                if verb == "records":
                    yield "records", name
                else:
                    endings = [""] if "." in name else [".csv", ".xlsx"]
                    yield from (("downloads", f"{name}{ending}") for ending in endings)


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
    first = notebook.cells[0]
    first.source = first.source.replace(first.source.splitlines()[0].removeprefix("# "), title, 1)
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
