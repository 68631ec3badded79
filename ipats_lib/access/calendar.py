"""Business days: Monday to Friday. State holidays are not known here: a reminder may be early."""

from datetime import date, timedelta


def business_days(first: date, last: date) -> int:
    """Business days after `first` up to and with `last`; 0 when there are none."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(day.weekday() < 5 for day in days)
