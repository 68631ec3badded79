"""A notebook's own parameters: typed by their defaults, set in `params/notebooks.csv`.

A default is a text, a number or True or False in the cell tagged `parameters`, where JupyterLab
shows it. A row of the file (notebook, parameter, value, why) replaces it in what is published; one
of notebook `*` does in each notebook that has the parameter and no row of its own for it.
"""

import ast
from collections.abc import Mapping
from keyword import iskeyword
from math import isfinite

from nbformat import NotebookNode

from ipats_lib.errors import NotebookError, ParamsError
from ipats_lib.params import params_folder, read_rows

FILE = "notebooks.csv"
EVERY = "*"  # in place of a notebook: each that has the parameter
# What the publisher sets in every run.
GIVEN = frozenset({"scope", "period", "snapshot"})
Value = str | int | float | bool


def read_defaults(source: str) -> tuple[dict[str, Value], list[str]]:
    """A notebook's own parameters, from the text of its cell of parameters; and its faults.

    Each line gives another name one plain value: papermill would execute whatever else is there.
    """
    plain = "write a name, = and a text, a number, True or False, and nothing else."
    try:
        nodes = ast.parse(source).body
    except (SyntaxError, ValueError):
        return {}, [f"is not Python: on each line {plain}"]
    lines = [_assigned(node) for node in nodes]
    wrong = [node.lineno for node, line in zip(nodes, lines, strict=True) if line is None]
    names = [line[0] for line in lines if line]
    faults = [f"line {number} assigns no plain value: {plain}" for number in wrong]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"assigns {', '.join(twice)} twice: keep one line of each.")
    if missing := sorted(GIVEN - {*names}):
        faults.append(f"must assign {', '.join(missing)} too.")
    return {line[0]: line[1] for line in lines if line and line[0] not in GIVEN}, faults


def opened_with(notebook: NotebookNode) -> dict[str, str]:
    """The scope, period and snapshot that a notebook has in JupyterLab: of its cell of parameters.

    NotebookError where it does not say all three as texts.
    """
    tagged = [c.source for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    try:
        lines = [_assigned(node) for source in tagged for node in ast.parse(source).body]
    except (SyntaxError, ValueError):
        lines = []
    found = {name: value for name, value in filter(None, lines) if isinstance(value, str)}
    if missing := sorted(GIVEN - {*found}):
        raise NotebookError(f"The cell of parameters does not say {', '.join(missing)} as a text.")
    return {name: found[name] for name in GIVEN}


def _assigned(node: ast.stmt) -> tuple[str, Value] | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=given):
            pass
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as given):
            pass
        case _:
            return None
    try:
        value = ast.literal_eval(given)
    except (TypeError, ValueError):
        return None
    return (name, value) if isinstance(value, str | int | float) and not iskeyword(name) else None


def set_values(defaults: Mapping[str, Mapping[str, Value]]) -> dict[str, dict[str, Value]]:
    """The parameters that each notebook runs with: its defaults, replaced by the file's rows.

    defaults: by notebook, such as `performance/summary`. ParamsError names the line of an unknown
    notebook or parameter, of one that is set twice, and of a value of another type.
    """
    path = params_folder() / FILE
    values = {notebook: dict(own) for notebook, own in defaults.items()}
    seen: set[tuple[str, str]] = set()
    rows = enumerate(read_rows(path, ("notebook", "parameter", "value", "why")), start=2)
    for line, row in sorted(rows, key=lambda one: one[1]["notebook"] != EVERY):
        notebook, name = row["notebook"], row["parameter"]
        chosen = [key for key in values if name in values[key] and notebook in (EVERY, key)]
        if not chosen:
            every = {own: None for each in values.values() for own in each}
            known = ", ".join((values | {EVERY: every}).get(notebook) or sorted(values)) or "none"
            of = "any notebook" if notebook == EVERY else notebook
            what = f"parameter {name} of {of}" if notebook in (EVERY, *values) else f"notebook {of}"
            raise ParamsError(f"{path} line {line}: there is no {what}; there is {known}.")
        if (notebook, name) in seen:
            raise ParamsError(f"{path} line {line}: {name} of {notebook} is set twice.")
        seen.add((notebook, name))
        for key in chosen:
            value = _typed(row["value"], defaults[key][name])
            if value is None:
                kind = type(defaults[key][name]).__name__
                raise ParamsError(
                    f"{path} line {line}: {row['value']} is no {kind}, as {name} of {key} is."
                )
            values[key][name] = value
    return values


def _typed(text: str, default: Value) -> Value | None:
    """A value of the default's type; None when the text is none."""
    if isinstance(default, bool):
        return {"True": True, "False": False}.get(text)
    try:
        value = type(default)(text)
    except ValueError:
        return None
    return None if isinstance(value, float) and not isfinite(value) else value
