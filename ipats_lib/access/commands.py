"""The command line of access: accounts, links, the group, the roster, the audit log; serving."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ipats_lib.access import accounts
from ipats_lib.access.audit import AuditError, AuditLog, Event, Head, log_files, verify
from ipats_lib.access.audit import usage as used
from ipats_lib.access.decision import bar, decide, flaw, granted, scopes_of
from ipats_lib.access.grammar import read_path
from ipats_lib.access.repair import repair
from ipats_lib.access.requests import Letter, MailError, Postbox, opens, send_due, text_of
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.settings import load_settings
from ipats_lib.access.store import Store, existing
from ipats_lib.console import Commands, say
from ipats_lib.errors import AccessError, UsageError
from ipats_lib.inputs import has_suffix
from ipats_lib.locks import held, user_name
from ipats_lib.modes import open_private

access = Commands(no_args_is_help=True, help="Accounts, links, the group, and who sees what.")
audit = Commands(no_args_is_help=True, help="The log of every decision.")
StoreFile = Annotated[Path, typer.Option("--access", help="The access store.")]
AuditFolder = Annotated[Path, typer.Option("--audit", help="The audit log's folder.")]
User = Annotated[str, typer.Argument(help="The portal (workNet) user name.")]
Server = Annotated[
    str, typer.Option(help="HOST:PORT of the mail server that reports a refused roster.")
]
Sender = Annotated[str, typer.Option(help="With --server: who writes.")]
Approvers = Annotated[str, typer.Option(help="With --server: who receives them.")]
Plain = Annotated[bool, typer.Option("--plain", help="Mail without TLS: on this machine.")]
STORE, AUDIT = Path("var/access/access.db"), Path("var/access/audit")


def _log_there(folder: Path) -> Path:
    """The audit log that there is."""
    if not log_files(folder):
        raise AuditError(f"{folder} holds no audit log: name its folder with --audit.")
    return folder


def _note(folder: Path, event: str, user: str, thing: str = "", outcome: str = "done") -> None:
    """Record an operator's deed inside its transaction: no record, no deed; no deed, no record."""
    log = AuditLog(folder)
    try:
        now, operator = datetime.now(UTC), f"operator {user_name()}"
        log.append(Event(event, outcome, operator, user=user, object=thing), now)
    finally:
        log.close()


@access.command()
def create(
    user: User,
    mail: Annotated[str, typer.Option(help="Where mail about access goes.")] = "",
    local: Annotated[bool, typer.Option(help="Read a password from standard input.")] = False,
    store: StoreFile = STORE,
    log: AuditFolder = AUDIT,
) -> None:
    """Make an account; with --local one that signs in with a password."""
    secret = None
    if local:
        from ipats_lib.access.sessions import hashed

        secret = hashed(sys.stdin.readline().rstrip("\n"))
    with Store(store) as opened, opened.writing():
        accounts.create(opened, user, mail, secret)
        _note(log, "create", accounts.spelled(opened, user))


@access.command()
def grant(user: User, store: StoreFile = STORE, log: AuditFolder = AUDIT) -> None:
    """Add an account to the authorization group, and switch it on."""
    with existing(store) as opened, opened.writing():
        user, now = accounts.spelled(opened, user), datetime.now(UTC)
        accounts.set_group(opened, user, True, now)
        accounts.set_active(opened, user, True)
        folders = " ".join(scope.path for scope in opens(opened, user, now))
        _note(log, "grant", user, f"may open: {folders or 'nothing'}")


@access.command()
def revoke(user: User, store: StoreFile = STORE, log: AuditFolder = AUDIT) -> None:
    """Take an account out of the group and end its sessions: it sees nothing from now on."""
    with existing(store) as opened, opened.writing():
        user = accounts.spelled(opened, user)
        accounts.set_group(opened, user, False, datetime.now(UTC))
        _note(log, "revoke", user)


@access.command()
def disable(user: User, store: StoreFile = STORE, log: AuditFolder = AUDIT) -> None:
    """Switch an account off: it can no longer sign in either."""
    with existing(store) as opened, opened.writing():
        user = accounts.spelled(opened, user)
        accounts.set_active(opened, user, False)
        _note(log, "disable", user)


