"""Versions of an image: its tags with what people want to know of each. The contract has no call for it."""

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.last_pulls import LastPullRow, last_pull_row
from entrepot.doors.manage.tags import TheWantedTags
from entrepot.plumbing.clock import rfc3339
from entrepot.registry.versions import list_versions
from entrepot.values.kinds import Kind


class VersionRow(BaseModel):
    """`size`: bytes of the image, of an index with those of its images. `platforms`: as far as they are known.

    `last_pulled` is a day, and absent when there was no pull for as long as days are kept; `last_pull` is for who may
    edit the image. `pushed_by` is empty for people of other domains. `belonging`: kinds of what refers to it; whether
    a signature is good is not looked at.
    `immutable_by`: the number of the rule that keeps the tag where it is, if one does.
    """

    tag: str
    digest: str
    kind: Kind
    size: int
    platforms: list[str]
    updated: str
    pushed_by: str
    last_pulled: str | None = None
    last_pull: LastPullRow | None = None
    belonging: list[Kind]
    immutable_by: int | None = None


class Versions(BaseModel):
    versions: list[VersionRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_image_versions(call: TheCall, repository: TheRepository, wanted: TheWantedTags) -> Versions:
    """Tags with platforms, who pushed them, the last pull, and what belongs to them; those after `marker`."""
    found, following = await list_versions(call.registry, call.actor, repository, wanted)
    rows = [
        VersionRow(
            tag=one.tagged.name,
            digest=one.tagged.digest,
            kind=one.kind,
            size=one.size,
            platforms=list(one.platforms),
            updated=rfc3339(one.tagged.updated_at),
            pushed_by=one.pushed_by,
            last_pulled=one.last_pulled.isoformat() if one.last_pulled else None,
            last_pull=last_pull_row(one.last_pull),
            belonging=sorted(one.belonging),
            immutable_by=one.kept_by.id if one.kept_by else None,
        )
        for one in found
    ]
    return Versions(versions=rows, nextMarker=following)
