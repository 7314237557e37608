"""`entrepot mirror` against a real server: how much is kept, what stays, how the upstream is asked."""

from tests.cli.run import Run
from tests.live.api import fresh_name
from tests.live.cli.test_commands import ok, read


def test_a_mirror_has_a_size_and_pins_and_says_what_it_saves(as_admin: Run) -> None:
    name = fresh_name("hub")
    ok(as_admin("mirror", "create", name, "--upstream", "https://quay.io", "--limit", "500GB", "--prefetch", "all"))
    ok(as_admin("mirror", "update", name, "--requests-per-minute", "60"))
    shown = read(as_admin("mirror", "show", name, "--json"))
    assert (shown["limit_bytes"], shown["prefetch"], shown["requests_per_minute"]) == (500 * 10**9, "all", 60)

    assert f"{name} keeps library/*." in ok(as_admin("mirror", "pin", name, "library/*"))
    ok(as_admin("mirror", "pin", name, "nginx:1.27*"))
    page = ok(as_admin("mirror", "show", name))
    assert "library/*, nginx:1.27*" in page
    assert "0 B of 465.7 GiB" in page
    assert "https://quay.io: it does not say" in page
    assert "0 layers sent" in page
    ok(as_admin("mirror", "unpin", name, "nginx:1.27*"))

    pins = read(as_admin("mirror", "show", name, "--json"))["pins"]
    assert [(one["repositories"], one["tags"], one["creator_name"]) for one in pins] == [("library/*", "", "admin")]
    gone = as_admin("mirror", "unpin", name, "nginx:1.27*")
    assert gone.code != 0
    assert f"{name} has no pin nginx:1.27*" in gone.err
    assert as_admin("mirror", "update", name, "--limit", "a lot").code == 2
    assert as_admin("mirror", "update", name, "--prefetch", "some").code != 0
