"""What every handler of the management API is given: who calls, and which names the path holds."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from entrepot.access.actor import Actor
from entrepot.accounts.room import Accounts
from entrepot.doors.manage.paths import repository_text
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.registry.room import Registry
from entrepot.values.names import (
    DomainName,
    GroupName,
    OrganizationName,
    RepositoryName,
    RobotName,
    TagName,
    TokenName,
    TriggerName,
    UserName,
    WebhookName,
)

CALL = "entrepot.call"  # where the door puts the call in the request's scope


@dataclass(frozen=True, slots=True)
class Call:
    """`url` is this service's address as the client wrote it; `host` is what images are named by.

    `chunks` are the bytes of a body that is no JSON, `length` of them as far as the client says.
    """

    rooms: ManageRooms
    actor: Actor
    url: str
    host: str
    chunks: Callable[[], AsyncIterator[bytes]]
    length: int | None

    @property
    def is_secure(self) -> bool:
        """Whether the client came over https, as far as we are told."""
        return self.rooms.is_secure or self.url.startswith("https:")

    @property
    def registry(self) -> Registry:
        return self.rooms.registry

    @property
    def accounts(self) -> Accounts:
        return self.rooms.accounts


async def _call(request: Request) -> Call:
    call: Call = request.scope[CALL]
    return call


async def _organization(namespace: Annotated[str, Path(description="An organization.")]) -> OrganizationName:
    return OrganizationName.parse(namespace)


async def _repository(
    namespace: Annotated[str, Path(description="An organization.")],
    repository: Annotated[str, Path(description="A repository of it; each `/` in the name written as `$`.")],
) -> RepositoryName:
    return RepositoryName.parse(f"{OrganizationName.parse(namespace)}/{repository_text(repository)}")


async def _tag(tag: Annotated[str, Path(description="A tag.")]) -> TagName:
    return TagName.parse(tag)


async def _trigger(trigger: Annotated[str, Path(description="A trigger's name.")]) -> TriggerName:
    return TriggerName.parse(trigger)


async def _webhook(webhook: Annotated[str, Path(description="A webhook's name.")]) -> WebhookName:
    return WebhookName.parse(webhook)


async def _user(name: Annotated[str, Path(description="A user's name.")]) -> UserName:
    return UserName.parse(name)


async def _robot(robot: Annotated[str, Path(description="A robot's name, with or without `robot$`.")]) -> RobotName:
    return RobotName.parse(robot.removeprefix(RobotName.PREFIX))


async def _receiver(access_domain: Annotated[str, Path(description="The domain it is shared with.")]) -> DomainName:
    return DomainName.parse(access_domain)


async def _token(token: Annotated[str, Path(description="A personal token's name.")]) -> TokenName:
    return TokenName.parse(token)


async def _domain(domain: Annotated[str, Path(description="A domain's name.")]) -> DomainName:
    return DomainName.parse(domain)


async def _group(group: Annotated[str, Path(description="A group's name.")]) -> GroupName:
    return GroupName.parse(group)


TheCall = Annotated[Call, Depends(_call)]
TheOrganization = Annotated[OrganizationName, Depends(_organization)]
TheRepository = Annotated[RepositoryName, Depends(_repository)]
TheTag = Annotated[TagName, Depends(_tag)]
TheTrigger = Annotated[TriggerName, Depends(_trigger)]
TheWebhook = Annotated[WebhookName, Depends(_webhook)]
TheUser = Annotated[UserName, Depends(_user)]
TheDomain = Annotated[DomainName, Depends(_domain)]
TheGroup = Annotated[GroupName, Depends(_group)]
TheRobot = Annotated[RobotName, Depends(_robot)]
TheReceiver = Annotated[DomainName, Depends(_receiver)]
TheToken = Annotated[TokenName, Depends(_token)]
