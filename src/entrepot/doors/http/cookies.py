"""The cookie of a session, and what keeps pages of other sites from using it.

A browser sends the cookie whoever made the page. So what changes something also needs a header that only our
pages can fill, and a request that a browser itself says comes from another site is refused outright.
"""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from entrepot.accounts.sessions import is_csrf_token
from entrepot.values.errors import AccessDenied, worded

COOKIE: Final = "entrepot_session"
CSRF_HEADER: Final = "X-CSRF-Token"
_READING: Final = frozenset({"GET", "HEAD"})
_OUR_SITES: Final = frozenset({"same-origin", "none"})


def secret_of(cookies: Mapping[str, str]) -> str | None:
    """The secret of the session a request is made in; None without one."""
    return cookies.get(COOKIE) or None


def set_cookie(response: Response, secret: str, seconds: int, is_secure: bool) -> None:
    """Let the browser keep it: for this site's requests alone, hidden from scripts."""
    response.set_cookie(COOKIE, secret, max_age=seconds, path="/", secure=is_secure, httponly=True, samesite="lax")


def clear_cookie(response: Response, is_secure: bool) -> None:
    response.delete_cookie(COOKIE, path="/", secure=is_secure, httponly=True, samesite="lax")


def check_origin(scope: Scope, host: str) -> None:
    """Pass what no browser says to come from another site. Raises AccessDenied."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    hosts = {host, headers.get("host", "")}
    if headers.get("sec-fetch-site", "none") not in _OUR_SITES or (
        origin is not None and origin.partition("://")[2] not in hosts
    ):
        raise AccessDenied("This request comes from a page of another site.", readable=False)


def check_genuine(scope: Scope, host: str, secret: str) -> None:
    """Pass a call in a session that a page of ours made. Raises AccessDenied."""
    if scope["method"] in _READING:
        return
    check_origin(scope, host)
    if not is_csrf_token(Headers(scope=scope).get(CSRF_HEADER, ""), secret):
        raise AccessDenied(
            worded(
                "The header {csrf_header} is missing or not that of this session; it must hold the "
                "session's csrf_token.",
                csrf_header=CSRF_HEADER,
            ),
            readable=False,
        )
