"""Files that pages need: how long browsers keep them, and how much comes over the line when there are none yet."""

import re

from tests.doors.console.conftest import As
from tests.doors.console.test_walk import pages_of
from tests.make.rooms import Rooms

FIRST_LOAD_BYTES_MAX = 100_000


async def test_what_a_page_needs_is_named_by_its_content_and_kept_for_ever(furnished: Rooms, as_user: As) -> None:
    nobody = await as_user("")
    paths = set(re.findall(r'"(/console/static/[^"]+)"', (await nobody.get("/console/login")).text))
    assert {path.rpartition("/")[2] for path in paths} >= {"console.css", "console.js", "icon.svg"}
    for path in paths:
        answer = await nobody.get(path, headers={"accept-encoding": "gzip"})
        assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        plain = await nobody.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content
        digest = path.split("/")[3]
        assert (await nobody.get(path.replace(digest, "0" * len(digest)))).status_code == 404


async def test_no_page_sends_much_to_who_comes_for_the_first_time(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    sizes: dict[str, int] = {}
    for page, path in pages_of("GET"):
        answer = await admin.get(path, params={"tag": "1.0"})
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        sent = len(answer.content)
        for file in set(re.findall(r'"(/console/static/[^"]+)"', answer.text)):
            sent += int((await admin.get(file, headers={"accept-encoding": "gzip"})).headers["content-length"])
        sizes[page.name] = sent
    assert len(sizes) > 80
    assert {name: sent for name, sent in sizes.items() if sent > FIRST_LOAD_BYTES_MAX} == {}
