"""Challenges and tokens: what opens a request, and what a token may not do."""

import base64
import json
from urllib.parse import quote, urlencode

from entrepot.access.levels import Level
from entrepot.accounts.users import set_enabled, set_password
from entrepot.registry.members import remove_members
from entrepot.values.names import RepositoryName, UserName
from tests.make.cast import Cast
from tests.make.image import Blob
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import Answer, Wire, basic, bearer

REALM = 'Bearer realm="http://registry.example/auth/token",service="entrepot"'


async def token_of(wire: Wire, *scopes: str, **more: str) -> str:
    query = urlencode([("scope", scope) for scope in scopes] + list(more.items()))
    answer = await wire("GET", f"/auth/token?{query}")
    assert answer.status == 200
    return str(answer.json()["token"])


def scope_in(answer: Answer) -> str:
    return (answer.header("www-authenticate") or "").partition('scope="')[2].partition('"')[0]


async def test_a_challenge_says_where_to_get_a_token_and_for_what(nobody: Wire, cast: Cast) -> None:
    digest = cast.image.digest
    for method, path, scope in (
        ("GET", "/v2/", ""),
        ("HEAD", "/v2/", ""),
        ("GET", "/v2/_catalog", "registry:catalog:*"),
        ("GET", "/v2/acme/app/tags/list", "repository:acme/app:pull"),
        ("GET", "/v2/acme/app/manifests/v1", "repository:acme/app:pull"),
        ("HEAD", "/v2/acme/app/manifests/v1", "repository:acme/app:pull"),
        ("GET", f"/v2/acme/app/blobs/{digest}", "repository:acme/app:pull"),
        # Who looks for a blob is about to push it, and some clients keep the first token they get.
        ("HEAD", f"/v2/acme/app/blobs/{digest}", "repository:acme/app:pull,push"),
        ("GET", f"/v2/acme/app/referrers/{digest}", "repository:acme/app:pull"),
        ("POST", "/v2/acme/app/blobs/uploads/", "repository:acme/app:pull,push"),
        (
            "POST",
            f"/v2/acme/app/blobs/uploads/?mount={digest}&from=acme/other",
            "repository:acme/app:pull,push repository:acme/other:pull",
        ),
        (
            "POST",
            f"/v2/acme/app/blobs/uploads/?mount={digest}",
            "repository:acme/app:pull,push registry:blobs:*",
        ),
        ("GET", "/v2/acme/app/blobs/uploads/x", "repository:acme/app:pull,push"),
        ("DELETE", "/v2/acme/app/blobs/uploads/x", "repository:acme/app:pull,push"),
        ("DELETE", "/v2/acme/app/manifests/v1", "repository:acme/app:delete"),
        ("DELETE", f"/v2/acme/app/blobs/{digest}", "repository:acme/app:delete"),
    ):
        answer = await nobody(method, path)

        assert (method, path, answer.status) == (method, path, 401)
        assert answer.header("www-authenticate") == REALM + (f',scope="{scope}"' if scope else "")
        if method != "HEAD":
            assert answer.codes == ["UNAUTHORIZED"]


async def test_nothing_a_client_sends_breaks_out_of_a_challenge(nobody: Wire, cast: Cast) -> None:
    for name in ('acme/x",realm="http://evil', "acme/x\\", "acme/x\r\nX-Evil: 1", "acme/ü", "acme/x\0"):
        for target in (
            f"/v2/{quote(name)}/tags/list",
            f"/v2/acme/app/blobs/uploads/?mount={cast.image.digest}&from={quote(name)}",
        ):
            answer = await nobody("GET" if "tags" in target else "POST", target)

            assert answer.status in (400, 401, 404)
            challenge = answer.header("www-authenticate") or REALM
            assert challenge.startswith(REALM)
            assert challenge.count("realm=") == 1


