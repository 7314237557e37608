"""`entrepot region`: places, and why a client is served where it is; a GeoIP file that is none."""

from pathlib import Path

from tests.cli.run import Run
from tests.live.api import fresh_name
from tests.live.conftest import StartServer
from tests.make.mmdb import located, mmdb


def test_a_place_is_said_changed_and_explained(as_admin: Run) -> None:
    name = fresh_name("frankfurt")
    place = ("--cidr", "10.249.1.0/24", "--cidr", "2001:db8:249::/48", "--location", "50.11,8.68")
    made = as_admin("region", "create", name, *place)
    assert (made.code, made.out) == (0, f"{name} is known.\n")

    shown = as_admin("region", "show", name).out
    assert "10.249.1.0/24, 2001:db8:249::/48" in shown
    assert "50.11,8.68" in shown
    taken = as_admin("region", "create", fresh_name("other"), "--cidr", "10.249.1.0/24")
    assert (taken.code, taken.err) == (1, f"entrepot: The network 10.249.1.0/24 is the region {name}'s already.\n")
    explained = as_admin("region", "explain", "--client", "2001:db8:249::7").out
    assert f"which is the region {name}'s" in explained
    assert f"The region {name} has no node." in explained

    assert as_admin("region", "update", name, "--no-cidrs", "--location", "").code == 0
    assert "10.249" not in as_admin("region", "show", name).out
    assert as_admin("edge", "list").code == 0
    missing = as_admin("edge", "drain", "nowhere")
    assert (missing.code, missing.err) == (1, "entrepot: There is no edge nowhere.\n")
    assert as_admin("region", "delete", name, "--yes").code == 0


def test_a_geoip_file_places_clients_and_one_that_is_none_keeps_the_server_from_starting(
    start_server: StartServer, tmp_path: Path
) -> None:
    file = tmp_path / "city.mmdb"
    file.write_bytes(mmdb({"203.0.113.0/24": located(-37.8, 144.9)}))
    server = start_server(geoip_file=str(file), region_location="51.51,-0.13")
    assert server.is_running
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"nothing of the kind")

    refused = start_server(wait=False, geoip_file=str(broken))

    assert refused.process is not None
    assert refused.process.wait(timeout=30) != 0
    assert "geoip_file cannot be read" in refused.log_text()
