"""Several pieces of which a reader looks at one: tabs."""

from collections.abc import Mapping

from ipats_lib.report.show.html import Shown, escape, piece, slug, together, wrong


def choose(parts: Mapping[str, object], label: str = "Choose") -> Shown:
    """Tabs, one per title. label: what is chosen, such as `Window`; one page uses each once.

    Without JavaScript, and on paper, all pieces stand one under the other. The choice is kept in
    the address, so it survives a reload and can be sent to somebody.
    """
    names = {title: f"{slug(label)}-{slug(title)}" for title in parts}
    if len(set(names.values())) < len(names):
        raise wrong("Two titles differ in punctuation alone; give each tab a name of its own.")
    pieces = {title: piece(part) for title, part in parts.items()}
    sections = "".join(
        f"<section id='{names[title]}' data-title='{escape(title)}'><h3>{escape(title)}</h3>"
        f"{each.html}</section>"
        for title, each in pieces.items()
    )
    html = f"<div class='show show-choose' data-label='{escape(label)}'>{sections}</div>"
    return Shown(html, together(pieces.values()))
