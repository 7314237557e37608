"""First steps: how far a new domain has come, from what is there."""

from dataclasses import dataclass

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin
from entrepot.accounts.profile import is_first_password
from entrepot.accounts.queries import people, signing
from entrepot.registry.queries import first_steps as queries
from entrepot.registry.room import Registry
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """`organization`: one of the domain. `image`: a repository of the domain with a tag.

    `has_own_password`: the actor does not use the one that the account was made with. `has_docker`: a docker
    client keeps them signed in, or somebody has pushed.
    """

    has_own_password: bool
    organization: OrganizationName | None
    has_docker: bool
    image: RepositoryName | None

    @property
    def are_done(self) -> bool:
        return self.has_own_password and self.organization is not None and self.image is not None


async def show_first_steps(registry: Registry, actor: Actor) -> FirstSteps:
    """How far the actor's domain has come. Raises Unauthenticated or AccessDenied: administrators may."""
    require_admin(actor)
    async with registry.db.looking() as tx:
        row = await people.user_by_id(tx, actor.id)
        if row is None:
            raise Unauthenticated
        organization = await queries.some_organization(tx, actor.domain_id)
        image = None if organization is None else await queries.tagged_repository(tx, actor.domain_id)
        has_docker = image is not None or await signing.has_refresh_token(tx, actor.id, tx.now)
    return FirstSteps(
        not is_first_password(row),
        None if organization is None else OrganizationName(organization),
        has_docker,
        None if image is None else RepositoryName(image),
    )
