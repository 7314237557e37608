"""What a push makes is public where the organization has it so, and private elsewhere; what is there stays."""

import pytest

from entrepot.access.actor import ANONYMOUS
from entrepot.access.levels import Level
from entrepot.registry.browse import show_repository
from entrepot.registry.organizations import change_organization, create_organization, show_organization
from entrepot.registry.repositories import create_repository
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Image
from tests.make.looking import events_after, last_event

ACME, LAB = OrganizationName("acme"), OrganizationName("lab")


async def is_public(registry: Registry, cast: Cast, path: str) -> bool:
    return (await show_repository(registry, cast["admin"], RepositoryName(path))).repository.is_public


async def test_a_push_makes_what_the_organization_has_it_make(registry: Registry, cast: Cast) -> None:
    await create_organization(registry, cast["admin"], LAB, public_by_default=True)

    for path in ("lab/app", "acme/new"):
        await push_image(registry, cast["admin"], path, Image.make(), "v1")

    assert await is_public(registry, cast, "lab/app")
    assert not await is_public(registry, cast, "acme/new")
    assert (await show_repository(registry, ANONYMOUS, RepositoryName("lab/app"))).tags == 1
    with pytest.raises(Unauthenticated):
        await show_repository(registry, ANONYMOUS, RepositoryName("acme/new"))


async def test_what_is_there_and_what_is_made_otherwise_stays_as_it_was_said(registry: Registry, cast: Cast) -> None:
    await change_organization(registry, cast["admin"], ACME, public_by_default=True)

    await push_image(registry, cast["admin"], "acme/app", Image.make(), "v2")
    await create_repository(registry, cast["admin"], RepositoryName("acme/made"), is_public=False)
    await push_image(registry, cast["admin"], "acme/made", Image.make(), "v1")

    assert not await is_public(registry, cast, "acme/app")
    assert not await is_public(registry, cast, "acme/made")


async def test_the_feed_says_what_changed_and_what_was_made(registry: Registry, cast: Cast) -> None:
    seen = await last_event(registry.db)

    for _ in range(2):
        await change_organization(registry, cast["admin"], ACME, public_by_default=True)
    await push_image(registry, cast["admin"], "acme/new", Image.make(), "v1")

    events = [event for event in await events_after(registry.db, seen) if not event.type.startswith("blob.")]
    assert [(event.type, event.data) for event in events[:2]] == [
        (
            "organization.changed",
            {
                "allows_sparse": False,
                "public_by_default": True,
                "history_days": None,
                "before": {"public_by_default": False},
            },
        ),
        ("repository.created", {"is_public": True}),
    ]
    assert (await show_organization(registry, cast["admin"], ACME)).public_by_default


async def test_only_managers_say_so(registry: Registry, cast: Cast) -> None:
    await cast.rooms.grant("acme", "editor", Level.EDIT)

    with pytest.raises(AccessDenied):
        await change_organization(registry, cast["editor"], ACME, public_by_default=True)
    assert not (await show_organization(registry, cast["admin"], ACME)).public_by_default
