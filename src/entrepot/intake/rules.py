"""What an archive is on its way, and what may be said of one: values in, value or error out."""

from enum import StrEnum
from typing import Final

from entrepot.registry.quota_rules import UNLIMITED
from entrepot.values.errors import BodyTooLarge, ParameterInvalid, SizeInvalid, UploadOutOfOrder, worded
from entrepot.values.names import OrganizationName, RepositoryName

FILE_NAME_CHARS_MAX: Final = 255
FINGERPRINT_CHARS_MAX: Final = 128


class State(StrEnum):
    """RECEIVING → WAITING → READING → WRITING → DONE; UNNAMED waits for somebody to say where its images go."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    READING = "reading"
    WRITING = "writing"
    UNNAMED = "unnamed"
    DONE = "done"
    FAILED = "failed"


OPEN: Final = (State.RECEIVING, State.WAITING, State.READING, State.WRITING, State.UNNAMED)
WORKING: Final = (State.WAITING, State.READING, State.WRITING)


def check_file(file_name: str, size: int, fingerprint: str) -> None:
    """Pass when such a file may come, large or not. Raises ParameterInvalid or SizeInvalid."""
    if not file_name.strip() or len(file_name) > FILE_NAME_CHARS_MAX or not file_name.isprintable():
        raise ParameterInvalid(
            worded(
                "A file name has 1 to {file_name_chars_max} printable characters.",
                file_name_chars_max=FILE_NAME_CHARS_MAX,
            ),
            field="file_name",
        )
    if len(fingerprint) > FINGERPRINT_CHARS_MAX or not fingerprint.isprintable():
        raise ParameterInvalid(
            worded(
                "A fingerprint has at most {fingerprint_chars_max} printable characters.",
                fingerprint_chars_max=FINGERPRINT_CHARS_MAX,
            ),
            field="fingerprint",
        )
    if size < 1:
        raise SizeInvalid("The file is empty.")


def check_size(size: int, limit: int, organization: OrganizationName) -> None:
    """Pass when an archive is no larger than an organization takes. Raises BodyTooLarge."""
    if limit != UNLIMITED and size > limit:
        raise BodyTooLarge(
            worded(
                "An archive has at most {limit} bytes in {organization}; this one has {size}. Push the "
                "images instead, or ask an administrator of the domain for a higher limit.",
                limit=limit,
                organization=organization,
                size=size,
            ),
            limit=limit,
            organization=str(organization),
        )


def check_whole(held: int, size: int) -> None:
    if held != size:
        raise UploadOutOfOrder(
            worded("The archive is not whole: {held} of {size} bytes are here.", held=held, size=size), offset=held
        )


def check_inside(repository: RepositoryName | None, organization: OrganizationName) -> None:
    if repository is not None and repository.organization != organization:
        raise ParameterInvalid(
            worded("{repository} is not in {organization}.", repository=repository, organization=organization),
            field="repository",
        )
