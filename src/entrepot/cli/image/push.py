"""`entrepot image push`: images of a file into the registry."""

from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, counted, done, size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from entrepot.archives.blob import Blob
    from entrepot.archives.image import Image, Listed
    from entrepot.archives.opening import Archive
    from entrepot.cli.image.places import Place
    from entrepot.cli.image.progress import Bars
    from entrepot.plumbing.threads import Threads
    from entrepot.remote.session import Remote
    from entrepot.values.descriptor import Descriptor

STDIN = "-"


class Plain(StrEnum):
    GZIP = "gzip"
    KEEP = "keep"


def register(image: typer.Typer) -> None:
    image.command()(push)


def push(
    file: Annotated[
        str, typer.Argument(help="What docker save wrote, or an OCI layout (tar or folder); - is standard input.")
    ],
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="[[HOST/]ORG/REPO[:TAG]]…", help="Where to; without it, the names in the file."),
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="Of an image for many platforms only this one, as linux/arm64.")
    ] = None,
    plain_layers: Annotated[
        Plain, typer.Option(help="What becomes of layers that are not compressed: gzip them, or keep them.")
    ] = Plain.GZIP,
    as_json: AsJson = False,
) -> None:
    """Push the images of a file. What the registry has is not sent; what breaks off goes on where it was.

    Several images in one file are pushed under their own names, or under as many references, in their order. One image
    may be given several references.
    """
    import asyncio

    from entrepot.cli.image.progress import bars
    from entrepot.values.platform import Platform

    wanted = Platform.parse(platform) if platform else None
    with bars(as_json) as shown, ExitStack() as stack:
        with shown.bar("reading", None) as move:
            archive = stack.enter_context(_opened(file, plain_layers, move))
            targets = _targets(archive.images, references or [])
            images = [listed.load() for listed in archive.images]
        images = [image.of_platform(wanted) for image in images] if wanted else images
        for image in images:
            _check_complete(image)
        pushed = asyncio.run(_push_all(list(zip(images, targets, strict=True)), shown))
    sentences = [_sentence(one) for one in pushed]
    done("\n".join(sentences), [one.document() for one in pushed], as_json)


@dataclass
class _Pushed:
    """What was done for one image."""

    image: "Image"
    places: list["Place"]
    blobs: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "references": [str(place) for place in self.places],
            "digest": str(self.image.root.digest),
            "media_type": self.image.root.media_type,
            "blobs": {how: self.blobs[how] for how in ("sent", "mounted", "present")},
            "bytes_sent": self.bytes_sent,
        }


def _sentence(one: _Pushed) -> str:
    names = ", ".join(str(place) for place in one.places)
    return (
        f"Pushed {names}: {one.image.root.digest} ({size(one.bytes_sent)} sent; "
        f"{counted(one.blobs['sent'], 'blob')} sent, {one.blobs['mounted']} mounted, "
        f"{one.blobs['present']} there already)."
    )


@contextmanager
def _opened(file: str, plain_layers: Plain, move: "Callable[[int], None]") -> "Iterator[Archive]":
    import sys

    from entrepot.archives.docker import LayerPacking
    from entrepot.archives.opening import open_archive, open_folder, open_stream

    read = 0

    def watch(count: int) -> None:
        nonlocal read
        read += count
        move(read)

    packing = LayerPacking(plain_layers.value)
    with ExitStack() as stack:
        if file == STDIN:
            archive = open_stream(sys.stdin.buffer, packing, watch=watch)
        elif Path(file).is_dir():
            archive = open_folder(Path(file))
        else:
            archive = open_archive(stack.enter_context(Path(file).open("rb")), packing, watch=watch)
        yield stack.enter_context(archive)


def _targets(images: "Sequence[Listed]", references: "Sequence[str]") -> "list[list[Place]]":
    """Where each image goes. Raises BadParameter when references and images do not fit together."""
    from entrepot.cli.image.places import find_place

    if not references:
        return [_own_names(listed) for listed in images]
    if len(images) == 1:
        return [[_completed(find_place(one), images[0]) for one in references]]
    if len(references) != len(images):
        held = "; ".join(", ".join(listed.names) or "one without a name" for listed in images)
        raise typer.BadParameter(
            f"the file holds {len(images)} images ({held}); give a reference for each, or none.",
            param_hint="REFERENCES",
        )
    return [[_completed(find_place(one), listed)] for one, listed in zip(references, images, strict=True)]


