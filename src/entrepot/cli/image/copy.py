"""`entrepot image copy`: an image to another name, in the same registry or in another one."""

from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.output import AsJson, done, size

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncGenerator

    from entrepot.cli.image.places import Place
    from entrepot.cli.image.progress import Bars
    from entrepot.cli.image.trees import Tree
    from entrepot.remote.session import Remote
    from entrepot.values.descriptor import Descriptor
    from entrepot.values.platform import Platform


def register(image: typer.Typer) -> None:
    image.command()(copy)


def copy(
    source: Annotated[str, typer.Argument(metavar="[HOST/]ORG/REPO[:TAG|@DIGEST]", help="The image to copy.")],
    target: Annotated[str, typer.Argument(metavar="[HOST/]ORG/REPO[:TAG]", help="Its new name.")],
    platform: Annotated[str | None, typer.Option(help="Only the image for this platform, as linux/arm64.")] = None,
    referrers: Annotated[
        bool, typer.Option("--referrers/--no-referrers", help="With signatures, SBOMs, attestations and their like.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Copy an image with all its platforms, and what is attached to them. Inside one registry no bytes move.

    A target without a tag takes the one of the source. The tag moves last, when everything else is there.
    """
    import asyncio
    from collections import Counter

    from entrepot.cli.image.places import LATEST, find_place
    from entrepot.cli.image.progress import bars
    from entrepot.values.platform import Platform

    wanted = Platform.parse(platform) if platform else None
    here, there = find_place(source), find_place(target)
    if there.digest is not None:
        raise typer.BadParameter("name a tag, not a digest: that comes from the image.", param_hint="TARGET")
    if there.tag is None:
        there = there.tagged(here.tag or LATEST)
    counts: Counter[str] = Counter()
    with bars(as_json) as shown:
        tree = asyncio.run(_copy(here, there, wanted, referrers, counts, shown))
    moved = f"{size(counts['bytes'])} moved" if counts["bytes"] else "no bytes moved"
    document = {
        "source": str(here),
        "target": str(there),
        "digest": str(tree.root.digest),
        "referrers": counts["attached"],
        "blobs": {how: counts[how] for how in ("sent", "mounted", "present")},
        "bytes_sent": counts["bytes"],
    }
    more = f", with {counts['attached']} attached" if counts["attached"] else ""
    done(f"Copied {here} to {there}: {tree.root.digest}{more} ({moved}).", document, as_json)


async def _copy(
    here: "Place",
    there: "Place",
    platform: "Platform | None",
    referrers: bool,
    counts: "Counter[str]",
    shown: "Bars",
) -> "Tree":
    from contextlib import AsyncExitStack
    from functools import partial

    from entrepot.cli.image.places import with_next_step
    from entrepot.cli.image.trees import fetch_tree
    from entrepot.remote.attached import Attached, fetch_attached, put_attached
    from entrepot.remote.manifests import put_manifest
    from entrepot.remote.shelf import RemoteShelf
    from entrepot.remote.together import together
    from entrepot.values.errors import ManifestUnknown, RemoteRefused

    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(here.remote())
        target = source if here.url == there.url else await stack.enter_async_context(there.remote())
        tree = await fetch_tree(source, here, platform)
        if tree.absent:
            raise ManifestUnknown(f"{here} does not have every image its index names. Copy one with --platform.")
        is_same = source is target and here.name == there.name  # what is attached is there already
        attached = (
            await fetch_attached(RemoteShelf(source, here.name), tree) if referrers and not is_same else Attached()
        )
        counts["attached"] = len(attached.trees)
        blobs = {blob.digest: blob for one in (tree, *attached.trees) for blob in one.blobs}
        try:
            await together(
                partial(_copy_blob, source, here, target, there, one, counts, shown) for one in blobs.values()
            )
            for manifest in tree.manifests.values():
                if manifest is not tree.root:
                    await put_manifest(target, there.name, manifest.digest, manifest)
            await put_attached(target, there.name, attached)
            await put_manifest(target, there.name, there.reference, tree.root)
        except RemoteRefused as error:
            raise with_next_step(error, there) from None
    return tree


async def _copy_blob(
    source: "Remote",
    here: "Place",
    target: "Remote",
    there: "Place",
    blob: "Descriptor",
    counts: "Counter[str]",
    shown: "Bars",
) -> None:
    from entrepot.cli.image.progress import short
    from entrepot.remote.blobs import How, pull_blob, push_blob

    def chunks(start: int) -> "AsyncGenerator[bytes, None]":
        return pull_blob(source, here.name, blob, start)

    mount_from = here.name if source is target else None
    with shown.bar(short(blob.digest), blob.size) as move:
        how = await push_blob(target, there.name, blob, chunks, move, mount_from)
    counts[how.value] += 1
    if how is How.SENT:
        counts["bytes"] += blob.size
