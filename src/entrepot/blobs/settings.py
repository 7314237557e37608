"""This room's settings, filled by the roof."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlobSettings:
    free_bytes_min: int = 512 << 20
    """Uploads are refused while the file system has less than this left; a full disk harms more than uploads."""

    redirect: bool = True
    """Clients read blobs of a bucket straight from it, by a presigned URL; False: through this server."""
