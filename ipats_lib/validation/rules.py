"""The rule catalogue: `params/rules.csv`."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_table

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
    rules = read_table("rules.csv", Rule)
    found = {rule.id: rule for rule in rules}
    if len(found) < len(rules):
        raise ParamsError(f"{params_folder() / 'rules.csv'}: a rule appears twice.")
    return found
