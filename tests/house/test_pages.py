"""Pages of docs/reference that are printed from the code say what the code says."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest
from prometheus_client import REGISTRY

from entrepot.cli.pages import Page, printer
from entrepot.doors.manage.routes import ROUTES as CALLS
from entrepot.doors.oci import routes
from entrepot.settings import Settings
from entrepot.settings.reference import example_file, settings_page
from tests.house.files import ROOT

REFERENCE = ROOT / "docs" / "reference"
PRINTED: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "entrepot.toml": example_file,
    **{f"{page}.md": printer(page) for page in Page},
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_page_is_what_the_code_prints(name: str) -> None:
    assert (REFERENCE / name).read_text() == PRINTED[name](), "run `make docs`"


@pytest.mark.parametrize("seed", ["0", "3"])  # of these two, each puts GET and HEAD of a set into another order
def test_a_page_does_not_depend_on_the_order_of_a_set(seed: str) -> None:
    code = "from entrepot.cli.pages import Page, printer; print(*(printer(page)() for page in Page), sep='', end='')"

    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert printed.stdout == "".join((REFERENCE / f"{page}.md").read_text() for page in Page)


def test_every_page_of_the_reference_is_printed() -> None:
    assert {file.name for file in REFERENCE.iterdir()} == set(PRINTED)


def test_make_prints_every_page() -> None:
    [listed] = re.findall(r"^PAGES := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert listed.split() == list(Page)


def test_every_setting_is_documented() -> None:
    assert undocumented(Settings.model_fields, "settings.md") == []


def test_every_metric_is_documented() -> None:
    counted = [family for family in REGISTRY.collect() if family.name.startswith("entrepot_")]
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in counted]

    assert names
    assert undocumented(names, "metrics.md") == []


def test_every_management_call_is_documented() -> None:
    assert undocumented([call.path for call in CALLS], "management-api.md") == []


def test_the_documented_path_of_a_route_is_a_path_of_it() -> None:
    for route in routes.ROUTES:
        found = routes.find(route.path)

        assert found is not None, route.path
        assert found[0] is route


def undocumented(names: Iterable[str], page: str) -> list[str]:
    text = (REFERENCE / page).read_text()
    return [name for name in names if f"| `{name}` |" not in text]
