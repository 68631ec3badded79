"""Who may read what this project writes: the one place that sets modes.

    what                                    folders  files   read by
    site, snapshots, exports                0750     0640    the publishing account, and one group
    access store, audit log                 0700     0600    the account that serves

The caller's umask does not count: `by_intent` sets our own when a command begins, and the
processes that it starts inherit it. `--group` gives site and snapshots to a group, such as nginx's:
their folders then hand it on (the set-group-id bit) to all that is ever written below them.
"""

import os
import stat
from pathlib import Path

from ipats_lib.console import notice
from ipats_lib.errors import UsageError

SHARED_FOLDER, SHARED_FILE = 0o750, 0o640
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def by_intent() -> None:
    """From now on this process and those that it starts write folders 0750 and files 0640."""
    os.umask(0o777 & ~SHARED_FOLDER)


def shared_folder(root: Path, group: str = "") -> None:
    """Bring a folder, and all that is below, to what one group may read.

    What is as it must be at its root is not looked at again. group: its name; without it, it stays
    the group that it is. UsageError when there is no such group or we are not in it.
    """
    number = _number_of(group) if group else -1
    try:
        if not _is_shared(root.stat(), number):
            _share(root, number)
    except PermissionError:
        if group:
            raise UsageError(
                f"{root} cannot be given to the group {group}: it takes its owner, who is in it."
            ) from None
        notice(f"{root} belongs to another account and may be read by others than its group.")


def _number_of(group: str) -> int:
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UsageError(f"This machine has no group {group}.") from None


def _is_shared(facts: os.stat_result, number: int) -> bool:
    mode = stat.S_IMODE(facts.st_mode)
    given = number == -1 or (facts.st_gid == number and bool(mode & stat.S_ISGID))
    return given and mode & 0o777 == SHARED_FOLDER


def _share(root: Path, number: int) -> None:
    """The root comes last: it tells the next run that all is done."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            _set(os.path.join(folder, name), SHARED_FILE, number)
        _set(folder, SHARED_FOLDER, number)


def _set(path: str, mode: int, number: int) -> None:
    try:
        facts = os.lstat(path)
    except FileNotFoundError:  # another run's workspace
        return
    if stat.S_ISLNK(facts.st_mode):
        return
    if number not in (-1, facts.st_gid):
        os.chown(path, -1, number)
    hands_on = stat.S_ISDIR(facts.st_mode) and (number != -1 or facts.st_mode & stat.S_ISGID)
    os.chmod(path, mode | (stat.S_ISGID if hands_on else 0))


def private_folder(path: Path) -> None:
    """Make a folder that only this account may enter, or bring one of ours to that."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    facts = path.stat()
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) != PRIVATE_FOLDER:
        path.chmod(PRIVATE_FOLDER)


def open_private(path: str | Path, flags: int) -> int:
    """A descriptor of a file that only this account may read, made where it is not there."""
    number = os.open(path, flags | os.O_CREAT, PRIVATE_FILE)
    facts = os.fstat(number)
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) != PRIVATE_FILE:
        os.fchmod(number, PRIVATE_FILE)
    return number
