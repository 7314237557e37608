"""Federations: whose signed tokens make their bearer a robot. For administrators of the domain."""

from typing import Annotated, Any, Final, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from entrepot.accounts.trust import checking, federations
from entrepot.accounts.trust.settings import document_of
from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.doors.manage.providers import Checked, Condition
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import FederationName, RobotName

TheFederation = Annotated[str, Path(description="A federation's name.")]
_NOT_SETTINGS: Final = {"name", "robot", "is_enabled"}


class UpdateFederation(Body):
    """What is absent, or null, stays."""

    issuer: Word | None = Field(None, examples=["https://ci.example.com"])
    audience: Word | None = Field(None, examples=["https://registry.example.com"])
    conditions: list[Condition] | None = Field(
        None, examples=[[{"claim": "sub", "pattern": "repo:acme/app:ref:refs/heads/main"}]]
    )
    reach: Literal["public", "private", "plain"] | None = None
    authority: Text | None = Field(None, description="PEM: who signs the issuer's certificate.")
    keys: dict[str, Any] | None = Field(None, description="The issuer's key set (JWKS), if it cannot be asked for it.")
    is_enabled: Flag | None = None

    def said(self) -> dict[str, Any]:
        """The settings the body names."""
        return self.model_dump(exclude=_NOT_SETTINGS, exclude_none=True)


class CreateFederation(UpdateFederation):
    name: Word = Field(examples=["ci"])
    robot: Word = Field(description="The robot that bearers are.", examples=["ci"])


class Federation(BaseModel):
    id: str
    name: str
    robot: str
    is_enabled: bool
    settings: dict[str, Any]
    created_at: str


class Federations(BaseModel):
    federations: list[Federation]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class CheckFederation(Body):
    """`token`: one that should be accepted, or should not; it is not kept."""

    token: Text = ""


async def create_federation(call: TheCall, body: CreateFederation) -> Federation:
    """Trust an issuer's tokens, if their claims fit, to be a robot."""
    name, robot = FederationName.parse(body.name), RobotName.parse(body.robot.removeprefix(RobotName.PREFIX))
    return _federation(await federations.create_federation(call.accounts, call.actor, name, robot, body.said()))


async def list_federations(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Federations:
    """Federations of your domain by name, those after `marker`; `nextMarker` is absent at the end."""
    count = parse_limit(limit)
    found = await federations.list_federations(call.accounts, call.actor, marker or "", count + 1)
    rows = [_federation(one) for one in found[:count]]
    return Federations(federations=rows, nextMarker=rows[-1].name if len(found) > count else None)


async def show_federation(call: TheCall, federation: TheFederation) -> Federation:
    """One federation."""
    return _federation(await federations.show_federation(call.accounts, call.actor, federation))


async def update_federation(call: TheCall, federation: TheFederation, body: UpdateFederation) -> Federation:
    """Change what the body names; what the robot is signed in with ends at once."""
    changed = await federations.change_federation(call.accounts, call.actor, federation, body.said(), body.is_enabled)
    return _federation(changed)


async def delete_federation(call: TheCall, federation: TheFederation) -> None:
    """Trust these tokens no longer; what the robot is signed in with ends at once."""
    await federations.delete_federation(call.accounts, call.actor, federation)


async def check_federation(call: TheCall, federation: TheFederation, body: CheckFederation) -> Checked:
    """Ask the issuer for its keys now, and say why a token would not be accepted."""
    checked = await checking.check_federation(call.accounts, call.actor, federation, body.token)
    return Checked(is_good=checked.is_good, says=list(checked.says))


def _federation(one: federations.Federation) -> Federation:
    return Federation(
        id=one.id,
        name=one.name,
        robot=one.robot,
        is_enabled=one.is_enabled,
        settings=document_of(one.settings),
        created_at=rfc3339(one.created_at),
    )
