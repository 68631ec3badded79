"""Schemas of the frames of customers, services and work."""

from ipats_lib.frames.schema import Schema

CASES: tuple[Schema, ...] = ()
