"""Which image of an index is for a machine."""

import pytest

from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.media_types import OCI_MANIFEST
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child, platform_of_machine

OFFERED = (
    "linux/amd64",
    "linux/arm/v6",
    "linux/arm/v7",
    "linux/arm64/v8",
    "windows(10.0.1)/amd64",
    "windows(10.0.2)/amd64",
)


def child(platform: str | None) -> Descriptor:
    named = Platform.parse(platform) if platform else None
    return Descriptor(OCI_MANIFEST, Digest.of(str(platform).encode()), 1, platform=named)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm", "linux/arm/v6"),
        ("windows/amd64", "windows(10.0.1)/amd64"),
        ("windows(10.0.2)/amd64", "windows(10.0.2)/amd64"),
        ("linux/s390x", None),
        ("linux/arm/v5", None),
    ],
)
def test_system_and_processor_decide_and_a_variant_where_it_is_asked_for(wanted: str, chosen: str | None) -> None:
    found = choose_child([child(None), *map(child, OFFERED)], Platform.parse(wanted))

    assert (found and str(found.platform)) == chosen


def test_an_image_without_a_variant_is_preferred() -> None:
    found = choose_child([child("linux/arm64/v9"), child("linux/arm64")], Platform.parse("linux/arm64"))

    assert found == child("linux/arm64")


@pytest.mark.parametrize(
    ("system", "machine", "platform"),
    [
        ("Linux", "x86_64", "linux/amd64"),
        ("Darwin", "arm64", "linux/arm64"),
        ("Linux", "aarch64", "linux/arm64"),
        ("Windows", "AMD64", "windows/amd64"),
        ("Linux", "riscv64", "linux/riscv64"),
    ],
)
def test_a_machine_runs_images_of_its_processor(system: str, machine: str, platform: str) -> None:
    assert str(platform_of_machine(system, machine)) == platform
