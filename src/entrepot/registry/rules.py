"""Decisions of the registry: values in, value or error out."""

import json
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    BodyTooLarge,
    DigestMismatch,
    ManifestBlobUnknown,
    ParameterInvalid,
    TooMany,
    UploadOutOfOrder,
    quoted,
    worded,
)
from entrepot.values.manifest import Manifest
from entrepot.values.names import TagName
from entrepot.values.reference import Reference

_Item = TypeVar("_Item")

CATEGORIES = ("app_server", "linux", "framework_app", "database", "lang", "other", "windows", "arm")
DESCRIPTION_CHARS_MAX = 30_000
SHARE_DESCRIPTION_CHARS_MAX = 1_000
SHARES_MAX = 500  # of one repository
FOREVER = "forever"
HISTORY_DAYS_MAX = 3_650
_DEADLINE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def stored_digest(reference: Reference, body: bytes) -> Digest:
    """The digest a manifest is kept under: the one it is pushed by, else its sha256. Raises DigestMismatch."""
    if isinstance(reference, TagName):
        return Digest.of(body)
    actual = Digest.of(body, reference.algorithm)
    if actual != reference:
        raise DigestMismatch(
            worded("The manifest has digest {actual}, not {reference}.", actual=actual, reference=reference),
            expected=str(reference),
            actual=str(actual),
        )
    return actual


def tags_to_move(reference: Reference, extra: Sequence[TagName], tags_max: int) -> list[TagName]:
    """The tags a push moves: its own, or those in its `tag` parameters. Raises ParameterInvalid."""
    if isinstance(reference, TagName):
        if extra:
            raise ParameterInvalid("Tag parameters go with a push by digest, not by tag.")
        return [reference]
    tags = list(dict.fromkeys(extra))
    if len(tags) > tags_max:
        raise ParameterInvalid(
            worded("At most {tags_max} tag parameters are accepted, not {count}.", tags_max=tags_max, count=len(tags))
        )
    return tags


def missing_references(manifest: Manifest, blobs_held: Collection[str], manifests_held: Collection[str]) -> list[str]:
    """Digests that a manifest names and its repository lacks, in the manifest's order."""
    blobs = [str(blob.digest) for blob in manifest.blobs if str(blob.digest) not in blobs_held]
    children = [str(child.digest) for child in manifest.children if str(child.digest) not in manifests_held]
    return list(dict.fromkeys([*blobs, *children]))


def check_complete(manifest: Manifest, missing: Sequence[str], allows_sparse: bool) -> None:
    """Pass when nothing is missing, or the organization allows sparse images. Raises ManifestBlobUnknown."""
    if missing and not allows_sparse:
        what = worded("manifests") if manifest.is_index else worded("blobs")
        raise ManifestBlobUnknown(
            worded(
                "The manifest names {what} that are not in this repository: {missing}{more}. Push them first.",
                what=what,
                missing=", ".join(missing[:10]),
                more=" …" if len(missing) > 10 else "",
            ),
            digests=list(missing),
        )


def warnings_about(manifest: Manifest, missing: Sequence[str]) -> tuple[str, ...]:
    """What is accepted but deserves a word (distribution specification, warnings)."""
    said = []
    if missing:
        said.append(f"{len(missing)} of the named blobs or manifests are not in this repository (sparse).")
    if any(not layer.is_distributable for layer in manifest.layers):
        said.append("Non-distributable layers are deprecated; this registry does not hold them.")
    return tuple(said)


def check_start(start: int | None, held: int) -> None:
    """A chunk begins where the upload ends (distribution specification, pushing a blob in chunks)."""
    if start is not None and start != held:
        raise UploadOutOfOrder(
            worded("The chunk begins at byte {start}, but the upload holds {held} bytes.", start=start, held=held),
            offset=held,
        )


def check_blob_size(size: int, bytes_max: int) -> None:
    if bytes_max and size > bytes_max:
        raise BodyTooLarge(worded("A blob has at most {bytes_max} bytes here.", bytes_max=bytes_max), limit=bytes_max)


