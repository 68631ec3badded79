"""The gateway's own pages, from templates that escape everything."""

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ipats_lib.access.headers import PRIVATE, SESSION_COOKIE
from ipats_lib.publishing.files import joined

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )


def page(name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    """One page; never kept by a browser."""
    text = _environment().get_template(f"{name}.html.j2").render(**values)
    return HTMLResponse(text, status, headers={"Cache-Control": PRIVATE})


def not_found() -> Response:
    """The one answer to what is not there and to what is not theirs."""
    return page("not_found", HTTPStatus.NOT_FOUND)


def style() -> Response:
    """The stylesheet of the gateway's pages: that of the published ones."""
    return Response(joined("*.css"), media_type="text/css")


def see_other(path: str) -> Response:
    """Send the browser to one of our own pages."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, headers={"Cache-Control": PRIVATE})


_COOKIE: Any = {"path": "/", "secure": True, "httponly": True, "samesite": "lax"}


def give(response: Response, cookie: str, token: str) -> Response:
    """Put a token where no script reads it: the session's, or one that marks a browser before
    sign-in, so that a form can be recognized as its own."""
    response.set_cookie(cookie, token, **_COOKIE)
    return response


def take_session(response: Response) -> Response:
    """Have the browser forget its session."""
    response.delete_cookie(SESSION_COOKIE, **_COOKIE)
    return response
