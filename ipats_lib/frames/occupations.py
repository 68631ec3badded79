"""What occupations are called: the major group of an O*NET code (`params/occupations.csv`)."""

from functools import cache

from numpy import object_
from numpy.typing import NDArray

from ipats_lib.params import read_each


@cache
def load_occupations() -> dict[str, str]:
    """The title of each major group by the first two digits of its codes."""
    columns = ("group", "title", "source")
    return dict(read_each("occupations.csv", columns, lambda row: (row["group"], row["title"])))


def occupation_titles(codes: NDArray[object_]) -> list[str]:
    """The major group of each code; blank where none is recorded or known."""
    known = load_occupations()
    return [known.get(code[:2], "") for code in codes]
