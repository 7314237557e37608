"""The two calls of the service's identity API that its clients need (contract §15.2, §19): a token, and the project."""

from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from entrepot.accounts import management_tokens
from entrepot.accounts.management_tokens import ManagementToken
from entrepot.accounts.projects import check_domain, check_project
from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import Body, Text, Word, WordParameter
from entrepot.plumbing.clock import rfc3339


class NamedDomain(Body):
    name: Word


class TokenPerson(Body):
    """Without a domain it is the first one."""

    name: Word
    password: Text
    domain: NamedDomain | None = None


class PasswordMethod(Body):
    user: TokenPerson


class Identity(Body):
    methods: Annotated[list[Literal["password"]], Field(min_length=1, max_length=1)]
    password: PasswordMethod


class Place(Body):
    """A project or domain; whatever it says must be your own."""

    id: Word | None = None
    name: Word | None = None


class TokenScope(Body):
    project: Place | None = None
    domain: Place | None = None


class TokenAuth(Body):
    identity: Identity
    scope: TokenScope = TokenScope()


class CreateToken(Body):
    auth: TokenAuth


class Named(BaseModel):
    id: str
    name: str


class NamedInDomain(Named):
    domain: Named


class TokenSaid(BaseModel):
    """`roles` and `catalog` are empty: what somebody may do here, grants say."""

    methods: list[str]
    issued_at: str
    expires_at: str
    user: NamedInDomain
    project: NamedInDomain
    roles: list[dict[str, Any]] = []
    catalog: list[dict[str, Any]] = []


class AuthToken(BaseModel):
    token: TokenSaid


class OneProject(BaseModel):
    id: str
    name: str
    domain_id: str
    parent_id: str
    is_domain: bool = False
    enabled: bool = True
    description: str = ""


class Projects(BaseModel):
    projects: list[OneProject]


async def create_auth_token(call: TheCall, response: Response, body: CreateToken) -> AuthToken:
    """A token for `X-Auth-Token`, for a name and a password. It is in the header `X-Subject-Token`."""
    user, scope = body.auth.identity.password.user, body.auth.scope
    login = f"{user.domain.name}/{user.name}" if user.domain else user.name
    made = await management_tokens.issue(call.accounts, login, user.password)
    if scope.project and scope.project.id is not None:
        check_project(made.actor, scope.project.id)
    if scope.domain:
        check_domain(made.actor, made.domain_name, scope.domain.id, scope.domain.name)
    response.headers["X-Subject-Token"] = made.token
    response.headers["Cache-Control"] = "no-store"
    return AuthToken(token=_said(call, made, scope.project))


async def list_projects(call: TheCall, name: WordParameter = None) -> Projects:
    """The one project of your domain, by whatever name it is asked for: the region's, as clients know it."""
    own = call.actor.domain_id
    called = name or call.accounts.settings.region
    return Projects(projects=[OneProject(id=own, name=called, domain_id=own, parent_id=own)])


def _said(call: Call, made: ManagementToken, project: Place | None) -> TokenSaid:
    domain = Named(id=made.actor.domain_id, name=made.domain_name)
    called = (project and project.name) or call.accounts.settings.region
    return TokenSaid(
        methods=["password"],
        issued_at=rfc3339(made.issued_at),
        expires_at=rfc3339(made.expires_at),
        user=NamedInDomain(id=made.actor.id, name=made.actor.name, domain=domain),
        project=NamedInDomain(id=domain.id, name=called, domain=domain),
    )
