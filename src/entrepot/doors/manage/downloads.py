"""An image as a file, which the contract leaves to clients of the registry protocol."""

from typing import Annotated, Final, Literal

from fastapi import Query
from starlette.types import Receive, Scope, Send

from entrepot.archives.image import Form
from entrepot.doors.http.streaming import SentFile
from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.registry.download import plan_download, read_download
from entrepot.values.platform import Platform
from entrepot.values.reference import parse_reference

FORMS: Final = {"docker": Form.DOCKER, "oci": Form.OCI}


class Tar(SentFile):
    """The door takes `chunks` from the message and sends them."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "chunks": self.chunks})


async def download_image(
    call: TheCall,
    repository: TheRepository,
    reference: Annotated[Word, Query(description="A tag or a digest.")],
    format: Annotated[  # noqa: A002  # the parameter's name
        Literal["docker", "oci"], Query(description="What `docker load` reads, or an OCI image layout in a tar.")
    ] = "docker",
    platform: WordParameter = None,
) -> Tar:
    """An image as a tar file, made while it is sent; its length is told before. Counts as a pull.

    `platform` as `linux/arm64`. Without it an OCI archive has every platform there is, a Docker archive linux/amd64.
    """
    parsed = Platform.parse(platform) if platform else None
    found = await plan_download(
        call.registry, call.actor, repository, parse_reference(reference), FORMS[format], parsed, call.host
    )
    return Tar(read_download(call.registry, found), found.size, found.file_name)
