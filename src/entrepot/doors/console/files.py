"""What is in a version, folder by folder; and what two versions have different."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from entrepot.archives.listing import Entry, EntryKind
from entrepot.archives.tree import Change, Node
from entrepot.doors.console.versions import frame, reference_in
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import compare, files, inspect, tagged
from entrepot.registry.wanted import TagOrder
from entrepot.values.digest import Digest
from entrepot.values.platform import Platform
from entrepot.values.reference import parse_reference

_ROWS: Final = 200
_TAGS: Final = 50
_TYPES: Final[Mapping[EntryKind, int]] = {
    EntryKind.FOLDER: stat.S_IFDIR,
    EntryKind.LINK: stat.S_IFLNK,
    EntryKind.DEVICE: stat.S_IFCHR,
    EntryKind.PIPE: stat.S_IFIFO,
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """A file or folder before and after; None where it is not there."""

    is_folder: bool
    before: int | None
    after: int | None
    mode_before: str
    mode_after: str


async def show_files(visit: Visit) -> View:
    """A folder of the image: of all layers together, or as one layer changes it."""
    registry, path, reference = visit.rooms.registry, visit.repository, reference_in(visit)
    manifest = await inspect.show_version(registry, visit.actor, path, reference)
    layer, platform = visit.query("layer"), visit.query("platform")
    found = await files.list_files(
        registry,
        visit.actor,
        path,
        reference,
        visit.query("path"),
        visit.query("after"),
        _ROWS,
        Digest.parse(layer) if layer else None,
        Platform.parse(platform) if platform else None,
    )
    values = await frame(visit, reference, manifest)
    more = {
        "found": found,
        "layer": layer,
        "platforms": [one for one in manifest.children if one.platform and one.platform.os != "unknown"],
        "mode_of": _mode,
        "time_of": lambda entry: datetime.fromtimestamp(entry.mtime, UTC),
    }
    return View("versions/files.html", {**values, **more})


async def show_difference(visit: Visit) -> View:
    """What changed from one version to another; without both, the form that asks for them."""
    registry, path = visit.rooms.registry, visit.repository
    before, after, platform = visit.query("from"), visit.query("to"), visit.query("platform")
    ticked = visit.request.query_params.getlist("tag")
    if len(ticked) == 2:  # of a list that has the newest first
        after, before = ticked
    names, _ = await tagged.list_tagged_after(
        registry, visit.actor, path, "", TagOrder.UPDATED, True, "", _TAGS, with_bodies=False
    )
    found = None
    if before and after:
        found = await compare.compare_versions(
            registry,
            visit.actor,
            path,
            parse_reference(before),
            parse_reference(after),
            visit.query("after"),
            _ROWS,
            Platform.parse(platform) if platform else None,
        )
    values = {
        "path": path,
        "before": before,
        "after": after,
        "names": [one.name for one in names],
        "found": found,
        "files": _with_sizes(found.files) if found else (),
        "words": _words(visit),
    }
    return View("versions/diff.html", values)


def _with_sizes(found: Sequence[Change]) -> Sequence[tuple[Change, Sizes]]:
    return [
        (
            one,
            Sizes(
                all(side is None or side.is_folder for side in (one.before, one.after)),
                one.before.sum()[0] if one.before else None,
                one.after.sum()[0] if one.after else None,
                _node_mode(one.before),
                _node_mode(one.after),
            ),
        )
        for one in found
    ]


def _words(visit: Visit) -> Mapping[str, str]:
    """Fields of a configuration as people call them."""
    say = visit.say
    return {
        "platform": say("Platform"),
        "entrypoint": say("Entrypoint"),
        "command": say("Command"),
        "working_dir": say("Working directory"),
        "user": say("User"),
        "stop_signal": say("Stop signal"),
        "ports": say("Ports"),
        "volumes": say("Volumes"),
        "env": say("Environment"),
        "label": say("Label"),
    }


def _node_mode(node: Node | None) -> str:
    return _mode(node.entry) if node and node.entry else ""


def _mode(entry: Entry) -> str:
    """As `ls -l` writes it: `-rwxr-xr-x`."""
    return stat.filemode(_TYPES.get(entry.kind, stat.S_IFREG) | entry.mode)
