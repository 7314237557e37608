"""`SDK-HMAC-SHA256`: how clients of the service sign a request (contract §15.1). Values in, values out.

    Authorization: SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=64 hex digits

The signature covers the method, the path, the query, the headers it names and the body. Of the path it
covers what is left after decoding it once: `%2F` counts as `/`, so whoever verifies must make sure
that the path it acts on has no second reading.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from entrepot.values.errors import ParameterInvalid, Unauthenticated, quoted, worded

ALGORITHM: Final = "SDK-HMAC-SHA256"
CLOCKS_APART_MAX: Final = timedelta(minutes=15)

_AUTHORIZATION_BYTES_MAX = 4_096
_PARAMETERS_MAX = 200
_DATE = "x-sdk-date"
# What must be under the signature: without the date it would never end, without the host it would hold anywhere.
_REQUIRED = frozenset({"host", _DATE})
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=([\w.-]{{1,128}}), ?SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), ?Signature=([0-9a-f]{{64}})",
    re.ASCII,
)
_MOMENT = re.compile(r"\d{8}T\d{6}Z", re.ASCII)

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came over the wire: `path` and `query` encoded, names of headers in lower case."""

    method: str
    path: bytes
    query: bytes
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What an `Authorization` header and the date beside it claim; nothing of it is verified."""

    access_key: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    moment: datetime


def parse_claim(headers: Headers) -> Claim:
    """The claim of a signed request. Raises Unauthenticated, saying what is wrong with its form."""
    header = _only(headers, "authorization")
    found = _AUTHORIZATION.fullmatch(header) if len(header) <= _AUTHORIZATION_BYTES_MAX else None
    if found is None:
        raise Unauthenticated(
            worded(
                "A signed request says Authorization: {algorithm} Access=…, SignedHeaders=…, Signature=….",
                algorithm=ALGORITHM,
            )
        )
    access_key, names, signature = found.groups()
    signed_headers = tuple(names.split(";"))
    if missing := sorted(_REQUIRED.difference(signed_headers)):
        raise Unauthenticated(
            worded(
                "The signature must cover the headers host and {date}; it leaves out {missing}.",
                date=_DATE,
                missing=missing[0],
            )
        )
    if list(signed_headers) != sorted(set(signed_headers)):
        raise Unauthenticated("SignedHeaders names each header once, in alphabetical order.")
    date = _only(headers, _DATE)
    return Claim(access_key, signed_headers, signature, date, _moment(date))


def check_date(claim: Claim, now: datetime) -> None:
    """Pass a request that was signed about now. Raises Unauthenticated."""
    if abs(now - claim.moment) > CLOCKS_APART_MAX:
        raise Unauthenticated(
            worded(
                "The request was signed at {date}, and here it is {now}; they may be {seconds} minutes "
                "apart. Is the clock right?",
                date=claim.date,
                now=f"{now:%Y%m%dT%H%M%SZ}",
                seconds=CLOCKS_APART_MAX.seconds // 60,
            )
        )


def is_genuine(claim: Claim, request: RawRequest, secret: bytes) -> bool:
    """Whether the claim's signature was made with `secret` for exactly this request."""
    return hmac.compare_digest(claim.signature, signature_of(claim, request, secret))


def signature_of(claim: Claim, request: RawRequest, secret: bytes) -> str:
    """The one right signature. Raises Unauthenticated where a signed header is missing or there twice."""
    digest = hashlib.sha256(canonical_request(request, claim.signed_headers)).hexdigest()
    return hmac.new(secret, f"{ALGORITHM}\n{claim.date}\n{digest}".encode(), hashlib.sha256).hexdigest()


def canonical_request(request: RawRequest, signed_headers: Sequence[str]) -> bytes:
    """The request in the one spelling that is signed: six parts, a line each."""
    lines = [f"{name}:{_only(request.headers, name)}\n" for name in signed_headers]
    parts = (
        request.method.upper(),
        _canonical_path(request.path),
        _canonical_query(request.query),
        "".join(lines),
        ";".join(signed_headers),
        hashlib.sha256(request.body).hexdigest(),
    )
    return "\n".join(parts).encode("latin-1")


def check_query(query: bytes) -> None:
    """Pass a query that names each parameter once: of two, the order would count, and it is not signed.

    Raises ParameterInvalid.
    """
    names = [name for name, _ in _pairs(query)]
    if len(names) != len(set(names)):
        raise ParameterInvalid("A signed request names each parameter once.", kind="query")


def decoded_path(path: bytes) -> str:
    """The path as the signature sees it, in which an encoded slash is a slash."""
    return unquote(path.decode("latin-1"))


def _canonical_path(path: bytes) -> str:
    encoded = "/".join(_encode(segment) for segment in decoded_path(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _canonical_query(query: bytes) -> str:
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(_pairs(query)))


def _pairs(query: bytes) -> list[tuple[str, str]]:
    """The parameters exactly as handlers will read them."""
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_PARAMETERS_MAX)
    except ValueError:
        raise ParameterInvalid(
            worded("At most {parameters_max} parameters are accepted.", parameters_max=_PARAMETERS_MAX), kind="query"
        ) from None


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _only(headers: Headers, name: str) -> str:
    """The value of a header that is there once: of two, the signed one and the one acted on could differ."""
    values = [value for key, value in headers if key == name.encode()]
    if len(values) != 1:
        raise Unauthenticated(
            worded(
                "A signed request has the header {name} exactly once, not {count} times.", name=name, count=len(values)
            )
        )
    return values[0].strip().decode("latin-1")


def _moment(date: str) -> datetime:
    try:
        if _MOMENT.fullmatch(date):
            return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise Unauthenticated(worded("X-Sdk-Date is a moment as 20260131T235959Z, not {date}.", date=quoted(date)))
