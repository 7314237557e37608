"""Manifests of another registry: fetched and verified, pushed, deleted."""

from urllib.parse import quote

from entrepot.remote.session import Remote, Scopes, delete_scope, pull_scope, push_scope
from entrepot.values.digest import Digest
from entrepot.values.errors import DigestMismatch, RemoteRefused, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import MANIFESTS
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference

_MISSING = 404
_ACCEPT = ", ".join(MANIFESTS)


async def get_manifest(remote: Remote, name: RepositoryName, reference: Reference) -> Manifest:
    """The manifest, as the registry keeps it. Raises RemoteRefused, DigestMismatch, ManifestInvalid and its like."""
    answer = await remote.request("GET", _target(name, reference), pull_scope(name), headers={"accept": _ACCEPT})
    manifest = Manifest.parse(answer.body, answer.headers.get("content-type"))
    said = reference if isinstance(reference, Digest) else _said_digest(answer.headers.get("docker-content-digest"))
    if said is not None and Digest.of(answer.body, said.algorithm) != said:
        raise DigestMismatch(
            worded(
                "What {url} sent as {name} {reference} does not have the digest {said}.",
                url=remote.url,
                name=name,
                reference=reference,
                said=said,
            )
        )
    return manifest


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


async def digest_of(remote: Remote, name: RepositoryName, reference: Reference, scopes: Scopes) -> Digest | None:
    """The digest of a manifest that is there, without its bytes; None when it is not, or the registry does not say.

    Raises RemoteRefused. Registries that count pulls do not count this.
    """
    headers = {"accept": _ACCEPT}
    answer = await remote.request("HEAD", _target(name, reference), scopes, headers=headers, accepted=(_MISSING,))
    return None if answer.status == _MISSING else _said_digest(answer.headers.get("docker-content-digest"))


def _target(name: RepositoryName, reference: Reference) -> str:
    return f"/v2/{name}/manifests/{quote(str(reference), safe=':')}"


def _said_digest(header: str | None) -> Digest | None:
    return Digest.parse(header) if header else None