def check_category(category: str) -> str:
    if category not in CATEGORIES:
        raise ParameterInvalid(
            worded(
                "A category is one of {categories}; not {category}.",
                categories=", ".join(CATEGORIES),
                category=quoted(category),
            )
        )
    return category


def check_description(description: str, chars_max: int = DESCRIPTION_CHARS_MAX) -> str:
    if len(description) > chars_max:
        raise BodyTooLarge(
            worded("This description has at most {chars_max} characters.", chars_max=chars_max), kind="description"
        )
    if "\0" in description or not _is_utf8(description):
        raise ParameterInvalid("A description is text; this one has what no text can hold.")
    return description


def check_history_days(days: int) -> int:
    if not 0 <= days <= HISTORY_DAYS_MAX:
        raise ParameterInvalid(
            worded("History is kept for 0 to {history_days_max} days.", history_days_max=HISTORY_DAYS_MAX),
            field="history_days",
        )
    return days


def parse_deadline(text: str) -> datetime | None:
    """When a share ends, from its deadline (contract §7): with the day that is named, in UTC; None for ever.

    Raises ParameterInvalid.
    """
    if text == FOREVER:
        return None
    try:
        if not _DEADLINE.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
        day = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise ParameterInvalid(
            worded(
                "A deadline is {forever} or a day in UTC, as 2027-12-31 or 2027-12-31T00:00:00Z; not {text}.",
                forever=FOREVER,
                text=quoted(text),
            )
        ) from None


def deadline_text(ends_at: datetime | None) -> str:
    """The deadline of a share that ends at this moment: the beginning of its last day."""
    return FOREVER if ends_at is None else f"{(ends_at - timedelta(days=1)).date().isoformat()}T00:00:00Z"


def check_ahead(ends_at: datetime | None, now: datetime) -> None:
    """Pass when a share that ends then would hold now. Raises ParameterInvalid."""
    if ends_at is not None and ends_at <= now:
        raise ParameterInvalid(
            worded(
                "The deadline {ends_at} is over; name today or a later day (UTC).", ends_at=deadline_text(ends_at)[:10]
            )
        )


def check_shareable(path: str, is_public: bool) -> None:
    if is_public:
        raise ParameterInvalid(
            worded("{path} is public: everybody may pull it. Only private repositories are shared.", path=path)
        )


def check_receiver(receiver: str, receiver_id: str, owner_id: str) -> None:
    if receiver_id == owner_id:
        raise ParameterInvalid(
            worded(
                "The repository belongs to {receiver} already; give its users levels instead.",
                receiver=quoted(receiver),
            )
        )


def check_shares_count(count: int) -> None:
    """Pass when one more share of a repository fits. Raises TooMany."""
    if count >= SHARES_MAX:
        raise TooMany(
            worded("A repository is shared with at most {shares_max} domains.", shares_max=SHARES_MAX), limit=SHARES_MAX
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        return False
    return True


def page(items: Sequence[_Item], limit: int) -> tuple[list[_Item], bool]:
    """Cut a list that was read one item too long; whether there is more."""
    return list(items[:limit]), len(items) > limit


def fitting(documents: Sequence[dict[str, Any]], bytes_max: int) -> list[dict[str, Any]]:
    """As many of the documents, from the first on and at least one, as fit into `bytes_max` of JSON."""
    taken: list[dict[str, Any]] = []
    size = 0
    for document in documents:
        size += len(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if taken and size > bytes_max:
            break
        taken.append(document)
    return taken


def unknown_blob(digest: Digest) -> BlobUnknown:
    return BlobUnknown(worded("The repository has no blob {digest}.", digest=digest), digest=str(digest))


def lost_blob(digest: Digest) -> BlobUnknown:
    return BlobUnknown(
        worded(
            "The bytes of {digest} were lost or damaged in the storage and are not served; push the image again.",
            digest=digest,
        ),
        digest=str(digest),
    )
