"""Mirrors: organizations whose images come from another registry. The contract has no calls for them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import Body, Flag, Number, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.mirror import upstreams
from entrepot.mirror.freshness import Policy, Prefetch
from entrepot.mirror.snippets import Engine, Snippet
from entrepot.mirror.upstreams import Change, Shown, Upstream
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import OrganizationName
from entrepot.values.words import one_of


async def _mirror(mirror: Annotated[str, Path(description="A mirror, which is an organization.")]) -> OrganizationName:
    return OrganizationName.parse(mirror)


TheMirror = Annotated[OrganizationName, Depends(_mirror)]

_Endpoints = Annotated[
    list[Word], Field(description="Addresses of the upstream, in the order in which they are asked: scheme and host.")
]
_Username = Annotated[Word, Field(description="Who asks there; empty: nobody in particular.")]
_Password = Annotated[Text, Field(description="Kept secret.")]
_Authority = Annotated[
    Text, Field(description="Certificates (PEM) of who signs the upstream's; empty: those known here.")
]
_Proxy = Annotated[
    Word, Field(description="Address of a proxy to ask through, with user and password if it wants them; kept secret.")
]
_Host = Annotated[
    Word,
    Field(
        description="What clients call the registry, where that is not its first address, as `docker.io`; empty: it is."
    ),
]
_Transparent = Annotated[
    Flag,
    Field(description="Pulls that name the registry itself may be led to it; of several that may, to the oldest."),
]
_Fresh = Annotated[Number, Field(description="Seconds for which a tag is served without asking the upstream.")]
_Stale = Annotated[
    Number, Field(description="Seconds after that in which it is served at once and asked about meanwhile.")
]
_Absent = Annotated[Number, Field(description="Seconds for which it is believed that something is not there.")]
_Fetches = Annotated[Number, Field(description="Blobs that one server process fetches at the same time.")]
_Limit = Annotated[
    Number,
    Field(description="Bytes that it may hold: of more, what was pulled longest ago is deleted. 0: as much as comes."),
]
_Requests = Annotated[
    Number,
    Field(description="Requests to the upstream that one server process sends in a minute; 0: as many as needed."),
]
_Prefetch = Annotated[
    Word,
    Field(
        description="Of an image for several platforms: `asked` fetches what is asked for, `all` later the others, too."
    ),
]


class CreateMirror(Body):
    """Images of the upstream are pulled as `NAME/REPOSITORY`. `is_public`: by anybody."""

    name: Word
    endpoints: _Endpoints
    username: _Username = ""
    password: _Password = ""
    authority: _Authority = ""
    proxy: _Proxy = ""
    host: _Host | None = None
    is_public: Flag = False
    is_transparent: _Transparent | None = None
    fresh_seconds: _Fresh | None = None
    stale_seconds: _Stale | None = None
    absent_seconds: _Absent | None = None
    fetches_max: _Fetches | None = None
    limit_bytes: _Limit | None = None
    requests_per_minute: _Requests | None = None
    prefetch: _Prefetch | None = None


class UpdateMirror(Body):
    """What is absent stays."""

    endpoints: _Endpoints | None = None
    username: _Username | None = None
    password: _Password | None = None
    authority: _Authority | None = None
    proxy: _Proxy | None = None
    host: _Host | None = None
    is_transparent: _Transparent | None = None
    fresh_seconds: _Fresh | None = None
    stale_seconds: _Stale | None = None
    absent_seconds: _Absent | None = None
    fetches_max: _Fetches | None = None
    limit_bytes: _Limit | None = None
    requests_per_minute: _Requests | None = None
    prefetch: _Prefetch | None = None


class MirrorRow(BaseModel):
    """`host`: what clients call the upstream, as in `?ns=` of a transparent pull. `username` is told to operators."""

    name: str
    host: str
    endpoints: list[str]
    username: str
    has_password: bool
    has_authority: bool
    has_proxy: bool
    is_transparent: bool
    fresh_seconds: int
    stale_seconds: int
    absent_seconds: int
    fetches_max: int
    limit_bytes: int
    requests_per_minute: int
    prefetch: str
    creator_name: str
    created_at: str
    updated_at: str


class Mirrors(BaseModel):
    mirrors: list[MirrorRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class MirrorConfig(BaseModel):
    """`file`: where `text` goes on the machine that pulls; `then`: a command to run after that, if one is needed."""

    engine: str
    file: str
    text: str
    then: str


async def create_mirror(call: TheCall, body: CreateMirror) -> MirrorRow:
    """Make an organization whose images come from another registry. Operators may."""
    given = _policy(body)
    upstream = Upstream(
        body.endpoints,
        body.username,
        body.password,
        body.authority,
        body.proxy,
        Policy(**given),
        body.host or "",
        body.is_transparent is not False,
    )
    name = OrganizationName.parse(body.name)
    return _row(await upstreams.create_mirror(call.rooms.mirror, call.actor, name, upstream, body.is_public))


async def list_mirrors(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Mirrors:
    """Mirrors that the caller may read, by name."""
    page = await upstreams.list_mirrors(call.rooms.mirror, call.actor, marker or "", parse_limit(limit))
    return Mirrors(mirrors=[_row(one) for one in page.items], nextMarker=page.after)


async def show_mirror(call: TheCall, mirror: TheMirror) -> MirrorRow:
    """One mirror."""
    return _row(await upstreams.show_mirror(call.rooms.mirror, call.actor, mirror))


async def update_mirror(call: TheCall, mirror: TheMirror, body: UpdateMirror) -> MirrorRow:
    """Change what is given. What is here stays. Operators may."""
    secrets = (body.username, body.password, body.authority, body.proxy)
    change = Change(body.endpoints, *secrets, _policy(body), body.host, body.is_transparent)
    return _row(await upstreams.change_mirror(call.rooms.mirror, call.actor, mirror, change))


async def delete_mirror(call: TheCall, mirror: TheMirror) -> None:
    """Bring nothing more from the upstream: the organization stays, with what is in it, as one like others."""
    await upstreams.delete_mirror(call.rooms.mirror, call.actor, mirror)


async def show_mirror_config(
    call: TheCall,
    mirror: TheMirror,
    engine: Annotated[Word, Query(alias="for", description=f"What pulls: {', '.join(Engine)}.")],
) -> MirrorConfig:
    """How an engine is told to pull through a mirror."""
    wanted = one_of(Engine, engine, "for")
    found = await upstreams.show_config(call.rooms.mirror, call.actor, mirror, wanted, _address(call))
    return _config(found)


def _policy(body: CreateMirror | UpdateMirror) -> dict[str, Any]:
    """What was said of it."""
    given = {name: value for name in asdict(Policy()) if (value := getattr(body, name)) is not None}
    if "prefetch" in given:
        given["prefetch"] = one_of(Prefetch, given["prefetch"], "prefetch")
    return given


def _address(call: Call) -> str:
    return f"{'https' if call.is_secure else 'http'}://{call.host}"


def _config(found: Snippet) -> MirrorConfig:
    return MirrorConfig(engine=found.engine, file=found.file, text=found.text, then=found.then)


def _row(found: Shown) -> MirrorRow:
    fields: dict[str, Any] = asdict(found.policy)
    return MirrorRow(
        name=found.organization,
        host=found.host,
        endpoints=list(found.endpoints),
        username=found.username,
        has_password=found.has_password,
        has_authority=found.has_authority,
        has_proxy=found.has_proxy,
        is_transparent=found.is_transparent,
        **fields,
        creator_name=found.creator_name,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.changed_at),
    )
