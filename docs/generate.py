"""The pages of the documentation that are made from the code: `make docs` writes them.

Commands come from `--help`, verbs from signatures and docstrings, the data dictionary from the
schemas, rules from the indicators and `params/`, the list of decisions from their headings.
"""

import csv
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from ipats_lib.command_line import app  # noqa: E402
from ipats_lib.frames import dictionary  # noqa: E402
from ipats_lib.frames.schemas import SCHEMAS  # noqa: E402
from ipats_lib.indicators.rules import INDICATORS  # noqa: E402
from ipats_lib.params import params_folder  # noqa: E402
from ipats_lib.report import show  # noqa: E402

MADE = "<!-- Made by `make docs`: change what it is made from, not this page. -->"
# Tables of `params/` that hold rules: heading, file, columns.
TABLES = (
    ("Edit checks", "edit_checks.csv", ("id", "elements", "severity", "message", "source")),
    ("Counts", "counts.csv", ("id", "name", "definition", "source")),
    ("Alerts", "alerts.csv", ("id", "name", "definition", "days", "source")),
    ("Engagement", "engagement.csv", ("id", "name", "definition", "unit", "source")),
    ("Distributions", "distribution.csv", ("id", "metric", "definition", "source")),
    ("Caseload", "caseload.csv", ("name", "value", "definition", "source")),
    ("Withholding", "disclosure.csv", ("setting", "value", "source")),
    ("Scores", "assessment.csv", ("area_type", "score", "threshold", "source")),
    ("What follows a failure", "consequences.csv", ("area_type", "years", "consequence", "source")),
    (
        "Services that extend participation",
        "extending_services.csv",
        ("element", "extends", "source"),
    ),
    ("Due dates", "due_dates.csv", ("report", "quarter", "month", "day", "source")),
    ("Access", "access.csv", ("setting", "value", "source")),
)


def pages() -> dict[str, str]:
    """The text of each page, by its path below `docs`."""
    return {
        "data-dictionary.md": data_dictionary(),
        "decisions/index.md": decisions(),
        "reference/commands.md": commands(),
        "reference/rules.md": rules(),
        "reference/verbs.md": verbs(),
    }


def data_dictionary() -> str:
    parts = ["# Data dictionary", dictionary.INTRODUCTION]
    parts.append(
        "\n".join(f"- [`{one.name}`](#{one.name}): {one.title}" for one in SCHEMAS.values())
    )
    for schema in SCHEMAS.values():
        columns = table(dictionary.HEAD, map(dictionary.cells, schema.columns))
        parts += [f"## {schema.name}", *dictionary.sentences(schema), columns]
    return "\n\n".join(parts) + "\n"


def commands() -> str:
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="publish.py")
    text = get_docs_for_click(obj=command, ctx=context, name="publish.py", title="Commands")
    for printed, meant in ((f"{ROOT}/", ""), ("&#x27;", "'"), ("```console\n$ ", "```console\n")):
        text = text.replace(printed, meant)
    head, _, rest = text.partition("\n")
    return f"{head}\n\n{MADE}\n{rest.rstrip()}\n"


def verbs() -> str:
    names = [name for name in dir(show) if callable(getattr(show, name)) and name != "module_of"]
    others = [name for name in names if name not in show.VERBS]
    said = (
        "What a notebook shows with. [showing.md](../showing.md) has an example of each; in "
        "JupyterLab, `show.table?` says the same."
    )
    parts = ["# Verbs and formats", MADE, said, "## Verbs", *map(described, show.VERBS)]
    parts += ["## Formats of columns, and what charts use", *map(described, others)]
    return "\n\n".join(parts) + "\n"


def described(name: str) -> str:
    thing = getattr(show, name)
    signature = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(inspect.signature(thing)))
    call = f"show.{name}{signature.partition(' -> ')[0]}"
    return f"### show.{name}\n\n```python\n{call}\n```\n\n{inspect.getdoc(thing)}"


def rules() -> str:
    said = (
        "Each rule with its source, as the code has it. [Sources](../sources.md) says which issue "
        "of the guidance is meant."
    )
    parts = ["# Rules and their sources", MADE, said, "## Indicators"]
    for one in INDICATORS.values():
        decided = ", ".join(one.decided_by)
        lines = [
            f"- Programs: {', '.join(one.programs)}. Cohort: `{one.cohort}`.",
            f"- Decided by PIRL {decided}." if decided else "",
            f"- Source: {one.source}",
        ]
        parts.append(
            f"### {one.title} ({one.code})\n\n{one.plain}\n\n" + "\n".join(filter(None, lines))
        )
    for title, file, columns in TABLES:
        with (params_folder() / file).open(encoding="utf-8", newline="") as lines:
            rows = [[row[column] for column in columns] for row in csv.DictReader(lines)]
        parts.append(f"## {title}\n\n`params/{file}`\n\n{table(columns, rows)}")
    return "\n\n".join(parts) + "\n"


def decisions() -> str:
    rows = []
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        title, _, rest = path.read_text(encoding="utf-8").partition("\n")
        number, _, name = title.removeprefix("# ").partition(" ")
        rows.append((f"[{number}]({path.name})", name, rest.split(",")[0].strip()))
    said = "What was decided, what was weighed, and what follows."
    return f"# Decisions\n\n{MADE}\n\n{said}\n\n{table(('Number', 'Decision', 'Since'), rows)}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first, *others = map(_line, [head, *rows])
    return "\n".join([first, "|---" * len(head) + "|", *others])


def _line(row: Sequence[str]) -> str:
    cells = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
