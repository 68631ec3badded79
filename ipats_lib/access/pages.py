"""The gateway's own pages, from templates that escape everything."""

from functools import cache
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ipats_lib.access.headers import FORM_COOKIE, PRIVATE, SESSION_COOKIE
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


def give_session(response: Response, token: str) -> Response:
    """Put the session's token where no script reads it."""
    return _give(response, SESSION_COOKIE, token)


def give_form_cookie(response: Response, token: str) -> Response:
    """Mark a browser before sign-in, so that a form can be told to be its own."""
    return _give(response, FORM_COOKIE, token)


def take_session(response: Response) -> Response:
    """Have the browser forget its session."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


def _give(response: Response, name: str, token: str) -> Response:
    response.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="lax")
    return response
