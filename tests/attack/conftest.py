"""The servers of the access tests are the ones attacked."""

from tests.access.conftest import embedded, fronted, place, rows, server

__all__ = ["embedded", "fronted", "place", "rows", "server"]
