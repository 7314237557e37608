"""Organizations, which the contract calls namespaces (§2)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.access.levels import Level
from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Empty, Flag, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_filter
from entrepot.registry import organizations, transfer
from entrepot.registry.closing import is_read_only
from entrepot.values.errors import ParameterInvalid, quoted
from entrepot.values.names import DomainName, OrganizationName, UserName

_VISIBLE = "visible"


class CreateNamespace(Body):
    namespace: Word


class ChangeNamespace(Body):
    """`sparse`: manifests may name content that is not here. `public`: repositories made by a push are public.

    `history_days`: for how long it is kept what tags named before; null for what the settings say.
    """

    sparse: Flag | None = None
    public: Flag | None = None
    history_days: Number | None = None

    def history(self) -> int | None:
        """The days as the verb takes them: null goes back to what the settings say, what is absent stays."""
        says_settings = "history_days" in self.model_fields_set and self.history_days is None
        return organizations.AS_SETTINGS_SAY if says_settings else self.history_days


class TransferNamespace(Body):
    """Without `domain_name` it stays in its domain; without `user_name` the new domain's administrators have it."""

    domain_name: Word | None = None
    user_name: Word | None = None


class Namespace(BaseModel):
    id: int
    name: str
    creator_name: str
    auth: Level


class NamespaceSettings(BaseModel):
    """`history_days` hold now; `own_history_days` is null where the settings say them.

    `read_only`: nothing in it is changed for now.
    """

    sparse: bool
    public: bool
    history_days: int
    own_history_days: int | None
    read_only: bool


@dataclass(slots=True)  # lighter than a model: one answer may hold ten thousand
class NamespaceRow:
    id: int
    name: str
    creator_name: str
    auth: Level
    access_user_count: int
    repo_count: int


class Namespaces(BaseModel):
    namespaces: list[NamespaceRow]


async def create_namespace(call: TheCall, body: CreateNamespace) -> Empty:
    """Create an organization. The caller becomes its manager."""
    await organizations.create_organization(call.registry, call.actor, OrganizationName.parse(body.namespace))
    return Empty()


async def list_namespaces(
    call: TheCall,
    namespace: WordParameter = None,
    filter: Annotated[Word | None, Query(description="`namespace::{name}|mode::{mode}`")] = None,  # noqa: A002
) -> Namespaces:
    """Organizations the caller holds a permission on; with `mode::visible` also on just a repository there."""
    wanted = {"namespace": namespace or ""} | parse_filter(filter, ("namespace", "mode"))
    mode = wanted.get("mode", "")
    if mode not in ("", _VISIBLE):
        raise ParameterInvalid(f"mode is {_VISIBLE}, not {quoted(mode)}.", kind="filter")
    found = await organizations.list_organizations(call.registry, call.actor, wanted["namespace"], mode == _VISIBLE)
    return Namespaces(
        namespaces=[
            NamespaceRow(one.id, one.name, one.creator_name, one.level, one.members, one.repositories) for one in found
        ]
    )


async def show_namespace(call: TheCall, namespace: TheOrganization) -> Namespace:
    """One organization, with the caller's level."""
    found = await organizations.show_organization(call.registry, call.actor, namespace)
    return Namespace(id=found.id, name=found.name, creator_name=found.creator_name, auth=found.level)


async def update_namespace(call: TheCall, namespace: TheOrganization, body: ChangeNamespace) -> Empty:
    """Change what is given of an organization's settings; what is left out stays."""
    await organizations.change_organization(
        call.registry, call.actor, namespace, body.sparse, body.public, body.history()
    )
    return Empty()


async def show_namespace_settings(call: TheCall, namespace: TheOrganization) -> NamespaceSettings:
    """What an organization's managers can change with PATCH."""
    found = await organizations.show_organization(call.registry, call.actor, namespace)
    return NamespaceSettings(
        sparse=found.allows_sparse,
        public=found.public_by_default,
        history_days=found.history_days,
        own_history_days=found.own_history_days,
        read_only=await is_read_only(call.registry, namespace),
    )


async def transfer_namespace(call: TheCall, namespace: TheOrganization, body: TransferNamespace) -> Empty:
    """Let an organization belong to another user, or to another domain, where all levels of today end.

    Another domain is for operators to say; within a domain its administrators do.
    """
    domain = None if body.domain_name is None else DomainName.parse(body.domain_name)
    owner = None if body.user_name is None else UserName.parse(body.user_name)
    await transfer.transfer_organization(call.registry, call.actor, namespace, domain, owner)
    return Empty()


async def delete_namespace(call: TheCall, namespace: TheOrganization) -> None:
    """Delete an empty organization."""
    await organizations.delete_organization(call.registry, call.actor, namespace)
