"""Where what is in a mirror comes from, for people who look at it; and how engines are told to pull through it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.mirror.freshness import Standing, standing
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.snippets import Engine, Snippet, snippet
from entrepot.mirror.sources import policy_of
from entrepot.mirror.upstream_rules import upstream_name
from entrepot.mirror.upstreams import reached
from entrepot.registry import reach
from entrepot.values.errors import ParameterInvalid, Refused
from entrepot.values.names import OrganizationName, RepositoryName


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a repository of a mirror comes from: what clients call the registry, and what it is called there.

    `standings`: of the tags that were asked for and are held.
    """

    host: str
    name: str
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Configs:
    """How engines are told to pull through a mirror of `host`. `refusals`: why some cannot be.

    `is_public`: they need not sign in.
    """

    host: str
    is_public: bool
    snippets: Mapping[Engine, Snippet]
    refusals: Mapping[Engine, Refused]


async def hosts_of(mirror: Mirror, organizations: Collection[str]) -> Mapping[str, str]:
    """What the registries are called that organizations mirror, by organization; others are left out.

    For organizations that the caller was shown, or something in them.
    """
    async with mirror.db.reading() as tx:
        return await queries.hosts_of(tx, organizations)


async def show_origin(mirror: Mirror, actor: Actor, path: RepositoryName, tags: Sequence[str] = ()) -> Origin | None:
    """Where a repository comes from; None when its organization is no mirror.

    Raises Unauthenticated or RepositoryUnknown for one that the actor may not read.
    """
    async with mirror.db.reading() as tx:
        row = await queries.upstream_of(tx, path.organization)
        if row is None:
            return None
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        held = await queries.held_tags(tx, path, tags) if tags else ()
    policy, now = policy_of(row), mirror.clock.now().timestamp()
    standings = {one.name: standing(policy, one.asked_at, one.ask_after, now) for one in held}
    return Origin(row.host, upstream_name(row.host, path), {name: one for name, one in standings.items() if one})


async def list_configs(mirror: Mirror, actor: Actor, name: OrganizationName, address: str) -> Configs:
    """What `show_config` says for every engine, at this service's `address`. Raises what `show_mirror` raises."""
    async with mirror.db.reading() as tx:
        row = await reached(tx, actor, name)
    snippets: dict[Engine, Snippet] = {}
    refusals: dict[Engine, Refused] = {}
    for engine in Engine:
        try:
            snippets[engine] = snippet(
                engine, row.organization, row.host, row.endpoints[0], address, mirror.settings.docker_url
            )
        except ParameterInvalid as error:
            refusals[engine] = error
    return Configs(row.host, row.public_by_default, snippets, refusals)
