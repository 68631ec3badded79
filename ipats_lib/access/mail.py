"""Mail about access, by SMTP. A message names a user and the way in, never a customer."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import localtime, make_msgid

from ipats_lib.errors import AccessError

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


def asked_text(user: str, number: int) -> tuple[str, str]:
    """Subject and text of a request, as the Help Desk's: description and user name (domain 1.3)."""
    return (
        f"IPATS access request {number}",
        f"Request for IPATS access.\nIllinois workNet user name: {user}\n"
        "The Local System Administrator is in copy.\n",
    )


def strangers_text(numbers: list[int]) -> tuple[str, str]:
    """Subject and text to the approvers about many new requests under names of no account."""
    listed = ", ".join(map(str, numbers))
    return (
        "IPATS access requests under unknown names",
        f"{len(numbers)} new requests name accounts that IPATS does not know: {listed}\n",
    )


def granted_text(link: str) -> tuple[str, str]:
    """Subject and text of a grant: the link, the guide, and the way in later (domain 1.3)."""
    return (
        "Your access to IPATS",
        f"You have access to IPATS: {link}/\nThe IPATS Guide: {link}/help\n"
        "Later visits: log in to workNet, My Dashboard, Partner Tools, IPATS.\n",
    )


def refused_text(reason: str) -> tuple[str, str]:
    """Subject and text of a refusal."""
    return "Your request for access to IPATS", f"Your request was not granted: {reason}\n"


def roster_text(doubt: str, closed: int) -> tuple[str, str]:
    """Subject and text to the approvers about a roster that nobody was there to judge."""
    return (
        "IPATS kept its accounts: a new roster was not taken",
        f"A roster of IWDS accounts was not taken, since {doubt}. The roster before stays, but for "
        f"{closed:,} lines where the new one closes something.\n"
        "If it is right, import it again with --yes. Nobody may read once a roster is too old.\n",
    )


def reminder_text(numbers: list[int]) -> tuple[str, str]:
    """Subject and text to the approvers about requests that wait too long."""
    listed = ", ".join(map(str, numbers))
    return "IPATS access requests are waiting", f"Waiting for a decision: {listed}\n"
