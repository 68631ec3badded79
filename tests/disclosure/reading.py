"""What the comparison of an LWIA's folder prints, read from its bytes alone.

Nothing of the library is used here: files by the csv reader, pages by BeautifulSoup.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Tag

Key = tuple[str, str, str, str, str]  # window or quarter, area type, area, program, measure
PROGRAMS = {"adult": "adult", "dislocated-worker": "dw", "youth": "youth"}
MEASURES = ("ERQ2", "ERQ4", "ME", "CR", "MSG")
# What may stand in place of a withheld number.
NOTHING = re.compile(r"|–|\* ?withheld|\*|Not judged|Withheld(, –)?")
# Columns that say nothing of the area's own people.
OF_OTHERS = {"LWIA", "Level", "Its region", "Illinois", "Region", "Missed", "Counties"}
NUMBERS = ("numerator", "denominator", "value", "lower95", "upper95", "percent")
WORDS = ("versus_state", "funnel", "trend", "rank_low", "rank_high")
ADJUSTED = ("value", "denominator", "standardized", "standard_low", "standard_high", "expected",
            "adjusted", "adjusted_low", "adjusted_high")  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def number(text: str) -> float | None:
    return float(text) if text else None


@dataclass
class Line:
    """A printed line: its numbers by column, None where nothing is printed."""

    hidden: bool
    numbers: dict[str, float | None]
    words: dict[str, str] = field(default_factory=dict)


@dataclass
class Prints:
    """One publication as the readers of an LWIA's folder have it."""

    period: str
    lines: dict[Key, Line]
    adjusted: dict[Key, Line]
    reach: dict[tuple[str, str, str], tuple[bool, float | None]]  # area, program, item
    mix: dict[tuple[str, str], tuple[bool, float | None]]  # area, group


def read(folder: Path) -> Prints:
    """folder: `comparison` of an LWIA, or of the state, which has all numbers."""
    lines, period = {}, ""
    for row in rows(folder / "areas.csv"):
        period = row["period"]
        key = tuple(row[name] for name in ("window", "area_type", "area", "program", "measure"))
        words = {name: row[name] for name in WORDS}
        words["status"] = row["status"].removeprefix("Withheld")
        numbers = {name: number(row[name]) for name in (*NUMBERS, "level")}
        lines[key] = Line(row["suppressed"] == "true", numbers, words)
    for row in rows(folder / "trends.csv"):
        key = tuple(row[name] for name in ("period", "area_type", "area", "program", "measure"))
        numbers = {name: number(row[name]) for name in NUMBERS[:3]}
        lines[key] = Line(row["suppressed"] == "true", numbers)
    adjusted = {}
    for row in rows(folder / "adjusted.csv"):
        key = tuple(row[name] for name in ("window", "area_type", "area", "program", "measure"))
        numbers = {name: number(row[name]) for name in ADJUSTED}
        adjusted[key] = Line(lines[key].hidden, numbers)
        numbers["state_value"] = number(row["state_value"])
    reach = {
        (row["area"], row["program"], row["item"]): (
            row["suppressed"] == "true",
            number(row["result"]),
        )
        for row in rows(folder / "beyond.csv")
    }
    return Prints(period, lines, adjusted, reach, dict(_mix(folder / "areas-fair.html")))


def _mix(path: Path) -> Iterator[tuple[tuple[str, str], tuple[bool, float | None]]]:
    """The share of each group in each area; no share of a group of nobody."""
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for table in soup.find_all("table"):
        if not table.caption or not table.caption.get_text().startswith("Percent of each group"):
            continue
        groups = [_text(cell) for cell in table.select("thead th")][1:]
        for row in table.select("tbody tr:not(.grp)"):
            name, *cells = map(_text, row.find_all(["th", "td"]))
            area = "IL" if name.startswith("Illinois") else name[:2]
            for group, text in zip(groups, cells, strict=True):
                share = float(text.strip("%")) / 100 if re.match(r"\d", text) else None
                yield (area, group), (text.startswith("*"), share)


def carried(prints: Prints) -> Iterator[tuple[str, Key, str]]:
    """What is printed in the files at a line that is withheld: file, line and column."""
    for key, line in prints.lines.items():
        if line.hidden:
            yield from (("lines", key, n) for n in NUMBERS if line.numbers.get(n) is not None)
            yield from (("lines", key, n) for n, word in line.words.items() if word)
    for key, line in prints.adjusted.items():
        if line.hidden:
            yield from (("adjusted", key, n) for n in ADJUSTED if line.numbers[n] is not None)
    for key, (hidden, result) in prints.reach.items():
        if hidden and result is not None:
            yield "reach", key, "result"


def shown_on_pages(folder: Path, prints: Prints) -> Iterator[tuple[str, Key, str]]:
    """What is printed on the pages at a line that is withheld: page, line and text."""
    main = "rolling4" if any(key[0] == "rolling4" for key in prints.lines) else "annual"
    for path in sorted(folder.glob("areas-*.html")):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        subject = path.stem.removeprefix("areas-")
        for key, text in _of_page(soup, subject, main):
            line = prints.lines.get(key)
            if line is not None and line.hidden and not NOTHING.fullmatch(text.strip()):
                yield path.name, key, text


