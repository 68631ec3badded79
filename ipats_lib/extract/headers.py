"""Which element a header cell means, in every spelling that occurs (domain 8.1, 8.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ipats_lib.errors import ExtractError
from ipats_lib.params import Layout

# A header that lacks one of these is not a PIRL file's; of the last group one is enough.
REQUIRED = ("100", "900", "901", "923")
STREAMS = ("903", "904", "905", "918")
SHORTEST_PREFIX = 10

_NUMBER = re.compile(
    r"(?:pirl|element|calc|item|p)?[\s_#.-]*(?P<digits>[0-9]{3,4})"
    r"(?:[\s_-]*(?P<letter>[a-c])(?![a-z0-9]))?(?![0-9])(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_RESERVED = re.compile(r"r[0-9]{3}", re.IGNORECASE)
_SSN_NUMBER = "2700"
_OBSERVATION = {"obs", "observation", "observationnumber", "obsno", "obsnumber"}


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a PIRL file is.

    elements: element number per column, None for a column that is left out. extra: header cells
    of unknown columns. ssn: how many columns hold Social Security numbers. missing: elements of
    the layout (reserved positions apart) that the file does not have.
    """

    elements: tuple[str | None, ...]
    header: bool
    extra: tuple[str, ...] = ()
    ssn: int = 0
    missing: tuple[str, ...] = ()


def normalized(text: str) -> str:
    """A name without spaces, signs and case."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def is_ssn(cell: str) -> bool:
    """Whether a header cell names a Social Security number (PIRL 2700)."""
    number = _NUMBER.fullmatch(cell.strip())
    if number and number["digits"] == _SSN_NUMBER:
        return True
    name = normalized(cell)
    return "socialsec" in name or name.startswith("ssn") or name.endswith("ssn")


class Spellings:
    """Every spelling of a layout's elements."""

    def __init__(self, layout: Layout) -> None:
        self._numbers = {element.number for element in layout.elements}
        named = [element for element in layout.elements if not element.reserved]
        self._names = {normalized(element.name): element.number for element in named}

    def by_number(self, cell: str) -> str | None:
        """Element of `900 Date of Program Entry (WIOA)`, `PIRL900`, `p900`, `PIRL 108-A`, `900`."""
        bare = cell.strip()
        if _RESERVED.fullmatch(bare):
            return bare.upper() if bare.upper() in self._numbers else None
        found = _NUMBER.fullmatch(bare)
        if found is None:
            return None
        lettered = f"{found['digits']}-{(found['letter'] or '').upper()}"
        if lettered in self._numbers:
            return lettered
        return found["digits"] if found["digits"] in self._numbers else None

    def by_name(self, cell: str) -> str | None:
        """Element of `DateOfProgramEntryWIOA`: its name, or the longest name that begins it."""
        wanted, names = normalized(cell), self._names
        if wanted in _OBSERVATION:
            return "OBS"
        for exact in (wanted, wanted.removesuffix("wioa")):
            if exact in names:
                return names[exact]
        begun = [name for name in names if len(name) >= SHORTEST_PREFIX and wanted.startswith(name)]
        if begun:
            return names[max(begun, key=len)]
        begin = [
            name for name in names if len(wanted) >= SHORTEST_PREFIX and name.startswith(wanted)
        ]
        return names[begin[0]] if len(begin) == 1 else None

    def names_element(self, cell: str) -> bool:
        """Whether a cell is plainly a header's, maybe of an element that the layout lacks."""
        numbered = re.match(r"(?i)(?:pirl|calc|item)[\s_]*[0-9]{3,4}", cell.strip())
        return bool(numbered or self.by_number(cell) or self.by_name(cell))


def looks_like_header(cells: Sequence[str], layout: Layout) -> bool:
    """Whether most filled cells of a first line name elements."""
    filled, spellings = [cell for cell in cells if cell.strip()], Spellings(layout)
    named = sum(spellings.names_element(cell) for cell in filled)
    return named >= 2 and 2 * named >= len(filled)


def match_header(cells: Sequence[str], layout: Layout, file: str) -> Columns:
    """Columns of a file with a header; ExtractError when it is not a PIRL header."""
    ssn, spellings = [is_ssn(cell) for cell in cells], Spellings(layout)
    found = [
        None if secret else spellings.by_number(c) for c, secret in zip(cells, ssn, strict=True)
    ]
    taken = {element for element in found if element}
    for at, cell in enumerate(cells):
        if found[at] is None and not ssn[at]:
            named = spellings.by_name(cell)
            if named is not None and named not in taken:
                found[at] = named
                taken.add(named)
    _refuse_doubles(found, file)
    _refuse_other_files(taken, file)
    extra = [c for c, e, s in zip(cells, found, ssn, strict=True) if e is None and not s]
    missing = [e.number for e in layout.elements if not e.reserved and e.number not in taken]
    return Columns(tuple(found), True, tuple(extra), sum(ssn), tuple(missing))


def _refuse_doubles(found: Sequence[str | None], file: str) -> None:
    for element in found:
        if element is not None and found.count(element) > 1:
            raise ExtractError(
                f"{file} line 1: the header names element {element} more than once; "
                "keep one column per element."
            )


def _refuse_other_files(taken: set[str], file: str) -> None:
    lacking = [number for number in REQUIRED if number not in taken]
    if not taken & set(STREAMS):
        lacking.append("903, 904, 905 or 918")
    if lacking:
        raise ExtractError(
            f"{file} line 1: the header lacks PIRL element {', '.join(lacking)}, so this is not "
            "a PIRL file; export the full PIRL file."
        )
