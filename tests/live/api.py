"""A few calls of the management API, to furnish a server for a live test.

What a test is *about* it should call itself, with `api.client` or the real client; this is for
what must stand there before: an organization, a user, a grant.
"""

import secrets
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

import httpx2

from tests.live.process import Server

Level = Literal["read", "edit", "manage"]
LEVELS: Mapping[Level, int] = {"read": 1, "edit": 3, "manage": 7}


def fresh_name(prefix: str = "acme") -> str:
    """A name nobody has used: live tests share a server."""
    return f"{prefix}-{secrets.token_hex(4)}"


class Api:
    """The management API of `server`, as its administrator or as `user`; a call that is refused raises."""

    def __init__(self, server: Server, user: str | None = None, password: str | None = None) -> None:
        self.server = server
        self.user = user or server.user
        self.password = password or server.password
        self.client = httpx2.Client(
            base_url=server.url, auth=(self.user, self.password), verify=False, timeout=30.0, trust_env=False
        )

    def create_org(self, name: str | None = None) -> str:
        name = name or fresh_name()
        self._call("POST", "/v2/manage/namespaces", {"namespace": name})
        return name

    def create_repo(self, path: str, public: bool = False) -> str:
        organization, _, repository = path.partition("/")
        body = {"repository": repository, "is_public": public}
        self._call("POST", f"/v2/manage/namespaces/{organization}/repos", body)
        return path

    def create_user(self, name: str | None = None, password: str = "a long enough password") -> "Api":
        """The API as the new user, who may do nothing yet."""
        name = name or fresh_name("user")
        self._call("POST", "/v2/manage/users", {"name": name, "password": password})
        return Api(self.server, name, password)

    def user_id(self, name: str) -> str:
        answer = self._call("GET", "/v2/manage/users").json()
        users = answer["users"] if isinstance(answer, dict) else answer
        return next(str(user["id"]) for user in users if user["name"] == name)

    def grant(self, scope: str, user: str, level: Level) -> None:
        """Let `user` read, edit or manage `scope`, an organization `ORG` or a repository `ORG/REPO`."""
        entry = {"user_id": self.user_id(user), "user_name": user, "auth": LEVELS[level]}
        self._call("POST", f"{_path(scope)}/access", [entry])

    def set_public(self, repository: str, public: bool = True) -> None:
        self._call("PATCH", _path(repository), {"is_public": public})

    def set_sparse(self, organization: str, allowed: bool = True) -> None:
        self._call("PATCH", _path(organization), {"sparse": allowed})

    def close(self) -> None:
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        answer = self.client.request(method, path, json=body)
        what = f"{method} {path} as {self.user}"
        assert answer.is_success, f"{what} was refused with {answer.status_code}: {answer.text[:2000]}"
        return answer


def _path(scope: str) -> str:
    """The management API writes `/` inside a repository's name as `$`."""
    organization, _, repository = scope.partition("/")
    namespace = f"/v2/manage/namespaces/{organization}"
    return f"{namespace}/repos/{repository.replace('/', '$')}" if repository else namespace
