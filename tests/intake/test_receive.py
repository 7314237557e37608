"""An archive comes in pieces: announced, gone on with, handed in, cancelled, forgotten; and by whom."""

from dataclasses import replace

import pytest

from entrepot.intake.importing import forget_archives, import_archive
from entrepot.intake.receive import (
    announce_archive,
    append_archive,
    cancel_archive,
    hand_in_archive,
    list_archives,
    show_archive,
)
from entrepot.intake.room import Intake
from entrepot.intake.rules import State
from entrepot.registry.organizations import list_organizations
from entrepot.registry.quota_rules import UNLIMITED, Resource
from entrepot.registry.quotas import (
    archive_limits,
    set_domain_quotas,
    set_organization_quotas,
    show_organization_quotas,
)
from entrepot.registry.stale import forget_stale_uploads
from entrepot.values.errors import (
    AccessDenied,
    BodyTooLarge,
    EntrepotError,
    OrganizationUnknown,
    ParameterInvalid,
    SizeInvalid,
    TooMany,
    Unauthenticated,
    UploadInvalid,
    UploadOutOfOrder,
    UploadUnknown,
)
from entrepot.values.names import OrganizationName, RepositoryName
from tests.intake.conftest import ACME, Bring, chunked
from tests.make.archive import DockerArchive
from tests.make.cast import Cast

APP = RepositoryName("acme/app")


