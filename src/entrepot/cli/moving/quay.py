"""Quay: the repositories of a namespace, by its API v1.

That takes a token of an OAuth application, as `$oauthtoken` with the token for a password, which docker login takes,
too. Others, robots among them, may only pull; what is public is listed to everybody.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from entrepot.cli.moving.answers import read, read_rows, read_text
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, at_most
from entrepot.remote.answers import stranger
from entrepot.remote.session import Credentials, Remote
from entrepot.values.document import Fields
from entrepot.values.errors import ManifestInvalid

OAUTH_USER = "$oauthtoken"
_PATH = "/api/v1/repository"


@dataclass(frozen=True, slots=True)
class QuayCatalog:
    """The repositories of one namespace, an organization or a user."""

    remote: Remote
    namespace: str
    credentials: Credentials | None
    settings: MovingSettings = DEFAULT

    async def repositories(self) -> Sequence[str]:
        return await at_most(self.settings.repositories_max, self._repositories(), "repositories")

    async def people(self) -> Sequence[Member]:
        return ()

    async def _repositories(self) -> AsyncGenerator[str, None]:
        query = {"namespace": self.namespace, "public": "true"}
        for _ in range(self.remote.settings.pages_max):
            answer = await self.remote.request("GET", f"{_PATH}?{urlencode(query)}", (), headers=self._headers())
            try:
                page = Fields(read(self.remote, answer, "list of repositories"), "")
                following = page.optional_text("next_page")
            except ManifestInvalid as error:
                raise stranger(self.remote.url, "no list of repositories where one should be") from error
            for row in read_rows(self.remote, page.get("repositories"), "repositories"):
                yield f"{read_text(self.remote, row, 'namespace')}/{read_text(self.remote, row, 'name')}"
            if not following or following == query.get("next_page"):
                return
            query["next_page"] = following

    def _headers(self) -> Mapping[str, str]:
        if self.credentials is None or self.credentials.user != OAUTH_USER:
            return {}
        return {"authorization": f"Bearer {self.credentials.password}"}
