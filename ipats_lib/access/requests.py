"""Requests for access: asked, decided once, mailed about, and reminded of (domain 1.3).

Asking and deciding only write to the store; `send_due` sends what has not been sent, so that a mail
server that is away delays a message and loses none. A message names a user and the way in, never a
customer.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from typing import Any

from ipats_lib.access import accounts, throttle
from ipats_lib.access.decision import scopes_of
from ipats_lib.access.roster import USER
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store
from ipats_lib.errors import AccessError
from ipats_lib.scopes import Scope

PATIENCE = 20.0


class MailError(AccessError):
    """The mail server did not take a message."""


class ServerAwayError(MailError):
    """There is no mail server to talk to: no other message will be taken either."""


@dataclass(frozen=True, slots=True)
class Postbox:
    """The mail server, who writes, the approvers, and the address of IPATS for the link."""

    host: str
    port: int
    sender: str
    approvers: str
    link: str
    tls: bool = True

    def send(self, to: str, copy: str, subject: str, text: str) -> None:
        """Send one message; MailError when it was not taken, ServerAwayError when none would be."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Date"] = localtime()
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        if copy:
            message["Cc"] = copy
        message.set_content(text)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=PATIENCE) as server:
                if self.tls:
                    server.starttls(context=ssl.create_default_context())
                server.send_message(message)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            raise MailError(f"The mail server {self.host} did not take a message.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ServerAwayError(f"The mail server {self.host} cannot be reached.") from error


# Subject and text of each message, by its kind.
_TEXTS = {
    # As the Help Desk's: description and user name (domain 1.3).
    "asked": (
        "IPATS access request {number}",
        "Request for IPATS access.\nIllinois workNet user name: {user}\n"
        "The Local System Administrator is in copy.\n",
    ),
    "strangers": (
        "IPATS access requests under unknown names",
        "{count} new requests name accounts that IPATS does not know: {numbers}\n",
    ),
    # The link, the guide, and the way in later (domain 1.3).
    "granted": (
        "Your access to IPATS",
        "You have access to IPATS: {link}/\nThe IPATS Guide: {link}/help\n"
        "Later visits: log in to workNet, My Dashboard, Partner Tools, IPATS.\n",
    ),
    "refused": ("Your request for access to IPATS", "Your request was not granted: {reason}\n"),
    # To the approvers, about a roster that nobody was there to judge.
    "roster": (
        "IPATS kept its accounts: a new roster was not taken",
        "A roster of IWDS accounts was not taken, since {doubt}. The roster before stays, but for "
        "{closed:,} lines where the new one closes something.\n"
        "If it is right, import it again with --yes. Nobody may read once a roster is too old.\n",
    ),
    "reminder": ("IPATS access requests are waiting", "Waiting for a decision: {numbers}\n"),
}


def text_of(kind: str, **facts: object) -> tuple[str, str]:
    """Subject and text of a message; facts: what its text names."""
    subject, text = _TEXTS[kind]
    return subject.format(**facts), text.format(**facts)


ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")

_STRANGERS = "outcome IS NULL AND NOT EXISTS (SELECT 1 FROM portal p WHERE p.user = request.user)"
_MAKE_ROOM = f"""
DELETE FROM request WHERE id IN (
  SELECT id FROM request WHERE {_STRANGERS}
  ORDER BY count(*) OVER (PARTITION BY place) DESC, asked, id
  LIMIT max(0, (SELECT count(*) FROM request WHERE {_STRANGERS}) - :kept)) RETURNING id
"""  # noqa: S608  # our own texts


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. outcome: empty while it waits, then granted or refused."""

    id: int
    user: str
    mail: str
    administrator: str
    asked: datetime
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. kind: the column that says when it was sent; about: the requests it names."""

    kind: str
    about: tuple[Asked, ...]
    to: str
    copy: str
    subject: str
    text: str


Note = Callable[[Letter, bool], None]


def ask(
    store: Store, user: str, to: str, administrator: str, now: datetime, address: str = ""
) -> int:
    """Take a request, with the local administrator to be in copy; returns its number.

    A second one of the same user while the first waits is the first. AccessError for a name or
    mail address that is none, or when `requests_per_address` from this network address wait.
    """
    if not USER.fullmatch(user) or not all(map(ADDRESS.fullmatch, (to, administrator))):
        raise AccessError("Write your workNet user name and two mail addresses.")
    limits, place = load_settings(), throttle.place_of(address)
    with store.writing() as db:
        already = _select(store, "outcome IS NULL AND user = ?", user)
        if already:
            return already[0].id
        if place and len(_select(store, "outcome IS NULL AND place = ?", place)) >= (
            limits.requests_per_address
        ):
            raise AccessError("Too many requests from your network wait; ask the Help Desk.")
        made = db.execute(
            "INSERT INTO request (user, mail, administrator, place, asked) VALUES (?, ?, ?, ?, ?)",
            (user, to, administrator, place, now.timestamp()),
        )
    return int(made.lastrowid or 0)


def make_room(store: Store) -> tuple[int, ...]:
    """Take requests away that are too many, and return their numbers; to be called after `ask`.

    The form is open to all: it must not fill the store, and nobody may shut it for the others. Of
    requests under names of no account `requests_of_strangers` are kept; the oldest of the address
    with the most go first.
    """
    kept = {"kept": load_settings().requests_of_strangers}
    return tuple(sorted(row["id"] for row in store.db.execute(_MAKE_ROOM, kept).fetchall()))


def waiting(store: Store) -> tuple[Asked, ...]:
    """Requests without a decision, the oldest first."""
    return _select(store, "outcome IS NULL")


def decide_request(
    store: Store, number: int, grant: bool, reason: str, approver: str, now: datetime,
    mail_address: str = "",
) -> Asked:  # fmt: skip
    """Grant or refuse a request, once; AccessError when it does not wait or no reason is given.

    A grant adds the account to the group; what that opens, the linked roles say. mail_address: of
    the account, from the approver; it counts when the account has none. The address in the request
    is never the account's: whoever asks may write another's name.
    """
    if not reason.strip():
        raise AccessError("A decision needs a reason.")
    if mail_address and not ADDRESS.fullmatch(mail_address):
        raise AccessError("This is no mail address.")
    outcome = "granted" if grant else "refused"
    with store.writing() as db:
        row = db.execute(
            "UPDATE request SET outcome = ?, decided = ?, approver = ?, reason = ? "
            "WHERE id = ? AND outcome IS NULL RETURNING *",
            (outcome, now.timestamp(), approver, reason[:500], number),
        ).fetchone()
        if row is None:
            raise AccessError("This request is not waiting.")
        decided = _asked(row)
        known = accounts.mail_of(store, decided.user)
        if grant or (mail_address and accounts.person(store, decided.user)):
            accounts.create(store, decided.user, known or mail_address)
        if grant:
            accounts.set_group(store, decided.user, True, now)
        elif not accounts.mail_of(store, decided.user):
            _mailed(store, "outcome_mailed", decided, now)  # there is nobody to write to
    return decided


def unlinked(store: Store, now: datetime) -> tuple[Asked, ...]:
    """Granted requests whose person can still open nothing: no role is linked that counts."""
    return tuple(one for one in _awaiting_mail(store) if not opens(store, one.user, now))


def unaddressed(store: Store) -> tuple[Asked, ...]:
    """Granted requests of accounts without a mail address."""
    return tuple(one for one in _awaiting_mail(store) if not accounts.mail_of(store, one.user))


def _awaiting_mail(store: Store) -> tuple[Asked, ...]:
    return _select(store, "outcome = 'granted' AND outcome_mailed IS NULL")


def opens(store: Store, user: str, now: datetime) -> tuple[Scope, ...]:
    """The folders that a user can open at this moment."""
    return scopes_of(accounts.person(store, user), accounts.roster(store), now)


def due(store: Store, post: Postbox, now: datetime) -> list[Letter]:
    """The messages that are due, each for the requests that it is about.

    To the approvers: each new request (those under names of no account in one message, when they
    are more than `letters_of_strangers`), and one reminder of those that wait longer than
    `reminder_business_days`. To the account's own mail address and to nobody else: the outcome; a
    grant only when something opens. The administrator whom a request names is in copy of the
    request alone: that address, too, is the word of whoever asked.
    """
    strangers = _select(store, f"asked_mailed IS NULL AND {_STRANGERS}")
    many = strangers if len(strangers) > load_settings().letters_of_strangers else ()
    found = [
        Letter("asked_mailed", (new,), post.approvers, new.administrator,
               *text_of("asked", user=new.user, number=new.id))
        for new in _select(store, "asked_mailed IS NULL") if new not in many
    ]  # fmt: skip
    if many:
        text = text_of("strangers", count=len(many), numbers=_numbers(many))
        found.append(Letter("asked_mailed", many, post.approvers, "", *text))
    found += [
        Letter(
            "outcome_mailed",
            (done,),
            own,
            "",
            *text_of(done.outcome, link=post.link, reason=done.reason),
        )
        for done in _select(store, "outcome IS NOT NULL AND outcome_mailed IS NULL")
        if (own := accounts.mail_of(store, done.user))
        and (done.outcome != "granted" or opens(store, done.user, now))
    ]
    limit, today = load_settings().reminder_business_days, now.astimezone(UTC).date()
    open_ = _select(store, "outcome IS NULL AND reminded IS NULL")
    late = tuple(one for one in open_ if business_days(one.asked.date(), today) > limit)
    if late:
        text = text_of("reminder", numbers=_numbers(late))
        found.append(Letter("reminded", late, post.approvers, "", *text))
    return found


def send_due(store: Store, post: Postbox, now: datetime, note: Note = lambda *_: None) -> int:
    """Send every message that is due, each once and by itself; returns how many were taken.

    One that is not taken waits for the next time and holds up no other. `note` names each,
    before it is marked as sent. ServerAwayError when there is no server: everything waits.
    """
    sent = 0
    for letter in due(store, post, now):
        try:
            post.send(letter.to, letter.copy, letter.subject, letter.text)
        except ServerAwayError:
            note(letter, False)
            raise
        except MailError:
            note(letter, False)
            continue
        note(letter, True)
        for about in letter.about:
            _mailed(store, letter.kind, about, now)
        sent += 1
    return sent


def _numbers(requests: Sequence[Asked]) -> str:
    return ", ".join(str(asked.id) for asked in requests)


def business_days(first: date, last: date) -> int:
    """Business days (Monday to Friday) after `first` up to and with `last`; 0 when there are none.
    State holidays are not known here: a reminder may be early."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(day.weekday() < 5 for day in days)


def _mailed(store: Store, column: str, asked: Asked, now: datetime) -> None:
    statement = f"UPDATE request SET {column} = ? WHERE id = ?"  # noqa: S608  # our own column names
    store.db.execute(statement, (now.timestamp(), asked.id))


def _select(store: Store, which: str, *values: str) -> tuple[Asked, ...]:
    query = f"SELECT * FROM request WHERE {which} ORDER BY asked, id"  # noqa: S608  # our own texts
    return tuple(_asked(row) for row in store.db.execute(query, values).fetchall())


def _asked(row: Any) -> Asked:
    moment = datetime.fromtimestamp(row["asked"], UTC)
    facts = (row["user"], row["mail"], row["administrator"], moment)
    return Asked(row["id"], *facts, row["outcome"] or "", row["reason"] or "")
