"""What is in images, which the contract has no calls for: names in layers, and what two versions have different."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from entrepot.archives.listing import Entry, EntryKind
from entrepot.archives.tree import Node
from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import compare, files
from entrepot.registry.inspect import Inspected
from entrepot.values.digest import Digest
from entrepot.values.platform import Platform
from entrepot.values.reference import parse_reference


class FileRow(BaseModel):
    """A name in a folder. `kind`: file, folder, link, hard link, device, pipe; of one layer also deletion.

    `size` of a folder is that of all files below. `mode` is octal. `layer` has it. `hides_lower`: the folder shows
    nothing of what lower layers have in it.
    """

    name: str
    path: str
    kind: str
    size: int
    mode: str | None = None
    uid: int | None = None
    gid: int | None = None
    modified: str | None = None
    target: str | None = None
    layer: str
    hides_lower: bool


class Files(BaseModel):
    """A page of a folder. `size` and `count` are of all files below. `problems`: why something may be missing."""

    digest: str
    path: str
    size: int
    count: int
    files: list[FileRow]
    problems: list[str]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class Side(BaseModel):
    digest: str
    size: int


class ConfigChangeRow(BaseModel):
    """`field` of the configuration; `key` which variable or label. Absent where one side does not have it."""

    field: str
    key: str
    before: str | None = None
    after: str | None = None


class LayerChangeRow(BaseModel):
    """`change`: same, added or removed."""

    digest: str
    size: int
    change: str


class FileChangeRow(BaseModel):
    """`change`: added, removed or changed. A folder that came or went stands for all that is in it."""

    path: str
    change: str
    kind: str
    size_before: int | None = None
    size_after: int | None = None
    mode_before: str | None = None
    mode_after: str | None = None


class Difference(BaseModel):
    before: Side
    after: Side
    config: list[ConfigChangeRow]
    layers: list[LayerChangeRow]
    files: list[FileChangeRow]
    added: int
    removed: int
    changed: int
    problems: list[str]
    nextMarker: str | None = None  # noqa: N815


async def list_image_files(
    call: TheCall,
    repository: TheRepository,
    reference: Annotated[Word, Query(description="A tag or a digest.")],
    path: WordParameter = None,
    layer: Annotated[Word | None, Query(description="The digest of one layer; without it all together.")] = None,
    platform: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> Files:
    """What a folder of an image holds, folders first, those after `marker`. Names only: no pull, nor counted as one.

    `path` from the root of the image, as `usr/lib`. Of an index the image for `platform`, else for linux/amd64.
    """
    found = await files.list_files(
        call.registry,
        call.actor,
        repository,
        parse_reference(reference),
        path or "",
        marker or "",
        parse_limit(limit),
        Digest.parse(layer) if layer else None,
        Platform.parse(platform) if platform else None,
    )
    layers = [str(one.digest) for one in found.manifest.layers]
    return Files(
        digest=str(found.manifest.digest),
        path=found.path,
        size=found.size,
        count=found.count,
        files=[
            FileRow(
                name=one.name,
                path=one.path,
                kind="folder" if one.is_folder else _kind(one.entry),
                size=one.size,
                layer=layers[one.layer],
                hides_lower=one.is_emptied,
                **_header(one.entry),
            )
            for one in found.files
        ],
        problems=list(found.problems),
        nextMarker=found.following,
    )


async def compare_images(
    call: TheCall,
    repository: TheRepository,
    before: Annotated[Word, Query(description="A tag or a digest.")],
    after: Annotated[Word, Query(description="A tag or a digest.")],
    platform: WordParameter = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> Difference:
    """What changed from one version to another: configuration, layers, and of files those after `marker`.

    Files are compared by kind, size, mode, owner, link and time, not by content.
    """
    found = await compare.compare_versions(
        call.registry,
        call.actor,
        repository,
        parse_reference(before),
        parse_reference(after),
        marker or "",
        parse_limit(limit),
        Platform.parse(platform) if platform else None,
    )
    return Difference(
        before=_side(found.before),
        after=_side(found.after),
        config=[
            ConfigChangeRow(field=one.what, key=one.key, before=one.before, after=one.after) for one in found.config
        ],
        layers=[
            LayerChangeRow(digest=str(one.layer.digest), size=one.layer.size, change=one.how or "same")
            for one in found.layers
        ],
        files=[
            FileChangeRow(
                path=one.path,
                change=one.how,
                kind=_node_kind(one.after or one.before),
                size_before=one.before.sum()[0] if one.before else None,
                size_after=one.after.sum()[0] if one.after else None,
                mode_before=_mode(one.before.entry) if one.before else None,
                mode_after=_mode(one.after.entry) if one.after else None,
            )
            for one in found.files
        ],
        **{how.value: count for how, count in found.counts.items()},
        problems=list(found.problems),
        nextMarker=found.following,
    )


def _side(found: Inspected) -> Side:
    return Side(digest=found.digest, size=found.size)


def _header(entry: Entry | None) -> dict[str, Any]:
    """What a header says, where there is one: a mark of deletion says nothing else."""
    if entry is None or entry.kind is EntryKind.DELETION:
        return {}
    return {
        "mode": _mode(entry),
        "uid": entry.uid,
        "gid": entry.gid,
        "modified": rfc3339(datetime.fromtimestamp(entry.mtime, UTC)),
        "target": entry.target or None,
    }


def _kind(entry: Entry | None) -> str:
    return entry.kind.value if entry else "folder"


def _node_kind(node: Node | None) -> str:
    return "folder" if node is None or node.is_folder else _kind(node.entry)


def _mode(entry: Entry | None) -> str | None:
    return f"{entry.mode:04o}" if entry else None
