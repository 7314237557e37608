"""One request to the registry protocol, parsed as far as every handler needs it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from entrepot.access.actor import Actor
from entrepot.accounts.credentials import Credentials
from entrepot.accounts.room import Accounts
from entrepot.doors.http.body import declared_length
from entrepot.doors.oci.sampled import SampledPulls
from entrepot.mirror.room import Mirror
from entrepot.regions.room import Regions
from entrepot.registry.room import Registry
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import RepositoryName

# Older clients look for it to know that this is a registry of protocol 2.
API_VERSION = {"Docker-Distribution-API-Version": "registry/2.0"}


@dataclass(frozen=True, slots=True)
class OciSettings:
    external_url: str = ""
    """How clients reach this service; empty: as the request's Host header says."""
    body_idle_seconds: float = 60.0
    docker_host: str = ""
    """What Docker Engines call this service as their mirror of Docker Hub; empty: none does."""


@dataclass(frozen=True, slots=True)
class OciRooms:
    """What the door works with."""

    accounts: Accounts
    credentials: Credentials
    registry: Registry
    mirror: Mirror
    settings: OciSettings
    sampled: SampledPulls | None = None
    """None where no pull is told one by one."""
    regions: Regions | None = None
    """Where there are nodes near clients; None at such a node."""

    def answered(self, scope: Scope, actor: Actor, path: str, reference: str, digest: str) -> None:
        """A manifest was sent, or to a HEAD what is known of it. What a regional node sends, that reports."""
        if actor.is_house and self.regions is not None:
            return
        self.registry.counts.answered(scope["method"], path, reference, digest, actor.id)
        if self.sampled is not None:
            self.sampled.answered(scope, actor, path, reference, digest)


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is empty and `reference` too where the route has none."""

    rooms: OciRooms
    request: Request
    actor: Actor
    name: RepositoryName
    reference: str

    @property
    def registry(self) -> Registry:
        return self.rooms.registry

    @property
    def length(self) -> int | None:
        return declared_length(self.request.headers.get("content-length"))

    @property
    def receive(self) -> Receive:
        return self.request.receive

    def page(self) -> tuple[str, int]:
        """The `last` and `n` parameters; `n` is bounded by the setting. Raises ParameterInvalid."""
        given = self.parameter("n")
        limit = self.registry.settings.page_max
        if given:
            if not given.isascii() or not given.isdigit():
                raise ParameterInvalid(f"n must be a number, not {given[:40]!r}.")
            limit = min(int(given), limit) if len(given) < 10 else limit
        return self.parameter("last"), limit

    def parameter(self, name: str) -> str:
        """A parameter of the query, empty when there is none. Raises ParameterInvalid for one with a NUL."""
        given = self.request.query_params.get(name, "")
        if "\0" in given:
            raise ParameterInvalid(f"The parameter {name} is text; this one has a null character.")
        return given


class Plain:
    """An answer of a status, headers and perhaps a small body, with its exact length."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes = b"", length: int | None = None) -> None:
        self._status = status
        self._body = body
        self._headers = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        if status not in (204, 304):
            size = len(body) if length is None else length
            self._headers.append((b"content-length", str(size).encode()))

    def add(self, key: str, value: str) -> None:
        """One more header line."""
        self._headers.append((key.lower().encode("latin-1"), value.encode("latin-1")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self._body})


Response = ASGIApp
