"""Joining: an edge becomes a node of a region, once, and is known by its secret from then on."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from entrepot.accounts.secrets import hash_of, secret_with
from entrepot.jobs.events import publish
from entrepot.mirror.rules import parse_url
from entrepot.plumbing.ids import new_id
from entrepot.regions import queries
from entrepot.regions.events import EdgeJoined
from entrepot.regions.room import Regions
from entrepot.values.errors import ParameterInvalid, RuleExists, TooMany, Unauthenticated, worded
from entrepot.values.names import EdgeName

SECRET_PREFIX: Final = "ees_"  # noqa: S105  # what a secret begins with
_VERSION_CHARS_MAX: Final = 64
_CAPACITY_MIN: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Application:
    """What an edge says of itself. `url`: where clients reach it; `capacity_bytes`: how much it may keep."""

    name: EdgeName
    region: str
    url: str
    capacity_bytes: int
    version: str


@dataclass(frozen=True, slots=True)
class Joined:
    """`secret` is told once: the edge shows it with each call."""

    id: str
    name: str
    region: str
    secret: str


async def join(regions: Regions, token: str, application: Application) -> Joined:
    """Make an edge a node of the token's region.

    Raises Unauthenticated for a token that is not ours or has ended, ParameterInvalid, RuleExists when another edge has
    the name, or TooMany.
    """
    url = check_edge_url(application.url)
    if application.capacity_bytes < _CAPACITY_MIN:
        raise ParameterInvalid(
            worded("An edge keeps at least {least} bytes.", least=_CAPACITY_MIN), field="capacity_bytes"
        )
    async with regions.db.writing() as tx:
        found = await queries.token_by_hash(tx, hash_of(token))
        if found is None:
            raise Unauthenticated(
                "The token to join with is not valid any more. An operator makes one: entrepot edge token create REGION"
            )
        if application.region not in ("", found.region):
            raise ParameterInvalid(
                worded(
                    "The token is for the region {region}, not {asked}.", region=found.region, asked=application.region
                ),
                field="region",
            )
        if await queries.edges_count(tx) >= regions.settings.edges_max:
            raise TooMany(
                worded("There are {limit} edges already.", limit=regions.settings.edges_max),
                limit=regions.settings.edges_max,
            )
        now, secret, edge_id = regions.clock.now(), secret_with(SECRET_PREFIX), new_id()
        row = {
            "id": edge_id,
            "name": application.name,
            "region": found.region,
            "url": url,
            "hash": hash_of(secret),
            "patterns": found.patterns,
            "version": application.version[:_VERSION_CHARS_MAX],
            "capacity_bytes": application.capacity_bytes,
            "joined_at": now,
            "seen_at": now,
        }
        if not await queries.save_edge(tx, row):
            raise RuleExists(
                worded(
                    "Another edge is called {name}. Give this one another --name, or forget the other one: "
                    "entrepot edge delete {name}",
                    name=application.name,
                ),
                kind="edge-exists",
            )
        joined = EdgeJoined(application.name, found.region, url, application.capacity_bytes, found.id)
        await publish(tx, joined, actor=f"edge:{edge_id}", at=now)
    return Joined(edge_id, application.name, found.region, secret)


def check_edge_url(text: str) -> str:
    """Where clients are sent: http:// or https:// with a host and nothing after it. Raises ParameterInvalid."""
    try:
        url = parse_url(text)
    except ParameterInvalid as error:
        raise ParameterInvalid(
            worded(
                "The address of an edge is http:// or https:// with a host and nothing after it, as "
                "https://edge.example.com; not {text}.",
                text=text[:100],
            ),
            field="url",
        ) from error
    if urlsplit(url).hostname in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        raise ParameterInvalid("An edge is reached at an address, not at every one: give it --url.", field="url")
    return url
