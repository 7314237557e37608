"""Virtual organizations as they are defined, and why a member answers."""

from collections.abc import AsyncIterator, Iterator

import pytest

from entrepot.access.actor import ANONYMOUS
from entrepot.access.levels import Action, Level
from entrepot.mirror.room import Mirror
from entrepot.mirror.tables import virtual_name, virtual_organization
from entrepot.mirror.upstreams import Upstream as MirrorOf
from entrepot.mirror.upstreams import create_mirror
from entrepot.mirror.virtual.definitions import (
    Change,
    Definition,
    Merged,
    change_virtual,
    create_virtual,
    delete_virtual,
    list_virtuals,
    show_virtual,
)
from entrepot.mirror.virtual.explaining import Outcome, Verdict, explain
from entrepot.mirror.virtual.pulls import find_manifest
from entrepot.registry import browse, organizations
from entrepot.registry.explaining import explain_access
from entrepot.registry.organizations import delete_organization
from entrepot.registry.tables import virtual_member
from entrepot.values.accept import Accept
from entrepot.values.errors import (
    AccessDenied,
    OrganizationExists,
    OrganizationUnknown,
    ParameterInvalid,
    Unauthenticated,
    VirtualUnknown,
)
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event, rows_in
from tests.make.upstream import Upstream, running_upstream

ALL, ACME, HUB = OrganizationName("all"), OrganizationName("acme"), OrganizationName("hub")
V1 = TagName("v1")
DEFINITION = Definition([Merged(HUB, deny=["team/*"]), Merged(ACME)], deny=["secret/*"], quarantine_seconds=86_400)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture
async def mirror(cast: Cast, upstream: Upstream) -> AsyncIterator[Mirror]:
    """`hub` mirrors the upstream; `all` merges it and `acme`, with rules and a quarantine of a day."""
    room = cast.rooms.mirror
    await create_mirror(room, cast["admin"], HUB, MirrorOf((upstream.url,)))
    await create_virtual(room, cast["admin"], ALL, DEFINITION)
    yield room
    await room.running.close()


async def test_it_is_made_and_shown_with_its_members_in_order(mirror: Mirror, cast: Cast) -> None:
    shown = await show_virtual(mirror, cast["admin"], ALL)

    assert [(one.organization, bool(one.host), one.deny) for one in shown.members] == [
        ("hub", True, ("team/*",)),
        ("acme", False, ()),
    ]
    assert (shown.deny, shown.allow, shown.quarantine_seconds) == (("secret/*",), (), 86_400)
    assert (shown.creator_name, shown.is_public) == ("admin", False)
    found = await organizations.show_organization(mirror.registry, cast["admin"], ALL)
    assert (found.is_virtual, found.is_mirror) == (True, False)
    listed = await organizations.list_organizations(mirror.registry, cast["admin"])
    assert {one.name: (one.is_mirror, one.is_virtual) for one in listed} == {
        "acme": (False, False),
        "all": (False, True),
        "hub": (True, False),
    }


async def test_only_operators_make_change_and_end_one(mirror: Mirror, cast: Cast) -> None:
    await cast.rooms.domain("partner")
    for actor in (cast["manager"], await cast.rooms.sign_in("partner/boss")):
        with pytest.raises(AccessDenied):
            await create_virtual(mirror, actor, OrganizationName("own"), DEFINITION)
        with pytest.raises(AccessDenied):
            await change_virtual(mirror, actor, ALL, Change(quarantine_seconds=0))
        with pytest.raises(AccessDenied):
            await delete_virtual(mirror, actor, ALL)


async def test_who_may_read_it_sees_it_and_operators_do(mirror: Mirror, cast: Cast) -> None:
    with pytest.raises(VirtualUnknown):
        await show_virtual(mirror, cast["reader"], ALL)
    with pytest.raises(Unauthenticated):
        await show_virtual(mirror, ANONYMOUS, ALL)
    with pytest.raises(VirtualUnknown):
        await show_virtual(mirror, cast["admin"], ACME)
    assert (await list_virtuals(mirror, cast["reader"], "", 10)).items == []

    await cast.rooms.grant("all", "reader", Level.READ)

    assert (await show_virtual(mirror, cast["reader"], ALL)).organization == "all"
    assert [one.organization for one in (await list_virtuals(mirror, cast["reader"], "", 10)).items] == ["all"]


async def test_they_are_listed_page_by_page(mirror: Mirror, cast: Cast) -> None:
    await create_virtual(mirror, cast["admin"], OrganizationName("more"), Definition([Merged(ACME)]))
    first = await list_virtuals(mirror, cast["admin"], "", 1)
    assert ([one.organization for one in first.items], first.after) == (["all"], "all")
    last = await list_virtuals(mirror, cast["admin"], "all", 1)
    assert ([one.organization for one in last.items], last.after) == (["more"], None)


async def test_what_cannot_be_merged_is_refused_and_leaves_nothing(mirror: Mirror, cast: Cast) -> None:
    name = OrganizationName("more")
    wrong: list[tuple[list[Merged], type[Exception]]] = [
        ([], ParameterInvalid),
        ([Merged(ACME), Merged(ACME)], ParameterInvalid),
        ([Merged(ALL)], ParameterInvalid),
        ([Merged(name)], ParameterInvalid),
        ([Merged(OrganizationName("nobody"))], OrganizationUnknown),
        ([Merged(ACME, allow=["Not A Name"])], ParameterInvalid),
        ([Merged(ACME)] * 33, ParameterInvalid),
    ]
    for members, error in wrong:
        with pytest.raises(error):
            await create_virtual(mirror, cast["admin"], name, Definition(members))
    with pytest.raises(OrganizationExists):
        await create_virtual(mirror, cast["admin"], ACME, Definition([Merged(HUB)]))
    assert await rows_in(mirror.db, virtual_organization) == 1


