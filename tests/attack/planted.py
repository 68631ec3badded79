"""Extracts with marks in every place that takes them, made from the sample state's.

`Planted` reads the sample's extract, keeps some LWIAs, and lets a test change the cells that hold
text or amounts; it is written and published as an operator does.
"""

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ipats_lib.params import load_layout
from tests.conftest import passed, publish

ELEMENTS = load_layout().elements
AT = {element.number: place for place, element in enumerate(ELEMENTS)}
BOARDS = ("108-A", "108-B", "108-C")
TABLES = ("planner", "assignment", "service", "case_note", "application")
Rows = list[dict[str, str]]


def board(lwia: str) -> str:
    """17005 is LWIA 01 (params/areas.csv)."""
    return str(17000 + 5 * int(lwia))


class Planted:
    """The sample's PIRL lines and case tables of some LWIAs, to be changed and written."""

    def __init__(self, extract: Path, lwias: Iterable[str]) -> None:
        self.extract, self.lwias = extract, tuple(lwias)
        boards = {board(lwia) for lwia in self.lwias}
        with (extract / "pirl.csv").open(encoding="utf-8", newline="") as lines:
            self.pirl = [
                row for row in csv.reader(lines) if boards & {row[AT[name]] for name in BOARDS}
            ]
        kept = {row[AT["100"]] for row in self.pirl}
        self.tables: dict[str, Rows] = {}
        for name in TABLES:
            with (extract / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
                rows = list(csv.DictReader(lines))
            self.tables[name] = [
                row
                for row in rows
                if (row["lwia"] in self.lwias if name == "planner" else row["customer"] in kept)
            ]

    def rename_customers(self, name: Callable[[str], str]) -> None:
        """Give every customer another id, everywhere."""
        for row in self.pirl:
            row[AT["100"]] = name(row[AT["100"]])
        for table in self.tables.values():
            for row in table:
                if "customer" in row:
                    row["customer"] = name(row["customer"])

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        with (folder / "pirl.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(self.pirl)
        for name, rows in self.tables.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                out = csv.DictWriter(file, list(rows[0]))
                out.writeheader()
                out.writerows(rows)
        for name in ("account.csv", "extract.json"):
            shutil.copy(self.extract / name, folder / name)
        return folder

    def published(self, folder: Path, *only: str) -> Path:
        """A site of this extract's PY2024Q4; extract and store lie beside it."""
        extract, site = self.write(folder / "extract"), folder / "site"
        words = [word for scope in only for word in ("--only", scope)]
        passed(
            publish(
                "build", "--extract", extract, "--store", folder / "store", "--site", site,
                "--period", "PY2024Q4", *words,
            )
        )  # fmt: skip
        return site
