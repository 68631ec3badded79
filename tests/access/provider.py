"""An identity provider that lies on demand: its answers are sound but for what a test changes."""

import base64
import hashlib
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT = "ipats"


class LyingProvider:
    """What it answers; tests change its fields. `codes`: code -> (nonce, challenge)."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.reset()

    def reset(self) -> None:
        """Sound in everything."""
        self.keys = [RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)]
        self.published = self.keys[:]
        self.codes: dict[str, tuple[str, str]] = {}
        self.tells_issuer = False
        self.claims: dict[str, object] = {}
        self.dropped: tuple[str, ...] = ()
        self.header: dict[str, str] = {"alg": "RS256", "kid": "one"}
        self.key = self.keys[0]
        self.discovery: dict[str, object] = {}

    def facts(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": self.tells_issuer,
        } | self.discovery

    def token(self, code: str, verifier: str) -> dict[str, object]:
        nonce, challenge = self.codes.pop(code)
        digest = hashlib.sha256(verifier.encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "s-1", "aud": CLIENT, "nonce": nonce, "iat": now,
            "exp": now + 300,
        } | self.claims  # fmt: skip
        for name in self.dropped:
            del claims[name]
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims) -> str:
        if self.header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (self.header, claims))
            return (
                ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
                + "."
            )
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def rotate(self, publish: bool) -> None:
        """Sign with a new key, published or not."""
        self.key = RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)
        self.header = {"alg": "RS256", "kid": "two"}
        if publish:
            self.published = [*self.published, self.key]

    def sign_with_public_key(self) -> None:
        """The old trick: HMAC with the public key as the secret."""
        self.key = OctKey.import_key(
            base64.urlsafe_b64encode(self.keys[0].as_pem(private=False)).decode()
        )
        self.header = {"alg": "HS256", "kid": "one"}


@contextmanager
def lying_provider():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            pages = {
                "/.well-known/openid-configuration": lambda: provider.facts(),
                "/jwks": lambda: KeySet(provider.published).as_dict(private=False),
            }
            self.answer(pages[urlsplit(self.path).path]())

        def do_POST(self):
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            try:
                self.answer(provider.token(body["code"][0], body["code_verifier"][0]))
            except KeyError:
                self.answer({"error": "invalid_grant"}, 400)

        def answer(self, facts, status=200):
            data = json.dumps(facts).encode()
            self.send_response(status if "error" not in facts else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = LyingProvider(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
