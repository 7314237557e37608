"""A thin client that puts requests on the wire the way the official suites do.

- No Accept on a push, two Accept lines on a manifest read, Accept-Encoding: gzip always.
- Manifests and streamed uploads go out chunked, without Content-Length.
- Chunks carry `Content-Range: a-b`, without a unit.

It judges nothing but the form that every answer must have (`answers.check_form`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

from tests.live.conformance.answers import Answer, check_form

PIECE_BYTES = 64 * 1024
REPOSITORY_PATH = re.compile(r"/v2/(.+)/(?:blobs|manifests|tags|referrers)/")
CHALLENGE_PART = re.compile(r'(\w+)="([^"]*)"')

Headers = Sequence[tuple[str, str]]


class Registry:
    """A registry at `url`; `mode` says how requests are authenticated: none, basic or bearer."""

    def __init__(self, url: str, mode: str = "none", user: str = "", password: str = "") -> None:
        self.url = url.rstrip("/")
        self.mode = mode
        self.user, self.password = user, password
        self._tokens: dict[str, str] = {}
        self._scopes: dict[str, list[str]] = {}
        self._http = httpx2.Client(timeout=30, trust_env=False)
        self._http.headers.update({"Accept-Encoding": "gzip", "User-Agent": "entrepot-conformance"})
        del self._http.headers["Accept"]  # the library's own; a push has none

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Headers = (),
        body: bytes | None = None,
        chunked: bool = False,
        authorization: str | None = None,
    ) -> Answer:
        """Send one request, following the Bearer challenge once, and redirects of reads.

        `path` may be absolute (a Location). `authorization` replaces the client's own.
        """
        url = urljoin(self.url + "/", path)
        if params:
            url += ("&" if urlsplit(url).query else "?") + urlencode(params)
        if authorization is not None:
            return self._exchange(method, url, headers, body, chunked, authorization)

        key = _cache_key(url)
        answer = self._exchange(method, url, headers, body, chunked, self._authorization(key))
        if answer.status == 401 and self.mode == "bearer":
            self._follow_challenge(key, answer)
            answer = self._exchange(method, url, headers, body, chunked, self._authorization(key))
        return answer

    def challenge(self, answer: Answer) -> dict[str, str]:
        """The parameters of the Bearer challenge of a 401."""
        for value in answer.header_lines("WWW-Authenticate"):
            scheme, _, rest = value.partition(" ")
            if scheme.lower() == "bearer":
                return dict(CHALLENGE_PART.findall(rest))
        raise AssertionError(f"no Bearer challenge\n{answer}")

    def fetch_token(self, realm: str, service: str, scopes: Sequence[str], authorization: str | None = None) -> Answer:
        """Ask the token endpoint as docker does: GET, one `scope` per resource, Basic."""
        query = urlencode([("service", service), *(("scope", scope) for scope in scopes)])
        return self._exchange("GET", f"{realm}?{query}", (), None, False, authorization or self.basic)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def _authorization(self, key: str) -> str | None:
        if self.mode == "basic":
            return self.basic
        if self.mode == "bearer" and key in self._tokens:
            return f"Bearer {self._tokens[key]}"
        return None

    def _follow_challenge(self, key: str, answer: Answer) -> None:
        asked = self.challenge(answer)
        scopes = self._scopes.setdefault(key, [])
        scopes.extend(scope for scope in asked.get("scope", "").split() if scope not in scopes)
        granted = self.fetch_token(asked["realm"], asked["service"], scopes)
        assert granted.status == 200, f"no token for {scopes}\n{granted}"
        reply: dict[str, Any] = granted.json()
        self._tokens[key] = reply.get("token") or reply["access_token"]

    def _exchange(
        self, method: str, url: str, headers: Headers, body: bytes | None, chunked: bool, authorization: str | None
    ) -> Answer:
        lines = list(headers)
        if authorization:
            lines.append(("Authorization", authorization))
        content = _pieces(body) if chunked and body is not None else body
        request = self._http.build_request(method, url, headers=lines, content=content)
        if body is None and method in ("POST", "PUT", "PATCH"):
            request.headers["Content-Length"] = "0"
        response = self._http.send(request, follow_redirects=method in ("GET", "HEAD"))
        answer = Answer(
            method,
            url,
            response.status_code,
            tuple((key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in response.headers.raw),
            response.content,
        )
        check_form(answer)
        return answer


def _cache_key(url: str) -> str:
    """Tokens are kept per repository, as the official client does.

    It reads the repository out of an upload's Location too, which is why that one has to keep
    the path `/v2/<name>/blobs/uploads/<one segment>`.
    """
    found = REPOSITORY_PATH.match(urlsplit(url).path)
    return found[1] if found else ""


def _pieces(body: bytes) -> Iterator[bytes]:
    # An iterator has no length, so the library chooses Transfer-Encoding: chunked.
    if not body:
        yield b""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]
