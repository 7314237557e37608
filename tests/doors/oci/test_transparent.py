"""Transparent pulls (`?ns=`) when it cannot be found out which mirror is meant."""

import pytest

from entrepot.db.transaction import Reader
from entrepot.doors.oci.door import OciDoor
from entrepot.mirror.queries import upstreams
from entrepot.values.errors import DatabaseUnreachable
from tests.make.cast import Cast
from tests.make.wire import Wire


@pytest.mark.parametrize("path", ["app/manifests/v1", f"app/blobs/sha256:{'0' * 64}", "app/tags/list"])
async def test_while_the_database_is_away_the_answer_has_the_form_of_the_registry(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def away(_tx: Reader, _host: str) -> list[str]:
        raise DatabaseUnreachable

    monkeypatch.setattr(upstreams, "mirrors_of_host", away)
    answer = await Wire(OciDoor(cast.rooms.oci))("GET", f"/v2/acme/{path}?ns=registry.example")
    assert answer.status == 503
    assert int(answer.header("retry-after") or 0) > 0
    assert len(answer.codes) == 1
