"""Options that several commands have: written once, as parameters of a function that makes of them what a call wants.

    @app.command()
    @taking(trust_fields)
    def update(name: Name, fields: Fields, as_json: AsJson = False) -> None: ...

The command has the options of `trust_fields`, too, and is given what that returns as `fields`.
"""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeAlias

Fields: TypeAlias = dict[str, Any]
"""Fields of a call's body: those that were said."""

_FIELDS, _LAST = "fields", "as_json"


def taking(*sources: Callable[..., Fields]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of `sources`, and what these return, together, as its parameter `fields`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        names = [list(signature(source).parameters) for source in sources]

        @wraps(command)
        def run(**given: Any) -> None:
            fields: Fields = {}
            for source, own in zip(sources, names, strict=True):
                fields |= source(**{name: given.pop(name) for name in own})
            command(**given, fields=fields)

        own = dict(signature(command).parameters)
        del own[_FIELDS]
        last = own.pop(_LAST, None)
        shared = [one for source in sources for one in signature(source).parameters.values()]
        everything = [*own.values(), *shared, *([last] if last else [])]
        parameters = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in everything]
        # Typer asks a function for both.
        run.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate


def said(**given: Any) -> Fields:
    """Those that were given."""
    return {key: value for key, value in given.items() if value is not None and value != []}
