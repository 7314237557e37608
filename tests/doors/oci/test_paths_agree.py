"""The fast path and the table answer the same request alike, byte for byte but for the request's id."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.doors.oci.door import OciDoor
from entrepot.doors.oci.fast import FastPulls
from entrepot.values.digest import Digest
from entrepot.values.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from tests.doors.oci.test_tokens import token_of
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import Wire, basic, bearer

ACCEPTS = st.lists(
    st.sampled_from(
        ["*/*", "*/*;q=0", "application/*", "text/html", "", OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST]
        + [f"{OCI_MANIFEST};q=0", f"{OCI_INDEX};q=0.5, {OCI_MANIFEST}", f"{OCI_INDEX.upper()}", "q=1", ";;,,"]
    ),
    max_size=3,
)


async def test_both_ways_give_identical_answers(rooms: Rooms, cast: Cast, nobody: Wire, admin: Wire) -> None:
    index = await rooms.push("acme/app", "index", Image.index(cast.image))
    empty = await token_of(admin)
    pulling = await token_of(nobody.as_(basic("reader", PASSWORD)), "repository:acme/app:pull")
    callers = [{}, *(basic(who, PASSWORD) for who in ("stranger", "reader", "admin")), basic("admin", "wrong")]
    callers += [bearer(empty), bearer(pulling), {"Authorization": "nonsense"}]
    references = ["v1", "index", "none", "V1", ".bad", "a%00b", "sha256:x", str(cast.image.digest), str(index.digest)]
    references += [str(blob.digest) for blob in (*cast.image.blobs, *cast.open_image.blobs)]
    references += [str(Digest.of(b"?")), str(Digest.of(cast.image.body, "sha512")), "%2e%2e", "uploads"]
    names = ["acme/app", "acme/open", "acme/none", "acme", "ACME/app", "acme//app", "acme/app/", "%00/app", "manage/x"]

    quick, slow = OciDoor(rooms.oci), OciDoor(rooms.oci)
    answered: list[bool] = []
    try_fast = FastPulls.answer

    async def counted(fast: FastPulls, *arguments: object) -> bool:
        answered.append(await try_fast(fast, *arguments))  # type: ignore[arg-type]  # handed on as it is
        return answered[-1]

    async def never(*_: object) -> bool:
        return False

    quick._fast.answer = lambda *arguments: counted(quick._fast, *arguments)  # type: ignore[method-assign]
    slow._fast.answer = never  # type: ignore[method-assign,assignment]  # the table alone
    for caller, name, kind, reference, method, accept, held in _requests(callers, names, references):
        headers = [*caller.items(), *(("Accept", line) for line in accept)]
        headers += [("If-None-Match", f'"{reference}"')] if held else []
        target = f"/v2/{name}/{kind}/{reference}"

        by_both = [await Wire(door)(method, target, headers=headers) for door in (quick, slow)]

        assert by_both[0].without_ids == by_both[1].without_ids, (method, target, headers)
    assert 40 < sum(answered) < len(answered)  # both ways were taken


def _requests(callers: list[dict[str, str]], names: list[str], references: list[str]) -> list[Any]:
    """Drawn beforehand: hypothesis does not run coroutines."""
    drawn: list[Any] = []
    requests = st.tuples(
        st.sampled_from(callers[2:4] * 3 + callers),  # more often those who may
        st.sampled_from([names[0]] * 6 + names),
        st.sampled_from(["manifests", "blobs"]),
        st.sampled_from((references[:2] + references[7:12]) * 3 + references),
        st.sampled_from(["GET", "HEAD"]),
        st.just([]) | ACCEPTS,
        st.sampled_from([False, False, False, True]),
    )

    @settings(max_examples=500, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(requests)
    def draw(request: object) -> None:
        drawn.append(request)

    draw()
    return drawn
