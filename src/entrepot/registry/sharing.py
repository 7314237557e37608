"""Sharing: a private repository, read by everybody of another domain, until a day is over or for ever (contract §7).

A share is a grant of `read` to the domain, which is all that a pull looks at, and a row that says who gave it, when
and why. Only those who manage the repository share it, and see whom it is shared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, subject_of_domain
from entrepot.access.grants import Grant, remove_grant, set_grant
from entrepot.access.levels import Action, Level
from entrepot.accounts.queries import people
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import reach, rules
from entrepot.registry.events import ShareRemoved, ShareSet
from entrepot.registry.queries import shares
from entrepot.registry.room import Registry
from entrepot.values.errors import DomainUnknown, ShareExists, ShareUnknown, worded
from entrepot.values.names import DomainName, RepositoryName


@dataclass(frozen=True, slots=True)
class Share:
    """`ends_at` is the first moment it does not hold any more; None: it holds for ever."""

    path: RepositoryName
    receiver: str
    ends_at: datetime | None
    is_valid: bool
    description: str
    creator_id: str
    creator_name: str
    created_at: datetime
    updated_at: datetime


async def share_repository(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    receiver: DomainName,
    ends_at: datetime | None,
    description: str = "",
) -> None:
    """Let everybody of the domain `receiver` read a private repository.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, DomainUnknown, ShareExists, TooMany, or ParameterInvalid
    for what is public, one's own or over.
    """
    rules.check_description(description, rules.SHARE_DESCRIPTION_CHARS_MAX)
    async with registry.db.writing() as tx:
        row = await _changing(tx, actor, path)
        now = registry.clock.now()
        rules.check_shareable(path, row.is_public)
        rules.check_ahead(ends_at, now)
        found = await people.domain_by_name(tx, receiver)
        if found is None:
            raise DomainUnknown(worded("There is no domain named {receiver}.", receiver=receiver))
        rules.check_receiver(receiver, found.id, row.domain_id)
        if await shares.share_with(tx, row.id, receiver):
            raise ShareExists(
                worded("{path} is shared with {receiver} already; change that instead.", path=path, receiver=receiver)
            )
        rules.check_shares_count(await shares.shares_count(tx, row.id))
        await shares.save_share(tx, row.id, found.id, description, actor.id, now)
        await _let_read(tx, actor, path, found.id, ends_at, now)
        told = ShareSet(path, receiver, found.id, rules.deadline_text(ends_at), description, before={})
        await publish(tx, told, actor=actor.subject, at=now, domain_id=row.domain_id)


async def change_share(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    receiver: DomainName,
    ends_at: datetime | None,
    description: str = "",
) -> None:
    """Give a share another end and description.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ShareUnknown, or ParameterInvalid for a day that is over.
    """
    rules.check_description(description, rules.SHARE_DESCRIPTION_CHARS_MAX)
    async with registry.db.writing() as tx:
        row = await _changing(tx, actor, path)
        now = registry.clock.now()
        rules.check_ahead(ends_at, now)
        found = await _existing(tx, row, path, receiver)
        await shares.change_share(tx, row.id, found.domain_id, description, now)
        await _let_read(tx, actor, path, found.domain_id, ends_at, now)
        is_now = {"deadline": rules.deadline_text(ends_at), "description": description}
        before = {key: value for key, value in _told(found).items() if value != is_now[key]}
        told = ShareSet(path, receiver, found.domain_id, is_now["deadline"], description, before)
        await publish(tx, told, actor=actor.subject, at=now, domain_id=row.domain_id)


async def end_share(registry: Registry, actor: Actor, path: RepositoryName, receiver: DomainName) -> None:
    """Take a share back: from the next request on the domain's users do not read the repository by it.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown or ShareUnknown.
    """
    async with registry.db.writing() as tx:
        row = await _changing(tx, actor, path)
        found = await _existing(tx, row, path, receiver)
        await shares.delete_share(tx, row.id, found.domain_id)
        await remove_grant(tx, path, subject_of_domain(found.domain_id))
        told = ShareRemoved(path, receiver, found.domain_id, before=_told(found))
        await publish(tx, told, actor=actor.subject, at=registry.clock.now(), domain_id=row.domain_id)


async def list_shares(
    registry: Registry, actor: Actor, path: RepositoryName, offset: int, limit: int
) -> tuple[Sequence[Share], int]:
    """A page of a repository's shares by the receiver's name, ended ones too, and how many there are on all pages.

    Raises Unauthenticated, AccessDenied or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        row = await reach.existing(tx, actor, Action.REPOSITORY_GRANT, path)
        found = await shares.shares_page(tx, row.id, offset, limit)
        return await _shares(tx, path, found), await shares.shares_count(tx, row.id)


async def show_share(registry: Registry, actor: Actor, path: RepositoryName, receiver: DomainName) -> Share | None:
    """How a repository is shared with a domain; None when it is not, also when there is no such domain.

    Raises Unauthenticated, AccessDenied or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        row = await reach.existing(tx, actor, Action.REPOSITORY_GRANT, path)
        found = await shares.share_with(tx, row.id, receiver)
        return (await _shares(tx, path, [found]))[0] if found else None


async def _changing(tx: Writer, actor: Actor, path: RepositoryName) -> Row[Any]:
    """The repository's row; nobody else changes its shares before the end of the transaction."""
    row = await reach.changing(tx, actor, Action.REPOSITORY_GRANT, path)
    await tx.lock(f"shares:{row.id}")
    return row


async def _existing(tx: Reader, repository: Row[Any], path: RepositoryName, receiver: DomainName) -> Row[Any]:
    found = await shares.share_with(tx, repository.id, receiver)
    if found is None:
        raise ShareUnknown(worded("{path} is not shared with {receiver}.", path=path, receiver=receiver))
    return found


async def _let_read(
    tx: Writer, actor: Actor, path: RepositoryName, domain_id: str, ends_at: datetime | None, at: datetime
) -> None:
    given = Grant(path, subject_of_domain(domain_id), Level.READ, ends_at)
    await set_grant(tx, given, by=actor.subject, at=at)


def _told(row: Row[Any]) -> dict[str, str]:
    """What of a share can change, as events tell it."""
    return {"deadline": rules.deadline_text(row.expires_at), "description": row.description}


async def _shares(tx: Reader, path: RepositoryName, rows: Sequence[Row[Any]]) -> Sequence[Share]:
    creators = await names_of(tx, list({row.creator_id for row in rows}))
    return [
        Share(
            path,
            row.receiver,
            row.expires_at,
            row.is_valid,
            row.description,
            row.creator_id,
            creators.get(row.creator_id, ""),
            row.created_at,
            row.updated_at,
        )
        for row in rows
    ]
