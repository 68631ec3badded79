"""What of an output's HTML stays as it is, byte for byte, and what is read and written anew."""

import pytest

from ipats_lib.publishing.safe_html import is_plain

PLAIN = {
    "a word with url and brackets": "<p>our (url #1)</p>",
    "a part of the page in a style's place": "<p title='url(#a)'>a</p>",
    "a link inside the folder": "<a href='erq2.html#groups'>a</a>",
    "nested boxes": "<div><div class='table'><table><tbody></tbody></table></div></div>",
    "a data script": "<div><script type='application/json'>{\"a\": [1]}</script></div>",
}
NOT_PLAIN = {
    "a link to the root": '<a href="/state/">a</a>',
    "an address in capital letters": "<td style='fill:URL(a.svg)'>a</td>",
    "an address in a title": "<p title='url(a.svg)'>a</p>",
    "an address after one of the page": "<p title='url(#a) uRl(b)'>a</p>",
    "a box that is not closed": "<div><div>a</div>",
    "a box that nobody opened": "<p>a</p></section>",
    "a closing tag with a space": "<table></table >",
}


@pytest.mark.parametrize("html", PLAIN.values(), ids=PLAIN)
def test_html_that_is_written_as_it_should_be_stays(html):
    assert is_plain(html)


@pytest.mark.parametrize("html", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_html_that_leads_away_or_leaves_a_box_open_is_written_anew(html):
    assert not is_plain(html)
