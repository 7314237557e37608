"""Lists of repositories hold exactly what one may read, whether what somebody holds is little or much."""

import pytest
from sqlalchemy import insert

from entrepot.access.actor import EVERYONE, Actor, subject_of_domain
from entrepot.access.levels import Level
from entrepot.access.patterns import like_of
from entrepot.access.tables import grant
from entrepot.registry import browse
from entrepot.registry.organizations import create_organization
from entrepot.registry.queries import browse as queries
from entrepot.registry.queries import readable
from entrepot.registry.repositories import create_repository
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.rooms import Rooms

PATHS = [f"{organization}/{name}" for organization in ("acme", "lab", "ops") for name in ("app", "base", "tool")]
THEIRS = [f"{organization}/{name}" for organization in ("far", "near") for name in ("app", "base", "open")]
ORDERS = (RepositoryOrder.UPDATED, RepositoryOrder.NAME, RepositoryOrder.ORGANIZATION, RepositoryOrder.TAGS)


async def furnish(rooms: Rooms) -> list[Actor]:
    """Two domains with three and two organizations; those who ask hold grants of every kind."""
    for organization in ("acme", "lab", "ops"):
        await rooms.organization(organization)
    for path in PATHS:
        await rooms.repository(path)
    await rooms.domain("guests")
    boss = await rooms.sign_in("guests/boss")
    for organization in ("far", "near"):
        await create_organization(rooms.registry, boss, OrganizationName.parse(organization))
    for path in THEIRS:
        await create_repository(rooms.registry, boss, RepositoryName.parse(path), False, "other", "")
    reader, fan, nobody = [await rooms.user(name) for name in ("reader", "fan", "nobody")]
    given = [
        ("far/open", EVERYONE),
        ("near/app", subject_of_domain(rooms.admin.domain_id)),
        ("lab", reader.subject),
        ("lab/app", reader.subject),
        ("acme/tool", reader.subject),
        ("gone/app", reader.subject),
        ("*/b*", fan.subject),
        ("ops", fan.subject),
        ("ops/*", rooms.admin.subject),
        ("near/b*", rooms.admin.subject),
    ]
    now = rooms.clock.now()
    async with rooms.db.writing() as tx:
        rows = [
            {
                "scope": scope,
                "pattern": like_of(scope) if "*" in scope else None,
                "subject": subject,
                "level": Level.READ,
                "created_at": now,
                "created_by": "*",
            }
            for scope, subject in given
        ]
        await tx.run(insert(grant), rows)
    return [rooms.admin, boss, reader, fan, nobody]


@pytest.mark.parametrize("few", [1_000, 2, 0])
async def test_a_list_holds_exactly_what_one_may_read(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    actors = await furnish(rooms)
    monkeypatch.setattr(readable, "FEW", few)
    monkeypatch.setattr(queries, "FEW", few)

    for actor in actors:
        expected = await browse.readable(rooms.registry, actor, [*PATHS, *THEIRS])
        assert await paged(rooms, actor, WantedRepositories()) == sorted(expected), actor.name
        for wanted, holds in (
            (WantedRepositories(organization_part="a"), lambda path: "a" in path.partition("/")[0]),
            (WantedRepositories(organization="far"), lambda path: path.startswith("far/")),
            (WantedRepositories(name_part="as"), lambda path: "as" in path.partition("/")[2]),
            (WantedRepositories(is_public=True), lambda path: path == "far/open"),
        ):
            assert await paged(rooms, actor, wanted) == sorted(filter(holds, expected)), f"{actor.name} {wanted}"


async def paged(rooms: Rooms, actor: Actor, wanted: WantedRepositories) -> list[str]:
    """All paths, in order: the same by every order, by page and by marker."""
    whole = sorted([one async for one in _after(rooms, actor, wanted)])
    for order in ORDERS:
        for descending in (False, True):
            found: list[str] = []
            for offset in range(0, len(whole) + 2, 2):
                page = await browse.list_repositories(rooms.registry, actor, wanted, order, descending, offset, 2)
                assert page.total == len(whole), f"{order} {offset}"
                found += [str(one.repository.path) for one in page.items]
            assert sorted(found) == whole, order
    return whole


async def _after(rooms: Rooms, actor: Actor, wanted: WantedRepositories):
    marker, has_more = 0, True
    while has_more:
        items, has_more = await browse.list_repositories_after(rooms.registry, actor, wanted, marker, 2)
        for one in items:
            yield str(one.repository.path)
            marker = one.repository.id