async def test_pieces_go_on_where_the_archive_ends_and_nowhere_else(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    made = await announce_archive(intake, admin, ACME, "images.tar", 10)
    assert await append_archive(intake, admin, made.id, chunked(b"01234"), 0) == 5

    with pytest.raises(UploadOutOfOrder) as refused:
        await append_archive(intake, admin, made.id, chunked(b"3"), 3)
    assert refused.value.offset == 5
    with pytest.raises(SizeInvalid, match="more than the 10 bytes"):
        await append_archive(intake, admin, made.id, chunked(b"567890"), 5)
    with pytest.raises(SizeInvalid):
        await append_archive(intake, admin, made.id, chunked(b""), 5, length=6)
    with pytest.raises(UploadOutOfOrder, match="not whole: 5 of 10 bytes"):
        await hand_in_archive(intake, admin, made.id)
    assert await append_archive(intake, admin, made.id, chunked(b"56789"), 5) == 10

    handed_in = await hand_in_archive(intake, admin, made.id)
    assert (handed_in.state, handed_in.held) == (State.WAITING, 10)
    assert (await hand_in_archive(intake, admin, made.id)).state is State.WAITING
    with pytest.raises(UploadInvalid):
        await append_archive(intake, admin, made.id, chunked(b""), 10)


async def test_the_same_file_chosen_again_is_gone_on_with(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    made = await announce_archive(intake, admin, ACME, "images.tar", 10, "mark")
    await append_archive(intake, admin, made.id, chunked(b"0123"), 0)

    again = await announce_archive(intake, admin, ACME, "images.tar", 10, "mark")
    assert (again.id, again.held) == (made.id, 4)
    assert (await announce_archive(intake, admin, ACME, "images.tar", 10, "another")).id != made.id
    assert (await announce_archive(intake, admin, ACME, "images.tar", 10, "mark", APP)).id != made.id
    assert len(await list_archives(intake, admin)) == 3


async def test_a_cancelled_archive_leaves_nothing(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    made = await announce_archive(intake, admin, ACME, "images.tar", 10)
    await append_archive(intake, admin, made.id, chunked(b"0123"), 0)

    await cancel_archive(intake, admin, made.id)

    with pytest.raises(UploadUnknown):
        await show_archive(intake, admin, made.id)
    assert [part async for part in cast.rooms.blobs.list_parts(0)] == []
    await import_archive(intake, made.id)  # a worker that comes late finds nothing to do


async def test_an_archive_nobody_goes_on_with_is_forgotten(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    await announce_archive(intake, admin, ACME, "images.tar", 10)
    cast.rooms.clock.advance(seconds=intake.registry.settings.upload_idle_seconds + 1)

    await forget_stale_uploads(intake.registry)

    assert await list_archives(intake, admin) == []
    assert await forget_archives(intake) == 1


async def test_what_became_of_an_archive_is_told_for_some_days(cast: Cast, intake: Intake, bring: Bring) -> None:
    archive = DockerArchive()
    archive.add("web:1")
    done = await bring(archive.pack())
    assert await forget_archives(intake) == 0
    cast.rooms.clock.advance(seconds=intake.settings.wait_seconds + 1)

    assert await forget_archives(intake) == 1
    with pytest.raises(UploadUnknown):
        await show_archive(intake, cast["admin"], done.id)


@pytest.mark.parametrize(
    ("who", "repository", "refusal"),
    [
        ("anonymous", None, Unauthenticated),
        ("stranger", None, AccessDenied),
        ("reader", APP, AccessDenied),
        ("editor", None, AccessDenied),  # of one repository, not of the organization
        ("editor", APP, None),
        ("manager", APP, None),
        ("admin", None, None),
    ],
)
async def test_who_may_push_there_may_announce(
    cast: Cast, intake: Intake, who: str, repository: RepositoryName | None, refusal: type[EntrepotError] | None
) -> None:
    asked = announce_archive(intake, cast[who], ACME, "images.tar", 10, repository=repository)
    if refusal is None:
        assert (await asked).state is State.RECEIVING
    else:
        with pytest.raises(refusal):
            await asked


async def test_an_archive_is_its_owners_alone(cast: Cast, intake: Intake) -> None:
    made = await announce_archive(intake, cast["editor"], ACME, "images.tar", 4, repository=APP)

    for who in ("manager", "admin"):
        with pytest.raises(UploadUnknown):
            await show_archive(intake, cast[who], made.id)
        with pytest.raises(UploadUnknown):
            await append_archive(intake, cast[who], made.id, chunked(b"0123"), 0)
        with pytest.raises(UploadUnknown):
            await cancel_archive(intake, cast[who], made.id)
        assert await list_archives(intake, cast[who], ACME) == []


async def test_limits_are_said_before_anything_comes(cast: Cast, intake: Intake) -> None:
    admin = cast["admin"]
    registry = replace(intake.registry, settings=replace(intake.registry.settings, archive_bytes_max=100))
    small = replace(intake, registry=registry, settings=replace(intake.settings, archives_open_max=2))
    for size, name, refusal in ((101, "a", BodyTooLarge), (0, "a", SizeInvalid), (1, " ", ParameterInvalid)):
        with pytest.raises(refusal):
            await announce_archive(small, admin, ACME, name, size)
    with pytest.raises(ParameterInvalid):
        await announce_archive(small, admin, ACME, "a\nb", 1)
    with pytest.raises(ParameterInvalid, match="is not in acme"):
        await announce_archive(small, admin, ACME, "a", 1, repository=RepositoryName("other/app"))
    with pytest.raises(OrganizationUnknown):
        await announce_archive(small, admin, OrganizationName("nowhere"), "a", 1)
    for number in range(2):
        await announce_archive(small, admin, ACME, "a", 1, str(number))
    with pytest.raises(TooMany, match="2 archives under way"):
        await announce_archive(small, admin, ACME, "a", 1, "third")


async def test_an_organization_takes_archives_of_its_own_size(cast: Cast, intake: Intake) -> None:
    admin, editor, registry = cast["admin"], cast["editor"], intake.registry
    other = await cast.rooms.organization("other")
    for limit, taken in ((100, 100), (20 << 30, 20 << 30), (None, 10 << 30)):
        await set_organization_quotas(registry, admin, ACME, {Resource.ARCHIVE_BYTES: limit})
        listed = await list_organizations(registry, admin)
        assert await archive_limits(registry, admin, listed) == {"acme": taken, "other": 10 << 30}
        with pytest.raises(BodyTooLarge, match="bytes in acme") as error:
            await announce_archive(intake, editor, ACME, "a", taken + 1, repository=APP)
        assert error.value.detail["limit"] == taken
        await announce_archive(intake, editor, ACME, "a", taken, repository=APP)
        await announce_archive(intake, admin, other, "a", 10 << 30)
    await set_organization_quotas(registry, admin, ACME, {Resource.ARCHIVE_BYTES: UNLIMITED})
    await announce_archive(intake, editor, ACME, "a", 1 << 50, repository=APP)
    shown = {one.resource: one for one in await show_organization_quotas(registry, admin, ACME)}
    assert (shown[Resource.ARCHIVE_BYTES].limit, shown[Resource.ARCHIVE_BYTES].is_own) == (UNLIMITED, True)


async def test_only_administrators_of_the_domain_set_the_size_of_archives(cast: Cast, intake: Intake) -> None:
    for who in ("editor", "manager"):
        with pytest.raises((AccessDenied, OrganizationUnknown)):
            await set_organization_quotas(intake.registry, cast[who], ACME, {Resource.ARCHIVE_BYTES: 1 << 40})
    with pytest.raises(ParameterInvalid):
        await set_domain_quotas(intake.registry, cast["admin"], "default", {Resource.ARCHIVE_BYTES: 5})
