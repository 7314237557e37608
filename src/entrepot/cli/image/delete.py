"""`entrepot image delete`: a tag, or an image with all its tags."""

from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done

if TYPE_CHECKING:
    from entrepot.cli.image.places import Place
    from entrepot.values.manifest import Manifest

_TAGS_SHOWN = 20


def register(image: typer.Typer) -> None:
    image.command()(delete)


def delete(
    reference: Annotated[
        str, typer.Argument(metavar="[HOST/]ORG/REPO{:TAG|@DIGEST}", help="A tag, or an image by its digest.")
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a tag, or an image by its digest with all its tags. Says what goes, and asks.

    Bytes that nothing names any more are collected later.
    """
    import asyncio

    from entrepot.cli.image.places import find_place

    place = find_place(reference)
    if place.tag is None and place.digest is None:
        raise typer.BadParameter("name a tag or a digest.", param_hint="REFERENCE")
    found = asyncio.run(_find(place))
    tags = _tags(place) if place.digest is not None else [str(place.tag)]
    confirm(_what_goes(place, found, tags), yes)
    asyncio.run(_delete(place))
    document = {"reference": str(place), "digest": str(found.digest), "tags": tags}
    done(f"Deleted {place}.", document, as_json)


def _what_goes(place: "Place", found: "Manifest", tags: list[str]) -> str:
    if place.digest is None:
        return f"This deletes the tag {place}, which names {found.digest}; other tags of the image stay."
    kind = "index of images" if found.is_index else "image"
    listed = ", ".join(tags[:_TAGS_SHOWN]) + (", …" if len(tags) > _TAGS_SHOWN else "")
    tagged = f" with its tags: {listed}" if tags else ", which no tag names"
    return f"This deletes the {kind} {place}{tagged}."


async def _find(place: "Place") -> "Manifest":
    from entrepot.cli.image.trees import fetch_root

    async with place.remote() as remote:
        return await fetch_root(remote, place)


async def _delete(place: "Place") -> None:
    from entrepot.cli.image.places import with_next_step
    from entrepot.remote.manifests import delete_manifest
    from entrepot.values.errors import RemoteRefused

    async with place.remote() as remote:
        try:
            await delete_manifest(remote, place.name, place.reference)
        except RemoteRefused as error:
            raise with_next_step(error, place) from None


def _tags(place: "Place") -> list[str]:
    """The tags that name the image, by the management API."""
    from entrepot.cli.image.listing import tag_rows

    return [row["tag"] for row in tag_rows(place) if row["digest"] == str(place.digest)]
