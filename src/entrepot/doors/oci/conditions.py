"""Conditional requests (RFC 9110 §13.1): content named by a digest never changes."""


def is_unchanged(if_none_match: str | None, digest: str) -> bool:
    """Whether the client already holds what has this digest."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in (f'"{digest}"', digest) for tag in tags)


def is_same(if_range: str | None, digest: str) -> bool:
    """Whether the range that the client asks for belongs to what has this digest (RFC 9110 §13.1.5)."""
    return if_range is None or if_range.strip() == f'"{digest}"'
