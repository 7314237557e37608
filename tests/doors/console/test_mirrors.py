"""Mirrors in the console: made, changed and given up by operators; what others see of them."""

from collections import Counter

import pytest

from entrepot.access.levels import Level
from entrepot.mirror.asking import Tally
from entrepot.mirror.books import Books
from entrepot.mirror.pins import list_pins
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.secrets import Secrets, unseal
from entrepot.mirror.sources import source_of
from entrepot.mirror.upstreams import Upstream, create_mirror, show_mirror
from entrepot.registry.accounting import Accountant
from entrepot.registry.push import push_manifest
from entrepot.registry.queries import names, tags
from entrepot.remote.allowance import Allowance
from entrepot.remote.watching import Kind
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.doors.console.conftest import As
from tests.make.image import Image
from tests.make.rooms import Rooms

HOME = "/console/admin/mirrors"
HUB, QUAY = OrganizationName("hub"), OrganizationName("quay")
FORM = {"name": "quay", "endpoints": "https://quay.io\r\nhttps://second.example\r\n", "public": "true"}
SECRETS = {"username": "robot", "password": " a secret with spaces ", "proxy": "http://me:word@proxy.example:3128"}


async def secrets_of(rooms: Rooms, name: str) -> Secrets:
    async with rooms.db.reading() as tx:
        row = await queries.upstream_of(tx, name)
    assert row is not None
    return unseal(rooms.accounts.sealer, row)


async def bring(rooms: Rooms, path: str) -> None:
    """An image that came through a mirror."""
    name, image = RepositoryName(path), Image.make(layers=0)
    source = await source_of(rooms.mirror, name.organization)
    assert source is not None
    now = int(rooms.clock.now().timestamp())
    await push_manifest(rooms.registry, source.house, name, TagName("1.27"), image.body, image.media_type, asked_at=now)


async def test_a_mirror_is_made_by_its_form_and_shows_no_secret(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")

    answer = await admin.post(f"{HOME}/-/new", **FORM, **SECRETS, fresh_seconds="60", stale_seconds="")

    assert answer.headers["location"] == f"{HOME}/quay", answer.text
    made = await show_mirror(furnished.mirror, furnished.admin, QUAY)
    assert made.endpoints == ("https://quay.io", "https://second.example")
    assert (made.policy.fresh_seconds, made.policy.stale_seconds, made.is_public) == (60, 3_600, True)
    assert await secrets_of(furnished, "quay") == Secrets(
        SECRETS["username"], SECRETS["password"], "", SECRETS["proxy"]
    )
    for path in (f"{HOME}/quay", f"{HOME}/quay/-/settings", HOME):
        page = (await admin.get(path)).text
        assert "robot" in page
        assert "a secret" not in page
        assert "me:word" not in page
    assert "A password is set, and kept secret." in (await admin.get(f"{HOME}/quay")).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Quay"}, "name"),
        ({"name": "hub"}, "name"),
        ({"endpoints": "quay.io"}, "endpoints"),
        ({"endpoints": ""}, "endpoints"),
        ({"host": "docker.io/library"}, "host"),
        ({"username": "a:b"}, "username"),
        ({"password": "secret"}, "username"),
        ({"authority": "no certificate"}, "authority"),
        ({"proxy": "proxy.example"}, "proxy"),
        ({"fresh_seconds": "soon"}, "fresh_seconds"),
        ({"stale_seconds": "-1"}, "stale_seconds"),
        ({"absent_seconds": "99999999999"}, "absent_seconds"),
        ({"fetches_max": "0"}, "fetches_max"),
    ],
)
async def test_a_form_that_is_refused_says_at_which_field(
    furnished: Rooms, as_user: As, wrong: dict[str, str], field: str
) -> None:
    admin = await as_user("admin")
    for path, typed in ((f"{HOME}/-/new", FORM), (f"{HOME}/hub/-/settings", {"endpoints": "https://docker.io"})):
        if path.endswith("settings") and "name" in wrong:
            continue
        answer = await admin.post(path, **{**typed, **wrong})
        assert answer.status_code in (400, 409), path
        assert f'id="{field}-problem"' in answer.text, path
        if "endpoints" not in wrong:
            assert typed["endpoints"].split()[0] in answer.text
    assert (await show_mirror(furnished.mirror, furnished.admin, OrganizationName("hub"))).username == ""


