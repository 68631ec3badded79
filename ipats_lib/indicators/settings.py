"""What a state may choose about the indicators, from `params/indicators.csv`."""

from functools import cache

from ipats_lib.errors import ParamsError
from ipats_lib.params import params_folder, read_rows

_CHOICES = {"gains_after_exit": ("accept", "refuse")}


@cache
def _settings() -> dict[str, str]:
    path = params_folder() / "indicators.csv"
    found = {
        row["setting"]: row["value"] for row in read_rows(path, ("setting", "value", "source"))
    }
    for name, allowed in _CHOICES.items():
        if found.get(name) not in allowed:
            raise ParamsError(f"{path}: {name} must be {' or '.join(allowed)}.")
    return found


def accepts_gains_after_exit() -> bool:
    """Whether a skill gain counts that is dated after exit, inside the window (domain 2.9).

    ParamsError when the file lacks the setting or holds another value.
    """
    return _settings()["gains_after_exit"] == "accept"
