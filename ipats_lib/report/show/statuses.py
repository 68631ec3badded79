"""Words of status with their shapes, and words as HTML."""

from collections.abc import Callable, Sequence

from ipats_lib.report.show.html import escape
from ipats_lib.report.show.numbers import WITHHELD

_HIDDEN = f"{WITHHELD}<span class='v'> withheld</span>"
# A word and a shape for each state: color is never alone.
_SHAPES = {
    "down": '<path d="M0 1H10L5 9.5Z"/>',
    "up": '<path d="M0 9H10L5 .5Z"/>',
    "dot": '<circle cx="5" cy="5" r="4"/>',
    "ring": '<circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "hollow": '<path d="M1 2H9L5 8Z" fill="none" stroke="currentColor" stroke-width="1.4"/>',
}
_ATTENTION = ("fails", "below", "misses", "much worse", "worse", "overdue", "late", "failure")
_GOOD = ("exceeds", "better", "much better", "success")
_PLAIN = ("meets", "this week", "due")
_OPEN = ("similar", "pending", "awaiting", "later", "excluded", "not judged")


def plainly(text: str) -> str:
    """A cell's words as HTML; the marker of a withheld value is read aloud as such."""
    return _HIDDEN if text == WITHHELD else escape(text)


def each(make: Callable[[str], str], texts: Sequence[str]) -> list[str]:
    """What is made of each text, once of those that are the same."""
    made = {text: make(text) for text in set(texts)}
    return [made[text] for text in texts]


def shape(name: str) -> str:
    return f'<svg class="m" viewBox="0 0 10 10" aria-hidden="true">{_SHAPES[name]}</svg>'


def needs_attention(status: str) -> bool:
    return status.partition(",")[0].lower() in _ATTENTION


def status_shape(status: str) -> str:
    """The name of a status's shape; empty for a word that is no status."""
    word = status.partition(",")[0].lower()
    named = ((_ATTENTION, "down"), (_GOOD, "up"), (_PLAIN, "dot"), (_OPEN, "ring"))
    return next((name for words, name in named if word in words), "")


def status_word(status: str) -> str:
    """A status as HTML."""
    name = status_shape(status)
    if not name:
        return plainly(status)
    css = "st alert" if needs_attention(status) else "st"
    return f'<span class="{css}">{shape(name)}{escape(status)}</span>'
