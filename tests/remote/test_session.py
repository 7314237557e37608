"""A session meets no challenge but the registry's own, and believes no address that is none."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from entrepot.remote.session import Credentials, Remote
from entrepot.remote.settings import RemoteSettings
from entrepot.remote.watching import Kind
from entrepot.values.errors import RemoteRefused, RemoteUnreachable

ONCE = RemoteSettings(attempts_max=1)
Answers = dict[str, tuple[int, dict[str, str]]]


@contextmanager
def answering(address: str, answers: Answers) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server on an address of this machine; what it was asked, with the password that came along."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("authorization", "")))
            status, headers = answers.get(self.path.partition("?")[0], (404, {}))
            self.send_response(status)
            for name, text in {**headers, "content-length": "0"}.items():
                self.send_header(name, text)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer((address, 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://{address}:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


async def test_a_password_is_not_sent_where_somebody_else_than_the_registry_says() -> None:
    """A registry sends those who pull to where its bytes are; what stands there may ask for a password as well."""
    elsewhere: Answers = {}
    with answering("127.0.0.2", elsewhere) as (bucket, asked):
        elsewhere["/bytes"] = (401, {"www-authenticate": f'Bearer realm="{bucket}/token",service="x"'})
        with answering("127.0.0.1", {"/v2/x": (307, {"location": f"{bucket}/bytes"})}) as (url, told):
            async with Remote(url, Credentials("me", "secret"), ONCE) as remote:
                with pytest.raises(RemoteRefused):
                    await remote.request("GET", "/v2/x", ())
                with pytest.raises(RemoteRefused):
                    await remote.request("GET", f"{bucket}/bytes", ())

    assert asked == [("/bytes", ""), ("/bytes", "")]
    assert told == [("/v2/x", "")]


@pytest.mark.parametrize("address", ["http://[", "http://registry.example:port/", "http://[::1/x", "//[/"])
async def test_an_address_that_is_none_is_an_answer_of_no_registry(address: str) -> None:
    answers: Answers = {
        "/token": (401, {"www-authenticate": f'Bearer realm="{address}"'}),
        "/sent": (307, {"location": address}),
    }
    with answering("127.0.0.1", answers) as (url, _):
        async with Remote(url, Credentials("me", "secret"), ONCE) as remote:
            for path in ("/token", "/sent", address):
                with pytest.raises((RemoteRefused, RemoteUnreachable)):
                    await remote.request("GET", path, ())


async def test_requests_that_are_challenged_at_the_same_time_all_show_the_password() -> None:
    """Neither takes the password that the other has just begun to show for one that was refused."""
    both = threading.Barrier(2)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = "authorization" in self.headers
            if not is_known:
                both.wait(10)
            self.send_response(200 if is_known else 401)
            self.send_header("www-authenticate", 'Basic realm="x"')
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            async with Remote(f"http://127.0.0.1:{server.server_port}", Credentials("me", "secret"), ONCE) as remote:
                answers = await asyncio.gather(*(remote.request("GET", "/v2/x", ("scope",)) for _ in range(2)))
        finally:
            server.shutdown()
            thread.join()

    assert [answer.status for answer in answers] == [200, 200]


async def test_who_watches_is_told_of_what_the_registry_is_asked_and_not_of_where_it_sends_us() -> None:
    heard: list[tuple[Kind, int]] = []

    class Watching:
        async def before(self, kind: Kind) -> None:
            heard.append((kind, -1))

        def heard(self, kind: Kind, status: int, headers: Mapping[str, str]) -> None:
            assert "content-length" in headers or status == 0
            heard.append((kind, status))

    with answering("127.0.0.2", {"/bytes": (200, {})}) as (bucket, _):
        realm: Answers = {"/v2/x/blobs/1": (307, {"location": f"{bucket}/bytes"}), "/token": (404, {})}
        with answering("127.0.0.1", realm) as (url, _):
            realm["/v2/x/manifests/1"] = (401, {"www-authenticate": f'Bearer realm="{url}/token",service="x"'})
            async with Remote(url, None, ONCE, watch=Watching()) as remote:
                await remote.request("GET", "/v2/x/blobs/1", ())
                with pytest.raises(RemoteRefused):
                    await remote.request("GET", "/v2/x/manifests/1", ())
        async with Remote(url, None, ONCE, watch=Watching()) as gone:
            with pytest.raises(RemoteUnreachable):
                await gone.request("HEAD", "/v2/x/manifests/1", ())

    asked = [(Kind.BLOB, 307), (Kind.MANIFEST_GET, 401), (Kind.TOKEN, 404), (Kind.MANIFEST_HEAD, 0)]
    assert heard == [one for kind, status in asked for one in ((kind, -1), (kind, status))]


@pytest.mark.parametrize(("said", "is_patient", "waited"), [(10, False, [10]), (60, False, []), (60, True, [20])])
async def test_who_is_not_patient_does_not_wait_for_a_server_that_asks_for_longer(
    said: int, is_patient: bool, waited: list[float]
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    settings = RemoteSettings(attempts_max=2, is_patient=is_patient)
    with answering("127.0.0.1", {"/v2/x": (429, {"retry-after": str(said)})}) as (url, _):
        async with Remote(url, None, settings, sleep) as remote:
            with pytest.raises(RemoteUnreachable) as error:
                await remote.request("GET", "/v2/x", ())

    assert (slept, error.value.retry_after) == (waited, said)
