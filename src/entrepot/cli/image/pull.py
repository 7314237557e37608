"""`entrepot image pull`: images of the registry into a file."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrepot.archives.image import Form
    from entrepot.archives.targets import Target
    from entrepot.archives.writing import Member
    from entrepot.cli.image.places import Place
    from entrepot.cli.image.progress import Bars
    from entrepot.cli.image.trees import Tree
    from entrepot.plumbing.threads import Threads
    from entrepot.remote.session import Remote
    from entrepot.values.descriptor import Descriptor
    from entrepot.values.digest import Digest
    from entrepot.values.platform import Platform

STDOUT = "-"


class Format(StrEnum):
    DOCKER = "docker-archive"
    OCI = "oci"


def register(image: typer.Typer) -> None:
    image.command()(pull)


def pull(
    references: Annotated[
        list[str],
        typer.Argument(metavar="[HOST/]ORG/REPO[:TAG|@DIGEST]…", help="The images; several go into one file."),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="The file; with a slash at its end a folder; - is standard output.")
    ],
    form: Annotated[
        Format | None, typer.Option("--format", help="What docker load reads, or an OCI layout (a folder's default).")
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(help="As linux/arm64. Without it: this machine's for docker-archive, all there are for oci."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write images into a file. What was left by an attempt that broke off is used again.

    Layers and manifests are kept byte for byte: pushing the file gives the same digests.
    """
    import asyncio
    import sys

    from entrepot.archives.image import Form
    from entrepot.cli.image.places import find_place
    from entrepot.cli.image.progress import bars
    from entrepot.cli.output import show_json

    if output == STDOUT and (as_json or sys.stdout.isatty()):
        raise typer.BadParameter("standard output is for the archive; send it to a file or a program.", param_hint="-o")
    is_folder = output.endswith("/") or Path(output).is_dir()
    chosen = Form((form or (Format.OCI if is_folder else Format.DOCKER)).value)
    if is_folder and chosen is Form.DOCKER:
        raise typer.BadParameter("a folder holds an OCI layout, no Docker archive.", param_hint="--format")
    places = [find_place(one) for one in references]
    with bars(as_json) as shown:
        pulled = asyncio.run(_pull_all(places, chosen, _platform(platform, chosen), output, is_folder, shown))
    if as_json:
        show_json({"output": output, "format": chosen.value, "images": pulled})
        return
    for one in pulled:
        typer.echo(f"Pulled {one['reference']}: {one['digest']} ({size(one['size'])}).", err=output == STDOUT)
        for absent in one["absent"]:
            typer.echo(f"warning: the registry does not have {absent}, which the index names.", err=True)


def _platform(given: str | None, form: "Form") -> "Platform | None":
    import platform as machine

    from entrepot.archives.image import Form
    from entrepot.values.platform import Platform
    from entrepot.values.platforms import platform_of_machine

    if given is not None:
        return Platform.parse(given)
    return platform_of_machine(machine.system(), machine.machine()) if form is Form.DOCKER else None


async def _pull_all(
    places: "Sequence[Place]",
    form: "Form",
    platform: "Platform | None",
    output: str,
    is_folder: bool,
    shown: "Bars",
) -> list[dict[str, Any]]:
    from contextlib import AsyncExitStack

    from entrepot.archives.writing import Outgoing, plan_members
    from entrepot.cli.image.trees import fetch_tree
    from entrepot.plumbing.threads import Threads

    async with AsyncExitStack() as stack:
        remotes: dict[str, Remote] = {}
        for place in places:
            if place.url not in remotes:
                remotes[place.url] = await stack.enter_async_context(place.remote())
        trees = [await fetch_tree(remotes[place.url], place, platform) for place in places]
        images = [
            Outgoing((str(place),), tree.root, tuple(tree.manifests.values()))
            for place, tree in zip(places, trees, strict=True)
        ]
        members = plan_members(images, form)
        origins = {
            blob.digest: (remotes[place.url], place, blob)
            for place, tree in zip(places, trees, strict=True)
            for blob in tree.blobs
        }
        threads = Threads(4)
        stack.callback(threads.close)
        target = _target(output, is_folder, members)
        stack.callback(target.close)
        await _fill(target, members, origins, threads, shown)
        await threads.run(target.finish)
    return [_document(place, tree) for place, tree in zip(places, trees, strict=True)]


def _target(output: str, is_folder: bool, members: "Sequence[Member]") -> "Target":
    import sys

    from entrepot.archives.targets import FolderTarget, StreamTarget, TarTarget

    if output == STDOUT:
        return StreamTarget(sys.stdout.buffer, members)
    return (FolderTarget if is_folder else TarTarget)(Path(output), members)


async def _fill(
    target: "Target",
    members: "Sequence[Member]",
    origins: "dict[Digest, tuple[Remote, Place, Descriptor]]",
    threads: "Threads",
    shown: "Bars",
) -> None:
    """Bring every blob: side by side, or one after the other where the target needs it."""
    from functools import partial

    from entrepot.remote.together import WIDTH, together

    blobs = [(one, origins[one.digest]) for one in members if one.digest is not None]
    jobs = (partial(_bring, target, member, *origin, threads, shown) for member, origin in blobs)
    await together(jobs, 1 if target.in_order else WIDTH)


async def _bring(
    target: "Target",
    member: "Member",
    remote: "Remote",
    place: "Place",
    blob: "Descriptor",
    threads: "Threads",
    shown: "Bars",
) -> None:
    from contextlib import aclosing

    from entrepot.cli.image.progress import short
    from entrepot.remote.blobs import pull_blob

    if await threads.run(target.has, member):
        return
    at = 0
    with shown.bar(short(blob.digest), blob.size) as move:
        async with aclosing(pull_blob(remote, place.name, blob)) as chunks:
            async for chunk in chunks:
                await threads.run(target.write, member, at, chunk)
                at += len(chunk)
                move(at)


def _document(place: "Place", tree: "Tree") -> dict[str, Any]:
    return {
        "reference": str(place),
        "digest": str(tree.root.digest),
        "media_type": tree.root.media_type,
        "size": sum(blob.size for blob in tree.blobs),
        "absent": [str(one.platform or one.digest) for one in tree.absent],
    }
