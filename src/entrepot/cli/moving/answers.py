"""Answers of other APIs than the registry's own: JSON of bounded depth and size, or an error that says whose it is."""

from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from entrepot.remote.answers import stranger
from entrepot.remote.lists import next_page
from entrepot.remote.session import Answer, Remote
from entrepot.values.document import Fields, load_document
from entrepot.values.errors import ManifestInvalid

_DEPTH_MAX = 32
_VALUES_MAX = 500_000


def read(remote: Remote, answer: Answer, what: str) -> object:
    """The JSON value of an answer. Raises RemoteUnreachable when it is none."""
    try:
        return load_document(answer.body, depth_max=_DEPTH_MAX, values_max=_VALUES_MAX)
    except ManifestInvalid as error:
        raise stranger(remote.url, f"no {what} where one should be") from error


def read_rows(remote: Remote, value: object, what: str) -> list[Fields]:
    """The objects of a list. Raises RemoteUnreachable when it is none."""
    if not isinstance(value, list):
        raise stranger(remote.url, f"no list of {what} where one should be")
    try:
        return [Fields(one, what) for one in value]
    except ManifestInvalid as error:
        raise stranger(remote.url, f"no list of {what} where one should be") from error


def read_text(remote: Remote, row: Fields, key: str) -> str:
    """A string that must be there. Raises RemoteUnreachable."""
    try:
        return row.text(key)
    except ManifestInvalid as error:
        raise stranger(remote.url, f"no {key} where one should be") from error


async def rows_of_pages(
    remote: Remote, path: str, query: Mapping[str, str], headers: Mapping[str, str], what: str
) -> AsyncGenerator[Fields, None]:
    """The rows of a list in pages by `Link`, as Harbor has them. Raises RemoteRefused, RemoteUnreachable."""
    target = f"{path}?{urlencode(query)}"
    for _ in range(remote.settings.pages_max):
        answer = await remote.request("GET", target, (), headers=headers)
        rows = read_rows(remote, read(remote, answer, f"list of {what}"), what)
        for row in rows:
            yield row
        following = _next(answer.headers.get("link", ""))
        if following is None or following == target or not rows:
            return
        # Only the query is taken: what lists is asked with a password, and stays where it was.
        target = f"{path}?{urlencode(parse_qsl(urlsplit(following).query))}"


def _next(link: str) -> str | None:
    """Harbor puts `prev` and `next` into one header, in this order."""
    return next((found for one in link.split(",") if (found := next_page(one.strip()))), None)
