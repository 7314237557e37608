"""Permits at an edge, with a center whose verbs are real and whose wire is a function call."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest
from httpx2 import Headers

from entrepot.access.levels import Level
from entrepot.accounts.scopes import parse_scopes
from entrepot.accounts.tokens import issue_token
from entrepot.edge import permits as edge_permits
from entrepot.edge.center import Center, Reply
from entrepot.edge.identity import FILE_NAME, Identity, NotAnEdge, load_identity, save_identity
from entrepot.edge.permits import Heard, Permits
from entrepot.mirror.regions import create_region
from entrepot.mirror.running import Running
from entrepot.regions.decisions import decide, permit_blob
from entrepot.regions.joining import Application, join
from entrepot.regions.tokens import create_edge_token
from entrepot.registry.repositories import change_repository
from entrepot.values.errors import EntrepotError, RemoteUnreachable, RepositoryUnknown, Unauthenticated
from entrepot.values.names import EdgeName, RegionName, RepositoryName
from tests.make.image import Image
from tests.make.rooms import PASSWORD, Rooms

APP, OTHER = RepositoryName("acme/app"), RepositoryName("acme/other")


class NearCenter(Center):
    """The center without a wire. `is_away`: it cannot be reached; `asked`: how often it decided."""

    def __init__(self, rooms: Rooms) -> None:
        super().__init__("http://center.example")
        self._rooms = rooms
        self.is_away = False
        self.asked = 0

    async def call(
        self, name: str, document: Mapping[str, Any], secret: str = "", seconds: float = 0
    ) -> Mapping[str, Any]:
        if self.is_away:
            raise RemoteUnreachable
        assert name == "decide"
        self.asked += 1
        shown = document["authorization"]
        actor = await self._rooms.credentials.actor(None if shown is None else shown.encode())
        path = RepositoryName.parse(document["path"])
        return {"decision": await decide(self._rooms.regions, secret, actor, path)}

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", seconds: float = 0
    ) -> Reply:
        if self.is_away:
            raise RemoteUnreachable
        try:
            await self._rooms.credentials.actor(headers["authorization"].encode())
        except EntrepotError:
            return Reply(401, Headers(), b"")
        return Reply(200, Headers(), b"")


@dataclass
class Watch:
    """Stands still until it is moved, as the clock of the center does in tests."""

    rooms: Rooms
    started: float = field(default_factory=monotonic)
    passed: float = 0.0

    def monotonic(self) -> float:
        return self.started + self.passed

    def advance(self, seconds: float) -> None:
        self.passed += seconds
        self.rooms.clock.advance(seconds=seconds)


@pytest.fixture
def watch(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch(rooms)
    monkeypatch.setattr(edge_permits, "monotonic", watch.monotonic)
    monkeypatch.setattr(Heard, "now", lambda _heard: rooms.clock.now().timestamp())
    return watch


@pytest.fixture
async def center(rooms: Rooms) -> NearCenter:
    await rooms.organization("acme")
    await rooms.push(APP, "v1")
    await rooms.push(OTHER, "v1")
    await create_region(rooms.mirror, rooms.admin, RegionName("north"), "")
    return NearCenter(rooms)


@pytest.fixture
async def permits(rooms: Rooms, center: NearCenter, watch: Watch) -> Permits:
    return await permits_of(rooms, center, "e1")


async def permits_of(rooms: Rooms, center: NearCenter, name: str) -> Permits:
    token = await create_edge_token(rooms.regions, rooms.admin, RegionName("north"))
    made = await join(rooms.regions, token.secret, Application(EdgeName(name), "", "https://e.example", 1 << 30, "1"))
    identity = Identity(made.id, made.name, made.region, center.url, made.secret)
    known = identity.knowing(rooms.accounts.settings.service, await rooms.accounts.keys.public())
    return Permits(center, Heard(known), Running())


def password_of(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


async def token_of(rooms: Rooms, user: str, *names: str) -> bytes:
    actor = await rooms.sign_in(user)
    scopes = parse_scopes([f"repository:{name}:pull" for name in names])
    return b"Bearer " + (await issue_token(rooms.accounts, actor, scopes)).token.encode()


async def test_a_decision_holds_for_seconds_and_then_it_is_asked_again(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    token = await token_of(rooms, "admin", APP)
    for seconds, asked in ((0, 1), (14, 1), (2, 2), (14, 2)):
        watch.advance(seconds)
        await permits.check(token, APP, "192.0.2.1")
        assert center.asked == asked


async def test_tokens_of_one_account_share_decisions_and_accounts_do_not(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    await rooms.user("ann")
    await rooms.grant(APP, "ann", Level.READ)
    first = await token_of(rooms, "admin", APP)
    watch.advance(1)
    second = await token_of(rooms, "admin", APP)
    assert first != second
    await permits.check(first, APP, "")
    await permits.check(second, APP, "")
    assert center.asked == 1
    await permits.check(await token_of(rooms, "ann", APP), APP, "")
    assert center.asked == 2
    await rooms.user("zoe")
    with pytest.raises(Unauthenticated):  # her token carries nothing
        await permits.check(await token_of(rooms, "zoe", APP), APP, "")


async def test_a_token_that_is_altered_or_expired_or_for_something_else_is_refused(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    token = await token_of(rooms, "admin", APP)
    await permits.check(token, APP, "")
    head, body, signature = token.split(b".")
    for wrong in (b".".join((head, body, signature[::-1])), b".".join((head, body, b"")), token[:-4] + b"AAAA"):
        with pytest.raises(Unauthenticated):
            await permits.check(wrong, APP, "")
    with pytest.raises(Unauthenticated) as refused:
        await permits.check(token, OTHER, "")
    assert refused.value.detail["insufficient_scope"] is True
    watch.advance(rooms.accounts.settings.token_seconds)
    with pytest.raises(Unauthenticated):
        await permits.check(token, APP, "")
    assert center.asked == 1


async def test_while_the_center_is_away_what_it_said_holds_for_as_long_as_it_said(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    basic = password_of("admin", PASSWORD)
    await permits.check(basic, APP, "")
    center.is_away = True
    watch.advance(3_599)
    await permits.check(basic, APP, "")
    with pytest.raises(RemoteUnreachable):  # of this it said nothing
        await permits.check(basic, OTHER, "")
    watch.advance(2)
    with pytest.raises(RemoteUnreachable):
        await permits.check(basic, APP, "")


async def test_nobody_who_was_allowed_waits_for_a_center_that_is_silent(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    basic = password_of("admin", PASSWORD)
    await permits.check(basic, APP, "")
    center.is_silent = True
    watch.advance(3_599)
    await permits.check(basic, APP, "")
    assert center.asked == 1
    center.is_silent = False
    await permits.check(basic, APP, "")
    assert center.asked == 2
    center.is_silent = True
    watch.advance(3_601)
    await permits.check(basic, APP, "")
    assert center.asked == 3


async def test_a_right_that_was_taken_away_ends_with_its_decision_and_is_not_held_on_to(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    await rooms.publish(APP)
    await permits.check(None, APP, "")
    await change_repository(rooms.registry, rooms.admin, APP, is_public=False)
    watch.advance(16)
    with pytest.raises((Unauthenticated, RepositoryUnknown)):
        await permits.check(None, APP, "")
    center.is_away = True  # what was refused last is not what was allowed before
    with pytest.raises(RemoteUnreachable):
        await permits.check(None, APP, "")


async def test_an_edge_gives_tokens_of_its_own_only_to_who_pulled_before(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    token = await token_of(rooms, "admin", APP, OTHER)
    await permits.check(token, APP, "")
    await permits.remember("admin", PASSWORD, token.removeprefix(b"Bearer ").decode())
    center.is_away = True
    watch.advance(60)
    own = b"Bearer " + (await permits.give("admin", PASSWORD, [APP, OTHER], 60)).encode()
    await permits.check(own, APP, "")
    with pytest.raises(Unauthenticated):  # nothing was said of it
        await permits.check(own, OTHER, "")
    for user, password in (("admin", "wrong"), ("ann", PASSWORD)):
        with pytest.raises(Unauthenticated):
            await permits.give(user, password, [APP], 60)
    nobody = b"Bearer " + (await permits.give(None, "", [APP], 60)).encode()
    with pytest.raises(Unauthenticated):
        await permits.check(nobody, APP, "")
    watch.advance(60)
    with pytest.raises(Unauthenticated):  # it lived for a minute
        await permits.check(own, APP, "")
    stranger = await permits_of(rooms, center, "e2")
    with pytest.raises(Unauthenticated):  # another edge's
        await stranger.check(own, APP, "")


async def test_a_permit_is_for_one_blob_at_one_edge_by_the_centers_clock(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    digest = str(Image.make().digest)
    mine = permits._heard.identity.id
    permit = await permit_blob(rooms.regions, mine, APP, digest)
    await permits.check_sent_on(permit, APP, digest)
    other = await permit_blob(rooms.regions, "another", APP, digest)
    for wrong in (
        (other, APP, digest),
        (permit, OTHER, digest),
        (permit, APP, "sha256:" + "0" * 64),
        ("", APP, digest),
    ):
        with pytest.raises(Unauthenticated):
            await permits.check_sent_on(*wrong)
    watch.advance(rooms.regions.settings.url_seconds)
    with pytest.raises(Unauthenticated):
        await permits.check_sent_on(permit, APP, digest)


@pytest.mark.parametrize("ahead", [-86_400.0, -30.0, 30.0, 86_400.0])
def test_times_are_the_centers_whatever_the_edges_clock_says(ahead: float) -> None:
    heard = Heard(Identity("", "", "", "", ""), ahead=ahead)
    assert abs(heard.now() - (time() + ahead)) < 1


async def test_who_somebody_is_is_known_for_a_while_when_the_center_is_away(
    rooms: Rooms, center: NearCenter, permits: Permits, watch: Watch
) -> None:
    basic = password_of("admin", PASSWORD)
    await permits.check_shown(basic)
    with pytest.raises(Unauthenticated):
        await permits.check_shown(password_of("admin", "wrong"))
    await permits.check_shown(await token_of(rooms, "admin", APP))
    center.is_away = True
    await permits.check_shown(basic)
    watch.advance(3_601)
    with pytest.raises(RemoteUnreachable):
        await permits.check_shown(basic)


def test_what_an_edge_knows_is_kept_and_read_again(tmp_path: Path) -> None:
    assert load_identity(tmp_path) is None
    identity = Identity("id", "e1", "north", "https://center.example", "secret", "entrepot", {"key": "pem"})
    save_identity(tmp_path, identity)
    assert load_identity(tmp_path) == identity
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert "secret" not in repr(identity)
    for broken in ("", "[]", json.dumps({"id": "id"}), "{" * 10):
        (tmp_path / FILE_NAME).write_text(broken)
        with pytest.raises(NotAnEdge):
            load_identity(tmp_path)
