"""A small client of the management API: one call in, its JSON out, every failure a sentence with a next step."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from entrepot import __version__
from entrepot.cli import credentials
from entrepot.cli.credentials import SignIn
from entrepot.cli.next_steps import next_step
from entrepot.remote.answers import printable, why_unreachable
from entrepot.values.errors import Elsewhere, Refused, as_said

_TIMEOUT_SECONDS = 60.0
_PAGE = 1_000
_LOOK = "Is the server running (entrepot serve)?"

Parameters = Mapping[str, str | int | Sequence[str]]
"""Of a query; a sequence for a name that comes several times."""


class Refusal(Refused):
    """The server refused."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ServerUnreachable(Elsewhere):
    """The server cannot be reached."""


class Client:
    """The management API of one server, as one user. Without a sign-in: the effective one.

    Constructing it raises NotSignedIn; a call raises Refusal or ServerUnreachable.
    """

    def __init__(self, sign_in: SignIn | None = None) -> None:
        self.sign_in = sign_in or credentials.effective()
        secure = self.sign_in.url.startswith("https:")
        self._http = httpx2.Client(
            base_url=self.sign_in.url,
            auth=(self.sign_in.user.encode(), self.sign_in.password.encode()),
            headers={"user-agent": f"entrepot/{__version__}"},
            timeout=_TIMEOUT_SECONDS,
            verify=ssl.create_default_context() if secure else False,
        )

    def call(self, method: str, path: str, body: Any = None, parameters: Parameters | None = None) -> Any:
        """The answer's JSON, None when it is empty."""
        url = self.sign_in.url
        try:
            answer = self._http.request(method, path, json=body, params=parameters)
        except httpx2.RequestError as error:
            raise ServerUnreachable(why_unreachable(url, error, _LOOK)) from error
        if answer.is_success:
            return self._json(answer) if answer.content else None
        raise self._refusal(answer)

    def pages(self, path: str, key: str, parameters: Mapping[str, str | int] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of all pages of a list by marker."""
        asked = {"limit": _PAGE, **(parameters or {})}
        while True:
            page = self.call("GET", path, parameters=asked)
            yield from page[key]
            if "nextMarker" not in page:
                return
            asked["marker"] = page["nextMarker"]

    def lines(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Iterator[str]:
        """The lines of a long answer, as they come."""
        try:
            with self._http.stream("GET", path, params=parameters) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._refusal(answer)
                yield from answer.iter_lines()
        except httpx2.RequestError as error:
            raise ServerUnreachable(why_unreachable(self.sign_in.url, error, _LOOK)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _json(self, answer: httpx2.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self._stranger(answer) from error

    def _refusal(self, answer: httpx2.Response) -> Exception:
        document = self._json(answer)
        message = document.get("error_msg") if isinstance(document, dict) else None
        if not isinstance(message, str):
            return self._stranger(answer)
        said = printable(message)
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            step = f"Run: entrepot login {self.sign_in.url} -u {self.sign_in.user}"
            return Refusal(as_said(f"{said} {step}"), answer.status_code)
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            return ServerUnreachable(f"{self.sign_in.url} is in trouble: {said} Try again later.")
        step = next_step(said, str(document.get("error_code")))
        return Refusal(as_said(f"{said} {step}") if step else said, answer.status_code)

    def _stranger(self, answer: httpx2.Response) -> ServerUnreachable:
        return ServerUnreachable(
            f"{self.sign_in.url} does not answer like an entrepot server (status {answer.status_code}). "
            "Is the address right?"
        )


def organization_path(organization: str) -> str:
    return f"/v2/manage/namespaces/{organization}"


def repository_path(repository: str) -> str:
    """The management API writes `/` inside a repository's name as `$`."""
    organization, _, name = repository.partition("/")
    return f"{organization_path(organization)}/repos/{name.replace('/', '$')}"
