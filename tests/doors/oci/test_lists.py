"""Tags, catalog and referrers over the protocol: pages, links, bounds."""

from urllib.parse import urlsplit

from entrepot.values.digest import Digest
from entrepot.values.media_types import OCI_INDEX
from tests.make.cast import Cast
from tests.make.furnish import push_image, push_only
from tests.make.image import Image
from tests.make.rooms import Rooms
from tests.make.wire import Wire


async def followed(wire: Wire, target: str, key: str) -> list[list[str]]:
    """The pages of a list, by its links."""
    pages = []
    while True:
        answer = await wire("GET", target)
        assert answer.status == 200
        pages.append([one if isinstance(one, str) else one["digest"] for one in answer.json()[key]])
        link = answer.header("link")
        if link is None:
            return pages
        target, _, relation = link.removeprefix("<").partition(">; ")
        assert relation == 'rel="next"'
        assert urlsplit(target).path == urlsplit(target).geturl().partition("?")[0]


async def test_pages_of_tags_are_linked(rooms: Rooms, admin: Wire, cast: Cast) -> None:
    tags = ["A", "_x", "a", "a-b", "a.b", "v1"]
    await push_only(rooms.registry, cast["admin"], "acme/app", cast.image, tags=tags)

    assert await followed(admin, "/v2/acme/app/tags/list", "tags") == [tags]
    assert await followed(admin, "/v2/acme/app/tags/list?n=4", "tags") == [tags[:4], tags[4:]]
    assert await followed(admin, "/v2/acme/app/tags/list?n=6", "tags") == [tags]
    assert await followed(admin, "/v2/acme/app/tags/list?n=2&last=a", "tags") == [tags[3:5], tags[5:]]
    assert await followed(admin, "/v2/acme/app/tags/list?n=0", "tags") == [[]]
    assert await followed(admin, "/v2/acme/app/tags/list?last=zzz", "tags") == [[]]
    assert await followed(admin, f"/v2/acme/app/tags/list?n={10**30}", "tags") == [tags]
    assert (await admin("GET", "/v2/acme/app/tags/list")).json()["name"] == "acme/app"


async def test_pages_of_the_catalog_are_linked(rooms: Rooms, admin: Wire, cast: Cast) -> None:
    for path in ("acme/app-2", "acme/app/inner"):
        await rooms.repository(path)
    paths = ["acme/app", "acme/app-2", "acme/app/inner", "acme/open"]

    assert await followed(admin, "/v2/_catalog?n=3", "repositories") == [paths[:3], paths[3:]]
    assert await followed(admin, "/v2/_catalog?last=acme/app-2", "repositories") == [paths[2:]]


async def test_a_link_leads_on_whatever_host_and_query_the_client_sends(admin: Wire, cast: Cast) -> None:
    for host in ("[", "a?b", "a#b", "x y", "a/b", "[::1]:5000", ""):
        answer = await admin("GET", "/v2/_catalog?n=1&x=\xff", headers={"Host": host})
        assert (host, answer.status) == (host, 200)
        assert answer.header("link") == '</v2/_catalog?n=1&last=acme%2Fapp>; rel="next"'


async def test_bounds_and_markers_that_make_no_sense_are_refused(admin: Wire, cast: Cast) -> None:
    for query in ("n=x", "n=-1", "n=1.5", "n=%20", "n=%D9%A3", "last=%00", "n=%00"):
        for path in ("/v2/_catalog", "/v2/acme/app/tags/list"):
            answer = await admin("GET", f"{path}?{query}")
            assert (query, answer.status, answer.codes) == (query, 400, ["UNSUPPORTED"])
    for query in ("after=%00", "artifactType=%00"):
        answer = await admin("GET", f"/v2/acme/app/referrers/{cast.image.digest}?{query}")
        assert (query, answer.status) == (query, 400)


async def test_referrers_come_as_an_index_and_say_what_was_filtered(rooms: Rooms, admin: Wire, cast: Cast) -> None:
    sbom = Image.make(subject=cast.image, artifactType="application/vnd.x+json", annotations={"ключ": "☃"})
    await push_image(rooms.registry, cast["editor"], "acme/app", sbom)
    target = f"/v2/acme/app/referrers/{cast.image.digest}"

    every = await admin("GET", target)
    some = await admin("GET", f"{target}?artifactType=application/vnd.x%2Bjson")
    none = await admin("GET", f"{target}?artifactType=text/plain")

    assert every.header("content-type") == OCI_INDEX
    assert every.json()["manifests"] == some.json()["manifests"]
    assert every.json()["manifests"][0]["annotations"] == {"ключ": "☃"}
    assert none.json()["manifests"] == []
    filtered = [one.header("oci-filters-applied") for one in (every, some, none)]
    assert filtered == [None, "artifactType", "artifactType"]
    assert (await admin("GET", f"/v2/acme/app/referrers/{Digest.of(b'?')}")).json()["manifests"] == []
    assert (await admin("GET", "/v2/acme/app/referrers/v1")).codes == ["DIGEST_INVALID"]


async def test_head_of_a_list_is_its_get_without_a_body(admin: Wire, cast: Cast) -> None:
    """RFC 9110 §9.1: who answers GET answers HEAD."""
    for path in ("/v2/", "/v2/_catalog?n=1", "/v2/acme/app/tags/list", f"/v2/acme/app/referrers/{cast.image.digest}"):
        got, head = await admin("GET", path), await admin("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.without_ids[1] == got.without_ids[1]
