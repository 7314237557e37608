"""`entrepot image list`: repositories, and the images of one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.cli.image.places import Place
    from entrepot.remote.session import Remote
    from entrepot.values.manifest import Manifest


def register(image: typer.Typer) -> None:
    image.command("list")(list_images)


def list_images(
    scope: Annotated[
        str | None, typer.Argument(metavar="[ORG[/REPO]]", help="An organization, or one repository with its tags.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List repositories with what they hold; of one repository its tags, with digest, size and platforms."""
    if scope is not None and "/" in scope:
        _list_tags(scope, as_json)
    else:
        _list_repositories(scope, as_json)


def tag_rows(place: "Place", with_manifest: bool = False) -> Iterator[dict[str, Any]]:
    """The tags of a repository as the management API lists them, the newest first."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.cli.image.places import sign_in_of

    path = f"{repository_path(place.name).replace('/v2/', '/v3/', 1)}/tags"
    with Client(sign_in_of(place)) as client:
        yield from client.pages(path, "tags", {"with_manifest": "true", "limit": 100} if with_manifest else None)


def _list_repositories(organization: str | None, as_json: bool) -> None:
    from entrepot.cli.client import Client
    from entrepot.values.names import OrganizationName

    wanted = {"namespace": OrganizationName.parse(organization)} if organization else {}
    with Client() as client:
        found = client.pages("/v3/manage/repos", "repos", wanted)
        rows = sorted(found, key=lambda row: (row["namespace_name"], row["name"]))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Repository", "Tags", "Size", "Pulls", "Pushed"),
        (
            (
                f"{row['namespace_name']}/{row['name']}",
                row["num_images"],
                size(row["size"]),
                row["num_download"],
                _moment(row["updated_at"]),
            )
            for row in rows
        ),
        empty="There is no image you may read. To push one: entrepot image push FILE ORG/REPO:TAG",
    )


def _list_tags(repository: str, as_json: bool) -> None:
    import asyncio

    from entrepot.cli.image.places import find_place

    place = find_place(repository)
    if place.tag is not None or place.digest is not None:
        raise typer.BadParameter("name a repository; for one image: entrepot image inspect.", param_hint="SCOPE")
    rows = list(tag_rows(place, with_manifest=True))
    platforms = asyncio.run(_platforms(place, rows))
    shown = [
        {
            "tag": row["tag"],
            "digest": row["digest"],
            "size": row["size"],
            "platforms": of_row,
            "pushed": row["updated"],
        }
        for row, of_row in zip(rows, platforms, strict=True)
    ]
    if as_json:
        show_json(shown)
        return
    show_table(
        ("Tag", "Digest", "Size", "Platforms", "Pushed"),
        (
            (row["tag"], row["digest"], size(row["size"]), ", ".join(row["platforms"]), _moment(row["pushed"]))
            for row in shown
        ),
    )


async def _platforms(place: "Place", rows: list[dict[str, Any]]) -> list[list[str]]:
    """The platforms of each tag; configurations are asked for once each, side by side."""
    from functools import partial

    from entrepot.remote.together import together
    from entrepot.values.manifest import Manifest

    manifests = [Manifest.parse(row["manifest"].encode(), None) for row in rows]
    images = {one.digest: one for one in manifests if not one.is_index}
    async with place.remote() as remote:
        found = await together(partial(_platform, remote, place, image) for image in images.values())
    by_image = dict(zip(images, found, strict=True))
    return [by_image[one.digest] if one.digest in by_image else _of_index(one) for one in manifests]


async def _platform(remote: "Remote", place: "Place", image: "Manifest") -> list[str]:
    from entrepot.cli.image.configs import fetch_config

    config = await fetch_config(remote, place, image)
    return [str(config.platform)] if config is not None else [image.artifact_type or "artifact"]


def _of_index(index: "Manifest") -> list[str]:
    return [str(child.platform) for child in index.children if child.platform and child.platform.os != "unknown"]


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")
