"""Every error of the house has a status and a code, and none that a caller can change is ours to blame."""

import inspect
import re
from typing import Any

import pytest

from entrepot.doors.http.problems import oci_body, problem_of
from entrepot.values import errors

ALL = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.EntrepotError)]
NUMBERS = {"offset": 3, "size": 7}


def make(kind: type[errors.EntrepotError]) -> errors.EntrepotError:
    needed = inspect.signature(kind).parameters.keys() & NUMBERS.keys()
    numbers: Any = {name: NUMBERS[name] for name in needed}
    return kind(**numbers)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_has_a_status_of_its_family(kind: type[errors.EntrepotError]) -> None:
    problem = problem_of(make(kind))

    family = (
        range(400, 500)
        if issubclass(kind, errors.Refused)
        else (503,)
        if issubclass(kind, errors.Elsewhere)
        else (500, 507)
    )
    assert problem.status in family
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", problem.code)


def test_a_new_kind_of_error_is_answered_as_its_family() -> None:
    class Unheard(errors.Refused):
        """Nobody has heard of this. Really."""

    class Closer(errors.ManifestUnknown):
        """A manifest that is even less known."""

    assert problem_of(Unheard()).status == 400
    assert problem_of(Closer()) == problem_of(errors.ManifestUnknown())


def test_what_is_broken_shows_little_of_itself() -> None:
    shown = oci_body(errors.StorageFailed("The disk failed.", path="/secret/place"))
    told = oci_body(errors.ManifestBlobUnknown("Missing.", digests=["sha256:…"]))

    assert "secret" not in str(shown)
    assert told == {
        "errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "Missing.", "detail": {"digests": ["sha256:…"]}}]
    }
