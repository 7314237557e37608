"""SWR: the repositories of a tenant, by its own API, with requests that an access key signs (contract §4 and §15).

The key opens the registry, too: its user there is `PROJECT@AK`, its password the HMAC of the key by its secret (§16).
"""

import hashlib
import hmac
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from entrepot.accounts.signature import ALGORITHM, Claim, RawRequest, signature_of
from entrepot.cli.moving.answers import read, read_rows, read_text
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, at_most
from entrepot.remote.answers import stranger
from entrepot.remote.session import Credentials, Remote
from entrepot.values.document import Fields
from entrepot.values.errors import ManifestInvalid

_PATH = "/v3/manage/repos"
_PAGE = "100"
_SIGNED = ("host", "x-sdk-date")


def docker_login(key: Credentials, project: str) -> Credentials:
    """How an access key and its secret sign in to the registry, for as long as the key lives."""
    password = hmac.new(key.password.encode(), key.user.encode(), hashlib.sha256).hexdigest()
    return Credentials(f"{project}@{key.user}", password)


def sign(key: Credentials, url: str, path: str, query: str, now: datetime) -> Mapping[str, str]:
    """The headers of a signed `GET`."""
    headers = {"host": urlsplit(url).netloc, "x-sdk-date": f"{now:%Y%m%dT%H%M%SZ}"}
    raw = tuple((name.encode(), value.encode()) for name, value in headers.items())
    claim = Claim(key.user, _SIGNED, "", headers["x-sdk-date"], now)
    signature = signature_of(claim, RawRequest("GET", path.encode(), query.encode(), raw, b""), key.password.encode())
    said = f"{ALGORITHM} Access={key.user}, SignedHeaders={';'.join(_SIGNED)}, Signature={signature}"
    return {**headers, "authorization": said}


@dataclass(frozen=True, slots=True)
class SwrCatalog:
    """What the owner of the key may see; `remote` is the API, which may be another host than the registry's."""

    remote: Remote
    key: Credentials
    namespace: str = ""
    settings: MovingSettings = DEFAULT

    async def repositories(self) -> Sequence[str]:
        return await at_most(self.settings.repositories_max, self._repositories(), "repositories")

    async def people(self) -> Sequence[Member]:
        return ()

    async def _repositories(self) -> AsyncGenerator[str, None]:
        asked = {"limit": _PAGE, **({"namespace": self.namespace} if self.namespace else {})}
        for _ in range(self.remote.settings.pages_max):
            query = urlencode(asked)
            headers = sign(self.key, self.remote.url, _PATH, query, datetime.now(UTC))
            answer = await self.remote.request("GET", f"{_PATH}?{query}", (), headers=headers)
            try:
                page = Fields(read(self.remote, answer, "list of repositories"), "")
            except ManifestInvalid as error:
                raise stranger(self.remote.url, "no list of repositories where one should be") from error
            for row in read_rows(self.remote, page.get("repos"), "repositories"):
                yield f"{read_text(self.remote, row, 'namespace_name')}/{read_text(self.remote, row, 'name')}"
            marker = page.get("nextMarker")
            if marker is None or str(marker) == asked.get("marker"):
                return
            asked["marker"] = str(marker)
