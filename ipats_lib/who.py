"""Who runs this process, for locks and the audit log."""

import getpass
import os


def user_name() -> str:
    """The user's name; `uid 12345` where the system has none for the number (a container's)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the one up to Python 3.12, the other from 3.13
        return f"uid {os.getuid()}"
