"""The rule catalogue: `params/rules.csv`."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows

Severity = Literal["reject", "error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's text; `{element}` in the message stands for the element that broke it."""

    id: str
    elements: str
    severity: Severity
    message: str
    source: str

    def message_for(self, element: str) -> str:
        return self.message.replace("{element}", element)


@cache
def load_rules() -> dict[str, Rule]:
    """Rules by id; ParamsError when the file breaks its rules (domain 4.2, 4.3)."""
    path = params_folder() / "rules.csv"
    rules: dict[str, Rule] = {}
    for row in read_rows(path, ("id", "elements", "severity", "message", "source")):
        if row["severity"] not in get_args(Severity) or row["id"] in rules:
            raise ParamsError(f"{path}: rule {row['id']} stands twice or has an unknown severity.")
        rules[row["id"]] = Rule(**row)  # type: ignore[arg-type]  # severity was just checked
    return rules
