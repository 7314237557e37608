"""Manifests and tags of another registry: fetched and verified, pushed, deleted, listed."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from entrepot.remote.answers import stranger
from entrepot.remote.session import Remote, delete_scope, pull_scope, push_scope
from entrepot.values.digest import Digest
from entrepot.values.document import Fields, load_document
from entrepot.values.errors import DigestMismatch, ManifestInvalid, RemoteRefused
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import MANIFESTS
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_MISSING = 404
_ACCEPT = ", ".join(MANIFESTS)
_DOCUMENT_DEPTH_MAX = 8
_DOCUMENT_VALUES_MAX = 200_000


async def get_manifest(remote: Remote, name: RepositoryName, reference: Reference) -> Manifest:
    """The manifest, as the registry keeps it. Raises RemoteRefused, DigestMismatch, ManifestInvalid and its like."""
    answer = await remote.request("GET", _target(name, reference), pull_scope(name), headers={"accept": _ACCEPT})
    manifest = Manifest.parse(answer.body, answer.headers.get("content-type"))
    said = reference if isinstance(reference, Digest) else _said_digest(answer.headers.get("docker-content-digest"))
    if said is not None and Digest.of(answer.body, said.algorithm) != said:
        raise DigestMismatch(f"What {remote.url} sent as {name} {reference} does not have the digest {said}.")
    return manifest


async def has_manifest(remote: Remote, name: RepositoryName, reference: Reference) -> bool:
    """Whether the repository holds the manifest."""
    headers = {"accept": _ACCEPT}
    answer = await remote.request(
        "HEAD", _target(name, reference), pull_scope(name), headers=headers, accepted=(_MISSING,)
    )
    return answer.status != _MISSING


async def find_manifest(remote: Remote, name: RepositoryName, reference: Reference) -> Manifest | None:
    """As `get_manifest`; None when it is not there."""
    try:
        return await get_manifest(remote, name, reference)
    except RemoteRefused as error:
        if error.status != _MISSING:
            raise
        return None


async def put_manifest(remote: Remote, name: RepositoryName, reference: Reference, manifest: Manifest) -> bool:
    """Push a manifest; everything it names must be there. Pushing it again is harmless. Raises RemoteRefused.

    Returns whether the registry said that it lists the manifest as a referrer of its subject (`OCI-Subject`).
    """
    headers = {"content-type": manifest.media_type}
    answer = await remote.request(
        "PUT", _target(name, reference), push_scope(name), headers=headers, body=manifest.body
    )
    return "oci-subject" in answer.headers


async def delete_manifest(remote: Remote, name: RepositoryName, reference: Reference) -> None:
    """Delete a tag, or a manifest with all its tags. Raises RemoteRefused."""
    await remote.request("DELETE", _target(name, reference), delete_scope(name))


async def list_tags(remote: Remote, name: RepositoryName) -> AsyncGenerator[str, None]:
    """All tags of a repository, page by page. Raises RemoteRefused."""
    target = f"/v2/{name}/tags/list"
    for _ in range(remote.settings.pages_max):
        answer = await remote.request("GET", target, pull_scope(name))
        try:
            document = load_document(answer.body, depth_max=_DOCUMENT_DEPTH_MAX, values_max=_DOCUMENT_VALUES_MAX)
            tags = Fields(document, "").items("tags")
        except ManifestInvalid as error:
            raise stranger(remote.url, "no list of tags where one should be") from error
        for tag in tags:
            yield TagName.parse(str(tag))
        following = next_page(answer.headers.get("link", ""))
        if following is None:
            return
        target = following


def _target(name: RepositoryName, reference: Reference) -> str:
    return f"/v2/{name}/manifests/{quote(str(reference), safe=':')}"


def _said_digest(header: str | None) -> Digest | None:
    return Digest.parse(header) if header else None


def next_page(link: str) -> str | None:
    """Where the next page is: `</v2/…?last=x>; rel="next"`."""
    target, _, parameters = link.partition(">")
    return target[1:] if target.startswith("<") and 'rel="next"' in parameters else None
