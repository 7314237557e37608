"""Who may do what: every verb of the registry, asked by everybody, in one table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from entrepot.registry import (
    accessories,
    artifacts,
    browse,
    history,
    lists,
    members,
    organizations,
    pull,
    push,
    remove,
    repositories,
    retag,
    sharing,
    tagged,
    uploads,
)
from entrepot.registry.members import Wanted
from entrepot.registry.room import Registry
from entrepot.registry.wanted import RepositoryOrder, TagOrder, WantedRepositories, WantedTags
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import AccessDenied, EntrepotError, Refused, RepositoryUnknown, Unauthenticated, Unsupported
from entrepot.values.names import DomainName, OrganizationName, RepositoryName, TagName
from tests.make.cast import WHO, Cast
from tests.make.furnish import chunks
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP, NONE = RepositoryName("acme/app"), RepositoryName("acme/none")
ACME = OrganizationName("acme")
V1 = TagName("v1")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ANY = Accept.parse([])
NEW = Blob(b"new")


@dataclass(frozen=True)
class Asked:
    """What a verb is asked with: by whom, about which repository, which has this image."""

    registry: Registry
    actor: Actor
    path: RepositoryName
    image: Image


Verb = Callable[[Asked], Awaitable[object]]
# The verb, and the least of them who may. Below that: 401 for nobody, hidden from those who may not
# read, refused for those who may.
READS: dict[str, Verb] = {
    "find_manifest": lambda a: pull.find_manifest(a.registry, a.actor, a.path, V1, ANY),
    "find_manifest by digest": lambda a: pull.find_manifest(a.registry, a.actor, a.path, a.image.digest, ANY),
    "find_blob": lambda a: pull.find_blob(a.registry, a.actor, a.path, a.image.blobs[0].digest),
    "list_tags": lambda a: lists.list_tags(a.registry, a.actor, a.path, "", 10),
    "list_referrers": lambda a: lists.list_referrers(a.registry, a.actor, a.path, a.image.digest, None, ""),
    "show_repository": lambda a: browse.show_repository(a.registry, a.actor, a.path),
    "show_tag": lambda a: tagged.show_tag(a.registry, a.actor, a.path, V1),
    "list_tagged": lambda a: tagged.list_tagged(a.registry, a.actor, a.path, "", TagOrder.NAME, False, 0, 10),
    "list_tagged_after": lambda a: tagged.list_tagged_after(a.registry, a.actor, a.path, WantedTags(), True),
    "list_tag_history": lambda a: history.list_tag_history(a.registry, a.actor, a.path, V1, None, 10),
    "list_tags_at": lambda a: history.list_tags_at(a.registry, a.actor, a.path, NEW_YEAR, "", 10),
    "list_accessories": lambda a: accessories.list_accessories(a.registry, a.actor, a.path, V1),
    "list_signed_tags": lambda a: accessories.list_signed_tags(a.registry, a.actor, a.path, V1, "", 10),
    "list_artifacts": lambda a: artifacts.list_artifacts(a.registry, a.actor, a.path, "", None, 0, 10),
    "show_artifact": lambda a: artifacts.show_artifact(a.registry, a.actor, a.path, a.image.digest),
    "list_members": lambda a: members.list_members(a.registry, a.actor, a.path),
}
WRITES: dict[str, Verb] = {
    "start_upload": lambda a: uploads.start_upload(a.registry, a.actor, a.path),
    "push_blob": lambda a: uploads.push_blob(a.registry, a.actor, a.path, NEW.digest, chunks(NEW.content)),
    "mount_blob": lambda a: uploads.mount_blob(a.registry, a.actor, a.path, NEW.digest, None),
    "push_manifest": lambda a: push.push_manifest(a.registry, a.actor, a.path, V1, a.image.body, a.image.media_type),
}
UPDATES: dict[str, Verb] = {
    "change_repository": lambda a: repositories.change_repository(a.registry, a.actor, a.path, description="x"),
    "add_tag": lambda a: retag.add_tag(a.registry, a.actor, a.path, V1, V1, may_move=True),
    "restore_tag": lambda a: retag.restore_tag(a.registry, a.actor, a.path, V1, a.image.digest),
}
MANAGES: dict[str, Verb] = {
    "publish": lambda a: repositories.change_repository(a.registry, a.actor, a.path, is_public=True),
    "add_members": lambda a: members.add_members(a.registry, a.actor, a.path, [Wanted("stranger", Level.READ)]),
    "change_members": lambda a: members.change_members(a.registry, a.actor, a.path, [Wanted("reader", Level.EDIT)]),
    "remove_members": lambda a: members.remove_members(a.registry, a.actor, a.path, ["nobody"]),
    "list_shares": lambda a: sharing.list_shares(a.registry, a.actor, a.path, 0, 10),
    "show_share": lambda a: sharing.show_share(a.registry, a.actor, a.path, DomainName("guests")),
    "delete_tag": lambda a: remove.delete_tag(a.registry, a.actor, a.path, V1),
    "delete_blob": lambda a: remove.delete_blob(a.registry, a.actor, a.path, a.image.blobs[0].digest),
    "delete_manifest": lambda a: remove.delete_manifest(a.registry, a.actor, a.path, a.image.digest),
    "delete_repository": lambda a: repositories.delete_repository(a.registry, a.actor, a.path),
}
NEEDS = {
    **dict.fromkeys(READS, "reader"),
    **dict.fromkeys(WRITES | UPDATES, "editor"),
    **dict.fromkeys(MANAGES, "manager"),
}
VERBS = READS | WRITES | UPDATES | MANAGES


async def outcome(verb: Verb, asked: Asked) -> EntrepotError | None:
    try:
        await verb(asked)
    except EntrepotError as error:
        return error
    return None


async def test_a_verb_refuses_those_who_may_not(cast: Cast, registry: Registry) -> None:
    for name, verb in VERBS.items():
        for who in WHO[: WHO.index(NEEDS[name])]:
            refused = await outcome(verb, Asked(registry, cast[who], APP, cast.image))

            if who == "anonymous":
                assert isinstance(refused, Unauthenticated), name
            elif who == "stranger" and name not in WRITES:
                assert isinstance(refused, RepositoryUnknown), name
            else:
                assert isinstance(refused, AccessDenied), (name, who)


async def test_a_verb_serves_those_who_may(cast: Cast, registry: Registry) -> None:
    for name, verb in VERBS.items():
        refused = await outcome(verb, Asked(registry, cast[NEEDS[name]], APP, cast.image))

        # The manifest needs the blob: allowed all the same.
        assert (name, type(refused)) == (name, Unsupported if name == "delete_blob" else type(None))


async def test_what_one_may_not_read_answers_exactly_like_what_is_not_there(cast: Cast, registry: Registry) -> None:
    for who in ("anonymous", "stranger"):
        for name, verb in VERBS.items():
            there = await outcome(verb, Asked(registry, cast[who], APP, cast.image))
            absent = await outcome(verb, Asked(registry, cast[who], NONE, cast.image))

            assert isinstance(there, Refused), (who, name)
            assert isinstance(absent, Refused)
            assert type(there) is type(absent)
            assert there.message.replace(APP, NONE) == absent.message
            assert repr(there.detail).replace(APP, NONE) == repr(absent.detail)


async def test_an_absent_repository_is_unknown_to_those_who_may_read_there(cast: Cast, registry: Registry) -> None:
    for name in READS.keys() - {"list_referrers"}:
        unknown = await outcome(READS[name], Asked(registry, cast["admin"], NONE, cast.image))
        assert (name, type(unknown)) == (name, RepositoryUnknown)


async def test_what_is_public_is_read_by_everybody(cast: Cast, registry: Registry) -> None:
    for who in WHO:
        asked = Asked(registry, cast[who], RepositoryName("acme/open"), cast.open_image)
        # Members are told to people, of the repository's own domain.
        for name in READS.keys() - ({"list_members"} if who == "anonymous" else set()):
            assert (who, name, await outcome(READS[name], asked)) == (who, name, None)


async def test_what_is_public_is_written_by_nobody_more(cast: Cast, registry: Registry) -> None:
    asked = Asked(registry, cast["reader"], RepositoryName("acme/open"), cast.open_image)
    for name, verb in (WRITES | UPDATES | MANAGES).items():
        assert (name, type(await outcome(verb, asked))) == (name, AccessDenied)
        nobody = Asked(registry, ANONYMOUS, asked.path, asked.image)
        assert (name, type(await outcome(verb, nobody))) == (name, Unauthenticated)


async def test_a_token_that_says_nothing_opens_nothing(cast: Cast, registry: Registry) -> None:
    bare = replace(cast["admin"], limits={})
    for name, verb in VERBS.items():
        refused = await outcome(verb, Asked(registry, bare, APP, cast.image))
        assert (name, type(refused)) == (name, Unauthenticated)
    page = await lists.list_catalog(registry, cast["admin"], "", 10)
    assert page.items == ["acme/app", "acme/open"]
    with pytest.raises(AccessDenied):
        await browse.list_repositories(
            registry, bare, WantedRepositories(), RepositoryOrder.NAME, descending=False, offset=0, limit=10
        )
    with pytest.raises(AccessDenied):
        await browse.list_repositories_after(registry, bare, WantedRepositories(), 0, 10)
    with pytest.raises(AccessDenied):
        await organizations.list_organizations(registry, bare)


async def test_lists_hold_what_one_may_read(cast: Cast, registry: Registry) -> None:
    wanted = WantedRepositories()
    for who in WHO:
        expected = ["acme/open"] if who in ("anonymous", "stranger") else ["acme/app", "acme/open"]

        catalog = await lists.list_catalog(registry, cast[who], "", 10)
        page = await browse.list_repositories(registry, cast[who], wanted, RepositoryOrder.NAME, False, 0, 10)
        after, has_more = await browse.list_repositories_after(registry, cast[who], wanted, 0, 10)

        assert (catalog.items, catalog.is_last) == (expected, True)
        assert ([one.repository.path for one in page.items], page.total) == (expected, len(expected))
        assert (sorted(one.repository.path for one in after), has_more) == (expected, False)


ORGANIZATION: dict[str, tuple[Verb, str]] = {
    "show": (lambda a: organizations.show_organization(a.registry, a.actor, ACME), "reader"),
    "members": (lambda a: members.list_members(a.registry, a.actor, ACME), "reader"),
    "create in": (lambda a: repositories.create_repository(a.registry, a.actor, NONE, False), "editor"),
    "push into": (lambda a: uploads.push_blob(a.registry, a.actor, NONE, NEW.digest, chunks(NEW.content)), "editor"),
    "sparse": (lambda a: organizations.change_organization(a.registry, a.actor, ACME, False), "manager"),
    "delete": (lambda a: organizations.delete_organization(a.registry, a.actor, ACME), "manager"),
}


async def test_the_verbs_of_an_organization(rooms: Rooms, registry: Registry) -> None:
    image = Image.make()
    actors = {"anonymous": ANONYMOUS, "admin": rooms.admin}
    for who in ("stranger", "reader", "editor", "manager"):
        actors[who] = await rooms.user(who)
    for name, (verb, least) in ORGANIZATION.items():
        await rooms.organization("acme")
        for who, level in (("reader", Level.READ), ("editor", Level.EDIT), ("manager", Level.MANAGE)):
            await rooms.grant("acme", who, level)
        for who in WHO[: WHO.index(least)]:
            refused = await outcome(verb, Asked(registry, actors[who], NONE, image))
            expected = Unauthenticated if who == "anonymous" else Refused
            assert isinstance(refused, expected), (name, who)
        assert await outcome(verb, Asked(registry, actors[least], NONE, image)) is None, name
        if name != "delete":
            if name in ("create in", "push into"):
                await repositories.delete_repository(registry, rooms.admin, NONE)
            await organizations.delete_organization(registry, rooms.admin, ACME)


async def test_a_digest_that_is_guessed_opens_nothing(cast: Cast, registry: Registry) -> None:
    """A blob is readable through the link of a repository, not because it is stored."""
    secret = cast.image.blobs[1]
    asked = Asked(registry, cast["stranger"], RepositoryName("acme/open"), cast.image)

    for digest in (secret.digest, Digest.of(b"nobody has this")):
        with pytest.raises(Refused) as refused:
            await pull.find_blob(registry, asked.actor, asked.path, digest)
        assert refused.value.message == f"The repository has no blob {digest}."
