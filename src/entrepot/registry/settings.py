"""This room's settings, filled by the roof."""

from dataclasses import dataclass, field

from entrepot.values.label import LabelLimits
from entrepot.values.manifest import ManifestLimits


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    manifest: ManifestLimits = field(default_factory=ManifestLimits)
    blob_bytes_max: int = 0
    """0: no limit."""
    upload_idle_seconds: int = 86_400
    uploads_open_max: int = 1_000
    """For each account."""
    upload_parts_max: int = 10_000
    config_bytes_max: int = 1024 * 1024
    """Of an image's configuration that is read to be shown."""
    labels: LabelLimits = field(default_factory=LabelLimits)
    files_seconds_max: float = 20
    """For reading the layers of one image to show what is in them."""
    page_max: int = 1_000
    referrers_page_max: int = 1_000
    manifest_tags_max: int = 100
    """`tag` parameters of one manifest push."""
    redirect_seconds: int = 1_200
    organizations_page_max: int = 10_000
    # Limits of a domain for which nothing else was set; 0: none.
    quota_organizations: int = 0
    quota_repositories: int = 0
    quota_tags: int = 0
    quota_bytes: int = 0
    quota_warn_percent: int = 90
    """So much of a quota is used: then it is told; 0: never."""
    archive_bytes_max: int = 10 << 30
    """Of one archive that is handed in, in an organization for which nothing else was set."""
    accounting_seconds: int = 10
    accounting_days: int = 400
    history_days: int = 14
    """Of organizations that say nothing else."""