@access.command()
def link(
    user: User,
    iwds: Annotated[str, typer.Option(help="The IWDS account.")] = "",
    issuer: Annotated[str, typer.Option(help="A provider's issuer, with --subject.")] = "",
    subject: Annotated[str, typer.Option(help="The provider's `sub` of this user.")] = "",
    part: Annotated[bool, typer.Option("--part", help="Part them instead.")] = False,
    store: StoreFile = STORE,
    log: AuditFolder = AUDIT,
) -> None:
    """Link an IWDS account, or a provider's identity, to a portal account."""
    if bool(iwds) == bool(issuer and subject):
        raise UsageError("Write --iwds, or --issuer with --subject.")
    with existing(store) as opened, opened.writing():
        user = accounts.spelled(opened, user)
        if iwds:
            accounts.set_link(opened, user, iwds, not part)
        else:
            accounts.set_identity(opened, user, issuer, subject, not part)
        thing = f"IWDS account {iwds}" if iwds else f"an identity of {issuer}"
        _note(log, "part" if part else "link", user, thing)


@access.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(help="A roster, an accounts CSV of IWDS, a database's .toml, a snapshot."),
    ],
    taken: Annotated[
        datetime | None, typer.Option(help="When IWDS wrote the CSV or extract, UTC.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Believe a roster that is empty or lacks many accounts.")
    ] = False,
    server: Server = "",
    sender: Sender = "",
    approvers: Approvers = "",
    plain: Plain = False,
    store: StoreFile = STORE,
    log: AuditFolder = AUDIT,
) -> None:
    """Replace the roster of IWDS accounts, as a whole or not at all."""
    from ipats_lib.access.roster_files import (
        database_accounts,
        read_accounts,
        read_roster,
        snapshot_roster,
    )

    said: tuple[str, ...] = ()
    post = postbox_of(server, sender, approvers, "", plain) if server else None
    if has_suffix(source, ".toml"):
        file, said = database_accounts(source)
    elif source.is_dir():
        file = snapshot_roster(source, taken)
    elif not has_suffix(source, ".csv"):
        file = read_roster(source)
    elif taken is None:
        raise UsageError("A CSV does not say how old it is: write --taken, in UTC.")
    else:
        file, said = read_accounts(source, taken)
    for text in said:
        say("note", f"{source.name}: {text}")
    print(take_roster(file, str(source), store, log, sure=yes, post=post))


def take_roster(
    file: RosterFile,
    source: str,
    store: Path,
    log: Path,
    *,
    sure: bool = False,
    post: Postbox | None = None,
) -> str:
    """Make `file` the roster of an access store; the sentence that says so.

    source: where it comes from, for messages. sure: believe one that is empty or lacks many
    accounts. post: who is mailed about one that is refused. AccessError then: what it closes is
    closed all the same. AccessError, too, for one older than the roster that is in the store.
    """
    now, day = datetime.now(UTC), file.taken.isoformat()
    with Store(store) as opened, opened.writing():
        done = accounts.import_roster(opened, file, now, sure=sure)
        thing = f"roster of {day}" + (f", {done.changed} lines closed" if done.doubt else "")
        _note(log, "import", "", thing, "refused" if done.doubt else "done")
    if done.doubt:
        why = (
            f"{source} is not taken, since {done.doubt}: the roster before stays, but for "
            f"{done.changed:,} lines where this one closes something. If it is right, "
            "import it with `access import --yes`."
        )
        if post:
            _tell(post, log, why, *text_of("roster", doubt=done.doubt, closed=done.changed))
        raise AccessError(why)
    if now - file.taken > (limit := load_settings().roster_limit):
        say("old", f"This roster is older than {limit.days} days, so that nobody may read.")
    return f"{done.changed:,} accounts, taken {day}."


@access.command("list")
def list_(store: StoreFile = STORE) -> None:
    """Every account, what it may see, and what keeps it from more."""
    with existing(store) as opened:
        roster, now = accounts.roster(opened), datetime.now(UTC)
        for person, signs_in in accounts.listed(opened):
            barred = bar(person, roster, now)
            folders = " ".join(scope.path for scope in scopes_of(person, roster, now))
            print(f"{person.user}\t{barred.value if barred else folders or 'nothing'}\t{signs_in}")


