"""Clients that pull as the protocol says: where they are sent on to, and back to the registry when that fails."""

import http.client
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.live.mirror.conftest import OCI_MANIFEST, digest_of
from tests.live.networks.places import Place

ACCEPTS = {"Accept": f"{OCI_MANIFEST}, */*"}
TRIES_MAX = 5
_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Pulled:
    """`by`: the address that sent the blob, whole. `sent_to`: to which addresses the registry sent on to, and when."""

    by: str
    sent_to: Sequence[tuple[str, float]]


class PullFailed(AssertionError):
    """A client gave up on a blob."""


@dataclass
class Puller:
    """One client at a place, with one of its addresses; not for several threads. `header`: its credentials."""

    address: str
    header: str
    _connections: dict[str, http.client.HTTPConnection] = field(default_factory=dict)

    def pull(self, url: str, digest: str) -> Pulled:
        """The blob at `url`. Raises PullFailed when it was not to be had."""
        sent_to: list[tuple[str, float]] = []
        said: list[str] = []
        for _ in range(TRIES_MAX):
            try:
                status, location, body = self.get(url, self.header)
                by = url
                if status == 307:
                    by = location
                    sent_to.append((_host(by), time.monotonic()))
                    status, _, body = self.get(by)
                if status == 200 and digest_of(body) == digest:
                    return Pulled(_host(by), sent_to)
                said.append(f"{status} from {_host(by)}")
            except (OSError, http.client.HTTPException) as error:
                said.append(f"{type(error).__name__}: {error}")
        raise PullFailed(f"{digest}: {said}")

    def get(self, url: str, header: str = "") -> tuple[int, str, bytes]:
        """Status, location and body of the answer. Raises OSError or HTTPException."""
        parts = urlsplit(url)
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=_SECONDS_MAX, source_address=(self.address, 0)
            )
            self._connections[parts.netloc] = connection
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            connection.request("GET", target, headers=ACCEPTS | ({"Authorization": header} if header else {}))
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


@contextmanager
def crowd(place: Place, count: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads that are at the place."""
    with ThreadPoolExecutor(count, initializer=place.enter) as pool:
        yield pool


def pull_as(address: str, header: str, blobs: Iterable[tuple[str, str]]) -> list[Pulled]:
    """What a client with this address got of `blobs`, pairs of URL and digest; its thread is at the place."""
    puller = Puller(address, header)
    try:
        return [puller.pull(url, digest) for url, digest in blobs]
    finally:
        puller.close()


def pull_all(place: Place, header: str, blobs: Iterable[tuple[str, str]], clients: int = 8) -> list[Pulled]:
    """The same of clients at the place, who share `blobs` among them."""
    work = list(blobs)
    with crowd(place, clients) as pool:
        shares = pool.map(lambda n: pull_as(place.address(1 + n), header, work[n::clients]), range(clients))
        return [pulled for some in shares for pulled in some]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
