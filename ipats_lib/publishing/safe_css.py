"""Style sheets and style attributes of outputs: scoped to their output, nothing from elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import tinycss2

from ipats_lib.publishing.failed import NotShown

_PICTURES = tuple(f"data:image/{kind}" for kind in ("png", "jpeg", "gif", "webp"))
# Functions that load something, or run something in an old browser.
_LOADING = frozenset(
    {"url", "src", "image", "image-set", "-webkit-image-set", "cross-fade", "element", "paint"}
    | {"-webkit-cross-fade", "expression"}
)
_RUNNING = frozenset({"behavior", "-moz-binding"})
_CONDITIONS = frozenset({"media", "supports"})
Rename = Callable[[str], str]
"""The new name of an element's id."""


def scoped_sheet(css: str, scope: str, rename: Rename) -> str:
    """The sheet with every selector below `scope`, and ids renamed as in the output's HTML.

    Raises NotShown for what loads from an address, imports, or would reach out of the output.
    """
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "\n".join(_rules(rules, scope, rename))


def _rules(rules: Sequence[Any], scope: str, rename: Rename) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = ", ".join(_selectors(rule.prelude, scope, rename))
            yield f"{selectors} {{ {_declarations(rule.content, False, rename)} }}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in _CONDITIONS and rule.content:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            condition = tinycss2.serialize(rule.prelude)
            body = "\n".join(_rules(inner, scope, rename))
            yield f"@{rule.lower_at_keyword}{condition}{{\n{body}\n}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            raise NotShown(
                "a style sheet with @import, @font-face or the like; keep to rules and @media"
            )


def _selectors(prelude: Sequence[Any], scope: str, rename: Rename) -> Iterator[str]:
    parts: list[list[Any]] = [[]]
    for token in _renamed(prelude, rename):
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    for part in parts:
        written = tinycss2.serialize(part).strip()
        # A leading combinator would choose the neighbors of the output, and `&` the whole page.
        if not written or written[0] in ">+~|" or "&" in written:
            raise NotShown("a style sheet with a selector that is not complete")
        yield f"{scope} {written}"


def _renamed(tokens: Sequence[Any], rename: Rename) -> Sequence[Any]:
    for token in tokens:
        if token.type == "hash":
            token.value = rename(token.value)
        _renamed(_inside(token), rename)
    return tokens


def _inside(token: Any) -> Sequence[Any]:
    return getattr(token, "content", None) or getattr(token, "arguments", None) or ()


def _declarations(content: Any, alone: bool, rename: Rename) -> str:
    """Declarations as they may be written; what no browser would read is left out.

    alone: of a style attribute, which no box of its output holds together.
    """
    found = tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True)
    written = []
    for one in found:
        if one.type == "at-rule":
            raise NotShown("a style sheet with rules inside rules")
        if one.type == "declaration":
            _check_declaration(one, alone, rename)
            important = " !important" if one.important else ""
            value = tinycss2.serialize(one.value).strip()
            written.append(
                f"{one.lower_name if one.name[:2] != '--' else one.name}: {value}{important}"
            )
    return "; ".join(written)


def _check_declaration(one: Any, alone: bool, rename: Rename) -> None:
    if one.lower_name in _RUNNING:
        raise NotShown("a style that runs a script; take it out")
    if one.lower_name == "position":
        places = {token.lower_value for token in one.value if token.type == "ident"}
        if places & ({"fixed", "absolute", "sticky"} if alone else {"fixed"}):
            raise NotShown("a style with a position of its own, which would cover the page")
    _check_values(one.value, rename)


def _check_values(tokens: Sequence[Any], rename: Rename) -> None:
    for token in tokens:
        if token.type == "url":
            _check_address(token.value)
            if token.value.startswith("#"):
                token.representation = f"url(#{rename(token.value[1:])})"
        elif token.type == "function" and token.lower_name in _LOADING:
            texts = [one for one in token.arguments if one.type != "whitespace"]
            if token.lower_name != "url" or len(texts) != 1 or texts[0].type != "string":
                raise NotShown("a style that loads a picture; show the picture itself")
            _check_address(texts[0].value)
            if texts[0].value.startswith("#"):
                texts[0].representation = f'"#{rename(texts[0].value[1:])}"'
        _check_values(_inside(token), rename)


def _check_address(address: str) -> None:
    if not address.startswith("#") and not address.lower().startswith(_PICTURES):
        raise NotShown("a style that loads from an address; nothing is loaded from outside")


@lru_cache(maxsize=4096)
def style_attribute(text: str) -> str:
    """The declarations of a style attribute that may stay.  Raises NotShown."""
    return _declarations(text, True, str)
