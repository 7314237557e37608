"""The page of the registry API: its paths, methods and token scopes."""

from collections.abc import Callable, Iterator
from typing import Any

from entrepot.cli.pages import Page, markdown
from entrepot.doors.oci import token
from entrepot.doors.oci.door import TOKEN_PATH
from entrepot.doors.oci.routes import ROUTES, Route, scope_of

_INTRODUCTION = """\
The OCI Distribution specification 1.1, which Docker, Podman and the others speak; `end-…` are the names of its end
points. `NAME` is `ORG/REPOSITORY`, `REFERENCE` a tag or a digest.

A request signs in with HTTP Basic, or with a token that has the scope in the last column. Without either it reaches
what is public. What deleting, mounting and listing mean in detail: [the registry](../explanation/registry.md). What
can go wrong: [errors](errors.md).
"""

_TOKENS = """\
## Tokens

The challenge of a 401 answer names this end point and the scope. That of `HEAD` on a blob asks for `push`, too: who
looks for a blob is mostly about to push it. `error="invalid_token"` in a challenge says that the credentials are not
good, `error="insufficient_scope"` that they are and do not reach so far. What tokens can carry:
[permissions](permissions.md).
"""

_TOKEN_CALLS: dict[str, Callable[..., Any]] = {"GET": token.get_token, "POST": token.post_token}


def page() -> str:
    rows = [row for route in ROUTES for row in _rows(route)]
    tokens = [(method, markdown.code(TOKEN_PATH), _does(handler)) for method, handler in _TOKEN_CALLS.items()]
    lines = [
        *markdown.heading("Registry API", Page.REGISTRY_API, "src/entrepot/doors/oci/routes.py"),
        _INTRODUCTION,
        *markdown.table(("method", "path", "what it does", "scope"), rows),
        _TOKENS,
        *markdown.table(("method", "path", "what it does"), tokens),
    ]
    return "\n".join(lines)


def _rows(route: Route) -> Iterator[tuple[str, ...]]:
    """One row for each handler, with all methods it answers."""
    methods: dict[Callable[..., Any], list[str]] = {}
    for method, handler in route.handlers.items():
        methods.setdefault(handler, []).append(method)
    name = "NAME" if "NAME" in route.path else ""
    for handler, names in methods.items():
        scope = scope_of(route, names[0], name, mount_from=None)
        yield ", ".join(names), markdown.code(route.path), _does(handler), markdown.code(scope)


def _does(handler: Callable[..., Any]) -> str:
    return markdown.first_paragraph(handler.__doc__)
