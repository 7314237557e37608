"""The page that shows the description of this API: `/docs`, Swagger UI from this server and no other.

Its files come with the package `fastapi-offline`. What they are told to show is `docs.js`: the page
holds no script of its own, so that its policy can forbid any.
"""

from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from fastapi import Response

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}  # the page names them with their version
_VENDOR: Final = "fastapi_offline"


async def show_docs() -> Response:
    """The description of this API as a page to read and try."""
    page = _file("entrepot.doors.manage", "docs.html").replace("VERSION", version("fastapi-offline"))
    return Response(page, media_type="text/html", headers={**_HEADERS, "Content-Security-Policy": _POLICY})


async def show_docs_start() -> Response:
    """What begins the page."""
    return Response(_file("entrepot.doors.manage", "docs.js"), media_type="text/javascript", headers=_HEADERS)


async def show_docs_script() -> Response:
    """Swagger UI."""
    script = _file(_VENDOR, "static/swagger-ui-bundle.js")
    return Response(script, media_type="text/javascript", headers={**_HEADERS, **_KEPT})


async def show_docs_style() -> Response:
    """Swagger UI's style."""
    return Response(_file(_VENDOR, "static/swagger-ui.css"), media_type="text/css", headers={**_HEADERS, **_KEPT})


@cache
def _file(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text()
