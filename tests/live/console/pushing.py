"""Images for pages to show, pushed by the registry's protocol."""

from tests.live.api import Api
from tests.make.image import Image

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
"""What no page may take for its own."""


def push(api: Api, repository: str, reference: str | None = None, image: Image | None = None) -> Image:
    """An image with its blobs, under a tag or, without one, its digest."""
    image = image or Image.make()
    for blob in image.blobs:
        answer = api.client.post(
            f"/v2/{repository}/blobs/uploads/",
            params={"digest": str(blob.digest)},
            content=blob.content,
            headers={"content-type": "application/octet-stream"},
        )
        assert answer.status_code == 201, answer.text
    answer = api.client.put(
        f"/v2/{repository}/manifests/{reference or image.digest}",
        content=image.body,
        headers={"content-type": image.media_type},
    )
    assert answer.status_code == 201, answer.text
    return image
