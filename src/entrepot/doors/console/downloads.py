"""A version as a file, for `docker load` and others who read archives."""

from typing import Final

from starlette.responses import Response

from entrepot.archives.image import Form
from entrepot.doors.console.versions import reference_in
from entrepot.doors.console.visit import Visit
from entrepot.doors.http.streaming import SentFile
from entrepot.registry import inspect
from entrepot.registry.download import plan_download, read_download
from entrepot.values.errors import ParameterInvalid
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.platform import Platform
from entrepot.values.reference import Reference

_FORMS: Final = {"docker": Form.DOCKER, "oci": Form.OCI}


async def download_version(visit: Visit) -> Response:
    """The tar file, made while it is sent: by default as docker loads it, and what is no image as an OCI layout."""
    reference, platform = reference_in(visit), visit.query("platform")
    form = await _form(visit, reference)
    found = await plan_download(
        visit.rooms.registry,
        visit.actor,
        visit.repository,
        reference,
        form,
        Platform.parse(platform) if platform else None,
        visit.host,
    )
    return SentFile(read_download(visit.rooms.registry, found), found.size, found.file_name)


async def _form(visit: Visit, reference: Reference) -> Form:
    """Raises ParameterInvalid."""
    wanted = visit.query("format")
    if not wanted:
        manifest = await inspect.show_version(visit.rooms.registry, visit.actor, visit.repository, reference)
        is_image = kind_of(manifest.media_type, manifest.artifact_type) in (Kind.IMAGE, Kind.INDEX)
        return Form.DOCKER if is_image else Form.OCI
    if wanted not in _FORMS:
        raise ParameterInvalid("The format is docker or oci.", field="format")
    return _FORMS[wanted]
