"""Lists of another registry, page by page: its repositories, and the tags of one."""

from collections.abc import AsyncGenerator

from entrepot.remote.answers import stranger
from entrepot.remote.session import Remote, Scopes, catalog_scope, pull_scope
from entrepot.values.document import Fields, load_document
from entrepot.values.errors import ManifestInvalid
from entrepot.values.names import RepositoryName

_PAGE = 1_000
_DEPTH_MAX = 8
_VALUES_MAX = 200_000


def list_repositories(remote: Remote) -> AsyncGenerator[str, None]:
    """All repositories, as the registry spells them. Raises RemoteRefused: many do not tell everybody, or anybody."""
    return _pages(remote, f"/v2/_catalog?n={_PAGE}", catalog_scope(), "repositories")


def list_tags(remote: Remote, name: RepositoryName) -> AsyncGenerator[str, None]:
    """All tags of a repository, as the registry spells them. Raises RemoteRefused."""
    return _pages(remote, f"/v2/{name}/tags/list?n={_PAGE}", pull_scope(name), "tags")


def next_page(link: str) -> str | None:
    """Where the next page is: `</v2/…?last=x>; rel="next"`."""
    target, _, parameters = link.partition(">")
    return target[1:] if target.startswith("<") and 'rel="next"' in parameters else None


async def _pages(remote: Remote, target: str, scopes: Scopes, key: str) -> AsyncGenerator[str, None]:
    for _ in range(remote.settings.pages_max):
        answer = await remote.request("GET", target, scopes)
        try:
            document = load_document(answer.body, depth_max=_DEPTH_MAX, values_max=_VALUES_MAX)
            items = Fields(document, "").items(key)
        except ManifestInvalid as error:
            raise stranger(remote.url, f"no list of {key} where one should be") from error
        for item in items:
            yield str(item)
        following = next_page(answer.headers.get("link", ""))
        # A registry that sends the same page for ever must not keep us for ever.
        if following is None or following == target or not items:
            return
        target = following
