"""Referrers of another registry: what there says something about a manifest, by the API or by the tag in its place.

A registry without the API has an index under a tag made of the subject's digest, which clients keep (distribution
specification, "Referrers Tag Schema").
"""

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

from entrepot.remote.answers import stranger
from entrepot.remote.lists import next_page
from entrepot.remote.manifests import find_manifest, put_manifest
from entrepot.remote.session import Remote, pull_scope
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestInvalid, TooMany, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.names import RepositoryName
from entrepot.values.reference import fallback_tag

_NO_API = (404, 405)


async def list_referrers(
    remote: Remote, name: RepositoryName, subject: Digest, tags: Container[str] | None = None
) -> Sequence[Descriptor]:
    """What refers to `subject`, each once. Who knows all `tags` of the repository saves asking for one in vain.

    Raises RemoteRefused, TooMany (`referrers_max`).
    """
    found: dict[Digest, Descriptor] = {}
    target: str | None = f"/v2/{name}/referrers/{subject}"
    while target is not None:
        answer = await remote.request("GET", target, pull_scope(name), accepted=_NO_API)
        if answer.status in _NO_API:
            is_kept = tags is None or fallback_tag(subject) in tags
            return await _kept(remote, name, subject) if is_kept else ()
        try:
            page = Manifest.parse(answer.body, OCI_INDEX)
        except ManifestInvalid as error:
            raise stranger(remote.url, "no list of referrers where one should be") from error
        following = next_page(answer.headers.get("link", ""))
        # A registry that sends the same page for ever must not keep us for ever.
        target = following if any(one.digest not in found for one in page.children) else None
        found.update((one.digest, one) for one in page.children)
        if len(found) > remote.settings.referrers_max:
            raise TooMany(
                worded("{url} lists more referrers of {subject} than are believed.", url=remote.url, subject=subject),
                limit=len(found) - 1,
            )
    return list(found.values())


async def keep_referrers(remote: Remote, name: RepositoryName, subject: Digest, referrers: Sequence[Manifest]) -> None:
    """Add to the tag in place of the API. For registries that did not say on a push that they know the subject."""
    kept = {one.digest: one for one in await _kept(remote, name, subject)}
    new = [one for one in referrers if one.digest not in kept]
    if new:
        entries = [*(one.to_json() for one in kept.values()), *map(_entry, new)]
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        index = Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), OCI_INDEX)
        await put_manifest(remote, name, fallback_tag(subject), index)


async def _kept(remote: Remote, name: RepositoryName, subject: Digest) -> Sequence[Descriptor]:
    index = await find_manifest(remote, name, fallback_tag(subject))
    return index.children if index is not None and index.media_type == OCI_INDEX else ()


def _entry(manifest: Manifest) -> Mapping[str, Any]:
    return Descriptor(
        manifest.media_type, manifest.digest, len(manifest.body), manifest.artifact_type, manifest.annotations
    ).to_json()
