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
from entrepot.registry.wanted import WantedTags
from entrepot.values.digest import Digest
from entrepot.values.errors import DigestInvalid, ManifestUnknown, ParameterInvalid, TagInvalid, quoted
from entrepot.values.platform import Platform
from entrepot.values.reference import Reference, parse_reference

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


async def say_what_is_not_there(visit: Visit) -> View:
    """Why there is nothing to show, and the way back to all files. Raises what the version itself is refused for."""
    reference = reference_in(visit)
    manifest = await inspect.show_version(visit.rooms.registry, visit.actor, visit.repository, reference)
    return View("versions/no_files.html", await frame(visit, reference, manifest))


async def show_difference(visit: Visit) -> View:
    """What changed from one version to another; without both, the form that asks for them."""
    before, after = _compared(visit)
    if not before or not after:
        return await ask_for_versions(visit)
    platform = visit.query("platform")
    references = _reference(visit, "from", before), _reference(visit, "to", after)
    try:
        found = await compare.compare_versions(
            visit.rooms.registry,
            visit.actor,
            visit.repository,
            *references,
            visit.query("after"),
            _ROWS,
            Platform.parse(platform) if platform else None,
        )
    except ManifestUnknown as error:
        for name, reference in zip(("from", "to"), references, strict=True):
            if error.detail.get("reference") == str(reference):
                raise _no_version(visit, name, str(reference)) from error
        raise
    return await _difference(visit, found)


async def ask_for_versions(visit: Visit) -> View:
    """The form that asks for two versions, with what was typed."""
    return await _difference(visit, None)


def _compared(visit: Visit) -> tuple[str, str]:
    """The older and the newer version, as the form names them or as two were ticked."""
    ticked = visit.request.query_params.getlist("tag")
    if len(ticked) == 2:  # of a list that has the newest first
        return ticked[1], ticked[0]
    return visit.query("from"), visit.query("to")


def _reference(visit: Visit, field: str, text: str) -> Reference:
    try:
        return parse_reference(text)
    except (TagInvalid, DigestInvalid) as error:
        raise _no_version(visit, field, text) from error


def _no_version(visit: Visit, field: str, text: str) -> ParameterInvalid:
    return visit.wrong(visit.say("This image has no version %(name)s.", name=quoted(text)), field)


async def _difference(visit: Visit, found: compare.Comparison | None) -> View:
    registry, path = visit.rooms.registry, visit.repository
    before, after = _compared(visit)
    names, _ = await tagged.list_tagged_after(registry, visit.actor, path, WantedTags(limit=_TAGS), with_bodies=False)
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
