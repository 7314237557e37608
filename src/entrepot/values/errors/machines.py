"""What the house stands on, and other registries: storage, databases, remotes."""

from entrepot.values.errors.families import Broken, Elsewhere, Json, Refused


class RemoteRefused(Refused):
    """The other registry refused. Detail `status` is its HTTP status, `code` what it said in the OCI form."""

    def __init__(self, message: str | None = None, *, status: int = 0, code: str = "", **detail: Json) -> None:
        super().__init__(message, status=status, code=code, **detail)
        self.status = status
        self.code = code


class RemoteUnreachable(Elsewhere):
    """The other registry cannot be reached."""


class StorageUnreachable(Elsewhere):
    """The blob storage cannot be reached."""


class InMaintenance(Elsewhere):
    """The installation is in maintenance."""


class DatabaseUnreachable(Elsewhere):
    """The database cannot be reached."""


class DatabaseBusy(Elsewhere):
    """The database was too busy to finish in time."""


class StorageFull(Broken):
    """The blob storage is full."""


class StorageFailed(Broken):
    """The blob storage failed."""


class BlobCorrupt(Broken):
    """A stored blob no longer has its digest."""


class CollectorReplaced(Elsewhere):
    """Another process collects garbage since the database was away for a moment."""
