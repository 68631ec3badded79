"""Schemas of the frames of the federal indicators."""

from ipats_lib.frames.schema import Schema

PERFORMANCE: tuple[Schema, ...] = ()
