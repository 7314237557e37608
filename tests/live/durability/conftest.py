"""What the durability tests share."""

from collections.abc import Callable

import pytest

from tests.live.api import Api, fresh_name
from tests.live.process import Server

Home = Callable[[Server], str]


@pytest.fixture
def repository() -> Home:
    """`repository(server)` is a name nobody has pushed to, in an organization that exists there."""

    def make(server: Server) -> str:
        with Api(server) as api:
            return f"{api.create_org()}/{fresh_name('app')}"

    return make
