"""The servers of the access tests are the ones attacked."""

from tests.access.conftest import embedded, fronted, own_place, place, rows, server

__all__ = ["embedded", "fronted", "own_place", "place", "rows", "server"]
