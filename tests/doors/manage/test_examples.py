"""Every body has an example in the API's description, and each is one that the call takes."""

import pytest
from fastapi.routing import APIRoute

from entrepot.doors.manage.examples import EXAMPLES
from entrepot.doors.manage.framework import whole_framework

API = whole_framework()
TAKING = {route.name: route for route in API.routes if isinstance(route, APIRoute) and route.body_field is not None}


def test_every_body_has_an_example() -> None:
    assert set(EXAMPLES) == {name for name, route in TAKING.items() if route.include_in_schema}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_one_that_the_call_takes(name: str) -> None:
    field = TAKING[name].body_field
    assert field is not None

    _, errors = field.validate(EXAMPLES[name], {}, loc=("body",))

    assert not errors


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_names_no_field_that_is_not_there(name: str) -> None:
    """Unknown fields of bodies are left alone, so a misspelt one would pass."""
    schemas = API.openapi()["components"]["schemas"]
    [body] = [
        call["requestBody"]["content"]["application/json"]
        for calls in API.openapi()["paths"].values()
        for call in calls.values()
        if call["operationId"] == name
    ]
    reference = body["schema"].get("$ref") or body["schema"].get("anyOf", [{}])[0].get("$ref")
    assert body["example"] == EXAMPLES[name]
    if reference:
        assert set(body["example"]) <= set(schemas[reference.rpartition("/")[2]]["properties"])
