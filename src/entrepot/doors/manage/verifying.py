"""Verification: whether what was acknowledged is still there. For operators; the contract has no calls for it."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.upkeep import verification
from entrepot.upkeep.findings import Kind
from entrepot.upkeep.verify import Phase

TheVerification = Annotated[Word, Path(description="A verification's id.")]


class StartVerification(Body):
    """`deep`: read all bytes again, too, which takes hours to days."""

    deep: Flag = False


class WrongBlobs(BaseModel):
    """Blobs that are not as they were acknowledged; exact up to 100,000 in all.

    `unlinked`: named by a manifest whose repository lacks them.
    """

    missing_blobs: int
    corrupt_blobs: int
    wrong_size_blobs: int
    unlinked_blobs: int


class VerificationShown(WrongBlobs):
    """What is wrong is told as it was when the run ended. `by`: who asked; `system` when it was due.

    `share_read`: of a deep one, from 0 to 1. `error`: why it was broken off. What has not come is absent.
    """

    id: str
    deep: bool
    by: str
    asked_at: str
    started_at: str | None = None
    ended_at: str | None = None
    phase: Phase
    error: str | None = None
    share_read: float | None = None
    manifests_checked: int
    blobs_checked: int
    blobs_read: int
    bytes_read: int


class Verifications(BaseModel):
    verifications: list[VerificationShown]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class VerificationStanding(WrongBlobs):
    """What is wrong now; and what runs, or waits to."""

    running: list[VerificationShown]


class FindingShown(BaseModel):
    """`size`: what the blob should have. `seen`: its digest, or size, as it was found.

    `aside_at`: when wrong bytes were moved aside. `repositories` that it touches, at most 20.
    """

    digest: str
    kind: Kind
    size: int | None = None
    seen: str
    found_at: str
    aside_at: str | None = None
    repositories: list[str]


class Findings(BaseModel):
    findings: list[FindingShown]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def show_verify(call: TheCall) -> VerificationStanding:
    """What is wrong with blobs now, and what verifications run."""
    found = await verification.show_standing(call.rooms.upkeep, call.actor)
    return VerificationStanding(**found.open_now, running=[_shown(one) for one in found.running])


async def list_verifications(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Verifications:
    """Verifications, the newest first; `nextMarker` is absent at the end."""
    found, after = await verification.list_verifications(
        call.rooms.upkeep, call.actor, marker or "", parse_limit(limit)
    )
    return Verifications(verifications=[_shown(one) for one in found], nextMarker=after or None)


async def start_verification(call: TheCall, body: StartVerification) -> VerificationShown:
    """Verify that everything acknowledged is still there. A worker does it; look at its `ended_at`."""
    return _shown(await verification.request_verification(call.rooms.upkeep, call.actor, body.deep))


async def show_verification(call: TheCall, verification_id: TheVerification) -> VerificationShown:
    """A verification: how far it is, and what was wrong at its end."""
    return _shown(await verification.show_verification(call.rooms.upkeep, call.actor, verification_id))


async def cancel_verification(call: TheCall, verification_id: TheVerification) -> VerificationShown:
    """Call a verification off that has not ended. What it found stays found; what it reads now, it stops reading."""
    return _shown(await verification.cancel_verification(call.rooms.upkeep, call.actor, verification_id))


async def list_findings(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Findings:
    """Blobs that are not as they were acknowledged, by digest; `nextMarker` is absent at the end."""
    found, after = await verification.list_findings(call.rooms.upkeep, call.actor, marker or "", parse_limit(limit))
    return Findings(
        findings=[
            FindingShown(
                digest=one.digest,
                kind=one.kind,
                size=one.size,
                seen=one.seen,
                found_at=rfc3339(one.found_at),
                aside_at=rfc3339_or_none(one.aside_at),
                repositories=list(one.repositories),
            )
            for one in found
        ],
        nextMarker=after or None,
    )


def _shown(one: verification.Verification) -> VerificationShown:
    return VerificationShown(
        id=one.id,
        deep=one.is_deep,
        by=one.by,
        asked_at=rfc3339(one.asked_at),
        started_at=rfc3339_or_none(one.started_at),
        ended_at=rfc3339_or_none(one.ended_at),
        phase=one.phase,
        error=one.error or None,
        share_read=one.share_read,
        **one.progress,
        **one.results,
    )
