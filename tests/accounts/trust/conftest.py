"""Trust over a real database of each kind, and a provider on this machine."""

from collections.abc import Iterator

import pytest

from tests.live.slapd import Slapd, running_slapd
from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
from tests.make.issuer import TheIssuer, running_issuer


@pytest.fixture
def issuer() -> Iterator[TheIssuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A directory with some people: tests leave them as they are and take names of their own."""
    with running_slapd(tmp_path_factory.mktemp("slapd")) as slapd:
        for uid in ("ann", "ben", "admin", "local"):
            slapd.add_person(uid, f"{uid}@example.com")
        slapd.add_group("dev", "ann", "ben")
        slapd.add_group("qa", "ben")
        yield slapd
