"""Images and what they are made of: digests, manifests, blobs, uploads, archives."""

from entrepot.values.errors.families import Elsewhere, Json, Refused


class DigestInvalid(Refused):
    """The digest is malformed or its algorithm is not supported."""


class DigestMismatch(Refused):
    """The content does not have the digest it was announced with."""


class SizeInvalid(Refused):
    """The content does not have the size it was announced with."""


class ManifestInvalid(Refused):
    """The manifest is not valid. Detail `path` says where in the document, when one place is at fault."""


class ManifestTooLarge(Refused):
    """The manifest is larger than this registry accepts."""


class ManifestUnknown(Refused):
    """The manifest is not known in this repository."""


class ManifestBlobUnknown(Refused):
    """The manifest names content that is not in this repository. Detail `digests` lists what is missing."""


class FileUnknown(Refused):
    """There is no such file or folder in this version."""


class BlobUnknown(Refused):
    """The blob is not known in this repository."""


class BlobLeaving(Elsewhere):
    """The blob is being removed at this moment; push it again."""


class UploadUnknown(Refused):
    """The upload is not known; it may have ended or expired."""


class UploadInvalid(Refused):
    """The upload request is not valid."""


class UploadOutOfOrder(Refused):
    """The chunk does not start where the upload stands. Detail `offset` is the number of bytes held."""

    def __init__(self, message: str | None = None, *, offset: int, **detail: Json) -> None:
        super().__init__(message, offset=offset, **detail)
        self.offset = offset


class ArchiveInvalid(Refused):
    """The archive of images cannot be accepted. Detail `member` says which file in it, when one is at fault."""


class ArchiveUnnamed(ArchiveInvalid):
    """The archive does not say what its images are called; say where they go."""


class TagImmutable(Refused):
    """The tag is immutable: a rule of its organization keeps it where it is. Detail `rule` is the rule's number."""


class TagExists(Refused):
    """A tag of this name exists already."""
