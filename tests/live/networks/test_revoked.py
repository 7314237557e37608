"""A grant that is taken away ends everywhere: at the center at once, at every edge within half a minute."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tests.live.api import Api
from tests.live.clients.commands import poll
from tests.live.networks.clients import Puller
from tests.live.networks.conftest import new_path
from tests.live.networks.images import Image, basic, bearer, push
from tests.live.networks.places import Place
from tests.live.networks.worlds import World

SECONDS_MAX = 30.0
_REFUSED = (401, 403, 404)


@dataclass(frozen=True, slots=True)
class Way:
    """How a client at a place has a blob from an edge: what it shows, and where."""

    edge: str
    name: str
    place: Place
    url: str
    header: str = ""

    def seconds_open(self, since: Callable[[], float]) -> float:
        """How long after `since` it still had it; it asks again and again."""
        client, last = Puller(self.place.address(), ""), 0.0
        for _ in poll(4 * SECONDS_MAX, 0.2):
            asked_at = time.monotonic()
            status, _, _ = client.get(self.url, self.header)
            if status in _REFUSED:
                client.close()
                assert last, f"{self}: it was never open"
                return last - since()
            assert status == 200, (self, status)
            last = asked_at
        raise AssertionError(f"{self.edge} still serves who may no more: {self.name}")


def ways_of(world: World, image: Image, user: Api) -> list[Way]:
    """At every edge: with a token, with the password, and where the center sent the client on to."""
    ways, digest = [], image.digests[0]
    password = basic(user.user, user.password)
    with world.center.place.inside():
        token = bearer(world.center, image.path, user.user, user.password)
    for name, edge in world.edges.items():
        place, own = world.clients(name), image.layer(digest, at=edge.url)
        with place.inside():
            client = Puller(place.address(), token)
            status, sent_to, _ = client.get(image.layer(digest), token)
            client.close()
        assert (status, sent_to.startswith(edge.url)) == (307, True)
        ways += [
            Way(name, "token", place, own, token),
            Way(name, "password", place, own, password),
            Way(name, "sent on", place, sent_to),
        ]
    return ways


def test_a_grant_taken_away_ends_at_every_edge_within_half_a_minute(world: World) -> None:
    path = new_path(world)
    organization, image = path.partition("/")[0], push(world.center, path, 1)
    with world.center.api() as api, api.create_user() as reader:
        api.grant(organization, reader.user, "read")
        ways = ways_of(world, image, reader)
        entry = [api.user_id(reader.user)]

        with ThreadPoolExecutor(len(ways)) as pool:
            revoked_at: Future[float] = Future()
            open_for = [pool.submit(in_place, way, revoked_at) for way in ways]
            time.sleep(1)
            answer = api.client.request("DELETE", f"/v2/manage/namespaces/{organization}/access", json=entry)
            revoked_at.set_result(time.monotonic())
            assert answer.status_code == 204, answer.text
            seconds = {(way.edge, way.name): round(one.result(), 1) for way, one in zip(ways, open_for, strict=True)}

    assert max(seconds.values()) <= SECONDS_MAX, seconds


def in_place(way: Way, revoked_at: Future[float]) -> float:
    with way.place.inside():
        return way.seconds_open(revoked_at.result)
