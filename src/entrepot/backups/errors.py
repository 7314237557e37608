"""What can be wrong with a backup, or with restoring one."""

from entrepot.values.errors import Broken, Elsewhere, Refused


class SchemaOther(Refused):
    """The database has the schema of another version of entrepot."""


class SnapshotUnknown(Refused):
    """There is no such snapshot in this place."""


class PlaceForeign(Refused):
    """What is in this place is no backup."""


class PlaceBusy(Refused):
    """Another command works on this backup."""


class BackupRuns(Refused):
    """Another backup of this installation runs."""


class MoveRuns(Refused):
    """Another migration of this installation runs."""


class SnapshotNewer(Refused):
    """The snapshot was made by a newer version of entrepot."""


class SnapshotDamaged(Broken):
    """The snapshot is damaged."""


class BytesMissing(Elsewhere):
    """Blobs of the installation are missing or damaged."""


class NotEmpty(Refused):
    """There is an installation already where this one should be restored."""


class KeyUnfit(Refused):
    """The secret key is missing, or it is not the one of this backup."""