def _of_page(soup: BeautifulSoup, subject: str, main: str) -> Iterator[tuple[Key, str]]:
    for table in soup.find_all("table"):
        section = next((s["id"] for s in table.find_parents("section") if s.get("id")), "")
        if subject.upper() in MEASURES and section:
            yield from _of_measure(table, section, subject.upper(), main)
        elif subject in ("scoreboard", "peers", "trend"):
            yield from _of_grid(table, main, 12 if subject == "trend" else 15)
        elif subject == "profile" and section.startswith("area-lwia-"):
            yield from _of_area(table, section[-2:], main)
        elif subject == "map" and section.startswith("measure-"):
            measure = MEASURES[[*_map_sections(soup)].index(section)]
            for area, cells in _by_area(table):
                yield from (((main, "lwia", area, "title1", measure), text) for text in cells)
    for script in soup.find_all("script", type="application/json"):
        yield from _of_chart(script, subject, main)


def _map_sections(soup: BeautifulSoup) -> Iterator[str]:
    yield from (s["id"] for s in soup.select("section[id^=measure-]"))


def _text(cell: Tag) -> str:
    return re.sub(r"\s+", " ", cell.get_text()).strip()


def _by_area(table: Tag) -> Iterator[tuple[str, list[str]]]:
    """The number of each area and the texts that say something of its people."""
    heads = [_text(cell) for cell in table.select("thead th")]
    for row in table.select("tbody tr:not(.grp)"):
        cells = row.find_all(["th", "td"])
        if area := re.match(r"\d\d(?= )", _text(cells[0])):
            named = zip(heads[-len(cells) :], cells, strict=True)
            yield area[0], [_text(cell) for name, cell in named if name not in OF_OTHERS]


def _place(section: str) -> tuple[str, str] | None:
    """Program and window of a section of a measure's page; an empty window is the main one."""
    name = section.partition("-")[2]
    window = "current" if name.endswith("-last-quarter") else ""
    program = PROGRAMS.get(name.removesuffix("-last-quarter"))
    return (program, window) if program else None


def _of_measure(table: Tag, section: str, measure: str, main: str) -> Iterator[tuple[Key, str]]:
    if place := _place(section):
        for area, cells in _by_area(table):
            key = (place[1] or main, "lwia", area, place[0], measure)
            yield from ((key, text) for text in cells)


def _of_grid(table: Tag, main: str, many: int) -> Iterator[tuple[Key, str]]:
    measures = [m for m in MEASURES if many == 15 or m != "ME"]
    columns = [(program, m) for program in PROGRAMS.values() for m in measures]
    for row in table.select("tbody tr:not(.grp)"):
        cells = [_text(cell) for cell in row.find_all(["th", "td"])]
        if (area := re.match(r"\d\d(?= )", cells[0])) and len(cells) > many:
            for (program, measure), text in zip(columns, cells[-many:], strict=True):
                yield (main, "lwia", area[0], program, measure), text


def _of_area(table: Tag, area: str, main: str) -> Iterator[tuple[Key, str]]:
    heads = [_text(cell) for cell in table.select("thead th")]
    columns = [(program, m) for program in PROGRAMS.values() for m in MEASURES]
    body = [row for row in table.select("tbody tr:not(.grp)") if len(row.find_all("td")) > 3]
    for (program, measure), row in zip(columns, body, strict=True):
        cells = dict(zip(heads, map(_text, row.find_all(["th", "td"])), strict=True))
        own = [text for name, text in cells.items() if name not in ("Measure", *OF_OTHERS)]
        yield from (((main, "lwia", area, program, measure), text) for text in own)
        yield (main, "state", "IL", program, measure), cells["Illinois"]


def _of_chart(script: Tag, subject: str, main: str) -> Iterator[tuple[Key, str]]:
    """Each number that a chart's data hold of an area."""
    section = next((s["id"] for s in script.find_parents("section") if s.get("id")), "")
    data = json.loads(script.string or "{}").get("datasets", {})
    lines = [row for some in data.values() for row in some if isinstance(row, dict)]
    if subject.upper() in MEASURES and (place := _place(section)):
        for row in lines:
            if area := re.match(r"\d\d(?= )", str(row.get("area_title", ""))):
                key = (place[1] or main, "lwia", area[0], place[0], subject.upper())
                yield from ((key, str(v)) for v in row.values() if isinstance(v, (int, float)))
    elif subject == "profile" and section.startswith("area-lwia-"):
        columns = [(program, m) for program in PROGRAMS.values() for m in MEASURES]
        for (program, measure), row in zip(columns, lines, strict=False):
            for name in ("ratio",):
                if isinstance(row.get(name), (int, float)):
                    yield (main, "lwia", section[-2:], program, measure), str(row[name])
