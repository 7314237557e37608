"""Configurations of images, read from where bytes are kept."""

from entrepot.registry.pull import open_blob
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.image_config import ImageConfig


async def read_config(registry: Registry, digest: Digest, size: int) -> ImageConfig:
    """The configuration in a blob of `size` bytes. Raises ManifestInvalid, or BlobCorrupt when its bytes are lost."""
    return ImageConfig.parse(b"".join([chunk async for chunk in open_blob(registry, digest, 0, size)]))
