"""Where what is in a mirror comes from: who is told, and what is said of its tags."""

from datetime import timedelta

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.grants import remove_scope
from entrepot.access.levels import Level
from entrepot.mirror.freshness import Policy, Standing
from entrepot.mirror.origins import Origin, hosts_of, list_configs, show_origin
from entrepot.mirror.room import Mirror
from entrepot.mirror.snippets import Engine
from entrepot.mirror.sources import source_of
from entrepot.mirror.transparent import Transparent
from entrepot.mirror.upstreams import (
    Change,
    Upstream,
    change_mirror,
    create_mirror,
    delete_mirror,
    list_mirrors,
    show_mirror,
)
from entrepot.registry import browse, history, organizations, renaming, retag
from entrepot.registry.pull import Pulls
from entrepot.registry.push import push_manifest
from entrepot.registry.queries import names, tags
from entrepot.upkeep.reading import Pace
from entrepot.upkeep.verification import request_verification, show_verification
from entrepot.upkeep.verify import verify
from entrepot.values.errors import MirrorNotPushed, MirrorUnknown, RepositoryUnknown, Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.looking import tag_rows

HUB, QUAY = OrganizationName("hub"), OrganizationName("quay")
NGINX = RepositoryName("hub/nginx")
TAG, OTHER = TagName("1.27"), TagName("1.28")
POLICY = Policy(fresh_seconds=100, stale_seconds=1_000)


@pytest.fixture
async def mirror(cast: Cast) -> Mirror:
    """`hub` mirrors Docker Hub, `quay` quay.io; `hub/nginx` holds a tag that was just asked about."""
    room = cast.rooms.mirror
    await create_mirror(room, cast["admin"], HUB, Upstream(("https://docker.io",), policy=POLICY))
    await create_mirror(room, cast["admin"], QUAY, Upstream(("https://quay.io",)))
    await bring(room)
    return room


async def bring(mirror: Mirror, path: RepositoryName = NGINX) -> None:
    """An image as the upstream gave it."""
    source, image = await source_of(mirror, path.organization), Image.make(layers=0)
    assert source is not None
    now = int(mirror.clock.now().timestamp())
    await push_manifest(mirror.registry, source.house, path, TAG, image.body, image.media_type, asked_at=now)


async def is_fresh(mirror: Mirror, actor: Actor) -> bool:
    """Whether a pull is answered without a look at what the mirror knows of its upstream."""
    return await Pulls(mirror.registry).manifest(actor, NGINX, TAG, True) is not None


async def test_organizations_are_told_from_others_by_the_registry_that_they_mirror(mirror: Mirror) -> None:
    assert await hosts_of(mirror, ["hub", "quay", "acme", "nothing"]) == {"hub": "docker.io", "quay": "quay.io"}
    assert await hosts_of(mirror, []) == {}


async def test_organizations_and_images_say_that_they_are_of_a_mirror(mirror: Mirror, cast: Cast) -> None:
    listed = await organizations.list_organizations(mirror.registry, cast["admin"])
    assert {one.name: one.is_mirror for one in listed} == {"acme": False, "hub": True, "quay": True}
    assert (await organizations.show_organization(mirror.registry, cast["admin"], HUB)).is_mirror


async def test_an_image_says_what_it_is_at_its_upstream_to_who_may_read_it(mirror: Mirror, cast: Cast) -> None:
    now = mirror.clock.now().replace(microsecond=0)

    found = await show_origin(mirror, cast["admin"], NGINX, [TAG, OTHER])

    assert found == Origin("docker.io", "library/nginx", {TAG: Standing(now)})
    assert await show_origin(mirror, cast["admin"], RepositoryName("acme/app"), ["v1"]) is None
    with pytest.raises(RepositoryUnknown):
        await show_origin(mirror, cast["stranger"], NGINX, [TAG])
    with pytest.raises(Unauthenticated):
        await show_origin(mirror, ANONYMOUS, NGINX, [TAG])


async def test_a_tag_is_stale_when_its_upstream_did_not_answer(mirror: Mirror, cast: Cast) -> None:
    now = mirror.clock.now().replace(microsecond=0)
    async with mirror.db.writing() as tx:
        repository = await names.repository_by_path(tx, NGINX)
        assert repository is not None
        await tags.set_stale(tx, repository.id, TAG, int(now.timestamp()) + 130)

    async def standing() -> Standing:
        origin = await show_origin(mirror, cast["admin"], NGINX, [TAG])
        assert origin is not None
        return origin.standings[TAG]

    assert await standing() == Standing(now)
    cast.rooms.clock.advance(seconds=110)
    assert await standing() == Standing(now, True, now + timedelta(seconds=130))
    cast.rooms.clock.advance(seconds=30)
    assert await standing() == Standing(now, True, None)