async def test_every_broken_authorization_is_refused_with_a_challenge(nobody: Wire, cast: Cast) -> None:
    for header in (
        "",
        "Basic",
        "Basic ???",
        "Basic YWRtaW4=",  # no colon
        "Basic /w==",  # not UTF-8
        "Basic YWRtaW46d3Jvbmc=",
        "Basic AGE6Yg==",  # a name with a NUL
        "Digest x",
        "Bearer",
        "Bearer x",
        "Bearer x.y.z",
        "Bearer \xff",
        "Bearer ImFsZyI.e30.c2ln",  # its header is the text "alg"
        "Bearer WyJhbGciXQ.e30.c2ln",  # its header is the list ["alg"]
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer " + "x" * 30_000,
    ):
        for path in ("/v2/", "/v2/acme/app/manifests/v1", "/v2/acme/open/manifests/v1"):
            answer = await nobody("GET", path, headers={"Authorization": header})

            assert (header, path, answer.status) == (header, path, 401)
            assert 'error="invalid_token"' in (answer.header("www-authenticate") or "")


async def test_a_token_opens_what_its_scope_says_and_nothing_else(nobody: Wire, admin: Wire, cast: Cast) -> None:
    pulling = nobody.as_(bearer(await token_of(admin, "repository:acme/app:pull")))

    assert (await pulling("GET", "/v2/")).status == 200
    for _ in range(2):  # the second time, the header is remembered
        assert (await pulling("GET", "/v2/acme/app/manifests/v1")).status == 200
        assert (await pulling("GET", f"/v2/acme/app/blobs/{cast.image.blobs[0].digest}")).status == 200
        for method, path in (
            ("GET", "/v2/acme/open/manifests/v1"),
            ("GET", f"/v2/acme/open/blobs/{cast.open_image.blobs[0].digest}"),
            ("GET", "/v2/_catalog"),
            ("PUT", "/v2/acme/app/manifests/v1"),
            ("POST", "/v2/acme/app/blobs/uploads/"),
            ("DELETE", "/v2/acme/app/manifests/v1"),
        ):
            answer = await pulling(method, path, cast.image.body if method == "PUT" else b"")
            assert (method, path, answer.status) == (method, path, 401)
            assert 'error="insufficient_scope"' in (answer.header("www-authenticate") or "")


async def test_the_scope_in_a_challenge_is_the_one_that_helps(nobody: Wire, admin: Wire, cast: Cast) -> None:
    blob = Blob(b"something")
    requests = (
        ("GET", "/v2/_catalog", b"", 200),
        ("GET", "/v2/acme/app/tags/list", b"", 200),
        ("POST", f"/v2/acme/app/blobs/uploads/?digest={blob.digest}", blob.content, 201),
        ("PUT", "/v2/acme/app/manifests/v2", cast.image.body, 201),
        ("POST", f"/v2/acme/open/blobs/uploads/?mount={blob.digest}&from=acme/app", b"", 201),
        ("POST", f"/v2/acme/open/blobs/uploads/?mount={cast.image.blobs[1].digest}", b"", 201),
        ("DELETE", f"/v2/acme/app/blobs/{blob.digest}", b"", 202),
        ("DELETE", "/v2/acme/app/manifests/v2", b"", 202),
    )
    for method, target, body, status in requests:
        challenged = await nobody(method, target, body)
        assert challenged.status == 401

        token = await token_of(admin, *scope_in(challenged).split())

        answer = await nobody.as_(bearer(token))(method, target, body)
        assert (method, target, answer.status) == (method, target, status)


async def test_a_token_without_the_scope_of_the_source_mounts_nothing(nobody: Wire, admin: Wire, cast: Cast) -> None:
    """A token allows less than its account: otherwise it could read every blob whose digest is known."""
    secret = cast.image.blobs[1]
    narrow = nobody.as_(bearer(await token_of(admin, "repository:acme/open:pull,push")))
    here = "repository:acme/open:pull,push"

    for query, scope in (
        (f"mount={secret.digest}&from=acme/app", f"{here} repository:acme/app:pull"),
        (f"mount={secret.digest}", f"{here} registry:blobs:*"),
    ):
        answer = await narrow("POST", f"/v2/acme/open/blobs/uploads/?{query}")
        assert (answer.status, scope_in(answer)) == (401, scope)

    pushed = await narrow("PUT", "/v2/acme/open/manifests/stolen", cast.image.body)
    assert (pushed.status, pushed.codes) == (404, ["MANIFEST_BLOB_UNKNOWN"])
    assert (await narrow("GET", f"/v2/acme/open/blobs/{secret.digest}")).status == 404


