"""Files: what is in an image, folder by folder, of one layer or of all laid over each other. Names only, no content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.archives.listing import Entry, Listing
from entrepot.archives.tree import Node, tree_of_layer, tree_of_layers
from entrepot.db.transaction import Reader
from entrepot.registry import reach, rules
from entrepot.registry.inspect import find_version
from entrepot.registry.pull import open_blob
from entrepot.registry.queries import content
from entrepot.registry.room import Registry
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import FileUnknown, ManifestUnknown, ParameterInvalid, quoted, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child
from entrepot.values.reference import Reference

_USUAL: Final = Platform("linux", "amd64")
_PATH_CHARS_MAX: Final = 65_536
_ENTRIES_MAX: Final = 500_000  # of all layers that are laid over each other


@dataclass(frozen=True, slots=True)
class File:
    """A name in a folder. `entry` is None for a folder that only its content names.

    `size`: bytes, of a folder those of all files below. `layer`: the position of the layer that has it. `is_emptied`:
    it hides what lower layers have in this folder.
    """

    name: str
    path: str
    entry: Entry | None
    is_folder: bool
    size: int
    layer: int
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class Layered:
    """An image whose layers were read. `problems`: sentences about what of them could not be."""

    manifest: Manifest
    tree: Node
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Folder:
    """A page of a folder of `manifest`, an image. `size` and `count` are of all files below; `following` goes on."""

    manifest: Manifest
    path: str
    files: Sequence[File]
    following: str | None
    size: int
    count: int
    problems: Sequence[str]


async def list_files(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    reference: Reference,
    folder: str,
    after: str,
    limit: int,
    layer: Digest | None = None,
    platform: Platform | None = None,
) -> Folder:
    """What a folder of an image holds, folders first, those after `after`: of all layers, or as one changes it.

    Of an index the image for `platform`, else for linux/amd64, else the first. A path that is a file is itself what is
    listed. Raises Unauthenticated, RepositoryUnknown, ManifestUnknown, FileUnknown or ParameterInvalid.
    """
    wanted = _plain(folder)
    image = await read_layers(registry, actor, path, reference, layer, platform)
    return await registry.layers.run(partial(_page, image, wanted, after, limit))


async def read_layers(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    reference: Reference,
    layer: Digest | None = None,
    platform: Platform | None = None,
) -> Layered:
    """The tree of an image, or of one of its layers. Raises as `list_files` does."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        manifest = await _image(tx, registry, repository, reference, platform)
        wanted = [one for one in manifest.layers if layer in (None, one.digest)]
        if not wanted and layer is not None:
            raise ManifestUnknown(
                worded("{reference} of {path} has no layer {layer}.", reference=reference, path=path, layer=layer),
                reference=str(layer),
            )
        linked = await content.linked_digests(tx, repository.id, {str(one.digest) for one in wanted})
        sizes = await content.blob_sizes(tx, linked)
    wanted = wanted[:1] if layer else wanted
    # Layers that are not linked here are not shown here, whatever is remembered of them.
    digests = [str(one.digest) if str(one.digest) in sizes else "" for one in wanted]
    at = manifest.layers.index(wanted[0]) if layer else None
    if kept := registry.layers.kept_tree(digests, at):
        return Layered(manifest, *kept)
    listings, problems = await _read(registry, wanted, sizes)
    entries = [one.entries for one in listings]
    lay = partial(tree_of_layers, entries) if at is None else partial(tree_of_layer, entries[0], at)
    tree = await registry.layers.run(lay)
    if not any(one.is_late for one in listings):
        registry.layers.keep_tree(digests, at, tree, problems, sum(map(len, entries)))
    return Layered(manifest, tree, problems)


async def _image(
    tx: Reader, registry: Registry, repository: Row[Any], reference: Reference, platform: Platform | None
) -> Manifest:
    row = await find_version(tx, repository, reference)
    manifest = Manifest.parse(row.body, row.media_type, registry.settings.manifest)
    if not manifest.is_index:
        return manifest
    child = choose_child(manifest.children, platform or _USUAL)
    if child is None and platform is None:
        child = next(iter(manifest.children), None)
    if child is None:
        raise ManifestUnknown(
            worded(
                "{reference} of {path} has no image for {platform}.",
                reference=reference,
                path=repository.path,
                platform=platform or "any platform",
            )
        )
    row = await find_version(tx, repository, child.digest)
    found = Manifest.parse(row.body, row.media_type, registry.settings.manifest)
    if found.is_index:
        raise ParameterInvalid(
            worded("{digest} is one more index; ask for an image of it.", digest=child.digest), kind="query"
        )
    return found


async def _read(
    registry: Registry, layers: Sequence[Descriptor], sizes: Mapping[str, int]
) -> tuple[Sequence[Listing], Sequence[str]]:
    """The listing of each layer, and what is missing of them; those that may not or cannot be read are empty."""
    until, left = monotonic() + registry.settings.files_seconds_max, _ENTRIES_MAX
    listings: list[Listing] = []
    problems: list[str] = []
    for layer in layers:
        digest, seconds = str(layer.digest), until - monotonic()
        if digest not in sizes:
            listing = Listing((), worded("The layer is not in this repository."))
        elif left <= 0 or (seconds <= 0 and registry.layers.kept(digest) is None):
            said = worded("The layer was not read, for those before it took all that is allowed.")
            listing = Listing((), said, is_late=True)
        else:
            source = partial(open_blob, registry, layer.digest, 0, sizes[digest])
            listing = await registry.layers.listing(digest, source, max(seconds, 0))
            left -= len(listing.entries)
        listings.append(listing)
        if listing.problem:
            several = worded("{digest}: {problem}", digest=digest, problem=listing.problem)
            problems.append(several if len(layers) > 1 else listing.problem)
    return listings, problems


def _page(image: Layered, folder: str, after: str, limit: int) -> Folder:
    node = image.tree.find(folder)
    if node is None:
        raise FileUnknown(worded("There is no file or folder {folder} in it.", folder=quoted(folder)), path=folder)
    if not node.is_folder:
        name = folder.rpartition("/")[2]
        return Folder(image.manifest, folder, [_file(name, folder, node)], None, *node.sum(), image.problems)
    ordered = sorted(node.children.items(), key=lambda one: _key(*one))
    if after:
        # `after` is a name with a slash behind that of a folder, as `following` has it.
        mark = (not after.endswith("/"), after.removesuffix("/"))
        ordered = [one for one in ordered if _key(*one) > mark]
    items, has_more = rules.page(ordered, limit)
    files = [_file(name, f"{folder}/{name}" if folder else name, child) for name, child in items]
    following = (files[-1].name + ("/" if files[-1].is_folder else "")) if has_more else None
    return Folder(image.manifest, folder, files, following, *node.sum(), image.problems)


def _key(name: str, node: Node) -> tuple[bool, str]:
    return not node.is_folder, name


def _file(name: str, path: str, node: Node) -> File:
    return File(name, path, node.entry, node.is_folder, node.sum()[0], node.layer, node.is_emptied)


def _plain(path: str) -> str:
    """A path without slashes at its ends. Raises ParameterInvalid for one that no image can hold."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if len(path) > _PATH_CHARS_MAX or ".." in parts:
        raise ParameterInvalid("A path is written from the root of the image, as usr/lib, without '..'.", kind="query")
    return "/".join(parts)
