"""The five indicators again, written apart from the library: plain Python over the raw CSV text.

Slow and obvious on purpose. It shares nothing with `ipats_lib` but the layout's column order.
"""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path
from statistics import median

from ipats_lib.params import load_areas, load_layout

POSITION = {e.number: e.position - 1 for e in load_layout().elements}
WINDOWS = {
    "PY2024": {"annual": {"ER_Q2": ("2023-07-01", "2024-06-30"),
                          "ER_Q4": ("2023-01-01", "2023-12-31"),
                          "MSG": ("2024-07-01", "2025-06-30")}},
    "PY2024Q4": {"rolling4": {"ER_Q2": ("2023-07-01", "2024-06-30"),
                              "ER_Q4": ("2023-01-01", "2023-12-31"),
                              "MSG": ("2024-07-01", "2025-06-30")},
                 "current": {"ER_Q2": ("2024-04-01", "2024-06-30"),
                             "ER_Q4": ("2023-10-01", "2023-12-31"),
                             "MSG": ("2025-04-01", "2025-06-30")}},
    "PY2024Q2": {"rolling4": {"ER_Q2": ("2023-01-01", "2023-12-31"),
                              "ER_Q4": ("2022-07-01", "2023-06-30"),
                              "MSG": ("2024-01-01", "2024-12-31")},
                 "current": {"ER_Q2": ("2023-10-01", "2023-12-31"),
                             "ER_Q4": ("2023-04-01", "2023-06-30"),
                             "MSG": ("2024-10-01", "2024-12-31")}},
}  # fmt: skip
CREDENTIALS = (("1800", "1801"), ("1802", "1803"), ("1804", "1805"))


class Row:
    """One line of the PIRL file."""

    def __init__(self, cells):
        self.cells = cells

    def __getitem__(self, element):
        return self.cells[POSITION[element]]

    def code(self, element):
        text = self[element]
        return int(text) if text.isdigit() else None

    def day(self, element):
        text = self[element]
        if len(text) != 8 or not text.isdigit() or text == "00000000":
            return None
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None

    def wage(self):
        text = self["1704"]
        return float(text) if text.replace(".", "", 1).isdigit() else None

    def programs(self):
        found = [p for p, e in (("adult", "903"), ("dw", "904"), ("youth", "905"))
                 if self.code(e) in (1, 2, 3)]  # fmt: skip
        wp = ["wp"] if self.code("918") == 1 else []
        return found + wp + (["title1"] if found else [])


def within(day, window):
    return day is not None and window[0] <= day.isoformat() <= window[1]


def year_later(day):
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 2, 28)


def judge(row, program, measure, windows):
    """None when outside the denominator, else (numerator as 0 or 1, wage or None)."""
    if measure == "MSG":
        return skill_gain(row, windows["MSG"])
    exit_ = row.day("901")
    window = windows["ER_Q2" if measure in ("ERQ2", "ME") else "ER_Q4"]
    if not within(exit_, window) or row.code("923") not in (None, 0, 98, 99):
        return None
    youth = program == "youth" or (program == "title1" and row.code("905") in (1, 2, 3))
    works = {q: row.code(q) in (1, 2, 3) for q in ("1600", "1602", "1604", "1606")}
    if measure == "ERQ2":
        return (works["1602"] or (youth and row.code("1900") in (1, 2, 3))), None
    if measure == "ERQ4":
        return (works["1606"] or (youth and row.code("1901") in (1, 2, 3))), None
    if measure == "ME":
        wage = row.wage()
        counts = works["1602"] and wage is not None and 0 < wage < 999999.99
        return (True, wage) if counts else None
    return credential(row, exit_, works)


def credential(row, exit_, works):
    training = {row.code(e) for e in ("1303", "1310", "1315")} & {2, 3, 4, 6, 7, 8, 9, 10}
    school = row.code("408") == 0 and row.code("1401") == 1
    if not (training or row.code("1332") == 1 or school):
        return None
    deadline, entry = year_later(exit_), row.day("900")
    kinds = {
        row.code(kind)
        for kind, when in CREDENTIALS
        if row.day(when) and row.day(when) <= deadline and not (entry and row.day(when) < entry)
    }
    enrolled = row.day("1406") is not None and row.day("1406") <= deadline
    return bool(kinds & {2, 3, 4, 5, 6, 7}) or (
        1 in kinds and (enrolled or any(works.values()))
    ), None


def skill_gain(row, window):
    entry, exit_, start, end = (row.day(e) for e in ("900", "901", "1811", "1813"))
    first, last = date.fromisoformat(window[0]), date.fromisoformat(window[1])
    if entry is None or entry > last or (exit_ and exit_ < first):
        return None
    if row.code("923") not in (None, 0, 7, 98, 99):
        return None
    if start is None or start > last or (end and end < first):
        return None
    gains = any(within(row.day(e), window) for e in ("1806", "1807", "1808", "1809", "1810"))
    diploma = any(row.code(k) == 1 and within(row.day(d), window) for k, d in CREDENTIALS)
    return (gains or diploma), None


def areas_of(extract: Path):
    """A function from a row to the (area_type, area) pairs that it belongs to."""
    lwia_of = {area.board_code: area.lwia for area in load_areas()}
    home, worked = {}, defaultdict(set)
    if (extract / "planner.csv").exists():
        with (extract / "planner.csv").open() as lines:
            home = {line["planner_id"]: line["lwia"] for line in csv.DictReader(lines)}
        for name in ("assignment", "service", "case_note"):
            with (extract / f"{name}.csv").open() as lines:
                for line in csv.DictReader(lines):
                    worked[line["customer"]].add(line["planner_id"])

    def areas(row):
        lwias = {lwia_of[row[e]] for e in ("108-A", "108-B", "108-C") if row[e] in lwia_of}
        planners = {p for p in worked[row["100"]] if home.get(p) in lwias}
        return {("state", "IL"), *(("lwia", a) for a in lwias), *(("planner", p) for p in planners)}

    return areas


def read(extract: Path):
    with (extract / "pirl.csv").open(newline="") as lines:
        return [Row(cells) for cells in csv.reader(lines)]


def figures(extract: Path, period: str):
    """{(window, area_type, area, program, measure): (numerator, denominator, value)}."""
    counts, wages = defaultdict(lambda: [0, 0]), defaultdict(list)
    areas = areas_of(extract)
    for row in read(extract):
        mine = areas(row)
        for window, windows in WINDOWS[period].items():
            for program in row.programs():
                measures = ("ERQ2", "ERQ4", "ME") + (("CR", "MSG") if program != "wp" else ())
                for measure in measures:
                    found = judge(row, program, measure, windows)
                    if found is None:
                        continue
                    for area in mine:
                        key = (window, *area, program, measure)
                        counts[key][0] += bool(found[0])
                        counts[key][1] += 1
                        wages[key] += [found[1]] if found[1] is not None else []
    return {
        key: (None, size, median(wages[key])) if key[-1] == "ME" else (hits, size, hits / size)
        for key, (hits, size) in counts.items()
    }
