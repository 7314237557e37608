"""Types of fields that several calls share, and what is said when one does not fit."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from entrepot.values.errors import ParameterInvalid

_SAID_MAX = 3  # problems named in one answer
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:", re.ASCII | re.IGNORECASE)  # RFC 3339 §5.6; the rest is read by pydantic


def _text_of_time(value: object) -> object:
    """Left to itself, pydantic takes a number for seconds, also one that is written as text."""
    if value is not None and not (isinstance(value, str) and _TIME.match(value)):
        raise ValueError("a time is text, as in 2027-01-31T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time is too far away") from None


# No database takes the null character, and no name holds one.
Word = Annotated[str, Field(max_length=1_024, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Flag = StrictBool
Moment = Annotated[AwareDatetime, BeforeValidator(_text_of_time), AfterValidator(_in_utc)]
"""A time as RFC 3339 writes it."""
Number = StrictInt
WordParameter = Annotated[Word | None, Query()]
NameFilter = Annotated[Word | None, Query(description="`name::PART`: only those with this in their name.")]


class Body(BaseModel):
    """A request body. Fields this version does not know are left alone, as newer clients may send them."""

    model_config = ConfigDict(extra="ignore")


class Empty(BaseModel):
    """`{}`: done, nothing to tell."""


class Problem(BaseModel):
    """One error, as clients of the service read it."""

    errorCode: str  # noqa: N815  # the contract's spelling
    errorMessage: str  # noqa: N815
    detail: str


class ErrorAnswer(BaseModel):
    """What is wrong, in the three spellings that clients look for."""

    errors: list[Problem]
    error_code: str
    error_msg: str
    request_id: str


def invalid(problems: Sequence[Any]) -> ParameterInvalid:
    """The error for what the framework's validation found."""
    said = "; ".join(_sentence(one) for one in problems[:_SAID_MAX])
    return ParameterInvalid(f"The request is not valid: {said}.", kind=_kind(problems[0]))


def _sentence(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path"))
    match problem["type"]:
        case "json_invalid":
            return "the body is not JSON"
        case "missing":
            return f"{place} is missing" if place else "the body is missing"
        case _:
            message = str(problem["msg"])
            return f"{place or 'the body'}: {message[:1].lower()}{message[1:]}"


def _kind(problem: Any) -> str:
    location = problem["loc"]
    match problem["type"], location:
        case "json_invalid", _:
            return "body"
        case "missing", ("body",):
            return "body"
        case "missing", _:
            return "missing"
        case _, ("body",):
            return "body"
        case _, (*_, "is_public"):
            return "is_public"
        case _, (*_, "limit" | "offset" | "marker"):
            return "page"
        case _, ("query", *_):
            return "query"
    return "parameter"
