"""A visit: who asks for which page, in which language; and what a page answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request

from entrepot.access.actor import Actor
from entrepot.access.check import is_administrator, require_admin
from entrepot.accounts.sessions import csrf_token
from entrepot.doors.console.forms import Form
from entrepot.doors.console.language import Language
from entrepot.doors.console.rooms import ConsoleRooms
from entrepot.doors.http.address import base_url
from entrepot.jobs.closing import Closed
from entrepot.values.errors import AccessDenied, ParameterInvalid, Refused, Unauthenticated, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName

_PARAMETER_CHARS_MAX = 4_096


@dataclass(frozen=True, slots=True)
class View:
    """A page to show: a template and what it is about."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Moved:
    """Done; the browser goes on to `path`, where the sentence `said` is shown once.

    `secret`: of a session that was begun, for the browser to keep.
    """

    path: str
    said: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """`names`: the parts of the path. `secret`: of the session; empty for who is not signed in.

    `is_operator`: they look after the whole installation. `problem` is why the form that was sent could not be
    accepted, when its page is shown again. `has_steps_left`: of the first steps of a new installation. `closed`: what
    is not changed for now, the installation or the organization that the page is about.
    """

    rooms: ConsoleRooms
    request: Request
    actor: Actor
    language: Language
    secret: str = ""
    is_operator: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    form: Form = field(default_factory=Form)
    problem: Refused | None = None
    said: str = ""
    has_steps_left: bool = False
    closed: Sequence[Closed] = ()

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def url(self) -> str:
        """This service's address as clients write it."""
        return base_url(self.request.scope, self.rooms.external_url)

    @property
    def host(self) -> str:
        """What images are named by."""
        return self.url.partition("://")[2]

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def csrf(self) -> str:
        return csrf_token(self.secret) if self.secret else ""

    @property
    def now(self) -> datetime:
        return self.rooms.accounts.clock.now()

    @property
    def is_admin(self) -> bool:
        return is_administrator(self.actor)

    def say(self, text: str, /, **values: object) -> str:
        return self.language.say(text, **values)

    def wrong(self, said: str, field: str) -> ParameterInvalid:
        """What is wrong with a field of the form, in the visitor's language; to be raised."""
        return ParameterInvalid(said, field=field, is_said=True)

    def query(self, name: str) -> str:
        """A parameter of the address, empty without one. Raises ParameterInvalid."""
        text = self.request.query_params.get(name, "").strip()
        if len(text) > _PARAMETER_CHARS_MAX or "\0" in text:
            raise ParameterInvalid(
                worded(
                    "The parameter {name} has at most {parameter_chars_max} characters of text.",
                    name=name,
                    parameter_chars_max=_PARAMETER_CHARS_MAX,
                )
            )
        return text

    def need_account(self) -> None:
        """Pass who is signed in. Raises Unauthenticated."""
        if self.actor.is_anonymous:
            raise Unauthenticated

    def need_admin(self) -> None:
        """Pass administrators of their domain. Raises Unauthenticated or AccessDenied."""
        require_admin(self.actor)

    def need_operator(self) -> None:
        """Pass who looks after the whole installation. Raises Unauthenticated or AccessDenied."""
        require_admin(self.actor)
        if not self.is_operator:
            raise AccessDenied(
                worded("{name} does not operate this installation.", name=self.actor.name), readable=False
            )

    @property
    def organization(self) -> OrganizationName:
        """The organization in the path. Raises NameInvalid."""
        return OrganizationName.parse(self.names["organization"])

    @property
    def repository(self) -> RepositoryName:
        """The repository in the path. Raises NameInvalid."""
        return RepositoryName.parse(self.names["repository"])

    @property
    def tag(self) -> TagName:
        """The tag in the path. Raises TagInvalid."""
        return TagName.parse(self.names["tag"])
