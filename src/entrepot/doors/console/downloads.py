"""A version as a file, for `docker load` and others who read archives."""

from typing import Final

from starlette.responses import Response

from entrepot.archives.image import Form
from entrepot.doors.console.visit import Visit
from entrepot.doors.http.streaming import SentFile
from entrepot.registry.download import plan_download, read_download
from entrepot.values.errors import ParameterInvalid
from entrepot.values.platform import Platform
from entrepot.values.reference import parse_reference

_FORMS: Final = {"": Form.DOCKER, "docker": Form.DOCKER, "oci": Form.OCI}


async def download_version(visit: Visit) -> Response:
    """The tar file, made while it is sent."""
    form, platform = _FORMS.get(visit.query("format")), visit.query("platform")
    if form is None:
        raise ParameterInvalid("The format is docker or oci.", field="format")
    found = await plan_download(
        visit.rooms.registry,
        visit.actor,
        visit.repository,
        parse_reference(visit.names["version"]),
        form,
        Platform.parse(platform) if platform else None,
        visit.host,
    )
    return SentFile(read_download(visit.rooms.registry, found), found.size, found.file_name)
