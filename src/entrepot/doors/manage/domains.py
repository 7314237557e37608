"""Domains (tenants), which the contract takes for given; here operators make them."""

from pydantic import BaseModel

from entrepot.accounts import domains
from entrepot.db.walking import marker_of
from entrepot.doors.manage.call import TheCall, TheDomain
from entrepot.doors.manage.fields import Body, NameFilter, Text, Word, WordParameter
from entrepot.doors.manage.paging import BY_AGE, parse_limit, parse_name_part, parse_walk
from entrepot.plumbing.clock import rfc3339
from entrepot.registry.domains import delete_domain as remove
from entrepot.values.names import DomainName, UserName


class CreateDomain(Body):
    """With its first administrator, who signs in as `DOMAIN/USER`."""

    name: Word
    admin_name: Word
    admin_password: Text


class Domain(BaseModel):
    id: str
    name: str
    created_at: str


class Domains(BaseModel):
    domains: list[Domain]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def create_domain(call: TheCall, body: CreateDomain) -> Domain:
    """Create a domain with its first administrator. For operators."""
    name, admin = DomainName.parse(body.name), UserName.parse(body.admin_name)
    return _domain(await domains.create_domain(call.accounts, call.actor, name, admin, body.admin_password))


async def list_domains(
    call: TheCall,
    limit: WordParameter = None,
    marker: WordParameter = None,
    filter: NameFilter = None,  # noqa: A002  # the parameter's name
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> Domains:
    """Domains by name, those after `marker`; `nextMarker` is absent at the end. For operators.

    `order_column` is one of `name`, `created_at`; `order_type` asc or desc; what was made last comes first.
    """
    count = parse_limit(limit)
    order, descending = parse_walk(order_column, order_type, BY_AGE)
    part = parse_name_part(filter)
    found = await domains.list_domains(call.accounts, call.actor, marker or "", count + 1, part, order, descending)
    rows = [_domain(one) for one in found[:count]]
    return Domains(domains=rows, nextMarker=marker_of(order, found[count - 1]) if len(found) > count else None)


async def show_domain(call: TheCall, domain: TheDomain) -> Domain:
    """One domain; everybody may see their own."""
    return _domain(await domains.show_domain(call.accounts, call.actor, domain))


async def delete_domain(call: TheCall, domain: TheDomain) -> None:
    """Delete a domain without organizations, with its people, groups and robots. For operators."""
    await remove(call.registry, call.actor, domain)


def _domain(one: domains.Domain) -> Domain:
    return Domain(id=one.id, name=one.name, created_at=rfc3339(one.created_at))
