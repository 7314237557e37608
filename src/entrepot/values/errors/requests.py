"""The request itself: what it says, how large it is, how often it comes."""

from entrepot.values.errors.families import Json, Refused


class ParameterInvalid(Refused):
    """A parameter of the request is not valid."""


class NameInvalid(Refused):
    """The name is not valid. Detail `kind` says of what: repository, organization, user or host."""


class TagInvalid(Refused):
    """The tag is not valid."""


class MediaTypeUnsupported(Refused):
    """The media type is not supported."""


class RangeUnsatisfiable(Refused):
    """The requested range lies outside the content. Detail `size` is the length of the content in bytes."""

    def __init__(self, message: str | None = None, *, size: int, **detail: Json) -> None:
        super().__init__(message, size=size, **detail)
        self.size = size


class BodyTooLarge(Refused):
    """The request body is larger than this registry accepts."""


class BodyIncomplete(Refused):
    """The body of the request ended, or stopped coming, before it was complete."""


class Unsupported(Refused):
    """The operation is not supported."""


class TooMany(Refused):
    """There are too many of these. Detail `limit` is the number allowed."""

    retry_after: float | None = None


class TooManyLogins(TooMany):
    """There were too many wrong passwords; try again later."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **detail: Json) -> None:
        super().__init__(message, **detail)
        self.retry_after = retry_after
