"""Pictures of every page of the console: `python -m tests.live.console.pictures FOLDER`, or `make pictures`.

A server of its own is furnished with a little of everything; each page is taken in both languages and appearances, and
in English on a phone. Somebody has to look at them: that is what they are for.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.console.browser import Console, picture, running_browser, visitor
from tests.live.console.pushing import push as push_image
from tests.live.process import Server, running_server
from tests.make.archive import tar
from tests.make.image import Blob, Image

LOOKS: dict[str, dict[str, Any]] = {
    "en-light": {},
    "en-dark": {"color_scheme": "dark"},
    "zh-light": {"locale": "zh-CN"},
    "zh-dark": {"locale": "zh-CN", "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 760}},
}
LONG = "a-part-of-a-path/" * 11 + "application"  # 198 characters
MANY = 10_000
# What versions of acme/shop/web hold beside each other: folders to look at, and something to compare.
BASE = tar(
    {"etc/os-release": b"Debian 12", "usr/bin/python3": b"\x7fELF" * 90_000, "usr/lib/libssl.so": b"\x7fELF" * 9_000}
)
SHOP: dict[str, dict[str, bytes]] = {
    "1.0": {"srv/shop/main.py": b"old\n" * 90, "srv/shop/cart.py": b"cart\n" * 70},
    "1.1": {"srv/shop/main.py": b"new\n" * 95, "srv/shop/cart.py": b"cart\n" * 70},
    "1.2": {"srv/shop/main.py": b"new\n" * 99, "srv/shop/checkout.py": b"pay\n" * 40, "etc/.wh.os-release": b""},
    "latest": {
        "srv/shop/main.py": b"new\n" * 99,
        "srv/shop/checkout.py": b"pay\n" * 41,
        "srv/shop/static/logo.svg": b"<svg/>",
    },
}
LABELS = {"org.opencontainers.image.source": "https://git.example.com/shop/web", "team": "shop"}
MADE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("robots", {"name": "builder", "rights": [{"scope": "acme/shop/*", "access": "push"}], "description": "Builds"}),
    (
        "federations",
        {
            "name": "pipelines",
            "robot": "builder",
            "issuer": "https://ci.example.com",
            "audience": "entrepot",
            "conditions": [{"claim": "sub", "pattern": "project:acme/*"}],
        },
    ),
    (
        "identity-providers",
        {"name": "corp", "kind": "oidc", "issuer": "https://login.example.com", "client_id": "entrepot"},
    ),
    ("regions", {"regionID": "north", "url": "https://north.example"}),
    (
        "sync/rules",
        {"name": "releases", "direction": "push", "regions": ["north"], "repositories": ["shop/*"], "at": "23:00"},
    ),
    ("namespaces/acme/immutability", {"tags": "v*"}),
    (
        "namespaces/acme/retention/policies",
        {
            "rules": [
                {"tags": ["build-*"], "pushed_days": 14},
                {"newest": 2, "exclusions": ["latest"], "signed": True},
            ],
            "untagged_days": 30,
            "enabled": False,
        },
    ),
    (
        "namespaces/acme/webhooks",
        {"name": "chat", "kind": "cloudevents", "url": "https://example.com/hook", "events": ["image_pushed"]},
    ),
)


def furnish(server: Server) -> None:
    """A little of everything, with a name that is as long as names can be."""
    with Api(server) as api:
        for organization in ("acme", "empty", "platform"):
            api.create_org(organization)
        for tag, files in SHOP.items():
            layers = [Blob(BASE), Blob(tar(files))]
            push_image(api, "acme/shop/web", tag, Image.make(layers=0, holding=layers, labels=LABELS))
        for path, tags in (
            ("acme/shop/api", ("2.0",)),
            ("platform/base", ("12", "12-slim")),
            (f"platform/{LONG}", ("v1",)),
        ):
            for tag in tags:
                push(api, path, tag)
        api.set_public("platform/base")
        api.create_repo("acme/nothing")
        _fill(api)
        with api.create_user("ann") as ann:
            api.grant("acme", ann.user, "edit")
        api.client.post("/v2/manage/groups", json={"name": "developers"}).raise_for_status()
        for path, body in MADE:
            api.client.post(f"/v2/manage/{path}", json=body).raise_for_status()
        for _ in range(3):
            api.client.get("/v2/acme/shop/web/manifests/latest")
        _mirror(api)


def _mirror(api: Api) -> None:
    """A mirror that nothing came through yet; one of this server, by a way that does not lead there any more."""
    made = "/v2/manage/mirrors"
    api.client.post(made, json={"name": "hub", "endpoints": ["https://docker.io"]}).raise_for_status()
    server = api.server
    there = {"endpoints": [server.url], "username": server.user, "password": server.password}
    always = {"fresh_seconds": 0, "stale_seconds": 0}
    api.client.post(made, json={"name": "copies", **there, **always}).raise_for_status()
    manifest, accept = "/v2/copies/acme/shop/web/manifests/latest", {"Accept": "*/*"}
    api.client.get(manifest, headers=accept).raise_for_status()
    api.client.patch(f"{made}/copies", json={"endpoints": ["http://127.0.0.1:9"]}).raise_for_status()
    api.client.get(manifest, headers=accept).raise_for_status()
    members = [{"organization": "acme"}, {"organization": "hub", "allow": ["library/*"]}, {"organization": "copies"}]
    rules = {"deny": ["*/secret"], "quarantine_seconds": 259_200}
    api.client.post("/v2/manage/virtual", json={"name": "all", "members": members, **rules}).raise_for_status()


def _fill(api: Api) -> None:
    """An image of many tags, more than any page shows, and a moved one."""
    digest = push(api, "acme/many", "first").digest
    for number in range(0, MANY, 100):
        tags = [f"build-{one:05}" for one in range(number, number + 100)]
        body = api.client.get(f"/v2/acme/many/manifests/{digest}", headers={"Accept": "*/*"})
        api.client.put(
            f"/v2/acme/many/manifests/{digest}",
            params=[("tag", one) for one in tags],
            content=body.content,
            headers={"Content-Type": body.headers["Content-Type"]},
        ).raise_for_status()
    push(api, "acme/many", "first")


def pages() -> Iterator[tuple[str, str]]:
    """Names of pictures and the pages they show."""
    yield "overview", "/console/"
    yield "welcome", "/console/welcome"
    yield "organizations", "/console/organizations"
    yield "organization-new", "/console/organizations/-/new"
    for tab in ("", "permissions", "quota", "activity", "settings", "transfer?user=ann", "delete"):
        yield f"organization-{tab.partition('?')[0] or 'images'}", f"/console/organizations/acme{tab and '/-/'}{tab}"
    yield "organization-empty", "/console/organizations/empty"
    yield "organization-mirror", "/console/organizations/copies"
    yield "organization-mirror-empty", "/console/organizations/hub"
    yield "organization-virtual", "/console/organizations/all"
    yield "images", "/console/images"
    yield "images-nothing-found", "/console/images?q=nothing-of-this-name"
    yield "shared", "/console/shared"
    yield "public", "/console/public"
    yield "cold", "/console/cold"
    yield "search", "/console/search?q=shop"
    image = "/console/images/acme/shop/web"
    for tab in ("", "usage", "permissions", "sharing", "automation", "settings", "description", "delete", "rename"):
        yield f"image-{tab or 'versions'}", f"{image}{tab and '/-/'}{tab}"
    yield "image-mirrored", "/console/images/copies/acme/shop/web"
    yield "version-mirrored", "/console/images/copies/acme/shop/web/-/versions/latest"
    yield "image-empty", "/console/images/acme/nothing"
    yield "image-long", f"/console/images/platform/{LONG}"
    yield "versions-delete", f"{image}/-/delete-versions?tag=1.0&tag=latest"
    yield "versions-copy", f"{image}/-/copy?tag=1.0&tag=1.1"
    yield "versions-diff", f"{image}/-/diff?from=1.0&to=1.2"
    for tab in ("", "/files", "/referrers", "/manifest"):
        yield f"version{tab.replace('/', '-') or '-overview'}", f"{image}/-/versions/latest{tab}"
    yield "version-history", f"{image}/-/tags/latest/history"
    yield "version-history-moved", "/console/images/acme/many/-/tags/first/history"
    yield "versions-diff-unknown", f"{image}/-/diff?from=1.0&to=nothing-of-this-name"
    yield "image-many", "/console/images/acme/many"
    yield "image-many-usage", "/console/images/acme/many/-/usage"
    yield "version-many", "/console/images/acme/many/-/versions/build-00001"
    yield "upload", "/console/upload"
    for tab in ("", "password", "keys", "logins", "tokens", "sessions"):
        yield f"account-{tab or 'profile'}", f"/console/account{tab and '/'}{tab}"
    yield "explain", "/console/explain?who=ann&action=push&name=acme/shop/web"
    hooks = "/console/organizations/acme/-/webhooks"
    for page in ("", "/-/new", "/chat", "/chat/edit", "/chat/delete"):
        yield f"webhooks{page.replace('/-', '').replace('/', '-')}", f"{hooks}{page}"
    yield "immutability", "/console/organizations/acme/-/immutability"
    retention = "/console/organizations/acme/-/retention"
    for page in ("", "/-/new", "/1", "/1/enable", "/1/delete"):
        yield f"retention{page.replace('/-', '').replace('/', '-')}", f"{retention}{page}"
    yield "image-retention-rules", f"{image}/-/automation/retention"
    yield "image-retag", f"{image}/-/retag?tag=1.0"
    yield "shared-given", "/console/shared/given"
    yield "admin-user", "/console/admin/users/ann"
    yield "refused", "/console/organizations/nothing-of-this-name"
    yield from administration()


def administration() -> Iterator[tuple[str, str]]:
    """Those of administrators and operators."""
    for page in ("users", "groups", "robots", "federations", "providers", "domains", "audit", "jobs", "system"):
        yield f"admin-{page}", f"/console/admin/{page}"
    for page in ("garbage", "verify", "regions", "jobs/-/schedules"):
        yield f"admin-{page.rpartition('/')[2]}", f"/console/admin/{page}"
    for page in ("users", "groups", "robots", "federations", "providers", "domains"):
        yield f"admin-{page}-new", f"/console/admin/{page}/-/new"
    for page in ("robots/builder", "federations/pipelines", "providers/corp", "groups/developers", "domains/default"):
        yield f"admin-{page.partition('/')[0]}-one", f"/console/admin/{page}"
    for page in ("mirrors", "mirrors/-/new", "mirrors/copies", "mirrors/hub", "mirrors/copies/-/settings"):
        yield f"admin-{page.replace('/-', '').replace('/', '-')}", f"/console/admin/{page}"
    for page in ("sync", "sync/-/new", "sync/-/copies", "sync/releases", "sync/releases/-/settings"):
        yield f"admin-{page.replace('/-', '').replace('/', '-')}", f"/console/admin/{page}"
    explained = "all/-/explain?what=shop/web:latest"
    for name, page in (("s", ""), ("-new", "-/new"), ("-one", "all"), ("-explained", explained)):
        yield f"admin-virtual{name}", f"/console/admin/virtual/{page}".rstrip("/")
    yield "admin-virtual-settings", "/console/admin/virtual/all/-/settings"
    yield "admin-mirror-delete", "/console/admin/mirrors/copies/-/delete"
    for page in ("settings", "delete"):
        yield f"admin-user-{page}", f"/console/admin/users/ann/-/{page}"
        yield f"admin-robot-{page}", f"/console/admin/robots/builder/-/{page}"


def take(folder: Path) -> list[str]:
    """Take all of them; the pages that had a fault."""
    faults: list[str] = []
    with TemporaryDirectory() as data, running_server(Path(data)) as server, running_browser() as browser:
        furnish(server)
        for look, options in LOOKS.items():
            with visitor(browser, server, **options) as console:
                console.go("/console/login")
                picture(console, folder / look, "login")
                console.go("/console/login?refused=no-account")
                picture(console, folder / look, "login-refused")
                console.sign_in()
                console.expected |= {400, 404}
                for name, path in pages():
                    console.go(path)
                    picture(console, folder / look, name)
                    faults += [f"{look} {name}: {one}" for one in console.faults]
                    faults += [f"{look} {name}: wider than the window"] if console.overflows() else []
                    console.faults.clear()
                _take_open(console, folder / look)
    return faults


def _take_open(console: Console, folder: Path) -> None:
    """What comes up over a page: the help, a question, a menu, ticked rows."""
    page = console.go("/console/images/acme/shop/web")
    page.keyboard.press("?")
    picture(console, folder, "open-help", is_whole=False)
    page = console.go("/console/images/acme/shop/web")
    page.locator("[data-pick]").first.check()
    picture(console, folder, "open-ticked", is_whole=False)
    page.locator(".column-menu summary").click()
    picture(console, folder, "open-columns", is_whole=False)
    page = console.go("/console/images/acme/shop/web/-/settings")
    page.locator("a[data-dialog]").click()
    page.locator("dialog[open]").wait_for()
    picture(console, folder, "open-dialog", is_whole=False)


if __name__ == "__main__":
    found = take(Path(sys.argv[1]))
    print("\n".join(found) or "no faults")  # noqa: T201
    sys.exit(bool(found))