async def test_how_long_tags_are_fresh_holds_for_those_that_are_held(mirror: Mirror, cast: Cast) -> None:
    admin, before = cast["admin"], await tag_rows(mirror.db, NGINX)
    asked = await show_origin(mirror, admin, NGINX, [TAG])
    cast.rooms.clock.advance(seconds=50)
    assert await is_fresh(mirror, admin)

    for seconds, is_so in ((10, False), (51, True), (50, False), (1_000, True)):
        await change_mirror(mirror, admin, HUB, Change(policy={"fresh_seconds": seconds}))
        assert await is_fresh(mirror, admin) is is_so, seconds
        assert await show_origin(mirror, admin, NGINX, [TAG]) == asked
        assert (await show_mirror(mirror, admin, HUB)).policy.fresh_seconds == seconds
    assert await tag_rows(mirror.db, NGINX) == before


async def test_what_a_mirror_that_is_given_up_leaves_is_served_for_ever(mirror: Mirror, cast: Cast) -> None:
    await delete_mirror(mirror, cast["admin"], HUB)

    cast.rooms.clock.advance(seconds=365 * 86_400)
    assert await is_fresh(mirror, cast["admin"])
    assert await show_origin(mirror, cast["admin"], NGINX, [TAG]) is None
    await retag.add_tag(mirror.registry, cast["admin"], NGINX, TAG, OTHER)
    with pytest.raises(MirrorUnknown):
        await show_mirror(mirror, cast["admin"], HUB)


async def test_who_may_ask_a_public_mirror_may_not_read_what_is_pushed_when_it_is_given_up(
    mirror: Mirror, cast: Cast
) -> None:
    name, brought, pushed = OrganizationName("open"), RepositoryName("open/team/app"), RepositoryName("open/own")
    await create_mirror(mirror, cast["admin"], name, Upstream(("https://quay.io",)), public_by_default=True)
    await bring(mirror, brought)
    assert await show_origin(mirror, ANONYMOUS, RepositoryName("open/not/here")) is not None

    await delete_mirror(mirror, cast["admin"], name)
    await organizations.change_organization(mirror.registry, cast["admin"], name, public_by_default=False)
    await cast.rooms.push(pushed, "v1")

    assert await browse.readable(mirror.registry, ANONYMOUS, [name, brought, pushed]) == {brought}


async def test_a_mirror_is_public_as_its_organization_says(mirror: Mirror, cast: Cast) -> None:
    for is_public in (True, False):
        await organizations.change_organization(mirror.registry, cast["admin"], HUB, public_by_default=is_public)
        assert (await show_mirror(mirror, cast["admin"], HUB)).is_public is is_public
        assert (HUB in await browse.readable(mirror.registry, ANONYMOUS, [HUB])) is is_public
    await organizations.change_organization(
        mirror.registry, cast["admin"], OrganizationName("acme"), public_by_default=True
    )
    assert await browse.readable(mirror.registry, ANONYMOUS, ["acme"]) == set()


async def test_engines_are_told_by_who_may_read_the_organization(mirror: Mirror, cast: Cast) -> None:
    reader = cast["reader"]
    with pytest.raises(MirrorUnknown):
        await list_configs(mirror, reader, QUAY, "https://images.example")
    await cast.rooms.grant("quay", "reader", Level.READ)

    found = await list_configs(mirror, reader, QUAY, "https://images.example")

    assert (found.host, found.is_public, set(found.refusals)) == ("quay.io", False, {Engine.DOCKER})
    assert "images.example/quay" in found.snippets[Engine.PODMAN].text
    assert set((await list_configs(mirror, cast["admin"], HUB, "https://images.example")).snippets) == set(Engine)
    with pytest.raises(Unauthenticated):
        await list_configs(mirror, ANONYMOUS, QUAY, "https://images.example")


async def test_operators_see_mirrors_that_they_may_not_read(mirror: Mirror, cast: Cast) -> None:
    await cast.rooms.domain("partner")
    boss = await cast.rooms.sign_in("partner/boss")
    other = await cast.rooms.user("operator", is_admin=True)
    async with mirror.db.writing() as tx:
        await remove_scope(tx, HUB)

    assert (await show_mirror(mirror, other, HUB)).host == "docker.io"
    assert [one.organization for one in (await list_mirrors(mirror, other, "", 10)).items] == ["hub", "quay"]
    assert (await list_mirrors(mirror, boss, "", 10)).items == []
    with pytest.raises(MirrorUnknown):
        await show_mirror(mirror, boss, HUB)


async def test_mirrors_are_listed_page_by_page(mirror: Mirror, cast: Cast) -> None:
    first = await list_mirrors(mirror, cast["admin"], "", 1)
    assert ([one.organization for one in first.items], first.after) == (["hub"], "hub")
    last = await list_mirrors(mirror, cast["admin"], "hub", 1)
    assert ([one.organization for one in last.items], last.after) == (["quay"], None)


