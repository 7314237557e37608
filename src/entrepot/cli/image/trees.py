"""Trees of a place: an image with all that is below it; what is refused says what to do next."""

from entrepot.cli.image.places import Place, with_next_step
from entrepot.remote.manifests import get_manifest
from entrepot.remote.session import Remote
from entrepot.remote.shelf import RemoteShelf
from entrepot.remote.trees import Tree, fetch_below
from entrepot.values.errors import RemoteRefused
from entrepot.values.manifest import Manifest
from entrepot.values.platform import Platform

__all__ = ["Tree", "fetch_root", "fetch_tree"]


async def fetch_root(remote: Remote, place: Place) -> Manifest:
    """The manifest that a place names. Raises RemoteRefused with the next step."""
    try:
        return await get_manifest(remote, place.name, place.reference)
    except RemoteRefused as error:
        raise with_next_step(error, place) from None


async def fetch_tree(remote: Remote, place: Place, platform: Platform | None = None) -> Tree:
    """Everything below what a place names; with a platform, the image for it alone.

    Raises RemoteRefused, or ManifestUnknown when there is no image for the platform.
    """
    root = await fetch_root(remote, place)
    return await fetch_below(RemoteShelf(remote, place.name), root, platform)