async def test_what_is_not_shown_changes_only_where_something_was_typed(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    await create_mirror(furnished.mirror, furnished.admin, QUAY, Upstream(("https://quay.io",), "me", "old", "", ""))
    settings = f"{HOME}/quay/-/settings"
    same = {"endpoints": "https://quay.io", "username": "me"}

    assert (await admin.post(settings, **same)).status_code == 303
    assert await secrets_of(furnished, "quay") == Secrets("me", "old")
    await admin.post(settings, **same, password="new", proxy="http://proxy.example:1", fresh_seconds="1")
    assert await secrets_of(furnished, "quay") == Secrets("me", "new", "", "http://proxy.example:1")
    await admin.post(settings, **same, no_password="true", no_proxy="true")
    assert await secrets_of(furnished, "quay") == Secrets("me")
    assert (await show_mirror(furnished.mirror, furnished.admin, QUAY)).policy.fresh_seconds == 1


async def test_a_registry_may_be_called_otherwise_than_its_first_address(furnished: Rooms, as_user: As) -> None:
    admin, settings = await as_user("admin"), f"{HOME}/quay/-/settings"
    await admin.post(f"{HOME}/-/new", **FORM, host="docker.io")
    assert (await show_mirror(furnished.mirror, furnished.admin, QUAY)).host == "docker.io"
    assert 'value="docker.io"' in (await admin.get(settings)).text

    await admin.post(settings, endpoints="https://quay.io", host="")

    assert (await show_mirror(furnished.mirror, furnished.admin, QUAY)).host == "quay.io"
    assert 'value="quay.io"' not in (await admin.get(settings)).text


async def test_giving_a_mirror_up_is_asked_about_and_leaves_an_organization(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    question = await admin.get(f"{HOME}/hub/-/delete")
    assert "Nothing more is fetched from docker.io" in question.text

    assert (await admin.post(f"{HOME}/hub/-/delete")).headers["location"] == HOME

    assert "No mirrors yet" in (await admin.get(HOME)).text
    page = (await admin.get("/console/organizations/hub")).text
    assert "docker push" in page
    assert "Mirror of" not in page


async def test_only_operators_administer_mirrors(furnished: Rooms, as_user: As) -> None:
    assert 'href="/console/admin/mirrors"' in (await (await as_user("admin")).get("/console/")).text
    for who in ("partner/boss", "stranger"):
        somebody = await as_user(who)
        assert 'href="/console/admin/mirrors"' not in (await somebody.get("/console/organizations")).text
        for path in (HOME, f"{HOME}/-/new", f"{HOME}/hub", f"{HOME}/hub/-/settings", f"{HOME}/hub/-/delete"):
            assert (await somebody.get(path)).status_code == 403, path
        for path in (f"{HOME}/-/new", f"{HOME}/hub/-/settings", f"{HOME}/hub/-/delete"):
            assert (await somebody.post(path, **FORM)).status_code == 403, path


async def test_mirrors_are_listed_page_by_page(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    for number in range(50):
        name = OrganizationName(f"mirror-{number:02}")
        await create_mirror(furnished.mirror, furnished.admin, name, Upstream(("https://quay.io",)))
    first = (await admin.get(HOME)).text
    assert "mirror-48" in first
    assert "mirror-49" not in first
    assert "after=mirror-48" in first
    assert "mirror-49" in (await admin.get(HOME, params={"after": "mirror-48"})).text


async def test_who_reads_a_mirror_is_told_how_engines_pull_through_it(furnished: Rooms, as_user: As) -> None:
    await create_mirror(furnished.mirror, furnished.admin, QUAY, Upstream(("https://quay.io",)))
    await furnished.grant("quay", "stranger", Level.READ)
    reader = await as_user("stranger")

    page = (await reader.get("/console/organizations/quay")).text

    assert "Mirror of quay.io" in page
    assert "/etc/containerd/certs.d/quay.io/hosts.toml" in page
    assert "prefix = &#34;quay.io&#34;" in page
    assert "Docker takes mirrors of Docker Hub alone; pull registry.test/quay/REPOSITORY" in page
    assert "The engine signs in to registry.test" in page
    assert "docker push" not in page
    assert "/console/admin/mirrors/quay" not in page
    assert "Mirror of quay.io" in (await reader.get("/console/organizations")).text
    admin = (await (await as_user("admin")).get("/console/organizations/hub")).text
    assert "registry-mirrors" in admin
    assert "/console/admin/mirrors/hub" in admin


async def test_everybody_is_told_how_to_pull_through_a_public_mirror(furnished: Rooms, as_user: As) -> None:
    made = Upstream(("https://quay.io",), username="me")
    await create_mirror(furnished.mirror, furnished.admin, QUAY, made, public_by_default=True)
    nobody = await as_user("")

    page = await nobody.get("/console/organizations/quay")

    assert page.status_code == 200
    assert "/etc/containerd/certs.d/quay.io/hosts.toml" in page.text
    assert "signs in to" not in page.text
    assert "Settings of the mirror" not in page.text


async def test_an_image_of_a_mirror_says_where_it_comes_from_and_whether_that_answers(
    furnished: Rooms, as_user: As
) -> None:
    await bring(furnished, "hub/nginx")
    admin = await as_user("admin")
    image, version = "/console/images/hub/nginx", "/console/images/hub/nginx/-/versions/1.27"

    page = (await admin.get(image)).text
    assert "It is docker.io/library/nginx at its upstream." in page
    assert "upstream asked:" in page
    assert "/-/retag" not in page
    assert "Stale" not in page
    assert "docker.io/library/nginx:1.27" in (await admin.get(version)).text
    assert "/-/rename" not in (await admin.get(f"{image}/-/settings")).text
    assert "Mirror of docker.io" in (await admin.get("/console/images")).text
    assert "Mirror of docker.io" in (await admin.get("/console/search?q=nginx")).text

    async with furnished.db.writing() as tx:
        row = await names.repository_by_path(tx, "hub/nginx")
        assert row is not None
        await tags.set_stale(tx, row.id, "1.27", int(furnished.clock.now().timestamp()) + 400)
    furnished.clock.advance(seconds=350)

    assert "Stale" in (await admin.get(image)).text
    assert "The upstream does not answer: what is here is served." in (await admin.get(version)).text


async def test_nothing_is_pushed_to_a_mirror_from_a_page(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    assert (await admin.get("/console/organizations/acme")).status_code == 200

    uploads = (await admin.get("/console/upload")).text
    assert ">acme</option>" in uploads
    assert ">hub</option>" not in uploads
    copies = (await admin.get("/console/images/acme/web/-/copy?tag=1.0")).text
    assert ">acme</option>" in copies
    assert ">hub</option>" not in copies
    assert "Nothing was pulled through it yet" in (await admin.get("/console/organizations/hub")).text
    images = (await admin.get("/console/images")).text
    assert "Mirror of" not in images


async def test_pages_that_show_no_mirror_ask_nothing_about_mirrors(
    furnished: Rooms, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked(*_: object) -> None:
        raise AssertionError("asked about mirrors")

    monkeypatch.setattr("entrepot.doors.console.mirroring.hosts_of", asked)
    monkeypatch.setattr("entrepot.doors.console.image.show_origin", asked)
    monkeypatch.setattr("entrepot.doors.console.organizations.list_configs", asked)
    admin = await as_user("admin")
    for path in ("images", "search?q=web", "organizations/acme", "images/acme/web", "organizations?q=acme"):
        assert (await admin.get(f"/console/{path}")).status_code == 200, path


async def test_how_much_is_kept_is_typed_as_a_size_and_shown_as_one(furnished: Rooms, as_user: As) -> None:
    admin, settings = await as_user("admin"), f"{HOME}/hub/-/settings"
    typed = {"endpoints": "https://docker.io", "limit_bytes": "500GB", "requests_per_minute": "60", "prefetch": "all"}

    assert (await admin.post(settings, **typed)).status_code == 303

    policy = (await show_mirror(furnished.mirror, furnished.admin, HUB)).policy
    assert (policy.limit_bytes, policy.requests_per_minute, policy.prefetch) == (500 * 10**9, 60, "all")
    page = (await admin.get(settings)).text
    assert 'value="500GB"' in page
    assert 'value="all" selected' in page
    shown = (await admin.get(f"{HOME}/hub")).text
    assert "466 GiB" in shown
    assert "all platforms, when nobody needs the line" in shown
    await admin.post(settings, endpoints="https://docker.io", limit_bytes="0")
    assert (await show_mirror(furnished.mirror, furnished.admin, HUB)).policy.limit_bytes == 0
    wrong = await admin.post(settings, endpoints="https://docker.io", limit_bytes="a lot")
    assert 'id="limit_bytes-problem"' in wrong.text
    wrong = await admin.post(settings, endpoints="https://docker.io", requests_per_minute="-1")
    assert 'id="requests_per_minute-problem"' in wrong.text


async def test_images_are_pinned_and_unpinned_on_the_page_of_their_mirror(furnished: Rooms, as_user: As) -> None:
    admin, page = await as_user("admin"), f"{HOME}/hub"
    assert "Nothing is pinned" in (await admin.get(page)).text

    assert (await admin.post(f"{page}/-/pins", repositories="nginx", tags="1.*")).headers["location"] == page
    assert (await admin.post(f"{page}/-/pins", repositories="library/*", tags="")).status_code == 303

    shown = (await admin.get(page)).text
    assert "<code>1.*</code>" in shown
    assert "all, also what has none" in shown
    wrong = await admin.post(f"{page}/-/pins", repositories="Nginx", tags="")
    assert 'id="repositories-problem"' in wrong.text
    assert 'value="Nginx"' in wrong.text
    assert (await admin.post(f"{page}/-/unpin", repositories="nginx", tags="1.*")).status_code == 303
    gone = await admin.post(f"{page}/-/unpin", repositories="nginx", tags="1.*")
    assert "hub has no pin nginx:1.*" in gone.text
    found = await list_pins(furnished.mirror, furnished.admin, HUB)
    assert [str(one.pin) for one in found] == ["library/*"]
    for who in ("partner/boss", "stranger"):
        somebody = await as_user(who)
        for path in ("pins", "unpin"):
            answer = await somebody.post(f"{page}/-/{path}", repositories="library/*", tags="")
            assert answer.status_code == 403, path


async def test_the_page_of_a_mirror_says_what_it_saves_and_what_its_upstream_allows(
    furnished: Rooms, as_user: As
) -> None:
    admin, source = await as_user("admin"), await source_of(furnished.mirror, HUB)
    assert source is not None
    assert "nothing was pulled through it yet" in (await admin.get(f"{HOME}/hub")).text
    books = Books(furnished.mirror)
    books.tally(source.organization_id).add(Tally(Counter({Kind.MANIFEST_HEAD: 7}), 2, 1, 1_024))
    heard = books.open_address(source.organization_id, source.heard[0].address)
    heard.take(Allowance(100, 76, 21_600), furnished.clock.now())
    await books.keep()
    for _ in range(4):
        furnished.registry.counts.sent("hub/nginx", "sha256:any", 1_024)
    await Accountant(furnished.registry).keep()

    shown = (await admin.get(f"{HOME}/hub")).text

    assert "75 % without fetching" in shown
    assert "4 KiB sent, 1 KiB fetched" in shown
    assert "2 refused for now" in shown
    assert "76" in shown
    assert "of 100" in shown
    assert 'class="chart"' in shown
    heard.take(Allowance(100, 0, 21_600, 600), furnished.clock.now())
    await books.keep()
    assert "left alone until" in (await admin.get(f"{HOME}/hub")).text
