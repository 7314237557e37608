"""What Enterprise calls have in common: whose project, which instance, which page."""

from typing import Annotated, Final

from fastapi import Depends, Path

from entrepot.accounts.projects import check_project
from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import Word
from entrepot.doors.manage.paging import Window, parse_window
from entrepot.values.digest import Digest
from entrepot.values.errors import InstanceUnknown, ParameterInvalid, quoted

INSTANCE_ID: Final = "entrepot"
"""The one instance there is."""

LIMIT_MAX: Final = 100
_LIMIT: Final = 10


async def _in_project(
    call: TheCall,
    project_id: Annotated[Word, Path(description="The id of your project, which is that of your domain.")],
) -> Call:
    check_project(call.actor, project_id)
    return call


async def _in_instance(call: TheCall, instance_id: Annotated[Word, Path(description=f"`{INSTANCE_ID}`.")]) -> Call:
    if instance_id != INSTANCE_ID:
        raise InstanceUnknown(f"There is no instance {quoted(instance_id)}; the one here is {INSTANCE_ID}.")
    return call


async def _in_both(call: Annotated[Call, Depends(_in_project)], _: Annotated[Call, Depends(_in_instance)]) -> Call:
    return call


async def _artifact(reference: Annotated[Word, Path(description="The digest of an artifact.")]) -> Digest:
    return Digest.parse(reference)


InProject = Annotated[Call, Depends(_in_project)]
InInstance = Annotated[Call, Depends(_in_both)]
InInstanceOnly = Annotated[Call, Depends(_in_instance)]
"""Of the calls that name no project."""
TheArtifact = Annotated[Digest, Depends(_artifact)]


def parse_page(limit: str | None, offset: str | None, default: int = _LIMIT) -> Window:
    """The page asked for: at most 100 rows, and `offset` a multiple of `limit`. Raises ParameterInvalid."""
    window = parse_window(limit, offset, default, LIMIT_MAX)
    if window.offset % window.limit:
        raise ParameterInvalid(f"offset is a multiple of limit, which is {window.limit}.", kind="page")
    return window
