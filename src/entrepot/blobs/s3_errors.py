"""What a bucket says, in our words. The library gives one class for most trouble, so its text must tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from entrepot.values.errors import EntrepotError, StorageFailed, StorageFull, StorageUnreachable

_RETRY_SECONDS = 5.0
RANGE_UNSATISFIABLE = 416
_FULL = 507
_BUSY = {408, 429}

_status_in = re.compile(r"status code: (\d{3})").search
_code_in = re.compile(r"<Code>(\w{1,64})</Code>").search


@contextmanager
def trouble() -> Iterator[None]:
    """Inside, the library's errors become StorageUnreachable (try again), StorageFull or StorageFailed."""
    try:
        yield
    except (BaseError, OSError) as error:  # OSError: what is absent, and all that goes wrong with objects being written
        raise storage_error(error) from error


def storage_error(error: Exception) -> EntrepotError:
    status, code = status_of(error), code_of(error)
    if status == _FULL:
        return StorageFull(status=status, code=code)
    # No status: nobody answered, or the answer broke off. The library has tried several times by now.
    if status is None or status >= 500 or status in _BUSY:
        return StorageUnreachable(retry_after=_RETRY_SECONDS, status=status, code=code)
    return StorageFailed(f"The bucket refuses: {status} {code or ''}".rstrip() + ".", status=status, code=code)


def status_of(error: Exception) -> int | None:
    found = _status_in(_first_part(error))
    return int(found[1]) if found else None


def code_of(error: Exception) -> str | None:
    """S3's own word for it, such as NoSuchBucket."""
    found = _code_in(_first_part(error))
    return found[1] if found else None


def _first_part(error: Exception) -> str:
    # What follows repeats the same for developers of the library.
    return str(error).partition("\n\nDebug source:")[0]
