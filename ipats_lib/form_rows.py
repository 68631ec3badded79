"""The rows of the federal forms as data: `params/forms.csv` and `params/form_rows.csv`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import pandas as pd

from ipats_lib.cohorts import has_code
from ipats_lib.groups import Group, load_groups
from ipats_lib.params import one_of, read_each, whole_number

FormName = Literal["9169", "9173"]
# Elements that only rows of the forms read, for whoever loads no more than they need.
ELEMENTS = ("201", "300", "301", "400", "401", "408", "907")
_COLUMNS = (
    *("form", "item", "measure", "dimension", "title", "element", "codes"),
    *("edition", "definition"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its name, the edition that is followed, its OMB number, and what was read of it."""

    name: str
    edition: str
    omb: str
    read: str


@dataclass(frozen=True, slots=True)
class FormRow:
    """A row of a form: a measure of everybody, or (measure is blank) a group of participants.

    item: its number on the form. group: the question of a group that the breakdowns do not have.
    edition: where item and title were read; definition: where the test was read. Each is blank
    where it was read nowhere.
    """

    form: FormName
    item: str
    measure: str
    dimension: str
    title: str
    group: Group | None
    edition: str
    definition: str

    @property
    def name(self) -> str:
        """The measure, or the group as files and pages write it."""
        return self.measure or f"{self.dimension}: {self.title}"

    @property
    def unconfirmed(self) -> str:
        """What could not be read of the row: its item, its label, its test; blank for nothing."""
        lacking = [] if self.edition and self.item else ["item" if self.edition else "label"]
        return " and ".join([*lacking, *([] if self.definition else ["test"])])


@cache
def load_forms() -> Mapping[str, Form]:
    """`params/forms.csv`, by number; ParamsError names file and line."""
    columns = ("form", "name", "edition", "omb", "read")

    def form(row: dict[str, str]) -> tuple[str, Form]:
        number = one_of(row["form"], get_args(FormName))
        return number, Form(row["name"], row["edition"], row["omb"], row["read"])

    return dict(read_each("forms.csv", columns, form))


def editions() -> pd.DataFrame:
    """The forms as rows: form, edition, omb, and what could be read of it (read)."""
    return pd.DataFrame(
        [(one.name, one.edition, one.omb, one.read) for one in load_forms().values()],
        columns=["form", "edition", "omb", "read"],
    )


@cache
def load_form_rows() -> tuple[FormRow, ...]:
    """`params/form_rows.csv`: the rows of both forms; ParamsError names file and line."""
    return tuple(read_each("form_rows.csv", _COLUMNS, _row))


@cache
def rows_by_name(form: FormName) -> dict[str, FormRow]:
    """The rows of one form in its order, by `FormRow.name`."""
    return {row.name: row for row in load_form_rows() if row.form == form}


@cache
def groups_of(form: FormName) -> dict[str, Group]:
    """The groups that only this form has, in its order, by `FormRow.name`."""
    return {row.name: row.group for row in rows_by_name(form).values() if row.group}


def _row(row: dict[str, str]) -> FormRow:
    known = {(group.dimension, group.title) for group in load_groups()}
    dimension, title, group = row["dimension"], row["title"], None
    if row["element"]:
        group = _group(dimension, title, row["element"], row["codes"])
    elif dimension and (dimension, title) not in known:
        raise ValueError(f"{dimension}: {title} is no group; name its element and codes")
    return FormRow(
        form=one_of(row["form"], get_args(FormName)),  # type: ignore[arg-type]
        item=row["item"],
        measure=row["measure"],
        dimension=dimension,
        title=title,
        group=group,
        edition=row["edition"],
        definition=row["definition"],
    )


def _group(dimension: str, title: str, element: str, codes: str) -> Group:
    asked = one_of(element, ELEMENTS)
    listed = [whole_number(code) for code in codes.split("|")]
    return Group(dimension, title, has_code(f"p{asked}_{codes}", asked, *listed))
