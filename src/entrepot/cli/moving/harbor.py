"""Harbor: its projects with their repositories, members and robots, by its API v2.0."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from entrepot.cli.moving.answers import read, read_text, rows_of_pages
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, at_most, check_count
from entrepot.remote.session import Remote
from entrepot.values.document import Fields
from entrepot.values.errors import EntrepotError, RemoteRefused

_API = "/api/v2.0"
_PAGE = "100"
_LEVELS: Final[Mapping[str, int]] = {"projectadmin": 7, "maintainer": 3, "developer": 3, "guest": 1, "limitedguest": 1}
"""Harbor's roles as our levels. A maintainer deletes, but may not give permissions: what is less is taken."""

_REFUSED = (401, 403, 404, 412)


async def is_harbor(remote: Remote) -> bool:
    """Whether a Harbor answers: what it tells everybody about itself has a way to sign in."""
    try:
        answer = await remote.request("GET", f"{_API}/systeminfo", (), accepted=range(300, 500))
        return answer.status == 200 and Fields(read(remote, answer, "system"), "").has("auth_mode")
    except EntrepotError:
        return False


@dataclass(slots=True)
class HarborCatalog:
    """What the user may see; in a `prefix`, only the project that it names."""

    remote: Remote
    prefix: str = ""
    settings: MovingSettings = DEFAULT
    _projects: dict[str, str] = field(default_factory=dict)

    async def repositories(self) -> Sequence[str]:
        project = self.prefix.partition("/")[0]
        rows = self._rows(f"{_API}/projects", "projects", **({"name": project} if project else {}))
        async for row in rows:  # `name` is a part of names
            name = read_text(self.remote, row, "name")
            if not project or name == project:
                self._projects[name] = str(row.get("project_id"))
                check_count(len(self._projects), self.settings.repositories_max, "projects")
        return await at_most(self.settings.repositories_max, self._repositories(), "repositories")

    async def people(self) -> Sequence[Member]:
        """Only who administers a project is told; for others there are none. Raises as `repositories`."""
        found = [one async for one in _told(self._robots("Level=system"))]
        for project, number in self._projects.items():
            found += [one async for one in _told(self._members(project))]
            found += [one async for one in _told(self._robots(f"Level=project,ProjectID={number}"))]
            check_count(len(found), self.settings.people_max, "members of projects")
        return found

    async def _repositories(self) -> AsyncGenerator[str, None]:
        for project in self._projects:
            async for name in _names(self.remote, self._rows(f"{_of(project)}/repositories", "repositories")):
                yield name

    async def _members(self, project: str) -> AsyncGenerator[Member, None]:
        async for row in self._rows(f"{_of(project)}/members", "members"):
            role = read_text(self.remote, row, "role_name")
            kind = "group" if row.get("entity_type") == "g" else "user"
            level = _LEVELS.get(role.replace("_", "").replace(" ", "").lower(), 0)
            yield Member(project, kind, read_text(self.remote, row, "entity_name"), role, level)

    async def _robots(self, which: str) -> AsyncGenerator[Member, None]:
        async for row in self._rows(f"{_API}/robots", "robots", q=which):
            for permission in row.items("permissions"):
                project = str(Fields(permission, "permission").get("namespace") or "*")
                if project == "*" or project in self._projects:
                    actions = sorted({_action(one) for one in Fields(permission, "permission").items("access")})
                    level = 3 if "push" in actions else 1 if "pull" in actions else 0
                    yield Member(project, "robot", read_text(self.remote, row, "name"), ", ".join(actions), level)

    def _rows(self, path: str, what: str, **query: str) -> AsyncGenerator[Fields, None]:
        # Harbor takes a path of digits for a number unless told that it is a name. It does not ask who calls, but
        # shows what is public.
        headers = {"x-is-resource-name": "true", **self.remote.password_header}
        return rows_of_pages(self.remote, path, {**query, "page": "1", "page_size": _PAGE}, headers, what)


def _of(project: str) -> str:
    return f"{_API}/projects/{quote(project, safe='')}"


def _action(access: object) -> str:
    return str(Fields(access, "access").get("action"))


async def _names(remote: Remote, rows: AsyncIterable[Fields]) -> AsyncGenerator[str, None]:
    async for row in rows:
        yield read_text(remote, row, "name")


async def _told(members: AsyncGenerator[Member, None]) -> AsyncGenerator[Member, None]:
    try:
        async for member in members:
            yield member
    except RemoteRefused as error:
        if error.status not in _REFUSED:
            raise
