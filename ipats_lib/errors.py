"""Errors a user can fix, one class per kind and one exit code per class.

    IpatsError                 1   shown as one sentence, never as a traceback
    +-- UsageError             2   an argument names something that does not exist
    +-- ExtractError           2   the extract cannot be read as what it claims to be
    +-- ParamsError            3   a file under params/ breaks its own rules
    +-- SnapshotError          4   a snapshot is missing, damaged or of another version
    +-- NotebookError          5   a notebook breaks the catalogue's rules, or failed on a scope
    +-- PublicationError       6   a built site is not whole
    +-- PlaceError             6   a shared folder cannot be read or written
    +-- AccessError            7   an account, link, roster or audit log is not as it must be
    (selfcheck ends with       8   when a public file's results differ from ours)
    +-- PublisherBusyError    75   another publisher holds the site (EX_TEMPFAIL)
    +-- Interrupted          130   somebody stopped a publication (Ctrl-C)

A message names file, row, element and rule. It never repeats a value from a record: whoever may
see the record finds the value in the snapshot's findings.
"""


class IpatsError(Exception):
    """Base of everything that is shown to a user without a traceback.

    Its text has no sign that steers a terminal or turns the writing: what somebody handed over may
    be named in it.
    """

    exit_code = 1

    def __init_subclass__(cls, exit_code: int | None = None) -> None:
        cls.exit_code = cls.exit_code if exit_code is None else exit_code

    def __str__(self) -> str:
        text = super().__str__()
        plain = text.replace("\n", "").isprintable()
        return text if plain else "".join(map(_spelled, text))


def _spelled(sign: str) -> str:
    shown = sign.isprintable() or sign == "\n"
    return sign if shown else sign.encode("unicode_escape").decode()


class UsageError(IpatsError, exit_code=2):
    """An argument names a scope, period or path that does not exist."""


class ExtractError(IpatsError, exit_code=2):
    """The extract is not readable as a PIRL file or case-management table."""


class ParamsError(IpatsError, exit_code=3):
    """A file under `params/` is missing or breaks its own rules."""


class SnapshotError(IpatsError, exit_code=4):
    """A snapshot is missing, damaged or was made by an incompatible version."""


class NotebookError(IpatsError, exit_code=5):
    """A notebook breaks the catalogue's rules, or failed for a scope."""


class PublicationError(IpatsError, exit_code=6):
    """A built site failed its verification; the published site stays as it was."""


class PlaceError(IpatsError, exit_code=6):
    """A shared path or URL does not answer, or refuses."""


class AccessError(IpatsError, exit_code=7):
    """An account, link, roster or audit log does not exist or is not as it must be."""


class PublisherBusyError(IpatsError, exit_code=75):
    """Another publisher holds the site."""


class Interrupted(IpatsError, exit_code=130):  # noqa: N818  (what somebody asked for, no fault)
    """Somebody stopped a publication; what is published is whole."""
