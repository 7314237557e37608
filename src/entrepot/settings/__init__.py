"""Settings: the one place that reads flags, environment and file.

`load` gives the effective values and where each came from; start reading at `model.py`, the table
of all settings. Rooms below never import this: `app.py` hands them plain values.
"""

from entrepot.settings.environment import settings_environment
from entrepot.settings.model import Settings
from entrepot.settings.sources import Loaded, SettingsInvalid, load

__all__ = ["Loaded", "Settings", "SettingsInvalid", "load", "settings_environment"]
