"""What came back from the registry, and the demands every answer has to meet.

The official client is written in Go: it drops the Content-Length of an answer that arrives
compressed, and cannot trust one that arrives chunked. So every answer names its exact length.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
ERROR_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
# Distribution specification, "Warnings": code 299, agent "-", a quoted text and no date.
WARNING = re.compile(r'299 - "(?:[^"\\\x00-\x1f]|\\.)*"')
BODILESS = {204, 304}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: header names in lower case, in the order they arrived."""

    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header that may come at most once, or None."""
        values = self.header_lines(name)
        assert len(values) <= 1, f"{name} came {len(values)} times\n{self}"
        return values[0] if values else None

    def header_lines(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def location(self) -> str:
        """The absolute form of the Location header."""
        value = self.header("Location")
        assert value, f"no Location\n{self}"
        return urljoin(self.url, value)

    @property
    def location_path(self) -> str:
        return urlsplit(self.location).path

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of the error body (specification, "Error Codes")."""
        return [error["code"] for error in self.json()["errors"]]

    def __str__(self) -> str:
        lines = [
            f"{self.method} {self.url}",
            f"-> {self.status}",
            *(f"   {key}: {value}" for key, value in self.headers),
        ]
        return "\n".join([*lines, self.body[:2000].decode("utf-8", "replace")])


def expect(answer: Answer, *statuses: int, code: str | tuple[str, ...] = ()) -> Answer:
    """Demand one of the statuses and, for a refusal, an OCI error body (with one of the codes)."""
    assert answer.status in statuses, f"expected {' or '.join(map(str, statuses))}\n{answer}"
    if answer.status >= 400 and answer.method != "HEAD":
        check_error_body(answer)
        codes = (code,) if isinstance(code, str) else code
        assert not codes or set(codes) & set(answer.codes), f"expected the code {' or '.join(codes)}\n{answer}"
    return answer


def check_error_body(answer: Answer) -> None:
    """`{"errors": [{"code", "message", "detail"}]}` with at least one entry."""
    content_type = (answer.header("Content-Type") or "").partition(";")[0]
    assert content_type == "application/json", f"an error that is not JSON\n{answer}"
    errors = answer.json().get("errors")
    assert isinstance(errors, list), f"no errors in the error body\n{answer}"
    assert errors, f"an empty error body\n{answer}"
    for error in errors:
        assert ERROR_CODE.fullmatch(error["code"]), f"a code is upper case with underscores\n{answer}"
        assert isinstance(error.get("message", ""), str)
        assert set(error) <= {"code", "message", "detail"}, f"unknown member in an error\n{answer}"


def check_form(answer: Answer) -> None:
    """What must hold for every answer, whatever was asked."""
    assert answer.status < 500, f"the registry failed\n{answer}"
    assert not answer.header("Transfer-Encoding"), f"a chunked answer\n{answer}"
    assert not answer.header("Content-Encoding"), f"a compressed answer\n{answer}"
    _check_length(answer)
    _check_digest(answer)
    warnings = answer.header_lines("Warning")
    assert all(WARNING.fullmatch(warning) for warning in warnings), f"a malformed Warning\n{answer}"
    assert sum(map(len, warnings)) <= 4096, f"warnings longer than clients have to take\n{answer}"


def _check_length(answer: Answer) -> None:
    length = answer.header("Content-Length")
    if answer.status in BODILESS:
        assert not answer.body, f"a body where there may be none\n{answer}"
    elif answer.method == "HEAD":
        assert not answer.body, f"HEAD with a body\n{answer}"
        assert length is not None or answer.status >= 400, f"HEAD without Content-Length\n{answer}"
    else:
        assert length == str(len(answer.body)), f"Content-Length {length}, body of {len(answer.body)}\n{answer}"


def _check_digest(answer: Answer) -> None:
    digest = answer.header("Docker-Content-Digest")
    if digest is None:
        return
    assert DIGEST.fullmatch(digest), f"a malformed digest\n{answer}"
    asked = urlsplit(answer.url).path.rpartition("/")[2]
    if DIGEST.fullmatch(asked):
        assert digest == asked, f"asked for {asked}, answered about another digest\n{answer}"