async def test_a_mount_from_what_the_account_may_not_read_opens_an_upload(
    nobody: Wire, rooms: Rooms, cast: Cast
) -> None:
    """Also with every scope a token can have: nobody learns what others hold."""
    await rooms.organization("theirs", by=cast["stranger"])
    stranger, secret = nobody.as_(basic("stranger", PASSWORD)), cast.image.blobs[1].digest
    scopes = ("repository:theirs/x:pull,push", "repository:acme/app:pull", "registry:blobs:*")
    token = nobody.as_(bearer(await token_of(stranger, *scopes)))

    for wire in (stranger, token):
        for query in (f"mount={secret}&from=acme/app", f"mount={secret}", f"mount={secret}&from=no/such"):
            answer = await wire("POST", f"/v2/theirs/x/blobs/uploads/?{query}")
            assert (query, answer.status) == (query, 202)
        assert (await wire("GET", f"/v2/theirs/x/blobs/{secret}")).status == 404


async def test_a_token_cannot_be_exchanged_for_more(nobody: Wire, admin: Wire, cast: Cast) -> None:
    narrow = nobody.as_(bearer(await token_of(admin, "repository:acme/open:pull")))

    for query in ("scope=repository:acme/app:pull,push,delete", "offline_token=true", ""):
        answer = await narrow("GET", f"/auth/token?{query}")
        assert answer.status == 401


async def test_asking_for_too_much_gives_a_token_for_less(nobody: Wire, cast: Cast) -> None:
    everything = "repository:acme/app:pull,push,delete"
    for who, allowed in (("stranger", []), ("reader", ["GET"]), ("editor", ["GET", "PUT"])):
        wire = nobody.as_(bearer(await token_of(nobody.as_(basic(who, PASSWORD)), everything)))
        for method, good in (("GET", 200), ("PUT", 201), ("DELETE", 202)):
            answer = await wire(method, "/v2/acme/app/manifests/v1", cast.image.body if method == "PUT" else b"")
            assert (who, method, answer.status == good) == (who, method, method in allowed)


async def test_a_token_got_by_looking_for_a_blob_pushes_it(nobody: Wire, cast: Cast) -> None:
    blob = Blob(b"something")
    target = f"/v2/acme/app/blobs/{blob.digest}"
    scope = scope_in(await nobody("HEAD", target))
    for who, looked, pushed in (("reader", 404, 403), ("editor", 404, 201)):
        wire = nobody.as_(bearer(await token_of(nobody.as_(basic(who, PASSWORD)), scope)))

        assert (await wire("HEAD", target)).status == looked
        answer = await wire("POST", f"/v2/acme/app/blobs/uploads/?digest={blob.digest}", blob.content)
        assert (who, answer.status) == (who, pushed)


async def test_a_good_token_that_may_not_is_not_called_invalid(nobody: Wire, admin: Wire, cast: Cast) -> None:
    """RFC 6750 §3.1: who hears `invalid_token` signs in again and again."""
    of_nobody = bearer(await token_of(nobody, "repository:acme/app:pull,push", "repository:acme/open:pull,push"))
    empty = bearer(await token_of(admin))
    body = cast.image.body
    for headers in (of_nobody, empty):
        for method, path in (
            ("GET", "/v2/acme/app/manifests/v1"),
            ("HEAD", f"/v2/acme/app/blobs/{cast.image.blobs[0].digest}"),
            ("GET", "/v2/acme/app/tags/list"),
            ("POST", "/v2/acme/open/blobs/uploads/"),
            ("PUT", "/v2/acme/open/manifests/v1"),
            ("DELETE", "/v2/acme/open/manifests/v1"),
        ):
            answer = await nobody.as_(headers)(method, path, body if method == "PUT" else b"")
            assert (method, path, answer.status) == (method, path, 401)
            assert (answer.header("www-authenticate") or "").endswith(',error="insufficient_scope"')