@access.command()
def who(
    path: Annotated[str, typer.Argument(help="A published path, or a user name with --user.")],
    user: Annotated[bool, typer.Option("--user", help="Explain one user's roles.")] = False,
    store: StoreFile = STORE,
) -> None:
    """Who may read a path and why; or with --user, what each role of one user opens."""
    with existing(store) as opened:
        if user:
            _explain(opened, path)
            return
        target, roster, now = read_path(path.encode()), accounts.roster(opened), datetime.now(UTC)
        if target is None:
            raise UsageError("No published file has such a path: it does not fit the grammar.")
        for person, _ in accounts.listed(opened):
            made = decide(person, target, roster, now)
            print(f"{person.user}\t{'allow' if made.allow else 'deny'}\t{made.reason.value}")


def _explain(store: Store, user: str) -> None:
    person = accounts.person(store, user)
    if person is None:
        raise UsageError("There is no such account.")
    barred = bar(person, accounts.roster(store), datetime.now(UTC))
    print(f"{person.user}\t{barred.value if barred else 'may sign in and see:'}")
    for account in person.accounts:
        wrong, scope = flaw(account), granted(account)
        opens = wrong.value if wrong else scope
        print(f"  {account.iwds_user or '(no IWDS account)'}\t{account.role.value}\t{opens}")


@audit.command("verify")
def verify_log(
    log: AuditFolder = AUDIT,
    known: Annotated[str, typer.Option(help="A head noted before: LINES:HASH.")] = "",
) -> None:
    """Check the whole chain, and print its head to be noted elsewhere."""
    lines, _, digest = known.partition(":")
    if known and not (lines.isdigit() and len(digest) == 64):
        raise UsageError("Write --known as this command printed it: LINES:HASH.")
    head = verify(_log_there(log), Head(int(lines), digest) if known else None)
    print(f"{head.lines}:{head.hash}")


@audit.command("repair")
def repair_log(log: AuditFolder = AUDIT) -> None:
    """Set a log file with a torn last line aside as evidence, and go on after the line before."""
    print(repair(_log_there(log), f"operator {user_name()}", datetime.now(UTC)))


@audit.command()
def usage(log: AuditFolder = AUDIT) -> None:
    """How often each user was shown a page and refused one, as CSV."""
    import pandas as pd

    from ipats_lib.report.show.files import csv

    counted = used(_log_there(log))
    if counted.note:
        say("damaged", counted.note)
    found = pd.DataFrame(counted.users, columns=["user", "shown", "refused"])
    print(csv(found).decode(), end="")


def postbox_of(server: str, sender: str, approvers: str, link: str, plain: bool) -> Postbox:
    """The mail server HOST:PORT, with who writes and who receives. Raises UsageError."""
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError("Write --server as HOST:PORT.")
    if not sender or not approvers:
        raise UsageError("Beside --server write --sender and --approvers.")
    return Postbox(host, int(port), sender, approvers, link.rstrip("/"), tls=not plain)


def _tell(post: Postbox, log: Path, why: str, subject: str, text: str) -> None:
    """Mail the approvers why a roster was not taken; where that fails, the error says both."""
    try:
        post.send(post.approvers, "", subject, text)
    except MailError as error:
        _note(log, "mail", "", subject, "refused")
        raise AccessError(f"{why} {error}") from error
    _note(log, "mail", "", subject)


@access.command("mail")
def mail_due(
    server: Annotated[str, typer.Option(help="The mail server, HOST:PORT.")],
    sender: Annotated[str, typer.Option(help="Who writes.")],
    approvers: Annotated[str, typer.Option(help="Where requests go.")],
    link: Annotated[str, typer.Option(help="The address of IPATS, for the mails.")],
    plain: Plain = False,
    store: StoreFile = STORE,
    log: AuditFolder = AUDIT,
) -> None:
    """Send what is due about requests, and reminders; to be run every few minutes."""
    post = postbox_of(server, sender, approvers, link, plain)
    failed = 0

    def note(letter: Letter, taken: bool) -> None:
        nonlocal failed
        failed += not taken
        about = ", ".join(str(asked.id) for asked in letter.about)
        outcome = "done" if taken else "refused"
        _note(log, "mail", "", f"{letter.kind} of request {about}", outcome)

    # A run that takes long is still sending when the next one begins: no message goes out twice.
    alone = store.with_name("mail.lock")
    with (
        existing(store) as opened,
        os.fdopen(open_private(alone, os.O_WRONLY), "w") as lock,
        held(lock.fileno(), float("inf")),
    ):
        sent = send_due(opened, post, datetime.now(UTC), note)
    print(f"{sent} sent")
    if failed:
        raise MailError(f"{failed} messages were not taken; they are tried again the next time.")