def _own_names(listed: "Listed") -> "list[Place]":
    """The names in the file, at the registry that commands talk to: files name the host they came from."""
    from entrepot.cli.image.places import find_place
    from entrepot.values.errors import NameInvalid, TagInvalid
    from entrepot.values.reference import ImageReference

    places = []
    for name in listed.names:
        try:
            parsed = ImageReference.parse(name)
        except (NameInvalid, TagInvalid):
            continue
        if parsed.tag is not None:
            places.append(find_place(f"{parsed.name}:{parsed.tag}"))
    if not places:
        known = ", ".join(listed.names) or "none"
        raise typer.BadParameter(
            f"an image of the file has no name like ORG/REPO:TAG (it has: {known}); say where it goes.",
            param_hint="REFERENCES",
        )
    return places


def _completed(place: "Place", listed: "Listed") -> "Place":
    """With the tag that the file knows, when the reference has none."""
    from entrepot.cli.image.places import LATEST
    from entrepot.values.errors import TagInvalid
    from entrepot.values.names import TagName

    if place.tag is not None:
        return place
    if place.digest is not None:
        raise typer.BadParameter("name a tag, not a digest: that comes from the image.", param_hint="REFERENCES")
    for name in listed.names:
        try:
            return place.tagged(TagName.parse(name.rpartition("/")[2].rpartition(":")[2]))
        except TagInvalid:
            continue
    return place.tagged(LATEST)


def _check_complete(image: "Image") -> None:
    from entrepot.values.errors import ArchiveInvalid

    if image.missing:
        absent = ", ".join(str(one.platform or one.digest) for one in image.missing)
        raise ArchiveInvalid(
            f"The file does not hold every image that its index names (absent: {absent}). "
            "Push the one that is there with --platform."
        )


async def _push_all(images: "Sequence[tuple[Image, list[Place]]]", shown: "Bars") -> list[_Pushed]:
    from contextlib import AsyncExitStack

    from entrepot.plumbing.threads import Threads

    threads = Threads(4)
    remotes: dict[str, Remote] = {}
    done_so_far = []
    async with AsyncExitStack() as stack:
        stack.callback(threads.close)
        for image, places in images:
            pushed = _Pushed(image, places)
            filled = set()
            for place in places:
                if place.url not in remotes:
                    remotes[place.url] = await stack.enter_async_context(place.remote())
                repository = (place.url, place.name)
                await _push_one(remotes[place.url], place, pushed, repository in filled, threads, shown)
                filled.add(repository)
            done_so_far.append(pushed)
    return done_so_far


async def _push_one(
    remote: "Remote", place: "Place", pushed: _Pushed, is_filled: bool, threads: "Threads", shown: "Bars"
) -> None:
    """Blobs first, then manifests, those that others name before them; the tag is the last thing to be there.

    A repository that `is_filled` has all but the tag.
    """
    from functools import partial

    from entrepot.cli.image.places import with_next_step
    from entrepot.remote.manifests import put_manifest
    from entrepot.remote.together import together
    from entrepot.values.errors import RemoteRefused

    image = pushed.image
    wanted = {blob.digest: blob for manifest in image.manifests for blob in manifest.blobs}
    try:
        await together(
            partial(_push_blob, remote, place, blob, image.blobs[blob.digest], pushed, threads, shown)
            for blob in ([] if is_filled else wanted.values())
        )
        for manifest in [image.root] if is_filled else image.manifests:
            reference = place.reference if manifest is image.root else manifest.digest
            await put_manifest(remote, place.name, reference, manifest)
    except RemoteRefused as error:
        raise with_next_step(error, place) from None


async def _push_blob(
    remote: "Remote",
    place: "Place",
    described: "Descriptor",
    blob: "Blob",
    pushed: _Pushed,
    threads: "Threads",
    shown: "Bars",
) -> None:
    from entrepot.cli.image.progress import short
    from entrepot.remote.blobs import How, push_blob

    async def source(start: int) -> "AsyncGenerator[bytes, None]":
        chunks = blob.open(start)
        while chunk := await threads.run(next, chunks, b""):
            yield chunk

    with shown.bar(short(described.digest), described.size) as move:
        how = await push_blob(remote, place.name, described, source, move, mount_from="")
    pushed.blobs[how.value] += 1
    if how is How.SENT:
        pushed.bytes_sent += described.size