async def test_nobody_with_a_token_cannot_tell_what_is_private_from_what_is_not_there(nobody: Wire, cast: Cast) -> None:
    digest, names = cast.image.digest, ("acme/app", "acme/none", "nowhere/none")
    token = bearer(await token_of(nobody, *(f"repository:{name}:pull,push,delete" for name in names)))
    for headers in ({}, token):
        for method, rest in (
            ("GET", "manifests/v1"),
            ("HEAD", f"manifests/{digest}"),
            ("GET", f"blobs/{cast.image.blobs[0].digest}"),
            ("GET", "tags/list"),
            ("GET", f"referrers/{digest}"),
            ("POST", "blobs/uploads/"),
            ("DELETE", "manifests/v1"),
        ):
            answers = [await nobody.as_(headers)(method, f"/v2/{name}/{rest}") for name in names]
            seen = {str(a.without_ids).replace(name, "NAME") for name, a in zip(names, answers, strict=True)}
            assert (method, rest, len(seen), answers[0].status) == (method, rest, 1, 401)


async def test_a_token_of_nobody_reads_what_is_public(nobody: Wire, cast: Cast) -> None:
    wire = nobody.as_(bearer(await token_of(nobody, "repository:acme/open:pull", "repository:acme/app:pull")))

    assert (await wire("GET", "/v2/acme/open/manifests/v1")).status == 200
    assert (await wire("GET", "/v2/acme/app/manifests/v1")).status == 401


async def test_a_remembered_login_ends_with_its_password(nobody: Wire, rooms: Rooms, cast: Cast) -> None:
    reader = nobody.as_(basic("reader", PASSWORD))
    token = nobody.as_(bearer(await token_of(reader, "repository:acme/app:pull")))
    targets = (
        "/v2/acme/app/manifests/v1",
        f"/v2/acme/app/blobs/{cast.image.blobs[0].digest}",
        "/v2/acme/app/tags/list",
    )
    for _ in range(2):
        for wire in (reader, token):
            assert [(await wire("GET", target)).status for target in targets] == [200] * 3

    await set_password(rooms.accounts, rooms.admin, UserName("reader"), "another long password")

    for wire in (reader, token):
        assert [(await wire("GET", target)).status for target in targets] == [401] * 3
    assert (await nobody.as_(basic("reader", "another long password"))("GET", targets[0])).status == 200


async def test_a_remembered_login_ends_when_its_user_is_disabled(nobody: Wire, rooms: Rooms, cast: Cast) -> None:
    reader = nobody.as_(basic("reader", PASSWORD))
    token = nobody.as_(bearer(await token_of(reader, "repository:acme/app:pull", "repository:acme/open:pull")))
    targets = ("/v2/acme/app/manifests/v1", "/v2/acme/open/manifests/v1")
    for wire in (reader, token):
        assert [(await wire("GET", target)).status for target in targets] == [200] * 2

    await set_enabled(rooms.accounts, rooms.admin, UserName("reader"), False)

    for wire in (reader, token):
        assert [(await wire("GET", target)).status for target in targets] == [401] * 2
    await set_enabled(rooms.accounts, rooms.admin, UserName("reader"), True)
    assert [(await reader("GET", target)).status for target in targets] == [200] * 2
    assert [(await token("GET", target)).status for target in targets] == [401] * 2


async def test_a_remembered_login_ends_with_its_grant(nobody: Wire, rooms: Rooms, cast: Cast) -> None:
    reader = nobody.as_(basic("reader", PASSWORD))
    assert (await reader("GET", "/v2/acme/app/manifests/v1")).status == 200

    await remove_members(rooms.registry, rooms.admin, RepositoryName("acme/app"), [cast["reader"].id])

    assert (await reader("GET", "/v2/acme/app/manifests/v1")).status == 404


