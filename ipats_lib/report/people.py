"""Who is served and with what: trainings, providers, shares and groups (A-12, A-30 to A-35)."""

from functools import cache

import numpy as np
import pandas as pd

from ipats_lib.caseload import mix, trainings
from ipats_lib.cohorts import Mask
from ipats_lib.groups import PEOPLE, TRAINING_TYPES
from ipats_lib.levels.against import NOBODY
from ipats_lib.report import before, catalogue, display, downloads, queue, tables
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.tables import Column


@cache
def share_frame(report: Report) -> pd.DataFrame:
    """Shares of the catalogue (`mix.sized`): id, name, n (who has it), whole, share (0..1),
    flagged, and the share of earlier extracts with the change in words."""
    known = mix.load_shares()
    found = mix.sized(_asked(report)).rename(columns={"part": "n"})
    found.insert(1, "name", [f"{known[name].id} {known[name].name}" for name in found["id"]])
    old = {
        day: [_old_share(report, day, name) for name in found["id"]] for day in before.days(report)
    }
    return before.changed(report, found, found["share"].tolist(), old, before.points)


@cache
def _asked(report: Report) -> tuple[tuple[mix.Share, Mask, Mask], ...]:
    return tuple(mix.asked(report.records, as_of(report.data.about)))


def _old_share(report: Report, day: str, name: str) -> float:
    whole = before.count(report, day, "whole", name)
    return before.count(report, day, "share", name) / whole if whole else float("nan")


def shares(report: Report, *numbers: str) -> Html:
    """The shares whose id starts with one of these, each with its definition and threshold."""
    known, frame = mix.load_shares(), share_frame(report)
    mine = frame[[any(name.startswith(n) for n in numbers) for name in frame["id"]]]
    named = [known[name] for name in mine["id"]]
    shown = mine.assign(
        least=[display.NONE if s.at_least is None else display.rate(s.at_least) for s in named],
        status=list(map(_status, mine["flagged"], mine["whole"], (s.at_least for s in named))),
    )
    columns = (
        Column("name", "What"),
        Column("n", "Number", display.count, number=True),
        Column("whole", "Of", display.count, number=True),
        Column("share", "Share", display.rate, number=True),
        *before.columns(report, display.rate),
        Column("least", "At least", number=True),
        Column("status", "Status"),
    )
    what = dict(zip(mine["name"], named, strict=True))
    return display.together(
        tables.table(shown, "Shares", columns, "none."),
        catalogue.described(what, "What the shares are", "What"),
    )


def _status(low: bool, whole: int, least: float | None) -> str:
    if least is None:
        return ""
    if not whole:
        return NOBODY
    down, met = "\N{BLACK DOWN-POINTING TRIANGLE} below", "\N{BLACK CIRCLE} met"
    return down if low else met


@cache
def share_roster(report: Report) -> pd.DataFrame:
    """Whom each share counts: share (id), customer, program, counted (yes or no); one row per
    period of participation of its whole. Nobody for the state."""
    if report.scope.kind == "state":
        return pd.DataFrame(columns=["share", "customer", "program", "counted"])
    customers, programs = report.records.text("100"), _programs(report)
    names = [share.id for share, _, _ in _asked(report)]
    whole = [np.flatnonzero(of_whom) for _, of_whom, _ in _asked(report)]
    part = [held[of_whom] for _, of_whom, held in _asked(report)]
    places, counted = np.concatenate(whole), np.concatenate(part)
    return pd.DataFrame(
        {
            "share": np.repeat(names, [len(w) for w in whole]),
            "customer": customers[places],
            "program": programs[places],
            "counted": np.where(counted, "yes", "no"),
        }
    )


@cache
def _programs(report: Report) -> np.ndarray:
    program = report.desk.rows["row"].map(queue.programs(report))
    return program.fillna("").to_numpy(dtype="object")


@cache
def active_by_group(report: Report) -> pd.DataFrame:
    """The active customers by group (`mix.groups_of_active`)."""
    members = report.members
    today = as_of(report.data.about)
    return mix.groups_of_active(report.records, members.titles, members.holds, today)


@cache
def group_frame(report: Report) -> pd.DataFrame:
    """Who the active customers are (A-30): name, n, share (0..1) and n of earlier extracts."""
    frame = active_by_group(report)
    mine = frame[frame["dimension"].isin(PEOPLE)]
    name = mine["dimension"] + ": " + mine["group"]
    shown = pd.DataFrame({"name": name, "n": mine["n"], "share": mine["share"]})
    return before.beside(report, shown, "group", name.tolist())


