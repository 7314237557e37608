"""Pages of the console in the same large installation: how long the server takes, and how much comes."""

import http.client
import time
from collections.abc import Iterator
from statistics import median, quantiles
from urllib.parse import urlencode

from bench.figures import Figure
from tests.live.process import Server

CALLS = 100
WARM_CALLS = 10
PAGES = {
    "overview": "/console/",
    "organizations": "/console/organizations?q=team77",
    "my images": "/console/images",
    "my images, by name": "/console/images?q=service-777",
    "an image": "/console/images/team7/service-10006",
    "search": "/console/search?q=service-10006",
}


def measured(server: Server, kind: str, member: str) -> Iterator[Figure]:
    """The median time of a page over one connection, for an administrator and for a member."""
    for name in (server.user, member):
        visitor = Visitor(server, name)
        for what, path in PAGES.items():
            times, size = visitor.times(path)
            note = f"99 % within {quantiles(times, n=100)[98]:.2f} ms; {size / 1_000:.0f} kB of HTML"
            yield Figure(f"page: {what}", f"entrepot, {kind}, {name}", median(times), "ms", note=note)


class Visitor:
    """A browser's session over one connection."""

    def __init__(self, server: Server, name: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        body = urlencode({"user": name, "password": server.password})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/console/login", body, headers)
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]

    def times(self, path: str) -> tuple[list[float], int]:
        """Milliseconds of each call, and the bytes of one answer."""
        size = 0
        for _ in range(WARM_CALLS):
            size = self._get(path)
        found = []
        for _ in range(CALLS):
            started = time.perf_counter()
            self._get(path)
            found.append((time.perf_counter() - started) * 1_000)
        return found, size

    def _get(self, path: str) -> int:
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {said[:500]!r}")
        return len(said)
