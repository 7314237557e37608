"""One version of an image, tab by tab: what it is, what belongs to it, its manifest; and its parts, to take along."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from entrepot.doors.console.visit import View, Visit
from entrepot.doors.http.streaming import SentFile
from entrepot.mirror.origins import show_origin
from entrepot.registry import inspect, referring
from entrepot.registry.counting import Storage
from entrepot.registry.labels import search_terms
from entrepot.registry.pull import find_blob, open_blob
from entrepot.registry.storage import show_version_storage
from entrepot.values.digest import Digest
from entrepot.values.errors import AccessDenied, TooMany
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.manifest import Manifest
from entrepot.values.names import TagName
from entrepot.values.reference import Reference, parse_reference

ROWS: Final = 50
_COUNTED_MAX: Final = 100
_SHOWN_BYTES_MAX: Final = 512 * 1024


async def show_version(visit: Visit) -> View:
    """What the version is: where it came from, what is in it, how it is run."""
    registry, path, reference = visit.rooms.registry, visit.repository, reference_in(visit)
    found = await inspect.inspect_version(registry, visit.actor, path, reference)
    made = found.config.made(found.manifest.layers) if found.config else [(None, one) for one in found.manifest.layers]
    values = await frame(visit, reference, found.manifest)
    terms = search_terms(registry, found)
    said = {*found.manifest.annotations.items(), *(found.config.labels.items() if found.config else ())}
    values = {**values, "found": found, "made": made, "terms": terms, "has_unknown_labels": len(terms) < len(said)}
    tags = (reference,) if isinstance(reference, TagName) else ()
    origin = await show_origin(visit.rooms.mirror, visit.actor, path, tags)
    standing = origin.standings.get(str(reference)) if origin else None
    values = {**values, "origin": origin, "standing": standing}
    return View("versions/show.html", values | {"storage": await _storage(visit)})


async def _storage(visit: Visit) -> Storage | None:
    """What it holds, for who manages the image, where that is not too much to look at."""
    if visit.actor.is_anonymous:
        return None
    try:
        return await show_version_storage(visit.rooms.registry, visit.actor, visit.repository, reference_in(visit))
    except (AccessDenied, TooMany):
        return None


async def show_referrers(visit: Visit) -> View:
    """Signatures, lists of parts, attestations: what names this version as its subject."""
    registry, path, reference = visit.rooms.registry, visit.repository, reference_in(visit)
    manifest = await inspect.show_version(registry, visit.actor, path, reference)
    items, following = await referring.list_referring(
        registry, visit.actor, path, manifest.digest, visit.query("after"), ROWS
    )
    values = await frame(visit, reference, manifest)
    return View("versions/referrers.html", {**values, "items": items, "following": following})


async def show_manifest(visit: Visit) -> View:
    """The document as it was pushed, for reading."""
    reference = reference_in(visit)
    manifest = await inspect.show_version(visit.rooms.registry, visit.actor, visit.repository, reference)
    is_shown = len(manifest.body) <= _SHOWN_BYTES_MAX
    text = json.dumps(json.loads(manifest.body), indent=2, ensure_ascii=False) if is_shown else ""
    values = await frame(visit, reference, manifest)
    return View("versions/manifest.html", {**values, "text": text.encode("utf-8", "replace").decode()})


async def download_manifest(visit: Visit) -> Response:
    """The document byte for byte."""
    reference = reference_in(visit)
    manifest = await inspect.show_version(visit.rooms.registry, visit.actor, visit.repository, reference)
    name = f"manifest-{manifest.digest.hex[:12]}.json"
    return Response(
        manifest.body,
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Docker-Content-Digest": str(manifest.digest),
        },
    )


async def download_blob(visit: Visit) -> Response:
    """A layer, or a file of an artifact, byte for byte. Never shown by the browser: anybody may have written it."""
    registry, path, digest = visit.rooms.registry, visit.repository, Digest.parse(visit.names["digest"])
    size = await find_blob(registry, visit.actor, path, digest)
    registry.counts.sent(path, str(digest), size)
    answer = SentFile(open_blob(registry, digest, 0, size), size, f"{digest.algorithm}-{digest.hex[:12]}.bin")
    answer.headers["Content-Type"] = "application/octet-stream"
    return answer


def reference_in(visit: Visit) -> Reference:
    """The tag or digest in the path. Raises TagInvalid or DigestInvalid."""
    return parse_reference(visit.names["version"])


async def frame(visit: Visit, reference: Reference, manifest: Manifest) -> Mapping[str, Any]:
    """What all tabs of a version show around them."""
    registry, path = visit.rooms.registry, visit.repository
    count = await referring.count_referring(registry, visit.actor, path, manifest.digest, _COUNTED_MAX)
    base = f"/console/images/{path}/-/versions/{reference}"
    tabs: list[tuple[str, str, int | None]] = [(visit.say("Overview"), base, None)]
    kind = kind_of(manifest.media_type, manifest.artifact_type)
    if kind in (Kind.IMAGE, Kind.INDEX):
        tabs.append((visit.say("Files"), f"{base}/files", None))
    tabs.append((visit.say("Referrers"), f"{base}/referrers", count))
    tabs.append((visit.say("Manifest"), f"{base}/manifest", None))
    if isinstance(reference, TagName):
        tabs.append((visit.say("History"), f"/console/images/{path}/-/tags/{reference}/history", None))
    return {
        "path": path,
        "reference": reference,
        "manifest": manifest,
        "kind": kind,
        "base": base,
        "tab_list": tabs,
    }
