"""GeoIP: a real file is read by the real reader; read again when it changes; broken ones are said."""

from ipaddress import ip_address
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from entrepot.db.opening import open_database
from entrepot.plumbing.clock import SYSTEM_CLOCK
from entrepot.regions import geoip
from entrepot.regions.geoip import GeoIp
from entrepot.regions.settings import RegionSettings
from entrepot.regions.view import View
from entrepot.values.errors import ParameterInvalid, Unsupported
from entrepot.values.location import Location
from tests.make.mmdb import located, mmdb

PLACES = {
    "10.1.0.0/16": located(50.11, 8.68),
    "10.1.7.0/24": located(52.52, 13.4),
    "2001:db8::/32": located(-33.87, 151.21),
    "10.2.0.0/16": {"country": {"iso_code": "DE"}},
    "10.3.0.0/16": {"location": {"latitude": "north", "longitude": 1.0}},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "city.mmdb"
    made.write_bytes(mmdb(PLACES))
    return made


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("10.1.2.3", Location(50.11, 8.68)),
        ("10.1.7.3", Location(52.52, 13.4)),
        ("2001:db8::1", Location(-33.87, 151.21)),
        ("10.2.0.1", None),  # a country, and no place
        ("10.3.0.1", None),
        ("192.0.2.1", None),
    ],
)
def test_an_address_is_where_the_file_says(file, address, location):
    found = GeoIp(file)
    found.open()

    assert found.locate(ip_address(address)) == location
    found.close()
    assert found.locate(ip_address(address)) is None


def test_a_file_of_ipv4_knows_nothing_of_ipv6(file):
    file.write_bytes(mmdb({"10.1.0.0/16": located(50.11, 8.68)}, version=4))
    found = GeoIp(file)
    found.open()

    assert found.locate(ip_address("10.1.2.3")) == Location(50.11, 8.68)
    assert found.locate(ip_address("2001:db8::1")) is None


def test_the_file_is_read_again_when_it_changes(file, tmp_path):
    found = GeoIp(file)
    found.open()
    assert not found.refresh()

    newer = tmp_path / "newer"
    newer.write_bytes(mmdb({"10.1.0.0/16": located(1.0, 2.0)}))
    newer.replace(file)

    assert found.refresh()
    assert found.locate(ip_address("10.1.2.3")) == Location(1, 2)
    assert not found.refresh()


def test_a_file_that_breaks_later_is_logged_once_and_what_was_read_stays(file):
    found = GeoIp(file)
    found.open()

    for broken in (lambda: file.write_bytes(b"nothing of the kind"), file.unlink):
        broken()
        with capture_logs() as logs:
            assert not found.refresh()
            assert not found.refresh()
        assert found.locate(ip_address("10.1.2.3")) == Location(50.11, 8.68)
        assert [one["log_level"] for one in logs] in (["warning"], [])

    file.write_bytes(mmdb({"10.1.0.0/16": located(1.0, 2.0)}))
    assert found.refresh()
    assert found.locate(ip_address("10.1.2.3")) == Location(1, 2)


@pytest.mark.parametrize("content", [None, b"", b"nothing of the kind", mmdb(PLACES)[:200]])
def test_a_file_that_cannot_be_read_is_an_error_at_the_start(tmp_path, content):
    file = tmp_path / "city.mmdb"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ParameterInvalid, match=r"geoip_file cannot be read: .*city\.mmdb"):
        GeoIp(file).open()


def test_a_file_that_is_broken_in_the_middle_places_nobody(file):
    whole = mmdb(PLACES)
    at = whole.index(b"location")
    file.write_bytes(whole[: at - 2] + b"\xff" * 9 + whole[at + 7 :])
    found = GeoIp(file)
    found.open()

    with capture_logs() as logs:
        assert found.locate(ip_address("10.1.2.3")) is None
    assert all(one["log_level"] == "warning" for one in logs)


async def test_a_server_is_not_started_with_a_file_that_cannot_be_read(tmp_path):
    db = open_database(f"sqlite:///{tmp_path / 'entrepot.db'}")
    view = View(db, SYSTEM_CLOCK, RegionSettings(), GeoIp(tmp_path / "none.mmdb"))

    with pytest.raises(ParameterInvalid):
        view.check()
    with pytest.raises(ParameterInvalid):
        view.start()
    await db.close()


def test_without_the_extra_it_is_said_what_to_install(file, monkeypatch):
    monkeypatch.setattr(geoip, "find_spec", lambda name: None)

    with pytest.raises(Unsupported, match=r"entrepot\[geoip\]"):
        GeoIp(file).open()
