"""Signing in with the state's identity provider: OpenID Connect, authorization code with PKCE.

A provider's answer only names an identity, (iss, sub); whether that opens anything is the link
table's and the decision's matter. Sources: OpenID Connect Core 3.1, Discovery 4.3, RFC 7636,
RFC 9207 (the `iss` of the answer, which Authlib does not check).
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ipats_lib.errors import AccessError
from ipats_lib.inputs import read_json, spelled

# Signatures with the provider's private key only: never none, never a shared secret.
ALGORITHMS = ["RS256", "PS256", "ES256"]
CLOCK, PATIENCE = 60, 10.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")  # Discovery 3
SECRET = "IPATS_OIDC_SECRET"  # noqa: S105  # the variable's name


class SignInError(AccessError):
    """A provider's answer is not one to sign in with; `reason` is for the audit log."""

    def __init__(self, reason: str) -> None:
        super().__init__("The identity provider's answer could not be accepted. Sign in again.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider and this site agreed on. redirect: the full address of /oidc/callback."""

    issuer: str
    id: str
    redirect: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way: its state, nonce and PKCE verifier, all random, all used once."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))


def read_client(path: Path) -> Client:
    """A JSON file with issuer, id and redirect; the secret comes from $IPATS_OIDC_SECRET."""
    malformed = f"{spelled(path)}: expected a JSON object with issuer, id and redirect."
    facts = read_json(path, AccessError, malformed, named=spelled(path))
    try:
        client = Client(facts["issuer"], facts["id"], facts["redirect"], os.environ.get(SECRET, ""))
        if not all(isinstance(text, str) for text in (client.issuer, client.id, client.redirect)):
            raise TypeError
    except (KeyError, TypeError):
        raise AccessError(malformed) from None
    for address in (client.issuer, client.redirect):
        if not address.startswith(("https://", "http://127.0.0.1:")):
            raise AccessError(f"{path}: issuer and redirect must begin with https://.")
    return client


@dataclass(slots=True)
class Provider:
    """The provider as its own discovery document describes it; keys are asked for again when a
    token is signed with one that is not known."""

    client: Client
    _facts: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None

    async def address(self, attempt: Attempt) -> str:
        """Where to send the browser."""
        facts = await self._discovered()
        async with self._session() as session:
            address, _ = session.create_authorization_url(
                facts["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    async def identity(self, attempt: Attempt, answer: dict[str, str]) -> tuple[str, str]:
        """(iss, sub) of whoever signed in; SignInError for any answer that is not sound."""
        facts = await self._discovered()
        self._check_answer(facts, attempt, answer)
        try:
            async with self._session() as session:
                token = await session.fetch_token(
                    facts["token_endpoint"], code=answer["code"], code_verifier=attempt.verifier
                )
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            raise SignInError("code_refused") from error
        if not isinstance(token.get("id_token"), str):
            raise SignInError("no_id_token")
        claims = await self._claims(token["id_token"])
        self._check_claims(claims, attempt, token)
        return str(claims.claims["iss"]), str(claims.claims["sub"])

    def _check_answer(
        self, facts: dict[str, Any], attempt: Attempt, answer: dict[str, str]
    ) -> None:
        if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise SignInError("state")
        names_issuer = facts.get("authorization_response_iss_parameter_supported", False)
        if answer.get("iss", None if names_issuer else self.client.issuer) != self.client.issuer:
            raise SignInError("answer_of_another_issuer")
        if "error" in answer or not answer.get("code"):
            raise SignInError("refused_by_provider")

    async def _claims(self, token: str) -> jwt.Token:
        for again in (False, True):
            try:
                return jwt.decode(token, await self._known_keys(again), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                if again:
                    raise SignInError("signature") from error
        raise AssertionError("the loop returns or raises")

    def _check_claims(self, found: jwt.Token, attempt: Attempt, token: dict[str, Any]) -> None:
        options = {
            "iss": {"essential": True, "value": self.client.issuer},
            "aud": {"essential": True, "value": self.client.id},
            "sub": {"essential": True},
        }
        asked = {"nonce": attempt.nonce, "client_id": self.client.id}
        if "access_token" in token:
            asked["access_token"] = token["access_token"]
        try:
            CodeIDToken(found.claims, found.header, options, asked).validate(leeway=CLOCK)
        except JoseError as error:
            raise SignInError(f"claim_{getattr(error, 'claim', None) or error.error}") from error
        if found.claims.get("nonce") != attempt.nonce or not isinstance(found.claims["sub"], str):
            raise SignInError("claim_nonce")

    async def _discovered(self) -> dict[str, Any]:
        if not self._facts:
            facts = await _fetched(f"{self.client.issuer}/.well-known/openid-configuration")
            if facts.get("issuer") != self.client.issuer:
                raise SignInError("discovery_of_another_issuer")
            if not all(isinstance(facts.get(name), str) for name in _ENDPOINTS):
                raise SignInError("discovery_incomplete")
            self._facts = facts
        return self._facts

    async def _known_keys(self, again: bool) -> KeySet:
        if self._keys is None or again:
            self._keys = KeySet.import_key_set(await _fetched(self._facts["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _session(self) -> Any:
        return AsyncOAuth2Client(
            self.client.id,
            self.client.secret,
            scope="openid",
            redirect_uri=self.client.redirect,
            code_challenge_method="S256",
            timeout=PATIENCE,
        )


async def _fetched(address: str) -> dict[str, Any]:
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE) as session:
            answer = await session.get(address)
            answer.raise_for_status()
            facts = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise SignInError("provider_away") from error
    if not isinstance(facts, dict):
        raise SignInError("provider_away")
    return facts
