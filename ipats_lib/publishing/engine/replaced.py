"""Names of other libraries that mean something else while notebooks run, in whatever thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_lock = Lock()
_held: dict[tuple[int, str], tuple[int, Any]] = {}


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Have `owner.name` be `value` until the last of those who ask for it has left."""
    key = (id(owner), name)
    with _lock:
        users, before = _held.get(key, (0, getattr(owner, name)))
        _held[key] = users + 1, before
        setattr(owner, name, value)
    try:
        yield
    finally:
        with _lock:
            users, before = _held.pop(key)
            if users > 1:
                _held[key] = users - 1, before
            else:
                setattr(owner, name, before)
