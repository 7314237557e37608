"""Who answers which path below `/v2/`: what the registry protocol has is its own, whatever the words in it are."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Scope

from entrepot.doors.manage.enterprise.routes import ENTERPRISE
from entrepot.doors.manage.paths import is_enterprise
from entrepot.doors.manage.routes import find as find_call
from entrepot.doors.oci import routes
from entrepot.doors.oci.call import Plain
from entrepot.doors.oci.door import OciDoor
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName, TagName
from tests.make.rooms import open_rooms
from tests.make.wire import Wire

WORDS = ["instances", "namespaces", "repositories", "artifacts", "tags", "list", "entrepot", "manifests", "blobs"]
WORDS += ["referrers", "uploads", "repositories", "configurations", "statistics", "audit-logs", "acme", "web", "v1"]
COMPONENTS = st.sampled_from(WORDS) | st.from_regex(r"[a-z0-9]{1,8}([.-][a-z0-9]{1,4})?", fullmatch=True)
NAMES = st.lists(COMPONENTS, min_size=2, max_size=8).map("/".join).map(RepositoryName.parse)
TAGS = (st.sampled_from(WORDS) | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,16}", fullmatch=True)).map(TagName.parse)
DIGESTS = st.binary(max_size=8).map(Digest.of).map(str)


@st.composite
def requests(draw: Callable[[Any], Any]) -> str:
    """The path of a registry request that is valid by the specification."""
    name = draw(NAMES)
    path: str = draw(
        st.sampled_from([f"/v2/{name}/tags/list", f"/v2/{name}/blobs/uploads/", "/v2/", "/v2/_catalog"])
        | (TAGS | DIGESTS).map(lambda reference: f"/v2/{name}/manifests/{reference}")
        | DIGESTS.map(lambda digest: f"/v2/{name}/blobs/{digest}")
        | DIGESTS.map(lambda digest: f"/v2/{name}/referrers/{digest}")
        | st.uuids().map(lambda upload: f"/v2/{name}/blobs/uploads/{upload.hex}")
    )
    return path


@given(requests())
def test_the_registry_has_a_route_for_each_of_its_requests(path: str) -> None:
    assert routes.find(path) is not None


async def test_nobody_else_is_asked_about_what_the_registry_has(tmp_path: Any) -> None:
    asked: list[str] = []
    drawn: list[str] = []

    async def beyond(scope: Scope) -> ASGIApp | None:
        asked.append(scope["path"])
        return None

    @given(requests())
    def draw(path: str) -> None:  # hypothesis does not run coroutines
        drawn.append(path)

    draw()
    async with open_rooms(tmp_path) as rooms:
        wire = Wire(OciDoor(rooms.oci, beyond))
        for path in drawn:
            await wire("GET", path)

    assert drawn and asked == []


async def test_enterprise_paths_are_what_is_beyond_it(tmp_path: Any) -> None:
    async def beyond(scope: Scope) -> ASGIApp | None:
        return Plain(299, {"X-Request-Id": "1"}) if is_enterprise(scope) else None

    async with open_rooms(tmp_path) as rooms:
        wire = Wire(OciDoor(rooms.oci, beyond))

        for route in ENTERPRISE:
            path = quote(route.path.format_map(_Names()), safe="/%")
            assert (await wire(route.method, path)).status == 299, path
        for path in ("/v2/acme/web", "/v2/a/b/instances", "/v2/a%2Finstances", "/v2/instances%2Fa/b", "/v2/x"):
            assert (await wire("GET", path)).status == 404, path


class _Names(dict[str, str]):
    """A name for each place in a path."""

    def __missing__(self, name: str) -> str:
        return {"repository": "team%2Fweb", "reference": str(Digest.of(b"")), "project_id": "{project_id}"}.get(
            name, name
        )


def test_no_enterprise_path_is_another_call_of_the_management_api() -> None:
    for route in ENTERPRISE:
        found = find_call(route.path.format_map(_Names()).replace("%2F", "$"))

        assert found[route.method] is route
