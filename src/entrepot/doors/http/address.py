"""Where clients find this service: as it was told, else as the request says."""

import re

from starlette.types import Scope

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def base_url(scope: Scope, external_url: str = "") -> str:
    """The address that clients use for this service, without a slash at its end.

    Without an `external_url` it is what the Host header says; one that is no host is not repeated. The scheme is
    the connection's, or what a trusted proxy said (`proxies.py`); no other header is looked at.
    """
    if external_url:
        return external_url.rstrip("/")
    host = next((value for key, value in scope["headers"] if key == b"host"), b"").decode("latin-1")
    if not _HOST.fullmatch(host):
        server = scope.get("server") or ("127.0.0.1", None)
        host = f"{server[0]}:{server[1]}" if server[1] else str(server[0])
    return f"{scope['scheme']}://{host}"
