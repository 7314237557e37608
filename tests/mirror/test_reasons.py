"""What becomes of a copy that did not come to its region, and in which words, as a table."""

import ssl

import pytest

from entrepot.mirror.kept import keep, kept
from entrepot.mirror.reasons import AccountRefused, Ending, Existed, Place, TagGone, ending_of
from entrepot.mirror.rules import Status
from entrepot.values.errors import (
    BlobCorrupt,
    DatabaseUnreachable,
    EntrepotError,
    ManifestUnknown,
    RemoteRefused,
    RemoteUnreachable,
    RepositoryUnknown,
    StorageUnreachable,
    TooMany,
    as_said,
    worded,
)
from entrepot.values.names import RepositoryName

WE = Place("north-1", "we", RepositoryName("copies/app"))
NOBODY = Place("north-1", "", RepositoryName("copies/app"))


@pytest.mark.parametrize(
    ("error", "place", "status", "said"),
    [
        (Existed("copies/app:v1 is another image."), WE, Status.EXISTED, "copies/app:v1 is another image."),
        (TagGone(), WE, Status.CANCEL, "The tag was deleted before it was copied."),
        (AccountRefused("no", status=401), WE, Status.FAILED, "region update north-1 --username we --password-stdin"),
        (AccountRefused("no", status=401), NOBODY, Status.FAILED, "region update north-1 --username USER"),
        (RemoteRefused("no", status=403), WE, Status.FAILED, "we may not push to copies/app at north-1"),
        (RemoteRefused("no", status=401), NOBODY, Status.FAILED, "Nobody in particular may push to copies/app"),
        (RemoteRefused("no", status=404), WE, Status.FAILED, "make the organization copies there"),
        (
            RemoteRefused("it is full", status=413, code="DENIED"),
            WE,
            Status.FAILED,
            "north-1 refuses. It says: It is full.",
        ),
        (RemoteRefused("odd", status=418), WE, Status.FAILED, "refuses. It says: nothing but the status 418."),
        (ManifestUnknown("acme/app lacks an image"), WE, Status.FAILED, "acme/app lacks an image."),
        (TooMany("too many referrers", limit=1), WE, Status.FAILED, "Too many referrers."),
        (BlobCorrupt("the bytes are gone"), WE, Status.FAILED, "The bytes are gone."),
    ],
)
def test_what_cannot_be_mended_by_waiting_ends_a_copy(
    error: EntrepotError, place: Place, status: Status, said: str
) -> None:
    ending = ending_of(error, place)

    assert (ending.status, ending.retries) == (status, False)
    assert said in ending.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RemoteUnreachable("away"), "north-1 does not answer as it should: Away."),
        (StorageUnreachable("away"), "Away."),
        (DatabaseUnreachable("away"), "Away."),
        (RepositoryUnknown("gone", name="acme/app"), "The repository got another name meanwhile."),
    ],
)
def test_what_is_away_is_tried_again(error: EntrepotError, said: str) -> None:
    assert ending_of(error, WE) == Ending(Status.FAILED, said, retries=True)


def test_a_region_may_say_when_to_come_again() -> None:
    assert ending_of(RemoteUnreachable("busy", retry_after=120.0), WE).asked_for == 120.0


def test_a_certificate_that_is_not_trusted_is_told_with_the_command_that_says_whose_it_is() -> None:
    error = RemoteUnreachable("not trusted")
    error.__cause__ = ssl.SSLCertVerificationError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")

    assert "entrepot region update north-1 --authority FILE" in ending_of(error, WE).error


@pytest.mark.parametrize(
    "sentence",
    ["", "It is away.", worded("{a} is {b}", a="x", b=worded("no {c}", c="y")), as_said("as it was said")],
)
def test_a_sentence_is_kept_with_what_it_is_made_of(sentence: str) -> None:
    again = kept(keep(sentence))

    assert again == sentence
    assert getattr(again, "template", None) == getattr(sentence, "template", None)


def test_what_a_region_says_at_length_is_cut() -> None:
    assert len(kept(keep(worded("{region} says {said}", region="north-1", said="x" * 9_000)))) < 2_100
