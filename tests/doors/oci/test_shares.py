"""What is shared is pulled by everybody of the receiving domain, and not a moment longer than it is shared."""

import pytest

from entrepot.registry.sharing import end_share
from entrepot.values.names import DomainName, RepositoryName
from tests.doors.oci.test_tokens import token_of
from tests.make.cast import Cast
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import Wire, basic, bearer

APP = RepositoryName("acme/app")
MANIFEST, TAGS = f"/v2/{APP}/manifests/v1", f"/v2/{APP}/tags/list"


@pytest.fixture
async def receiver(nobody: Wire, rooms: Rooms, cast: Cast) -> Wire:
    """The administrator of the domain `guests`, with which acme/app is shared until the end of the first of January."""
    guests = await rooms.domain("guests")
    await rooms.share(APP, guests, "2026-01-01")
    return nobody.as_(basic("guests/boss", PASSWORD))


async def test_a_token_of_a_receiver_pulls_and_does_not_push(rooms: Rooms, cast: Cast, receiver: Wire) -> None:
    token = receiver.as_(bearer(await token_of(receiver, f"repository:{APP}:pull,push,delete")))

    blob = f"/v2/{APP}/blobs/{cast.image.blobs[0].digest}"
    assert [(await token("GET", path)).status for path in (MANIFEST, TAGS, blob)] == [200, 200, 200]
    for method, path in (("POST", f"/v2/{APP}/blobs/uploads/"), ("DELETE", MANIFEST), ("DELETE", blob)):
        assert (await token(method, path)).status in (401, 403)
        assert (await receiver(method, path)).status == 403
    assert (await receiver("GET", "/v2/_catalog")).json() == {"repositories": ["acme/app", "acme/open"]}


async def test_a_token_from_before_midnight_pulls_nothing_after_it(rooms: Rooms, cast: Cast, receiver: Wire) -> None:
    rooms.clock.advance(hours=23, minutes=59)
    token = receiver.as_(bearer(await token_of(receiver, f"repository:{APP}:pull")))
    blob = f"/v2/{APP}/blobs/{cast.image.blobs[0].digest}"
    assert (await token("GET", MANIFEST)).status == 200

    rooms.clock.advance(minutes=1)

    for path in (MANIFEST, blob, TAGS):
        assert ((await token("GET", path)).status, (await receiver("GET", path)).status) == (404, 404)
    assert (await receiver("GET", "/v2/_catalog")).json() == {"repositories": ["acme/open"]}


async def test_a_share_that_is_taken_back_ends_for_tokens_too(rooms: Rooms, cast: Cast, receiver: Wire) -> None:
    token = receiver.as_(bearer(await token_of(receiver, f"repository:{APP}:pull")))
    assert (await token("GET", MANIFEST)).status == 200

    await end_share(rooms.registry, cast["manager"], APP, DomainName("guests"))

    assert (await token("GET", MANIFEST)).status == 404


async def test_blobs_of_a_shared_repository_are_mounted_while_it_is_shared(
    rooms: Rooms, cast: Cast, receiver: Wire
) -> None:
    await rooms.organization("lab", by=await rooms.sign_in("guests/boss"))
    digest = cast.image.blobs[1].digest

    mounted = await receiver("POST", f"/v2/lab/one/blobs/uploads/?mount={digest}&from={APP}")
    rooms.clock.advance(days=1)
    refused = await receiver("POST", f"/v2/lab/two/blobs/uploads/?mount={digest}&from={APP}")

    assert (mounted.status, refused.status) == (201, 202)
