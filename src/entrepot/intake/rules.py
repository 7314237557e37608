"""What an archive is on its way, and what may be said of one: values in, value or error out."""

from enum import StrEnum
from typing import Final

from entrepot.values.errors import BodyTooLarge, ParameterInvalid, SizeInvalid, UploadOutOfOrder
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


def check_file(file_name: str, size: int, fingerprint: str, bytes_max: int) -> None:
    """Pass when such a file may come. Raises ParameterInvalid, SizeInvalid or BodyTooLarge."""
    if not file_name.strip() or len(file_name) > FILE_NAME_CHARS_MAX or not file_name.isprintable():
        raise ParameterInvalid(f"A file name has 1 to {FILE_NAME_CHARS_MAX} printable characters.", field="file_name")
    if len(fingerprint) > FINGERPRINT_CHARS_MAX or not fingerprint.isprintable():
        raise ParameterInvalid(
            f"A fingerprint has at most {FINGERPRINT_CHARS_MAX} printable characters.", field="fingerprint"
        )
    if size < 1:
        raise SizeInvalid("The file is empty.")
    if size > bytes_max:
        raise BodyTooLarge(f"An archive has at most {bytes_max} bytes here; this one has {size}.", limit=bytes_max)


def check_whole(held: int, size: int) -> None:
    if held != size:
        raise UploadOutOfOrder(f"The archive is not whole: {held} of {size} bytes are here.", offset=held)


def check_inside(repository: RepositoryName | None, organization: OrganizationName) -> None:
    if repository is not None and repository.organization != organization:
        raise ParameterInvalid(f"{repository} is not in {organization}.", field="repository")
