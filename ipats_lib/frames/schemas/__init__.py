"""Every frame's schema, in the order of the data dictionary."""

from ipats_lib.frames.schema import Kind, Schema, kinds
from ipats_lib.frames.schemas.assessment import ASSESSED
from ipats_lib.frames.schemas.cases import CASES
from ipats_lib.frames.schemas.outlook import OUTLOOKS
from ipats_lib.frames.schemas.performance import PERFORMANCE

SCHEMAS: dict[str, Schema] = {
    schema.name: schema for schema in (*PERFORMANCE, *OUTLOOKS, *ASSESSED, *CASES)
}
KINDS: dict[str, Kind] = kinds(tuple(SCHEMAS.values()))
