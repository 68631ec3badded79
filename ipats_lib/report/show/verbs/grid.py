"""Small multiples: pieces side by side, as many as the window has room for."""

from collections.abc import Mapping, Sequence

from ipats_lib.report.show.html import Shown, escape, piece, together, wrong


def grid(parts: Sequence[object] | Mapping[str, object], columns: int = 3) -> Shown:
    """Pieces (results of verbs, charts, texts) in two or three columns, in one on phones.

    parts: a mapping gives each piece its key as a small heading.
    """
    if columns not in (2, 3, 4, 5):
        raise wrong("A grid has 2 to 5 columns.")
    titles = list(parts) if isinstance(parts, Mapping) else [""] * len(parts)
    pieces = [piece(p) for p in (parts.values() if isinstance(parts, Mapping) else parts)]
    inside = "".join(
        f"<div>{f'<h3>{escape(title)}</h3>' if title else ''}{each.html}</div>"
        for title, each in zip(titles, pieces, strict=True)
    )
    return Shown(f"<div class='show show-grid of{columns}'>{inside}</div>", together(pieces))
