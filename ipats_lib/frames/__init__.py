"""The frames that a notebook reads: their schemas, their keys, and how all scopes get theirs."""

CASE_TABLES = ("assignment", "service", "case_note", "application", "planner")
