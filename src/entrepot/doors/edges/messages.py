"""The bodies that edges send: JSON of these fields, checked."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from entrepot.values.errors import ParameterInvalid

_Text = Annotated[str, Field(max_length=1_024)]
_Count = Annotated[int, Field(ge=0, lt=1 << 62)]
M = TypeVar("M", bound="Message")


class Message(BaseModel):
    """What an edge of a later version says besides is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Join(Message):
    token: _Text
    name: _Text
    region: _Text = ""
    url: _Text
    capacity_bytes: _Count
    version: _Text


class Pulled(Message):
    """So many pulls of a manifest, by the reference it was asked for."""

    path: _Text
    reference: _Text
    count: Annotated[int, Field(ge=1, le=1_000_000_000)]


class AskedFor(Message):
    """Somebody wanted to know what a reference names."""

    path: _Text
    digest: _Text
    reference: _Text


class Sent(Message):
    """So many bytes of a blob."""

    path: _Text
    digest: _Text
    bytes: _Count


class Warming(Message):
    """How far an edge is with an image that it is to fetch. `is_final`: trying again is of no use."""

    id: _Count
    state: Annotated[str, Field(max_length=16)]
    bytes_done: _Count
    bytes_total: _Count
    error: Annotated[str, Field(max_length=2_000)] = ""
    is_final: bool = False


class Report(Message):
    """`hold`: the answer may wait, so that it is known at once when the edge is gone."""

    url: _Text
    version: _Text
    capacity_bytes: _Count
    held_bytes: _Count
    free_bytes: _Count
    streams: _Count
    round_trip_ms: Annotated[float, Field(ge=0, le=1e6)] | None = None
    hold: bool = False
    pulls: Annotated[list[Pulled], Field(max_length=5_000)] = []
    asked: Annotated[list[AskedFor], Field(max_length=5_000)] = []
    sent: Annotated[list[Sent], Field(max_length=5_000)] = []
    measures: Annotated[list[tuple[str, float]], Field(max_length=200)] = []
    warmed: Annotated[list[Warming], Field(max_length=100)] = []


class Decide(Message):
    """`authorization`: what the client showed; None: nothing. `client`: its address."""

    authorization: Annotated[str, Field(max_length=20_000)] | None
    path: _Text
    client: Annotated[str, Field(max_length=100)] = ""


def parse(kind: type[M], body: bytes) -> M:
    """Raises ParameterInvalid."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ParameterInvalid(f"{where}: {first['msg']}") from error
