"""The registry protocol's door over real rooms, once for each kind of database."""

import pytest

from entrepot.doors.oci.door import OciDoor
from tests.make.cast import Cast, make_cast
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import Wire, basic


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:  # noqa: F811
    return await make_cast(rooms)


@pytest.fixture
def nobody(rooms: Rooms) -> Wire:  # noqa: F811
    """Requests of nobody in particular."""
    return Wire(OciDoor(rooms.oci))


@pytest.fixture
def admin(nobody: Wire) -> Wire:
    return nobody.as_(basic("admin", PASSWORD))