def groups(report: Report) -> Html:
    columns = (
        Column("name", "Group"),
        Column("n", "Active", display.count, number=True),
        Column("share", "Of all active", display.rate, number=True),
        *before.columns(report),
    )
    caption = f"Active in Title I on {report.data.about.as_of}, by group"
    return tables.table(group_frame(report), caption, columns, "nobody is active.")


@cache
def group_roster(report: Report) -> pd.DataFrame:
    """Everybody active with their groups: customer, program and a column per dimension of
    `PEOPLE`; nobody for the state."""
    if report.scope.kind == "state":
        return pd.DataFrame(columns=["customer", "program", *PEOPLE])
    members = report.members
    active = np.flatnonzero(mix.active_records(report.records, as_of(report.data.about)))
    columns: dict[str, list[str]] = {}
    for dimension in PEOPLE:
        places = [i for i, (d, _) in enumerate(members.titles) if d == dimension]
        titles = [members.titles[i][1] for i in places]
        held = members.holds[active][:, places]
        columns[dimension] = ["; ".join(np.compress(line, titles)) for line in held]
    first = {"customer": report.records.text("100")[active], "program": _programs(report)[active]}
    return pd.DataFrame(first | columns)


@cache
def training_frame(report: Report) -> pd.DataFrame:
    """Trainings under way by type (`trainings.by_type`), and those of earlier extracts."""
    frame = trainings.by_type(open_frame(report))
    return before.beside(report, frame, "training", frame["type"].tolist())


def open_trainings(report: Report) -> Html:
    columns = (
        Column("type", "Type of training"),
        Column("n", "Open", display.count, number=True),
        *before.columns(report),
        Column("with_account", "On a training account", display.count, number=True),
        Column("occupations", "Different occupations", display.count, number=True),
    )
    caption = f"Open trainings by type on {report.data.about.as_of}"
    return tables.table(training_frame(report), caption, columns, "no training is open.")


@cache
def open_frame(report: Report) -> pd.DataFrame:
    """Every open training (`trainings.open_trainings`)."""
    return trainings.open_trainings(report.desk, TRAINING_TYPES)


@cache
def training_roster(report: Report) -> pd.DataFrame:
    """Each open training: customer, program, type, occupation (O*NET code), provider, with_account
    and start."""
    found = open_frame(report)
    program = found["row"].map(queue.programs(report))
    listed = ["customer", "program", "type", "occupation", "provider", "with_account", "start"]
    return found.assign(program=program.fillna(""))[listed]


@cache
def provider_frame(report: Report) -> pd.DataFrame:
    """Trainings under way by provider and type, and those of earlier extracts."""
    frame = trainings.by_provider(open_frame(report))
    return before.beside(
        report, frame, "provider", frame["provider"].tolist(), frame["type"].tolist()
    )


@cache
def occupation_frame(report: Report) -> pd.DataFrame:
    """Trainings under way by occupation, and those of earlier extracts."""
    frame = trainings.by_occupation(open_frame(report))
    return before.beside(report, frame, "occupation", frame["occupation"].tolist())


def providers(report: Report) -> Html:
    """The same trainings by provider; a sentence where the extract has no services."""
    if report.data.frames.get("service") is None:
        return display.paragraph("The extract has no service table.", "empty")
    columns = (
        Column("provider", "Provider"),
        Column("type", "Type of training"),
        Column("n", "Open", display.count, number=True),
        *before.columns(report),
    )
    frame = provider_frame(report)
    made = tables.table(frame, "Open trainings by provider", columns, "none is open.")
    return made if frame.empty else tables.as_roster(made)


def occupations(report: Report) -> Html:
    """The same trainings by the occupation that they lead to."""
    columns = (
        Column("occupation", "Occupation (O*NET code)"),
        Column("n", "Open", display.count, number=True),
        *before.columns(report),
    )
    frame = occupation_frame(report)
    made = tables.table(frame, "Open trainings by occupation", columns, "no training is open.")
    return made if frame.empty else tables.as_roster(made)


def offers(report: Report) -> Html:
    """Who is served, as CSV and workbook."""
    sheets = {"Groups": group_frame(report), "Shares": share_frame(report)}
    book = downloads.book(report, "Who is served", sheets)
    parts = [
        downloads.offer("people.csv", downloads.csv(sheets["Groups"]), "the active by group"),
        downloads.offer("people.xlsx", book, "groups and shares as a workbook"),
    ]
    if report.scope.kind != "state":
        parts.append(downloads.again("groups.csv", "each active customer's groups"))
        parts.append(downloads.again("shares.csv", "whom each share counts"))
    return display.together(*parts)
