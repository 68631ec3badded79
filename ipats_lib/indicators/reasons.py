"""Reason codes in plain words."""

from functools import cache

from ipats_lib.params import params_folder, read_rows


@cache
def load_reasons() -> dict[str, str]:
    """`params/reasons.csv`: reason code to plain words; ParamsError when it cannot be read."""
    rows = read_rows(params_folder() / "reasons.csv", ("reason", "plain"))
    return {row["reason"]: row["plain"] for row in rows}


def plain_reason(code: str) -> str:
    """The words for a reason code; an unlisted exit reason is named by its code (923)."""
    known = load_reasons().get(code)
    return known or f"Left out: exit reason {code.removeprefix('exit_reason_')}"
