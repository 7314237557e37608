"""Immutable tags: no verb moves them or takes them away, while their rule holds."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from entrepot.registry.copying import copy_image
from entrepot.registry.deletion import delete_tags, plan_deletion
from entrepot.registry.immutability import change_rule, create_rule, delete_rule, list_rules, show_rule
from entrepot.registry.immutability_rules import RULES_MAX, Rule
from entrepot.registry.organizations import delete_organization
from entrepot.registry.push import push_manifest
from entrepot.registry.removal import plan_removal
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.renaming import rename_repository
from entrepot.registry.repositories import delete_repository
from entrepot.registry.retag import add_tag, point_tag, restore_tag
from entrepot.registry.room import Registry
from entrepot.registry.versions import list_versions
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.errors import OrganizationUnknown, Refused, RuleUnknown, TagImmutable, TooMany
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Image
from tests.make.looking import events_after, last_event, tag_rows
from tests.make.rooms import Rooms

ACME, APP, OTHER = OrganizationName("acme"), RepositoryName("acme/app"), RepositoryName("acme/other")
V1, V2 = TagName("v1"), TagName("v2")
RELEASES = Rule("app", "v*", ("v*-rc",))

Verb = Callable[[Cast], Coroutine[Any, Any, object]]


async def named(cast: Cast, path: str = APP) -> dict[str, str]:
    return {row.name: row.digest for row in await tag_rows(cast.rooms.db, path) if row.valid_until is None}


async def push(cast: Cast, tag: str, path: str = APP, image: Image | None = None) -> Image:
    image = image or Image.make()
    await push_image(cast.rooms.registry, cast.rooms.admin, path, image, tag)
    return image


async def _push_by_digest(cast: Cast) -> None:
    image = Image.make()
    await push_image(cast.rooms.registry, cast.rooms.admin, APP, image)
    await push_only(cast.rooms.registry, cast.rooms.admin, APP, image, tags=["v1"])


async def _point(cast: Cast) -> None:
    digest = (await push(cast, "new")).digest
    await point_tag(cast.rooms.registry, cast.rooms.admin, APP, V1, digest, may_move=True)


async def _restore(cast: Cast) -> None:
    """To what `v1` named before."""
    rows = [row for row in await tag_rows(cast.rooms.db, APP, "v1") if row.valid_until is not None]
    await restore_tag(cast.rooms.registry, cast.rooms.admin, APP, V1, type(cast.image.digest).parse(rows[-1].digest))


MOVES: dict[str, Verb] = {
    "push": lambda c: push(c, "v1"),
    "push by digest": _push_by_digest,
    "second name": lambda c: add_tag(c.rooms.registry, c.rooms.admin, APP, V2, V1, may_move=True),
    "point": _point,
    "copy": lambda c: copy_image(c.rooms.registry, c.rooms.admin, OTHER, V2, APP, V1, may_move=True),
    "restore": _restore,
}
REMOVALS: dict[str, Verb] = {
    "delete tag": lambda c: delete_tag(c.rooms.registry, c.rooms.admin, APP, V1),
    "delete manifest": lambda c: delete_manifest(c.rooms.registry, c.rooms.admin, APP, c.image.digest),
    "delete repository": lambda c: delete_repository(c.rooms.registry, c.rooms.admin, APP),
    "rename": lambda c: rename_repository(c.rooms.registry, c.rooms.admin, APP, RepositoryName("acme/moved")),
}


@pytest.mark.parametrize("name", [*MOVES, *REMOVALS])
async def test_no_verb_moves_or_removes_what_a_rule_keeps_until_it_is_disabled(
    cast: Cast, registry: Registry, name: str
) -> None:
    verb = (MOVES | REMOVALS)[name]
    await push(cast, "v1", image=(old := Image.make()))
    await push(cast, "old", image=old)
    await push(cast, "v1", image=cast.image)
    await push(cast, "v2", OTHER)
    await push(cast, "v2")
    kept = await create_rule(registry, cast["admin"], ACME, RELEASES)
    before = await named(cast)

    with pytest.raises(TagImmutable) as refused:
        await verb(cast)

    assert f"rule {kept.standing.id} of acme" in refused.value.message
    assert "set by admin" in refused.value.message
    assert {key: value for key, value in (await named(cast)).items() if key != "new"} == before
    await change_rule(registry, cast["admin"], ACME, kept.standing.id, {"enabled": False})
    await verb(cast)
    assert (await named(cast)).get("v1") != before["v1"]


async def test_a_new_tag_is_made_once_and_the_same_image_pushed_again(cast: Cast, registry: Registry) -> None:
    await create_rule(registry, cast["admin"], ACME, RELEASES)

    image = await push(cast, "v9")
    await push(cast, "v9", image=image)
    await add_tag(registry, cast["admin"], APP, TagName("v9"), TagName("v10"))
    await add_tag(registry, cast["admin"], APP, TagName("v9"), TagName("v10"), may_move=True)

    assert (await named(cast))["v10"] == str(image.digest)
    with pytest.raises(TagImmutable):
        await push(cast, "v9")


async def test_what_is_excepted_or_elsewhere_moves_and_goes(cast: Cast, registry: Registry) -> None:
    await create_rule(registry, cast["admin"], ACME, RELEASES)

    for tag, path in (("v1-rc", APP), ("latest", APP), ("v1", OTHER)):
        await push(cast, tag, path)
        image = await push(cast, tag, path)
        assert (await named(cast, path))[tag] == str(image.digest)
        await delete_tag(registry, cast["admin"], RepositoryName(path), TagName(tag))
    await delete_repository(registry, cast["admin"], OTHER)


async def test_of_many_the_immutable_ones_are_kept_as_the_plan_said(cast: Cast, registry: Registry) -> None:
    await push(cast, "latest")
    rule = await create_rule(registry, cast["admin"], ACME, RELEASES)
    wanted = {V1, TagName("latest")}

    plan = await plan_deletion(registry, cast["admin"], APP, wanted)
    done = await delete_tags(registry, cast["admin"], APP, wanted, with_content=True)

    assert [one.tag for one in plan.doomed] == ["latest"]
    assert {tag: one.id for tag, one in plan.kept.items()} == {"v1": rule.standing.id}
    assert (plan.manifests, done.manifests, done.tags) == (1, 1, 1)
    assert done.kept == plan.kept
    assert list(await named(cast)) == ["v1"]


async def test_an_organization_goes_with_its_rules_when_nothing_is_kept_in_it(cast: Cast, registry: Registry) -> None:
    rule = await create_rule(registry, cast["admin"], ACME, Rule("*", "*"))
    removal = await plan_removal(registry, cast["admin"], APP)
    assert list(removal.kept) == ["v1"]
    await delete_rule(registry, cast["admin"], ACME, rule.standing.id)
    await create_rule(registry, cast["admin"], ACME, Rule("none", "*"))

    for path in (APP, RepositoryName("acme/open")):
        await delete_repository(registry, cast["admin"], path)
    await delete_organization(registry, cast["admin"], ACME)

    with pytest.raises(OrganizationUnknown):
        await list_rules(registry, cast["admin"], ACME)


async def test_versions_say_by_which_rule_they_are_kept(cast: Cast, registry: Registry) -> None:
    await push(cast, "latest")
    rule = await create_rule(registry, cast["admin"], ACME, RELEASES)

    found, _ = await list_versions(registry, cast["reader"], APP, WantedTags("", TagOrder.NAME, False))

    assert [(one.tagged.name, one.kept_by and one.kept_by.id) for one in found] == [
        ("latest", None),
        ("v1", rule.standing.id),
    ]


async def test_rules_are_told_with_what_they_said_before(cast: Cast, registry: Registry) -> None:
    seen = await last_event(registry.db)

    made = await create_rule(registry, cast["admin"], ACME, RELEASES)
    number = made.standing.id
    await change_rule(registry, cast["admin"], ACME, number, {"tags": "w*", "description": "Why."})
    await change_rule(registry, cast["admin"], ACME, number, {"tags": "w*"})
    shown = await show_rule(registry, cast["admin"], ACME, number)
    await delete_rule(registry, cast["admin"], ACME, number)

    assert (shown.standing.rule.tags, shown.standing.rule.exclusions) == ("w*", ("v*-rc",))
    created, changed, deleted = await events_after(registry.db, seen)
    assert (created.type, created.data["rule"]) == ("immutability.created", RELEASES.document)
    assert (changed.type, changed.data["before"]) == ("immutability.changed", {"tags": "v*", "description": ""})
    assert (deleted.type, deleted.data["before"]["tags"]) == ("immutability.deleted", "w*")
    with pytest.raises(RuleUnknown):
        await show_rule(registry, cast["admin"], ACME, number)


async def test_there_are_so_many_rules_and_no_more(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await rooms.organization("lab")
    other = await create_rule(registry, cast["admin"], OrganizationName("lab"), RELEASES)
    for _ in range(RULES_MAX):
        await create_rule(registry, cast["admin"], ACME, RELEASES)

    with pytest.raises(TooMany):
        await create_rule(registry, cast["admin"], ACME, RELEASES)
    for verb in (show_rule, delete_rule):
        with pytest.raises(RuleUnknown):
            await verb(registry, cast["admin"], ACME, other.standing.id)


async def test_a_tag_does_not_move_once_a_rule_was_made(cast: Cast, registry: Registry) -> None:
    """Whichever comes first: what a tag names when the rule is there, it names from then on."""
    for number in range(6):
        path = f"acme/race-{number}"
        await push(cast, "v1", path)
        images = [Image.make() for _ in range(3)]
        for image in images:
            await push(cast, "other", path, image)

        async def rule(path: str = path) -> str:
            made = await create_rule(registry, cast["admin"], ACME, Rule(path.partition("/")[2], "*"))
            assert made.standing.rule.is_enabled
            return (await named(cast, path))["v1"]

        async def move(image: Image, path: str = path) -> object:
            name = RepositoryName(path)
            return await push_manifest(registry, cast["admin"], name, V1, image.body, image.media_type)

        then, *moved = await asyncio.gather(rule(), *[move(one) for one in images], return_exceptions=True)

        for one in moved:
            assert not isinstance(one, BaseException) or isinstance(one, Refused), one
        assert then == (await named(cast, path))["v1"]
