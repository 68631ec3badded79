"""What a notebook may declare of itself: under `ipats` in its metadata, as one model; and its own
parameters, typed by their defaults.

The catalogue reads notebooks by it, `publish.py check` names what breaks it, and editors get it as
JSON Schema. A field's description says what to write.

A parameter's default is a text, a number or True or False in the cell tagged `parameters`, where
JupyterLab shows it. A row of `params/notebooks.csv` (notebook, parameter, value, why) replaces it
in what is published; one of notebook `*` does in each notebook that has the parameter and no row of
its own for it.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from keyword import iskeyword
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from nbformat import NotebookNode
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ipats_lib.errors import NotebookError, ParamsError
from ipats_lib.params import params_folder, read_rows
from ipats_lib.publishing.files import LANDING
from ipats_lib.report.scope_data import FRAMES
from ipats_lib.scopes import AreaType

FAMILIES = {
    "performance": "Performance",
    "comparison": "LWIA comparison",
    "dashboards": "Dashboards",
}
SHOWN = 60  # characters of a wrong value

Said = Annotated[str, Field(pattern=r"\S")]
Scopes = Annotated[tuple[AreaType, ...], Field(min_length=1)]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}\.(csv|xlsx|ics|json)$")]
ListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


def _known(frame: str) -> str:
    if frame not in FRAMES:
        raise ValueError(f"there is no such frame; {nearest(frame, FRAMES)}.")
    return frame


Frame = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": [*FRAMES]})]


class DeclaredPage(NamedTuple):
    """A page: name, title, and the scopes that have it where these are not all of the notebook."""

    name: Annotated[str, Field(pattern="^[a-z0-9]{1,20}$")]
    title: Said
    scopes: Scopes | None = None


def _of_own_scopes(page: DeclaredPage, info: ValidationInfo) -> DeclaredPage:
    if page.scopes and not {*page.scopes} <= {*info.data.get("scopes", page.scopes)}:
        raise ValueError("its scopes are not some of the notebook's own scopes.")
    return page


class DeclaredFile(NamedTuple):
    """A download that some scopes alone have."""

    name: FileName
    scopes: Scopes


class Declaration(BaseModel):
    """The `ipats` of a notebook's metadata."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    family: Literal["performance", "comparison", "dashboards"] = Field(
        description=f"`family` is the folder that holds the notebook: {', '.join(FAMILIES)}."
    )
    title: Said = Field(description="`title` is a text, as the menu shows it.")
    order: int = Field(description="`order` is a whole number; menus list notebooks by it.")
    scopes: Scopes = Field(description="`scopes` lists some of state, lwia, planner.")
    data: tuple[Frame, ...] = Field(
        (), description="`data` lists the frames that the notebook reads, by name."
    )
    pages: tuple[Annotated[DeclaredPage, AfterValidator(_of_own_scopes)], ...] = Field(
        (),
        description="`pages` lists a name (a-z and 0-9 only), a title and perhaps some of the "
        "notebook's own scopes for each page.",
    )
    downloads: tuple[FileName | DeclaredFile, ...] = Field(
        (),
        description="`downloads` lists names like roster.csv, in a-z, 0-9, _ and -, or such a "
        "name and the scopes that have it.",
    )
    records: tuple[ListName, ...] = Field(
        (), description="`records` lists names like worklist, in a-z, 0-9 and -."
    )
    index: bool = Field(False, description="`index` is true for a landing page, which is one page.")

    @field_validator("family")
    @classmethod
    def _in_its_folder(cls, family: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder", family)
        if family != folder:
            remedy = (
                f'Write "{folder}", or move it' if folder in FAMILIES else f"Move it to {family}"
            )
            raise ValueError(f"the notebook is in {folder}. {remedy}.")
        return family

    @field_validator("pages")
    @classmethod
    def _landing_first(cls, pages: tuple[DeclaredPage, ...]) -> tuple[DeclaredPage, ...]:
        if LANDING in [page.name for page in pages[1:]]:
            raise ValueError(f"the page named {LANDING}, a landing page, is the first one.")
        return pages

    @field_validator("index")
    @classmethod
    def _one_page(cls, index: bool, info: ValidationInfo) -> bool:
        if index and info.data.get("pages"):
            raise ValueError("a landing page is one page. Leave out `pages`, or name one index.")
        return index


@dataclass(frozen=True, slots=True)
class Fault:
    """What a notebook breaks. where: a key or a cell; said: what is wrong, and what to write."""

    path: Path
    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.path}: {self.where} {self.said}" if self.where else self.said


def read_declaration(path: Path, declared: Any) -> Declaration | list[Fault]:
    """The `ipats` of a notebook's metadata, or every fault of it."""
    context = {"folder": path.parent.name}
    try:
        return Declaration.model_validate_json(json.dumps(declared), context=context)
    except ValidationError as error:
        found = dict(_faults(error, declared))
        return [Fault(path, where, said) for where, said in found.items()]


def _faults(error: ValidationError, declared: Any) -> Iterator[tuple[str, str]]:
    fields = Declaration.model_fields
    for each in error.errors(include_url=False):
        if not each["loc"]:
            yield "`ipats`", f"is {shown(declared)}: it holds {', '.join(fields)}."
            continue
        key, *inner = each["loc"][:2]
        place = f"`{key}[{inner[0]}]`" if inner else f"`{key}`"
        if each["type"] == "missing" and not inner:
            yield place, f"is missing: {fields[str(key)].description}"
        elif each["type"] == "extra_forbidden":
            yield place, f"is not known; {nearest(str(key), fields)}."
        else:
            own = str(each["ctx"]["error"]) if each["type"] == "value_error" else ""
            value = declared[key][inner[0]] if inner else declared[key]
            yield place, f"is {shown(value)}: {own or fields[str(key)].description}"


def nearest(name: str, known: Any) -> str:
    """The known name that somebody may have meant, else all of them."""
    near = get_close_matches(name, [*known], 1)
    return f"write `{near[0]}`" if near else f"there is {', '.join(known)}"


def shown(value: Any) -> str:
    """A value as the metadata have it, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def schema() -> Mapping[str, Any]:
    """The JSON Schema of a notebook file, for editors: what it says of the metadata's `ipats`."""
    own = Declaration.model_json_schema(ref_template="#/$defs/{model}")
    inner = {"type": "object", "required": ["ipats"], "properties": {"ipats": own}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A notebook that IPATS publishes",
        "$defs": own.pop("$defs"),
        "type": "object",
        "required": ["metadata"],
        "properties": {"metadata": inner},
    }


FILE = "notebooks.csv"
EVERY = "*"  # in place of a notebook: each that has the parameter
# What the publisher sets in every run.
GIVEN = frozenset({"scope", "period", "snapshot"})
Value = str | int | float | bool
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "True or False"}


def read_defaults(source: str) -> tuple[dict[str, Value], list[str]]:
    """A notebook's own parameters, from the text of its cell of parameters; and its faults.

    Each line gives another name one plain value, or imports what later cells use: papermill would
    execute whatever else is there.
    """
    plain = "write a name, = and a text, a number, True or False, and nothing else."
    try:
        nodes = [
            n for n in ast.parse(source).body if not isinstance(n, ast.Import | ast.ImportFrom)
        ]
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
                kind = _KINDS[type(defaults[key][name])]
                raise ParamsError(
                    f"{path} line {line}: {row['value']} is not {kind}, as {name} of {key} is."
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