async def test_an_expired_token_ends_also_where_it_is_remembered(nobody: Wire, admin: Wire, cast: Cast) -> None:
    wire = nobody.as_(bearer(await token_of(admin, "repository:acme/app:pull")))
    assert (await wire("GET", "/v2/acme/app/manifests/v1")).status == 200

    cast.rooms.clock.advance(seconds=299)
    assert (await wire("GET", "/v2/acme/app/manifests/v1")).status == 200

    cast.rooms.clock.advance(seconds=1)
    answer = await wire("GET", "/v2/acme/app/manifests/v1")
    assert answer.status == 401
    assert 'error="invalid_token"' in (answer.header("www-authenticate") or "")


async def post(wire: Wire, **form: str) -> Answer:
    return await wire("POST", "/auth/token", urlencode(form).encode())


async def test_the_oauth2_forms(nobody: Wire, rooms: Rooms, cast: Cast) -> None:
    scope = "repository:acme/app:pull repository:acme/open:pull"
    login = {"grant_type": "password", "username": "reader", "password": PASSWORD, "scope": scope}

    first = await post(nobody, **login, access_type="offline")
    assert first.status == 200
    assert first.header("cache-control") == "no-store"
    assert first.json()["expires_in"] == 300
    assert "refresh_token" not in (await post(nobody, **login)).json()

    again = await post(nobody, grant_type="refresh_token", refresh_token=first.json()["refresh_token"], scope=scope)
    assert again.status == 200
    for answer in (first, again):
        wire = nobody.as_(bearer(answer.json()["access_token"]))
        assert (await wire("GET", "/v2/acme/app/manifests/v1")).status == 200

    await set_password(rooms.accounts, rooms.admin, UserName("reader"), "another long password")
    ended = await post(nobody, grant_type="refresh_token", refresh_token=first.json()["refresh_token"])
    assert (ended.status, ended.codes) == (401, ["UNAUTHORIZED"])


async def test_forms_and_scopes_that_make_no_sense_are_refused(nobody: Wire, cast: Cast) -> None:
    for form in (
        {},
        {"grant_type": "magic"},
        {"grant_type": "password", "username": "admin", "password": "wrong"},
        {"grant_type": "password", "username": "a\0b", "password": "wrong"},
        {"grant_type": "refresh_token", "refresh_token": "\0"},
        {"grant_type": "password", "username": "admin", "password": PASSWORD, "scope": "nonsense"},
    ):
        assert (form, (await post(nobody, **form)).status) in ((form, 400), (form, 401))
    for scope in ("x", "repository:a", "repository:a b:pull", 'repository:"x":pull', "repository:a/b:PULL", ":::"):
        answer = await nobody("GET", f"/auth/token?scope={quote(scope)}")
        assert (scope, answer.status) == (scope, 400)
    assert (await nobody("GET", "/auth/token?scope=repository:a%00b/c:pull")).status in (200, 400)
    assert (await nobody("POST", "/auth/token", b"\xff\xfe")).status == 400
    assert (await nobody("POST", "/auth/token", b"x" * 100_000)).status == 413
    answer = await nobody("DELETE", "/auth/token")
    assert (answer.status, answer.header("allow")) == (405, "GET, POST")


async def test_a_new_grant_reaches_a_token_that_asked_for_it(nobody: Wire, rooms: Rooms, cast: Cast) -> None:
    """The token says what it may do at most; what that is worth, the database says at each request."""
    token = await token_of(nobody.as_(basic("reader", PASSWORD)), "repository:acme/app:pull")
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert payload["access"] == [{"type": "repository", "name": "acme/app", "actions": ["pull"]}]

    await rooms.grant("acme", "reader", Level.MANAGE)

    wire = nobody.as_(bearer(token))
    assert (await wire("GET", "/v2/acme/app/manifests/v1")).status == 200
    assert (await wire("DELETE", "/v2/acme/app/manifests/v1")).status == 401
