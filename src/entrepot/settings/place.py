"""Where an installation keeps things, and what is set, as operators may see it."""

from collections.abc import Mapping

from entrepot.blobs.opening import folder_of
from entrepot.operations.room import Place, SettingShown
from entrepot.settings.model import Settings
from entrepot.settings.showing import mask_url, show


def place_of(settings: Settings, origins: Mapping[str, str] | None = None) -> Place:
    """Where everything is kept and what is set, as operators may see it."""
    origins = origins or dict.fromkeys(Settings.model_fields, "")
    kind, path = folder_of(settings.storage_url)
    shown = [SettingShown(name, show(name, getattr(settings, name)), origin) for name, origin in origins.items()]
    return Place(mask_url(settings.storage_url), kind, mask_url(settings.database_url), path, shown)
