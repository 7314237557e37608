"""Search: images, tags and digests by what people type; nothing that they may not read."""

from collections.abc import Sequence

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.registry.room import Registry
from entrepot.registry.search import TEXT_CHARS_MAX, Found, search_everything
from entrepot.values.errors import AccessDenied, ParameterInvalid
from entrepot.values.kinds import Kind
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Image
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")


@pytest.fixture
async def furnished(rooms: Rooms, cast: Cast) -> Cast:
    await rooms.organization("zoo")
    for path, tag in (("acme/app", "1.10"), ("acme/app", "1.2"), ("acme/open", "1.2-rc"), ("zoo/app-extra", "V1")):
        await push_image(cast.rooms.registry, cast["admin"], RepositoryName(path), Image.make(), tag)
    return cast


def names(found: Found) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    return (
        sorted(one.repository.path for one in found.images),
        [f"{one.path}:{one.name}" for one in found.tags],
        sorted(f"{one.path}@{','.join(one.tags)}" for one in found.manifests),
    )


async def found_by(registry: Registry, actor: Actor, text: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    return names(await search_everything(registry, actor, text, 20))


@pytest.mark.parametrize(
    ("text", "images", "tags"),
    [
        ("APP", ["acme/app", "zoo/app-extra"], []),
        ("acme/ap", ["acme/app"], []),
        ("me/", ["acme/app", "acme/open"], []),
        ("acme", [], []),
        ("1.", [], ["acme/app:1.10", "acme/app:1.2", "acme/open:1.2-rc"]),
        ("V", [], ["zoo/app-extra:V1"]),
        ("app:1.1", [], ["acme/app:1.10"]),
        ("app:", ["acme/app", "zoo/app-extra"], []),
        ("zoo/app-extra:V1", [], ["zoo/app-extra:V1"]),
        ("%", [], []),
        ("_", [], []),
        ("app:%", ["acme/app", "zoo/app-extra"], []),
        ("", [], []),
        ("深", [], []),
        ("' OR 1=1 --", [], []),
    ],
)
async def test_text_finds_what_it_can_mean(
    registry: Registry, furnished: Cast, text: str, images: Sequence[str], tags: Sequence[str]
):
    assert await found_by(registry, furnished["admin"], text) == (images, tags, [])


async def test_the_beginning_of_a_digest_finds_manifests_with_the_tags_that_name_them(
    registry: Registry, furnished: Cast
):
    digest = str(furnished.image.digest)
    await push_image(registry, furnished["admin"], APP, furnished.image, "again")
    for text in (digest, digest[:13], digest[7:], digest[7:13].upper(), f"acme/app@{digest}", f"x@{digest[:15]}"):
        found = await search_everything(registry, furnished["reader"], text, 20)
        assert names(found)[2] == ["acme/app@again,v1"], text
        assert found.manifests[0].kind is Kind.IMAGE
        assert (await search_everything(registry, furnished["stranger"], text, 20)).manifests == []
    assert (await search_everything(registry, furnished["admin"], digest[7:12], 20)).manifests == []


async def test_nobody_finds_what_they_may_not_read(registry: Registry, furnished: Cast):
    for who in (ANONYMOUS, furnished["stranger"]):
        assert await found_by(registry, who, "1.") == ([], ["acme/open:1.2-rc"], [])
        assert await found_by(registry, who, "app") == ([], [], [])
        assert await found_by(registry, who, "open") == (["acme/open"], [], [])
    assert (await found_by(registry, furnished["reader"], "app"))[0] == ["acme/app"]
    assert (await found_by(registry, furnished["reader"], "app:1"))[1] == ["acme/app:1.10", "acme/app:1.2"]


async def test_of_more_than_is_asked_for_the_first_are_told(registry: Registry, furnished: Cast):
    found = await search_everything(registry, furnished["admin"], "1.", 2)
    assert [one.name for one in found.tags] == ["1.10", "1.2"]
    assert found.has_more == {"tags"}
    assert (await search_everything(registry, furnished["admin"], "a", 1)).has_more == {"images"}


async def test_a_text_has_a_bound_and_a_registry_token_does_not_reach(registry: Registry, cast: Cast):
    with pytest.raises(ParameterInvalid):
        await search_everything(registry, cast["admin"], "a" * (TEXT_CHARS_MAX + 1), 5)
    with pytest.raises(AccessDenied):
        await search_everything(registry, Actor(id="1", name="x", limits={}), "a", 5)
