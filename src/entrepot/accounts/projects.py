"""Projects: the contract's word for what a call is about. Here every domain has one, of the same id."""

from typing import Final

from entrepot.access.actor import Actor
from entrepot.values.errors import AccessDenied

# A client that was told no project leaves the placeholder in the path as it is (contract §19).
_UNSAID: Final = "{project_id}"


def check_domain(actor: Actor, own_name: str, domain_id: str | None, name: str | None) -> None:
    """Pass the actor's own domain, by its id or name. Raises AccessDenied for another one."""
    if domain_id not in (None, actor.domain_id) or name not in (None, own_name):
        raise AccessDenied("This is not your domain.", readable=False, kind="project")


def check_project(actor: Actor, project_id: str) -> None:
    """Pass the actor's own project, also by leaving it unsaid. Raises AccessDenied for another one (contract §11)."""
    if project_id not in (actor.domain_id, _UNSAID):
        raise AccessDenied("This is not a project of your domain.", readable=False, kind="project")
