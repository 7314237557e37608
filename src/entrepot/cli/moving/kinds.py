"""The kinds of sources that `--kind` names."""

from enum import StrEnum


class Kind(StrEnum):
    AUTO = "auto"
    REGISTRY = "registry"
    HARBOR = "harbor"
    QUAY = "quay"
    SWR = "swr"
    FOLDER = "folder"
    LAYOUT = "layout"
