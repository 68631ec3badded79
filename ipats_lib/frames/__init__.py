"""The frames that a notebook reads: their schemas, their keys, and how all scopes get theirs."""

# Of several areas: made from the frame `areas` of the same edition; some of records, too.
ACROSS = (
    "areas",
    "trends",
    "funnels",
    "adjusted",
    "coefficients",
    "mix",
    "peers",
    "reach",
    "shapes",
)
