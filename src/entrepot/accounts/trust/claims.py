"""Claims, what a trusted issuer says about somebody: conditions on them, names and groups out of them.

Pure: claims in, answers out. What an issuer signed is still written by strangers (a branch's name,
a display name), so no length and no type is taken for granted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrepot.values.errors import NameInvalid, ParameterInvalid, quoted, worded
from entrepot.values.names import USER_CHARS_MAX, UserName

Claims = Mapping[str, Any]

CONDITIONS_MAX = 20
_CLAIM_CHARS_MAX = 128
_PATTERN_CHARS_MAX = 256
_VALUE_CHARS_MAX = 1_024
_VALUES_MAX = 1_000
_WILD = re.compile(r"(\*\*?)")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """The claim's value, or one of its values, fits the pattern.

    `claim` is its name, or, beginning with `/`, a JSON pointer (RFC 6901) into what is nested. In the
    pattern, `*` stands for any characters but `/` and `:`, and `**` for any characters.
    """

    claim: str
    pattern: str

    @property
    def is_open(self) -> bool:
        """Whether it asks only that the claim is there."""
        return not self.pattern.strip("*")


def parse_conditions(pairs: Sequence[tuple[str, str]]) -> tuple[Condition, ...]:
    """Raises ParameterInvalid."""
    if len(pairs) > CONDITIONS_MAX:
        raise ParameterInvalid(
            worded(
                "There are at most {conditions_max} conditions, not {count}.",
                conditions_max=CONDITIONS_MAX,
                count=len(pairs),
            ),
            kind="conditions",
        )
    for claim, pattern in pairs:
        if not 0 < len(claim) <= _CLAIM_CHARS_MAX or not 0 < len(pattern) <= _PATTERN_CHARS_MAX:
            raise ParameterInvalid(
                worded(
                    "A condition is a claim of 1 to {claim_chars_max} characters and a pattern of 1 to "
                    "{pattern_chars_max}; not {claim} and {pattern}.",
                    claim_chars_max=_CLAIM_CHARS_MAX,
                    pattern_chars_max=_PATTERN_CHARS_MAX,
                    claim=quoted(claim),
                    pattern=quoted(pattern),
                ),
                kind="conditions",
            )
    return tuple(Condition(claim, pattern) for claim, pattern in pairs)


def unmet(claims: Claims, conditions: Sequence[Condition]) -> Condition | None:
    """The first condition that the claims do not meet; None when they meet all."""
    for condition in conditions:
        if not any(fits(condition.pattern, value) for value in values_of(claims, condition.claim)):
            return condition
    return None


def values_of(claims: Claims, claim: str) -> Sequence[str]:
    """The values of a claim as text: of a list its members; none when it is not there, or an object."""
    found = _find(claims, claim)
    values = found[:_VALUES_MAX] if isinstance(found, list) else [found]
    texts = [_text(value) for value in values]
    return [text for text in texts if text is not None and len(text) <= _VALUE_CHARS_MAX]


def value_of(claims: Claims, claim: str) -> str:
    """The one value of a claim as text; empty when it has none or several."""
    values = values_of(claims, claim)
    return values[0] if len(values) == 1 else ""


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits; in steps that are bounded by both lengths, whatever they hold."""
    steps = [part if part.startswith("*") else char for part in _WILD.split(pattern) for char in _chars(part)]
    reached = _after_stars(steps, {0})
    for char in text:
        following = {at for at in reached if at < len(steps) and _stays(steps[at], char)}
        following |= {at + 1 for at in reached if at < len(steps) and steps[at] == char and char != "*"}
        reached = _after_stars(steps, following)
        if not reached:
            return False
    return len(steps) in reached


def user_name(claims: Claims, claim: str) -> UserName:
    """The name for a new account: what stands before the `@`, with `-` for what names cannot hold.

    Raises NameInvalid.
    """
    said = value_of(claims, claim).partition("@")[0]
    name = _NOT_IN_NAMES.sub("-", said).lstrip("._-")[:USER_CHARS_MAX]
    if not name:
        raise NameInvalid(worded("The claim {claim} gives no name for an account.", claim=quoted(claim)), kind="user")
    return UserName.parse(name)


def email_domain(claims: Claims) -> str:
    """The domain of an e-mail address that the issuer has verified, in lower case; empty without one."""
    address = value_of(claims, "email")
    is_verified = value_of(claims, "email_verified") == "true"
    return address.rpartition("@")[2].lower() if is_verified and "@" in address else ""


def mapped_groups(said: Sequence[str], mapping: Mapping[str, str]) -> frozenset[str]:
    """Our groups for those the issuer names; what is not mapped counts for nothing."""
    return frozenset(mapping[one] for one in said if one in mapping)


def _find(claims: Claims, claim: str) -> Any:
    if not claim.startswith("/"):
        return claims.get(claim)
    found: Any = claims
    for step in claim[1:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found


def _text(value: object) -> str | None:
    match value:
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
    return None


def _chars(part: str) -> Sequence[str]:
    return [part] if part.startswith("*") else part


def _stays(step: str, char: str) -> bool:
    return step == "**" or (step == "*" and char not in "/:")


def _after_stars(steps: Sequence[str], reached: set[int]) -> set[int]:
    """A star may also stand for nothing."""
    found = set(reached)
    for at in sorted(reached):
        following = at
        while following < len(steps) and steps[following] in ("*", "**"):
            following += 1
            found.add(following)
    return found
