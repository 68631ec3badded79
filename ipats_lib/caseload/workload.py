"""How the work is spread over planners (A-25, A-26), inside one LWIA."""

from functools import cache

from ipats_lib.params import read_each


@cache
def load_weights() -> dict[str, float]:
    """`params/workload.csv`: what one period of participation of a status weighs."""
    columns = ("status", "weight", "source")
    pairs = read_each("workload.csv", columns, lambda row: (row["status"], float(row["weight"])))
    return dict(pairs)
