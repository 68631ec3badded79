"""What is known about a person when a request is decided: facts, no judgement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


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
