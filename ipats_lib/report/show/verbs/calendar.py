"""Days as a calendar file (iCalendar, RFC 5545), one all-day event a row."""

import re
from datetime import date
from functools import cache

import pandas as pd
from icalendar import vText
from icalendar.parser import Contentline

from ipats_lib.report.show.files import save
from ipats_lib.report.show.formats import Rows
from ipats_lib.report.show.html import Shown, escape, wrong

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\.ics")
_DAY = pd.Timedelta(1, "D")
# Octets of a content line; a longer one is folded.
_LINE = 75


def calendar(
    frame: pd.DataFrame,
    name: str,
    text: str,
    *,
    day: str,
    title: str,
    uid: str,
    made: date,
    what: str = "",
    why: str = "",
) -> Shown:
    """A link to the rows as a calendar file beside the page.

    name: such as `due-dates.ics`; the notebook's metadata list it under `downloads`. text: what it
    holds. day, title, uid, what, why: columns of the day, the event's title, its id (no two alike,
    and the same whenever it is made again), what to do and the reason. made: the day as of which
    the data are.
    """
    if not _NAME.fullmatch(name):
        raise wrong("A calendar file's name is like due-dates.ics: lower case, digits and hyphens.")
    known = Rows(frame)
    if len(set(known[uid])) < len(known):
        raise wrong(f"Two events have the same id in column {uid}.")
    texts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//IPATS//Due dates//EN"]
    blank = [""] * len(known)
    more = (known[name] if name else blank for name in (what, why))
    columns = zip(known[day], known[title], known[uid], *more, strict=True)
    for on, summary, own, description, comment in columns:
        texts += [
            "BEGIN:VEVENT",
            f"SUMMARY:{_escaped(summary)}",
            f"DTSTART;VALUE=DATE:{on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{on + _DAY:%Y%m%d}",
            f"DTSTAMP:{made:%Y%m%d}T000000Z",
            f"UID:{_escaped(own)}",
            f"DESCRIPTION:{_escaped(description)}",
            f"COMMENT:{_escaped(comment)}",
            "END:VEVENT",
        ]
    save(name, b"\r\n".join(_folded(line) for line in (*texts, "END:VCALENDAR", "")))
    link = f"<a href='{name}' download>Calendar file</a>"
    return Shown(f"<p class='show show-file'>{escape(text)}: {link}</p>", f"{text}: {name}")


def _folded(text: str) -> bytes:
    # The library's objects would cost ten times as much for each event.
    if len(text) <= _LINE and text.isascii():
        return text.encode()
    return bytes(Contentline(text).to_ical())  # type: ignore[no-untyped-call]


@cache
def _escaped(text: str) -> str:
    return vText(text).to_ical().decode()
