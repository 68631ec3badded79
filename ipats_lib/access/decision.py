"""The one decision: may this person read this path? Pure, and default deny (domain 1.2, 1.3).

The cases are the table in docs/access.md. Everything else asks here, at each request. What is
known about a person is facts, no judgement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ipats_lib.access.grammar import Target
from ipats_lib.errors import UsageError
from ipats_lib.scopes import STATE, Scope


class Role(Enum):
    """Roles of the IWDS accounts table (domain 1.2)."""

    STATE = "state"
    LWIA_ADMIN = "lwia_admin"
    PLANNER = "planner"
    NONE = ""

    @classmethod
    def read(cls, text: str) -> "Role":
        """The role of this name; NONE for a blank or unknown one."""
        return next((role for role in cls if role.value == text), cls.NONE)


@dataclass(frozen=True, slots=True)
class Account:
    """One role that the roster gives: an IWDS account, or a state user's line without one.

    holders: portal users to whom the IWDS account is linked; linked: whether this user is one by
    a link that stands; own: whether IWDS itself names this user on the line. lwia and planner are
    empty where the role has none.
    """

    iwds_user: str
    role: Role
    lwia: str
    planner: str
    active: bool
    linked: bool
    holders: int = 1
    own: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A portal (Illinois workNet) account and the roles linked to it."""

    user: str
    active: bool
    in_group: bool
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """When the IWDS accounts were exported, and how old they may become."""

    taken: datetime
    limit: timedelta


# Two machines' clocks may differ by this much; a roster from further ahead is not believed.
CLOCK = timedelta(minutes=5)


class Reason(Enum):
    """Why, as the audit log writes it."""

    IN_SCOPE = "in_scope"
    SHARED_FILE = "shared_file"
    NOT_A_PATH = "not_a_path"
    NOT_SIGNED_IN = "not_signed_in"
    PORTAL_INACTIVE = "portal_inactive"
    NOT_IN_GROUP = "not_in_group"
    NO_ROSTER = "no_roster"
    ROSTER_TOO_OLD = "roster_too_old"
    NOT_LINKED = "not_linked"
    IWDS_INACTIVE = "iwds_inactive"
    IWDS_SHARED = "iwds_account_of_several"
    NO_ROLE = "no_role"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allow or deny, and why."""

    allow: bool
    reason: Reason


def decide(
    person: Person | None, target: Target | None, roster: Roster | None, now: datetime
) -> Decision:
    """Whether `person` (None: nobody signed in) may read `target` (None: outside the grammar)."""
    if target is None:
        return Decision(False, Reason.NOT_A_PATH)
    if target.scope is None:
        return Decision(True, Reason.SHARED_FILE)
    barred = bar(person, roster, now)
    if barred is not None or person is None:
        return Decision(False, barred or Reason.NOT_SIGNED_IN)
    verdicts = [_verdict(account, target.scope) for account in person.accounts]
    if Reason.IN_SCOPE in verdicts:
        return Decision(True, Reason.IN_SCOPE)
    return Decision(False, _telling(verdicts))


def bar(person: Person | None, roster: Roster | None, now: datetime) -> Reason | None:
    """What keeps the person from everything; None when only the roles count."""
    if person is None:
        return Reason.NOT_SIGNED_IN
    if not person.active:
        return Reason.PORTAL_INACTIVE
    if not person.in_group:
        return Reason.NOT_IN_GROUP
    if roster is None:
        return Reason.NO_ROSTER
    if not -CLOCK <= now - roster.taken <= roster.limit:
        return Reason.ROSTER_TOO_OLD
    return None


def scopes_of(person: Person | None, roster: Roster | None, now: datetime) -> tuple[Scope, ...]:
    """The folders that the person may read, each with all that it contains; sorted."""
    if person is None or bar(person, roster, now) is not None:
        return ()
    found = {granted(account) for account in person.accounts if flaw(account) is None}
    return tuple(sorted(scope for scope in found if scope is not None))


def flaw(account: Account) -> Reason | None:
    """What is wrong with a role, whatever it is asked for; None when it counts."""
    if not account.linked:
        return Reason.NOT_LINKED
    if account.iwds_user and account.holders > 1:
        return Reason.IWDS_SHARED
    # State-level users need no IWDS account (domain 1.3): another's is no reason to be one.
    if not account.active and not (account.role is Role.STATE and account.own):
        return Reason.IWDS_INACTIVE
    return Reason.NO_ROLE if granted(account) is None else None


def granted(account: Account) -> Scope | None:
    """The scope that a role names; None when role, LWIA and planner do not make one.

    A state role needs no IWDS account; every other does. A planner without id is no administrator.
    """
    if account.role is Role.STATE:
        return STATE
    path = ""
    if account.role is Role.LWIA_ADMIN:
        path = f"lwia/{account.lwia}"
    elif account.role is Role.PLANNER:
        path = f"lwia/{account.lwia}/planner/{account.planner}"
    try:
        return Scope.parse(path) if account.iwds_user else None
    except UsageError:
        return None


def _verdict(account: Account, wanted: Scope) -> Reason:
    found = flaw(account)
    if found is not None:
        return found
    scope = granted(account)
    return Reason.IN_SCOPE if scope and scope.contains(wanted) else Reason.OUT_OF_SCOPE


_TELLING = (
    Reason.OUT_OF_SCOPE,
    Reason.IWDS_SHARED,
    Reason.IWDS_INACTIVE,
    Reason.NO_ROLE,
    Reason.NOT_LINKED,
)


def _telling(verdicts: list[Reason]) -> Reason:
    """The reason that says most about several refused roles; without any role, no link."""
    return next((reason for reason in _TELLING if reason in verdicts), Reason.NOT_LINKED)