async def test_what_happens_to_one_is_told(mirror: Mirror, cast: Cast) -> None:
    before = await last_event(mirror.db)
    await change_virtual(mirror, cast["admin"], ALL, Change(members=[Merged(ACME)], quarantine_seconds=60))
    await delete_virtual(mirror, cast["admin"], ALL)

    changed, deleted = [one for one in await events_after(mirror.db, before) if one.type.startswith("virtual.")]
    assert (changed.type, changed.organization, set(changed.data["now"])) == (
        "virtual.changed",
        "all",
        {"members", "quarantine_seconds"},
    )
    assert changed.data["before"]["quarantine_seconds"] == 86_400
    assert (deleted.type, deleted.data["before"]["quarantine_seconds"]) == ("virtual.deleted", 60)
    created = [one for one in await events_after(mirror.db) if one.type == "virtual.created"]
    assert [one["organization"] for one in created[0].data["members"]] == ["hub", "acme"]


async def test_one_that_is_ended_is_an_empty_organization_that_nobody_else_reads(mirror: Mirror, cast: Cast) -> None:
    await organizations.change_organization(mirror.registry, cast["admin"], ALL, public_by_default=True)
    assert await browse.readable(mirror.registry, ANONYMOUS, [ALL]) == {ALL}

    await delete_virtual(mirror, cast["admin"], ALL)

    assert await browse.readable(mirror.registry, ANONYMOUS, [ALL]) == set()
    assert not (await organizations.show_organization(mirror.registry, cast["admin"], ALL)).is_virtual
    assert await rows_in(mirror.db, virtual_member) == 0
    await cast.rooms.push("all/own", "v1")


async def test_it_goes_with_its_organization(mirror: Mirror, cast: Cast) -> None:
    await find_manifest(mirror, cast["admin"], RepositoryName("all/app"), V1, Accept())
    assert await rows_in(mirror.db, virtual_name) == 1

    await delete_organization(mirror.registry, cast["admin"], ALL)

    assert [await rows_in(mirror.db, one) for one in (virtual_organization, virtual_member, virtual_name)] == [0] * 3


async def test_it_is_explained_who_answers(mirror: Mirror, cast: Cast, upstream: Upstream) -> None:
    held = await explain(mirror, cast["admin"], ALL, RepositoryName("all/app"), V1)
    assert (held.outcome, held.organization, held.there, held.digest) == (
        Outcome.SERVED,
        "acme",
        "acme/app",
        str(cast.image.digest),
    )
    assert held.why == "acme holds app itself, so nobody else is asked."
    assert [one.verdict for one in held.members] == [Verdict.NOT_ASKED, Verdict.ANSWERS]

    upstream.push("tool", "v1")
    young = await explain(mirror, cast["admin"], ALL, RepositoryName("all/tool"), V1)
    assert (young.outcome, young.organization, young.free_at) == (Outcome.REFUSED, "hub", "2026-01-02T00:00:01Z")
    cast.rooms.clock.advance(days=1)
    old = await explain(mirror, cast["admin"], ALL, RepositoryName("all/tool"), V1)
    assert (old.outcome, old.there) == (Outcome.SERVED, "hub/tool")
    assert old.why == "hub is the first, in order, that has tool."
    assert old.known_since is not None
    assert [one.verdict for one in old.members] == [Verdict.ANSWERS, Verdict.ABSENT]
    whose = await explain(mirror, cast["admin"], ALL, RepositoryName("all/tool"), None)
    assert (whose.outcome, whose.organization, whose.digest) == (Outcome.SERVED, "hub", "")
    assert await rows_in(mirror.db, virtual_name) == 0


async def test_it_is_explained_why_nobody_does(mirror: Mirror, cast: Cast, upstream: Upstream) -> None:
    async def explained(name: str) -> tuple[Outcome, list[tuple[str, str]]]:
        found = await explain(mirror, cast["admin"], ALL, RepositoryName(f"all/{name}"), V1)
        return found.outcome, [(one.verdict, one.rule) for one in found.members]

    nothing = [("absent", ""), ("absent", "")]
    assert await explained("team/app") == (Outcome.REFUSED, [("refused", "deny team/*"), ("absent", "")])
    assert await explained("secret/app") == (Outcome.REFUSED, [("refused", "deny secret/*"), ("absent", "")])
    assert await explained("none") == (Outcome.ABSENT, nothing)
    upstream.push("tool", "v2")
    assert await explained("tool") == (Outcome.ABSENT, [("answers", ""), ("absent", "")])
    upstream.is_down = True
    assert (await explained("away"))[0] is Outcome.AWAY
    with pytest.raises(VirtualUnknown):
        await explain(mirror, cast["stranger"], ALL, RepositoryName("all/app"), V1)


async def test_nobody_is_said_to_push_where_images_come_from_elsewhere(mirror: Mirror, cast: Cast) -> None:
    """Whatever was given to them."""
    registry, admin = mirror.registry, cast["admin"]
    for what in ("hub/nginx", "all/app"):
        for action in (Action.REPOSITORY_PUSH, Action.REPOSITORY_TAG):
            found = await explain_access(registry, admin, "me", action, RepositoryName(what))
            assert (found.is_permitted, found.is_allowed) == (True, False)
            assert [one.gate for one in found.gates] == ["origin"]
        assert (await explain_access(registry, admin, "me", Action.REPOSITORY_PULL, RepositoryName(what))).is_allowed
    made = await explain_access(registry, admin, "me", Action.REPOSITORY_CREATE, HUB)
    assert "mirror" in made.gates[0].sentence
    assert (await explain_access(registry, admin, "me", Action.REPOSITORY_PUSH, RepositoryName("acme/app"))).is_allowed
