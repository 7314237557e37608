"""A setting that nothing reads would be a lie on the settings page."""

import re

from entrepot.settings import Settings
from tests.house.files import PACKAGE, modules

# Read by `sources.py` itself.
READ_WHILE_LOADING = {"config"}


def test_every_setting_is_read_by_something_outside_the_settings() -> None:
    readers = [module.read_text() for module in modules() if (PACKAGE / "settings") not in module.parents]
    words = set(re.findall(r"\.([a-z_0-9]+)\b", "\n".join(readers)))

    assert set(Settings.model_fields) - words - READ_WHILE_LOADING == set()
