"""What is told about trust: who vouches for whom, as it was set up and changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class ProviderCreated(Event):
    type: ClassVar[str] = "identity-provider.created"
    provider_id: str
    kind: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProviderChanged(Event):
    """`changes` and `before`: what is different now, and how it was. Of a new secret the value is not told."""

    type: ClassVar[str] = "identity-provider.changed"
    provider_id: str
    changes: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProviderDeleted(Event):
    type: ClassVar[str] = "identity-provider.deleted"
    provider_id: str
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IdentityLinked(Event):
    """`identity`: the subject at the provider that the account belongs to from now on."""

    type: ClassVar[str] = "identity.linked"
    user_id: str
    provider: str
    identity: str


@dataclass(frozen=True, slots=True)
class IdentityUnlinked(Event):
    type: ClassVar[str] = "identity.unlinked"
    user_id: str
    provider: str
    identity: str


@dataclass(frozen=True, slots=True)
class FederationCreated(Event):
    type: ClassVar[str] = "federation.created"
    federation_id: str
    robot: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FederationChanged(Event):
    type: ClassVar[str] = "federation.changed"
    federation_id: str
    changes: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FederationDeleted(Event):
    type: ClassVar[str] = "federation.deleted"
    federation_id: str
    robot: str
    before: Mapping[str, Any]
