"""The elements that a rule lists, such as `900|1806-1810`, by number and name."""

import re
from collections.abc import Iterator
from functools import cache

from ipats_lib.params import load_layout

_ELEMENT = re.compile(r"(\d{3,4})(?:-(\d{3,4}))?")


def parts_of(listed: str) -> Iterator[tuple[str, ...]]:
    """The elements of each part of a list: one, or those of a range."""
    return (_between(first, last) for first, last in _ELEMENT.findall(listed))


def elements_of(listed: str) -> tuple[str, ...]:
    """Every element that a list names, in the order of the layout."""
    return tuple(number for part in parts_of(listed) for number in part)


def element_names(listed: str) -> str:
    """The elements of a check by number and name; of a range the first and the last."""
    return ", ".join(
        f"{named(first)} to {named(last)}" if last else named(first)
        for first, last in _ELEMENT.findall(listed)
    )


@cache
def names() -> dict[str, str]:
    """The name of each element of the layout, by number."""
    return {element.number: element.name for element in load_layout().elements}


def named(number: str) -> str:
    """An element as number and name; the number alone where the layout has it not."""
    return f"{number} {names()[number]}" if number in names() else number


@cache
def _between(first: str, last: str) -> tuple[str, ...]:
    """The elements from the first to the last as the layout orders them; the first alone."""
    numbers = list(names())
    if not last or first not in numbers or last not in numbers:
        return (first,)
    return tuple(numbers[numbers.index(first) : numbers.index(last) + 1])
