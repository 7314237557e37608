"""Pulls through a virtual organization: who answers for a name, what rules refuse, and how old an image has to be."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from entrepot.access.levels import Level
from entrepot.doors.oci.door import OciDoor
from entrepot.mirror.freshness import Policy
from entrepot.mirror.room import Mirror
from entrepot.mirror.upstreams import Change as Host
from entrepot.mirror.upstreams import Upstream as Definition
from entrepot.mirror.upstreams import change_mirror, create_mirror, delete_mirror
from entrepot.mirror.virtual import definitions
from entrepot.mirror.virtual.definitions import Change, Merged, change_virtual, create_virtual
from entrepot.mirror.virtual.jobs import forget_seen_digests
from entrepot.registry.copying import copy_image
from entrepot.registry.remove import delete_manifest
from entrepot.registry.renaming import rename_repository
from entrepot.registry.repositories import create_repository, delete_repository
from entrepot.values.errors import ParameterInvalid, VirtualNotPushed
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.looking import events_after
from tests.make.rooms import PASSWORD
from tests.make.upstream import Upstream, running_upstream
from tests.make.wire import Answer, Wire, basic

DAYS = 86_400
NEVER_FRESH = Policy(fresh_seconds=0, stale_seconds=0, absent_seconds=0)


@dataclass
class World:
    """`all` merges, in this order, mirrors `first` and `second` of two upstreams, and then `acme`.

    `wire` is a reader of `all`, who may read nothing else.
    """

    cast: Cast
    mirror: Mirror
    first: Upstream
    second: Upstream
    wire: Wire

    async def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return await self.wire(method, f"/v2/all/{path}", headers=headers)

    async def change(self, **change: Any) -> None:
        await change_virtual(self.mirror, self.cast["admin"], OrganizationName("all"), Change(**change))

    def pass_(self, days: float) -> None:
        self.cast.rooms.clock.advance(days=days)

    def ask_nothing(self) -> None:
        """From here on."""
        self.first.asked.clear()
        self.second.asked.clear()


@pytest.fixture
def upstreams() -> Iterator[tuple[Upstream, Upstream]]:
    with running_upstream() as first, running_upstream() as second:
        yield first, second


@pytest.fixture
async def world(cast: Cast, upstreams: tuple[Upstream, Upstream]) -> AsyncIterator[World]:
    rooms = cast.rooms
    mirror, (first, second) = rooms.mirror, upstreams
    for name, upstream in (("first", first), ("second", second)):
        definition = Definition((upstream.url,), policy=NEVER_FRESH)
        await create_mirror(mirror, cast["admin"], OrganizationName(name), definition)
    members = [Merged(OrganizationName(name)) for name in ("first", "second", "acme")]
    await create_virtual(mirror, cast["admin"], OrganizationName("all"), definitions.Definition(members))
    await rooms.user("puller")
    await rooms.grant("all", "puller", Level.READ)
    yield World(cast, mirror, first, second, Wire(OciDoor(rooms.oci)).as_(basic("puller", PASSWORD)))
    await mirror.running.close()


def denied(answer: Answer) -> dict[str, Any]:
    """The detail of a refusal by a rule."""
    assert (answer.status, answer.codes) == (403, ["DENIED"]), answer.body
    detail: dict[str, Any] = answer.json()["errors"][0]["detail"]
    return detail


# --- who answers ---


async def test_who_may_read_it_pulls_what_a_local_member_holds(world: World) -> None:
    image = world.cast.image
    for reference in ("v1", image.digest):
        answer = await world.get(f"app/manifests/{reference}")
        assert (answer.status, answer.body) == (200, image.body)
    for blob in image.blobs:
        assert (await world.get(f"app/blobs/{blob.digest}")).body == blob.content
    assert (await world.get("app/tags/list")).json() == {"name": "all/app", "tags": ["v1"]}
    assert (await world.get(f"app/referrers/{image.digest}")).json()["manifests"] == []
    assert (await world.wire("GET", "/v2/acme/app/manifests/v1")).status == 404


async def test_who_may_not_read_it_is_given_nothing_whatever_they_may_read_of_its_members(
    world: World, nobody: Wire
) -> None:
    reader = nobody.as_(basic("reader", PASSWORD))
    paths = ("manifests/v1", f"manifests/{world.cast.image.digest}", f"blobs/{world.cast.image.blobs[0].digest}")
    for path in (*paths, "tags/list", f"referrers/{world.cast.image.digest}"):
        assert (await reader("GET", f"/v2/acme/app/{path}")).status == 200
        assert (await reader("GET", f"/v2/all/app/{path}")).status == 404
        assert (await nobody("GET", f"/v2/all/app/{path}")).status == 401


async def test_mirrors_are_asked_in_order_for_what_no_member_holds(world: World) -> None:
    image = world.second.push("team/tool", "1.0", Image.make(layers=2))

    answer = await world.get("team/tool/manifests/1.0")

    assert (answer.status, answer.body) == (200, image.body)
    assert "GET team/tool/manifests/1.0" in world.first.asked
    for blob in image.blobs:
        got = await world.get(f"team/tool/blobs/{blob.digest}")
        assert (got.status, got.body) == (200, blob.content)
    assert (await world.get("team/tool/tags/list")).json()["tags"] == ["1.0"]


async def test_what_nobody_has_is_not_known(world: World) -> None:
    assert (await world.get("no/such/manifests/1.0")).codes == ["NAME_UNKNOWN"]
    assert (await world.get("no/such/tags/list")).codes == ["NAME_UNKNOWN"]
    assert (await world.get(f"no/such/blobs/{Blob(b'x').digest}")).status == 404


async def test_a_name_that_a_local_member_holds_is_never_looked_up_elsewhere(world: World) -> None:
    """It stands last in the order; and the tag that is asked for it does not have."""
    image = world.first.push("app", "v2")

    assert (await world.get("app/manifests/v2")).codes == ["MANIFEST_UNKNOWN"]
    assert (await world.get(f"app/manifests/{image.digest}")).codes == ["MANIFEST_UNKNOWN"]
    assert (await world.get(f"app/blobs/{image.blobs[1].digest}")).codes == ["BLOB_UNKNOWN"]
    assert (await world.get("app/tags/list")).json()["tags"] == ["v1"]
    assert world.first.asked == world.second.asked == []


async def test_nor_is_one_that_is_not_let_through_from_there(world: World) -> None:
    world.first.push("app", "v1")
    members = [Merged(OrganizationName("first")), Merged(OrganizationName("acme"), allow=["team-*"])]
    await world.change(members=members)

    assert denied(await world.get("app/manifests/v1"))["rule"] == "allow team-*"
    assert world.first.asked == []


async def test_nor_is_one_that_a_local_member_held_when_it_was_pulled(world: World) -> None:
    assert (await world.get("app/manifests/v1")).status == 200
    await delete_repository(world.mirror.registry, world.cast["admin"], RepositoryName("acme/app"))
    world.first.push("app", "v1")

    assert (await world.get("app/manifests/v1")).status == 404
    assert world.first.asked == []

    await world.change(forget="app")
    assert (await world.get("app/manifests/v1")).status == 200


async def test_a_name_that_comes_to_be_in_a_local_member_is_its_own_from_then_on(world: World) -> None:
    world.first.push("tool", "v1")
    assert (await world.get("tool/manifests/v1")).status == 200
    mine = await world.cast.rooms.push("acme/tool", "v1")

    assert (await world.get("tool/manifests/v1")).body == mine.body


async def test_a_name_stays_with_the_mirror_that_had_it_first(world: World) -> None:
    image = world.second.push("team/tool", "1.0")
    assert (await world.get("team/tool/manifests/1.0")).status == 200
    taken_over = world.first.push("team/tool", "1.0")
    world.ask_nothing()

    assert (await world.get("team/tool/manifests/1.0")).body == image.body
    assert (await world.get("team/tool/manifests/2.0")).status == 404
    assert world.first.asked == []

    await world.change(forget="team/*")
    assert (await world.get("team/tool/manifests/1.0")).body == taken_over.body


async def test_another_mirror_does_not_add_to_the_tags_of_a_name(world: World) -> None:
    world.first.push("team/tool", "1.0")
    world.second.push("team/tool", "9.9")

    assert (await world.get("team/tool/manifests/9.9")).codes == ["MANIFEST_UNKNOWN"]
    assert world.second.asked == []


async def test_who_comes_later_in_the_order_is_not_asked_while_an_earlier_one_is_away(world: World) -> None:
    world.second.push("team/tool", "1.0")
    world.first.is_down = True

    assert (await world.get("team/tool/manifests/1.0")).status == 503
    assert world.second.asked == []


async def test_a_member_that_is_gone_leaves_its_names_to_nobody(world: World) -> None:
    world.second.push("team/tool", "1.0")
    assert (await world.get("team/tool/manifests/1.0")).status == 200
    world.first.push("team/tool", "1.0")
    await world.change(members=[Merged(OrganizationName("first"))])

    assert "first" not in denied(await world.get("team/tool/manifests/1.0"))["rule"]


async def test_a_mirror_that_is_given_up_is_a_local_member(world: World) -> None:
    image = world.first.push("team/tool", "1.0")
    assert (await world.get("team/tool/manifests/1.0")).status == 200
    await delete_mirror(world.mirror, world.cast["admin"], OrganizationName("first"))

    assert (await world.get("team/tool/manifests/1.0")).body == image.body
    assert (await world.get("team/tool/manifests/2.0")).status == 404


# --- rules ---


async def test_what_a_rule_of_all_refuses_is_asked_for_nowhere(world: World) -> None:
    image = world.first.push("team/tool", "1.0")
    await world.change(allow=["library/*", "app"], deny=["*/secret"])

    for path in ("team/tool/manifests/1.0", f"team/tool/manifests/{image.digest}", "team/tool/tags/list"):
        assert denied(await world.get(path))["rule"] == "allow library/*, app"
    assert denied(await world.get(f"team/tool/blobs/{image.blobs[1].digest}"))["rule"] == "allow library/*, app"
    assert denied(await world.get("library/secret/manifests/1"))["rule"] == "deny */secret"
    assert (await world.get("app/manifests/v1")).status == 200
    assert world.first.asked == world.second.asked == []


async def test_a_rule_of_one_member_leaves_the_name_to_the_others(world: World) -> None:
    world.first.push("team/tool", "1.0")
    image = world.second.push("team/tool", "1.0")
    members = [Merged(OrganizationName("first"), deny=["team/*"]), Merged(OrganizationName("second"))]
    await world.change(members=members)

    assert (await world.get("team/tool/manifests/1.0")).body == image.body
    assert world.first.asked == []

    await world.change(members=members[:1], forget="*")
    assert denied(await world.get("team/tool/manifests/1.0"))["rule"] == "deny team/*"


async def test_what_is_refused_at_docker_hub_has_no_other_name_there(world: World) -> None:
    """`nginx` and `library/nginx` are the same image."""
    await change_mirror(world.mirror, world.cast["admin"], OrganizationName("first"), Host(host="docker.io"))
    world.first.push("library/nginx", "1")
    world.first.push("library/redis", "1")
    await world.change(deny=["library/nginx"], members=[Merged(OrganizationName("first"), deny=["redis"])])

    for name in ("nginx", "library/nginx"):
        assert denied(await world.get(f"{name}/manifests/1"))["rule"] == "deny library/nginx"
    for name in ("redis", "library/redis"):
        assert denied(await world.get(f"{name}/manifests/1"))["rule"] == "deny redis"
    assert world.first.asked == []


async def test_a_refusal_is_noted_for_the_audit(world: World) -> None:
    await world.change(deny=["team/*"])
    denied(await world.get("team/tool/manifests/1.0"))
    await world.cast.rooms.accounts.notes.flush()

    [noted] = [one for one in await events_after(world.mirror.db) if one.type == "virtual.refused"]
    assert (noted.subject, noted.organization) == ("all/team/tool", "all")
    assert noted.data["rule"] == "deny team/*"


# --- quarantine ---


async def test_a_young_image_of_a_mirror_is_not_served_at_all(world: World) -> None:
    image = world.first.push("tool", "1.0", Image.make(created="2001-01-01T00:00:00Z"))
    await world.change(quarantine_seconds=3 * DAYS)

    for _ in range(2):  # however often it is asked for
        for reference in ("1.0", image.digest):
            for method in ("GET", "HEAD"):
                answer = await world.get(f"tool/manifests/{reference}", method)
                assert answer.status == 403
        detail = denied(await world.get("tool/manifests/1.0"))
        assert (detail["rule"], detail["digest"]) == ("quarantine", str(image.digest))
        assert (detail["since"], detail["until"]) == ("2026-01-01T00:00:00Z", "2026-01-04T00:00:01Z")
        for blob in image.blobs:
            assert denied(await world.get(f"tool/blobs/{blob.digest}"))["rule"] == "quarantine"
            assert denied(await world.get(f"tool/blobs/{blob.digest}", Range="bytes=0-1"))["rule"] == "quarantine"
    assert (await world.get("tool/tags/list")).json()["tags"] == ["1.0"]
    assert not [one for one in world.first.asked if "blobs" in one]

    world.pass_(days=3)
    for reference in ("1.0", image.digest):
        assert (await world.get(f"tool/manifests/{reference}")).body == image.body
    for blob in image.blobs:
        assert (await world.get(f"tool/blobs/{blob.digest}")).body == blob.content


async def test_what_a_local_member_holds_is_in_no_quarantine(world: World) -> None:
    await world.change(quarantine_seconds=3 * DAYS)
    assert (await world.get("app/manifests/v1")).status == 200


async def test_an_image_that_says_that_it_is_younger_than_it_can_be_waits_longer(world: World) -> None:
    world.first.push("tool", "1.0", Image.make(created="2026-01-10T00:00:00Z"))
    await world.change(quarantine_seconds=3 * DAYS)
    denied(await world.get("tool/manifests/1.0"))

    world.pass_(days=4)
    assert denied(await world.get("tool/manifests/1.0"))["since"] == "2026-01-10T00:00:00Z"
    world.pass_(days=9)
    assert (await world.get("tool/manifests/1.0")).status == 200


async def test_who_knew_an_index_knew_what_it_names(world: World) -> None:
    child = world.first.hold("tool", Image.make())
    index = world.first.push("tool", "1.0", Image.index(child))
    await world.change(quarantine_seconds=3 * DAYS)
    denied(await world.get("tool/manifests/1.0"))
    world.pass_(days=3)

    assert (await world.get("tool/manifests/1.0")).body == index.body
    assert (await world.get(f"tool/manifests/{child.digest}")).body == child.body
    for blob in child.blobs:
        assert (await world.get(f"tool/blobs/{blob.digest}")).body == blob.content


async def test_a_tag_that_moved_to_a_young_image_serves_what_it_named_before_and_says_so(world: World) -> None:
    shared = Blob(b"a layer of both")
    before = world.first.push("tool", "1.0", Image.make(holding=[shared]))
    await world.get("tool/manifests/1.0")
    world.pass_(days=2)
    await world.change(quarantine_seconds=DAYS)
    after = world.first.push("tool", "1.0", Image.make(holding=[shared]))

    answer = await world.get("tool/manifests/1.0")

    assert (answer.status, answer.body) == (200, before.body)
    assert answer.header("docker-content-digest") == str(before.digest)
    warning = answer.header("warning")
    assert warning is not None
    assert warning.startswith(f'299 - "{after.digest} is in the quarantine of all: ')
    denied(await world.get(f"tool/manifests/{after.digest}"))
    denied(await world.get(f"tool/blobs/{after.blobs[1].digest}"))
    assert (await world.get(f"tool/blobs/{shared.digest}")).body == shared.content

    world.pass_(days=1)
    answer = await world.get("tool/manifests/1.0")
    assert (answer.body, answer.header("warning")) == (after.body, None)


async def test_an_image_is_not_younger_because_a_mirror_had_forgotten_it(world: World) -> None:
    image = world.first.push("tool", "1.0")
    await world.change(quarantine_seconds=3 * DAYS)
    denied(await world.get("tool/manifests/1.0"))
    world.pass_(days=3)
    path = RepositoryName("first/tool")
    await delete_manifest(world.mirror.registry, world.cast["admin"], path, image.digest)

    assert (await world.get("tool/manifests/1.0")).body == image.body


async def test_digests_that_nobody_holds_are_forgotten_in_the_end(world: World) -> None:
    image = world.first.push("tool", "1.0")
    await world.change(quarantine_seconds=3 * DAYS)
    denied(await world.get("tool/manifests/1.0"))
    world.pass_(days=1_000)
    assert await forget_seen_digests(world.mirror) == 0

    await delete_manifest(world.mirror.registry, world.cast["admin"], RepositoryName("first/tool"), image.digest)
    assert await forget_seen_digests(world.mirror) == 1


async def test_a_mirror_itself_has_no_quarantine(world: World, admin: Wire) -> None:
    """Who may read it pulls what is young: so readers are given the virtual organization alone."""
    image = world.first.push("tool", "1.0")
    await world.change(quarantine_seconds=3 * DAYS)

    assert (await admin("GET", "/v2/first/tool/manifests/1.0")).body == image.body


# --- what it holds: nothing ---


async def test_who_pushes_is_told_where(world: World, nobody: Wire) -> None:
    for who in ("editor", "reader"):
        await world.cast.rooms.grant("all", who, Level.EDIT if who == "editor" else Level.READ)
        wire = nobody.as_(basic(who, PASSWORD))
        for method, path in (
            ("POST", "app/blobs/uploads/"),
            ("PUT", "app/manifests/v9"),
            ("POST", "new/blobs/uploads/"),
        ):
            answer = await wire(method, f"/v2/all/{path}", world.cast.image.body)
            assert (answer.status, answer.codes) == (405, ["UNSUPPORTED"])
            assert "push to one of these: acme." in answer.json()["errors"][0]["message"]
    assert (await nobody("POST", "/v2/all/app/blobs/uploads/")).status == 401
    assert (await nobody.as_(basic("stranger", PASSWORD))("POST", "/v2/all/app/blobs/uploads/")).status == 403


async def test_no_image_comes_into_it_by_any_way(world: World) -> None:
    registry, admin = world.mirror.registry, world.cast["admin"]
    with pytest.raises(VirtualNotPushed):
        await create_repository(registry, admin, RepositoryName("all/own"), is_public=False)
    with pytest.raises(VirtualNotPushed):
        await copy_image(
            registry, admin, RepositoryName("acme/app"), TagName("v1"), RepositoryName("all/own"), TagName("v1")
        )
    with pytest.raises(ParameterInvalid):
        await rename_repository(registry, admin, RepositoryName("acme/app"), RepositoryName("all/app"))


async def test_pulls_count_where_the_image_is(world: World) -> None:
    await world.get("app/manifests/v1")
    blob = world.cast.image.blobs[1]
    await world.get(f"app/blobs/{blob.digest}")

    counts = world.mirror.registry.counts
    assert dict(counts.manifests) == {("acme/app", "v1"): 1}
    assert dict(counts.blobs) == {("acme/app", str(blob.digest)): len(blob.content)}


async def test_a_client_that_has_it_already_is_told_so_unless_it_is_too_young(world: World) -> None:
    image = world.first.push("tool", "1.0")
    same = {"If-None-Match": f'"{image.digest}"'}
    assert (await world.wire("GET", "/v2/all/tool/manifests/1.0", headers=same)).status == 304
    await world.change(quarantine_seconds=3 * DAYS)
    denied(await world.wire("GET", "/v2/all/tool/manifests/1.0", headers=same))
