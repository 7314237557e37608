"""A small OpenID Connect provider on this machine: a real server that signs, rotates its keys, and lies if told to."""

import base64
import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "registry", "s3cret of the client: ü&="
_KEYS = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}


@dataclass
class TheIssuer:
    """`person`: the claims of whoever signs in next. `lies`: what a path answers instead, as status and body."""

    __test__ = False

    url: str
    algorithm: str = "ES256"
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "1", "preferred_username": "ann"})
    lies: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    described: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    now: int = 1_767_225_600  # where the rooms' clock stands

    def rotate(self) -> None:
        """From now on another key signs, and the one before is no longer shown."""
        self.keys = {secrets.token_hex(4): _KEYS[self.algorithm]()}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token with these claims, beside those that every token has; None takes one away."""
        [(key_id, key)] = self.keys.items()
        said = {"iss": self.url, "iat": self.now, "exp": self.now + 600, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        registry = JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        return jwt.encode({"alg": self.algorithm, "kid": key_id, **header}, said, key, registry=registry)

    def key_set(self) -> dict[str, Any]:
        return {"keys": [{**key.as_dict(private=False), "kid": one} for one, key in self.keys.items()]}

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            **self.described,
        }

    def answer(self, target: str, form: str = "", authorization: str | None = None) -> tuple[int, Any]:
        """The status and body of an answer; of a redirect, its target."""
        parts = urlsplit(target)
        self.asked[parts.path] += 1
        if parts.path in self.lies:
            return self.lies[parts.path]
        fields = {name: values[0] for name, values in parse_qs(form or parts.query).items()}
        match parts.path:
            case "/.well-known/openid-configuration":
                return 200, self.description()
            case "/keys":
                return 200, self.key_set()
            case "/authorize":
                return 302, self.authorize(fields).encode()
            case "/token":
                return self.redeem(fields, authorization)
        return 404, {}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Where the browser goes back to: nobody is asked for a password here."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = dict(asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def redeem(self, form: Mapping[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """The token endpoint, as strict as a good one."""
        asked = self.codes.pop(form.get("code", ""), None)
        shown = form.get("client_secret")
        if authorization is not None:
            user, _, shown = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            shown = unquote_plus(shown) if unquote_plus(user) == CLIENT else None
        if shown != SECRET:
            return 401, {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode()
            or asked["redirect_uri"] != form["redirect_uri"]
            or form["grant_type"] != "authorization_code"
        ):
            return 400, {"error": "invalid_grant", "error_description": "The code is not good."}
        claims = {"aud": asked["client_id"], "nonce": asked["nonce"], **self.person}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def running_issuer(algorithm: str = "ES256") -> Iterator[TheIssuer]:
    """The provider, answering on a free port of 127.0.0.1 until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*issuer.answer(self.path))

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*issuer.answer(self.path, form, self.headers["Authorization"]))

        def _answer(self, status: int, body: Any) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", content.decode())
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = TheIssuer(f"http://127.0.0.1:{server.server_port}", algorithm)
        issuer.rotate()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