async def test_nobody_says_what_tags_of_a_mirror_name_but_its_upstream(mirror: Mirror, cast: Cast) -> None:
    registry, admin = mirror.registry, cast["admin"]
    [row] = await tag_rows(mirror.db, NGINX)
    digest = row.digest

    with pytest.raises(MirrorNotPushed):
        await retag.add_tag(registry, admin, NGINX, TAG, OTHER)
    with pytest.raises(MirrorNotPushed):
        await retag.restore_tag(registry, admin, NGINX, TAG, digest)
    with pytest.raises(MirrorNotPushed):
        await renaming.rename_repository(registry, admin, NGINX, RepositoryName("hub/redis"))
    assert not await history.may_restore(registry, admin, NGINX)


async def test_a_tag_that_comes_back_is_asked_about_first(mirror: Mirror, cast: Cast) -> None:
    [row] = await tag_rows(mirror.db, NGINX)
    async with mirror.db.writing() as tx:
        repository = await names.repository_by_path(tx, NGINX)
        assert repository is not None
        await tags.close_tag(tx, row.id, mirror.clock.now())
        closed = retag.Closed(TAG, row.digest, row.pushed_at)
        await retag.reopen_tags(tx, repository, [closed], "user:x", mirror.clock.now())

    origin = await show_origin(mirror, cast["admin"], NGINX, [TAG])

    assert origin is not None
    assert origin.standings == {TAG: Standing(None)}
    await change_mirror(mirror, cast["admin"], HUB, Change(policy={"fresh_seconds": 10_000}))
    assert not await is_fresh(mirror, cast["admin"])


async def test_a_mirror_may_have_a_name_as_long_as_names_are(mirror: Mirror, cast: Cast) -> None:
    path = RepositoryName(f"{'m' * 64}/team/app")
    await create_mirror(mirror, cast["admin"], path.organization, Upstream(("https://quay.io",)))

    await bring(mirror, path)

    assert await show_origin(mirror, cast["admin"], path) == Origin("quay.io", "team/app", {})


async def test_a_public_mirror_is_no_organization_of_everybody(mirror: Mirror, cast: Cast) -> None:
    """Whoever lists organizations sees those in which they may do something themselves."""
    before = await organizations.list_organizations(mirror.registry, cast["stranger"])
    await organizations.change_organization(mirror.registry, cast["admin"], HUB, public_by_default=True)

    assert await organizations.list_organizations(mirror.registry, cast["stranger"]) == before
    assert HUB in [one.name for one in await organizations.list_organizations(mirror.registry, cast["admin"])]
    assert await browse.readable(mirror.registry, cast["stranger"], [HUB]) == {HUB}


async def test_layers_that_a_mirror_did_not_fetch_are_not_missing(mirror: Mirror, cast: Cast) -> None:
    upkeep = cast.rooms.upkeep
    asked = await request_verification(upkeep, cast["admin"])
    await verify(upkeep, asked.id, Pace())

    assert set((await show_verification(upkeep, cast["admin"], asked.id)).results.values()) == {0}


async def test_only_operators_are_told_whom_a_mirror_is_at_its_upstream(mirror: Mirror, cast: Cast) -> None:
    name = OrganizationName("own")
    await create_mirror(mirror, cast["admin"], name, Upstream(("https://quay.io",), "acme", "secret"))
    await cast.rooms.grant("own", "reader", Level.READ)

    for actor, username in ((cast["admin"], "acme"), (cast["reader"], "")):
        assert (await show_mirror(mirror, actor, name)).username == username
        [listed] = [one for one in (await list_mirrors(mirror, actor, "", 10)).items if one.organization == "own"]
        assert listed.username == username


async def test_of_several_mirrors_of_a_registry_the_oldest_that_is_to_answers_for_it(
    mirror: Mirror, cast: Cast
) -> None:
    cast.rooms.clock.advance(seconds=1)
    other = Upstream(("https://registry-1.docker.io",), is_transparent=False)
    shown = await create_mirror(mirror, cast["admin"], OrganizationName("aaa"), other)
    assert (shown.host, shown.is_transparent) == ("docker.io", False)

    async def answering() -> str | None:
        return await Transparent(mirror).name("library/nginx", "docker.io")

    assert await answering() == "hub/library/nginx"
    changed = await change_mirror(mirror, cast["admin"], HUB, Change(is_transparent=False))
    assert not changed.is_transparent
    assert await answering() is None
    await change_mirror(mirror, cast["admin"], OrganizationName("aaa"), Change(is_transparent=True))
    assert await answering() == "aaa/library/nginx"
    await change_mirror(mirror, cast["admin"], HUB, Change(is_transparent=True))
    assert await answering() == "hub/library/nginx"
