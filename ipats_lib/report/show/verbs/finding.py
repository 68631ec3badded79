"""The answer to a page's question, before everything else on it."""

from ipats_lib.report.show.html import Shown, escape


def finding(
    sentence: str, more: str = "", *, figure: str = "", note: str = "", attention: bool = False
) -> Shown:
    """The answer in a sentence, with a large figure beside it.

    more: a second sentence in lighter type. figure: already written, such as `64.4%`; attention:
    whether the figure needs it. note: what is counted, in small type.
    """
    css = "big-figure alert" if attention else "big-figure"
    large = f"<p class='{css}'>{escape(figure)}</p>" if figure else ""
    rest = f" <span>{escape(more)}</span>" if more else ""
    small = f"<p class='small'>{escape(note)}</p>" if note else ""
    html = (
        f"<div class='show show-finding'>{large}<div><p class='says'><b>{escape(sentence)}</b>"
        f"{rest}</p>{small}</div></div>"
    )
    return Shown(html, " ".join(filter(None, (sentence, more, note))))
