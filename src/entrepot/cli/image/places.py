"""Places: which registry an image reference means, and as whom it is spoken to.

A reference without a host means the registry that the other commands talk to. One with a host means that one: as the
user who is logged in there, or as nobody, which is enough for public images.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from entrepot.cli import credentials
from entrepot.cli.credentials import NotSignedIn, SignIn
from entrepot.cli.next_steps import next_step
from entrepot.remote.session import Credentials, Remote
from entrepot.values.digest import Digest
from entrepot.values.errors import ParameterInvalid, RemoteRefused, as_said
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import ImageReference, Reference

LATEST = TagName("latest")


@dataclass(frozen=True, slots=True)
class Place:
    """A repository at a registry, and what in it, if something is named."""

    url: str
    sign_in: SignIn | None
    name: RepositoryName
    tag: TagName | None = None
    digest: Digest | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def reference(self) -> Reference:
        """What to ask for: the digest if there is one, else the tag, else `latest`."""

        return self.digest or self.tag or LATEST

    def tagged(self, tag: TagName) -> "Place":
        return replace(self, tag=tag, digest=None)

    def remote(self) -> Remote:
        """The registry, to be used as an asynchronous context."""
        known = self.sign_in
        return Remote(self.url, Credentials(known.user, known.password) if known else None)

    def __str__(self) -> str:
        """As clients write it, with the host."""
        joint = "@" if self.digest else ":"
        return f"{self.host}/{self.name}{joint}{self.reference}"


def find_place(text: str) -> Place:
    """What `[HOST/]ORG/REPO[:TAG][@DIGEST]` means. Raises NameInvalid and its like, or NotSignedIn."""
    parsed = ImageReference.parse(text)
    url, sign_in = _registry(parsed.host)
    return Place(url, sign_in, parsed.name, parsed.tag, parsed.digest)


def sign_in_of(place: Place) -> SignIn:
    """Who asks the management API of a place. Raises NotSignedIn."""
    if place.sign_in is None:
        raise NotSignedIn(f"You are not logged in to {place.url}. Run: entrepot login {place.url} -u USER")
    return place.sign_in


def with_next_step(error: RemoteRefused, place: Place) -> RemoteRefused:
    """The error with what to do about it, where that is known."""
    steps = {
        401: f"Run: entrepot login {place.url} -u USER",
        404: f"See what is there: entrepot image list {_where_to_look(error, place)}",
    }
    step = next_step(error.message) or steps.get(error.status)
    if step is None or "entrepot " in error.message:  # an entrepot often says it itself
        return error
    return RemoteRefused(as_said(f"{error.message} {step}"), status=error.status, code=error.code)


def _where_to_look(error: RemoteRefused, place: Place) -> str:
    """The repository, or its organization when it is the repository that is not there."""
    return place.name.organization if error.code == "NAME_UNKNOWN" else str(place.name)


def _registry(host: str | None) -> tuple[str, SignIn | None]:
    if host is None:
        sign_in = credentials.effective()
        return sign_in.url, sign_in
    try:
        effective = credentials.effective()
    except (NotSignedIn, ParameterInvalid):
        effective = None
    known = [*([effective] if effective else []), *credentials.read().servers.values()]
    for one in known:
        if urlsplit(one.url).netloc == host:
            return one.url, one
    return credentials.parse_url(host), None
