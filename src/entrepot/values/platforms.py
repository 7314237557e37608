"""Platforms of an index: which of its images is for a machine."""

from collections.abc import Sequence

from entrepot.values.descriptor import Descriptor
from entrepot.values.platform import Platform

# Written the one way by Linux and the other by images.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386", "i386": "386"}


def choose_child(children: Sequence[Descriptor], wanted: Platform) -> Descriptor | None:
    """The manifest for `wanted`; None when there is none.

    System and architecture must be the same. A variant that is asked for must be the same, too; without one, an image
    without a variant is preferred, then the first.
    """
    fitting = [child for child in children if child.platform is not None and _fits(child.platform, wanted)]
    plain = (child for child in fitting if child.platform is not None and child.platform.variant is None)
    return next(plain, fitting[0] if fitting else None)


def platform_of_machine(system: str, machine: str) -> Platform:
    """The platform of images for a machine, from what `uname` says of it; containers run Linux wherever they run."""
    architecture = _ARCHITECTURES.get(machine.lower(), machine.lower() or "amd64")
    return Platform("windows" if system.lower() == "windows" else "linux", architecture)


def _fits(offered: Platform, wanted: Platform) -> bool:
    return (
        (offered.os, offered.architecture) == (wanted.os, wanted.architecture)
        and wanted.variant in (None, offered.variant)
        and wanted.os_version in (None, offered.os_version)
    )
