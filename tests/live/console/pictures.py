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
from tests.live.console.browser import picture, running_browser, visitor
from tests.live.process import Server, running_server

LOOKS: dict[str, dict[str, Any]] = {
    "en-light": {},
    "en-dark": {"color_scheme": "dark"},
    "zh-light": {"locale": "zh-CN"},
    "zh-dark": {"locale": "zh-CN", "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 760}},
}
LONG = "a-part-of-a-path/" * 8 + "application"


def furnish(server: Server) -> None:
    """A little of everything, with a name that is as long as names can be."""
    with Api(server) as api:
        for organization in ("acme", "empty", "platform"):
            api.create_org(organization)
        for path, tags in (
            ("acme/shop/web", ("1.0", "1.1", "1.2", "latest")),
            ("acme/shop/api", ("2.0",)),
            ("platform/base", ("12", "12-slim")),
            (f"platform/{LONG}", ("v1",)),
        ):
            for tag in tags:
                push(api, path, tag)
        api.set_public("platform/base")
        api.create_repo("acme/nothing")
        with api.create_user("ann") as ann:
            api.grant("acme", ann.user, "edit")
        api.client.post("/v2/manage/groups", json={"name": "developers"}).raise_for_status()
        for _ in range(3):
            api.client.get("/v2/acme/shop/web/manifests/latest")


def pages() -> Iterator[tuple[str, str]]:
    """Names of pictures and the pages they show."""
    yield "overview", "/console/"
    yield "welcome", "/console/welcome"
    yield "organizations", "/console/organizations"
    yield "organization-new", "/console/organizations/-/new"
    for tab in ("", "permissions", "quota", "activity", "settings", "transfer?user=ann", "delete"):
        yield f"organization-{tab.partition('?')[0] or 'images'}", f"/console/organizations/acme{tab and '/-/'}{tab}"
    yield "organization-empty", "/console/organizations/empty"
    yield "images", "/console/images"
    yield "images-nothing-found", "/console/images?q=nothing-of-this-name"
    yield "shared", "/console/shared"
    yield "public", "/console/public"
    yield "search", "/console/search?q=shop"
    image = "/console/images/acme/shop/web"
    for tab in ("", "usage", "permissions", "sharing", "automation", "settings", "description", "delete", "rename"):
        yield f"image-{tab or 'versions'}", f"{image}{tab and '/-/'}{tab}"
    yield "image-empty", "/console/images/acme/nothing"
    yield "image-long", f"/console/images/platform/{LONG}"
    yield "versions-delete", f"{image}/-/delete-versions?tag=1.0&tag=latest"
    yield "versions-copy", f"{image}/-/copy?tag=1.0&tag=1.1"
    yield "versions-diff", f"{image}/-/diff?from=1.0&to=1.2"
    for tab in ("", "/files", "/referrers", "/manifest"):
        yield f"version{tab.replace('/', '-') or '-overview'}", f"{image}/-/versions/latest{tab}"
    yield "version-history", f"{image}/-/tags/latest/history"
    yield "upload", "/console/upload"
    for tab in ("", "password", "keys", "logins", "tokens", "sessions"):
        yield f"account-{tab or 'profile'}", f"/console/account{tab and '/'}{tab}"
    yield "explain", "/console/explain?who=ann&action=push&name=acme/shop/web"
    for page in ("users", "groups", "robots", "federations", "providers", "domains", "audit", "jobs", "system"):
        yield f"admin-{page}", f"/console/admin/{page}"
    yield "admin-user", "/console/admin/users/ann"
    yield "refused", "/console/organizations/nothing-of-this-name"


def take(folder: Path) -> list[str]:
    """Take all of them; the pages that had a fault."""
    faults: list[str] = []
    with TemporaryDirectory() as data, running_server(Path(data)) as server, running_browser() as browser:
        furnish(server)
        for look, options in LOOKS.items():
            with visitor(browser, server, **options) as console:
                console.go("/console/login")
                picture(console, folder / look, "login")
                console.sign_in()
                console.expected.add(404)
                for name, path in pages():
                    console.go(path)
                    picture(console, folder / look, name)
                    faults += [f"{look} {name}: {one}" for one in console.faults]
                    faults += [f"{look} {name}: wider than the window"] if console.overflows() else []
                    console.faults.clear()
    return faults


if __name__ == "__main__":
    found = take(Path(sys.argv[1]))
    print("\n".join(found) or "no faults")  # noqa: T201
    sys.exit(bool(found))
