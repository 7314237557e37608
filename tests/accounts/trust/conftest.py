"""Trust over a real database of each kind, and a provider on this machine."""

from collections.abc import Iterator

import pytest

from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.issuer import TheIssuer, running_issuer


@pytest.fixture
def issuer() -> Iterator[TheIssuer]:
    with running_issuer() as issuer:
        yield issuer
