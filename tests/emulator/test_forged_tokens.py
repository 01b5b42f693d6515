"""Tokens that no user pool issues, most of them signed with the pool's own key, so that nothing else is wrong with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulator.apigateway import gateway

from .stack import Json, Stack
from .test_gateway_tokens import SignedIn, signed_in

SCOPE = "aws.cognito.signin.user.admin"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NOW = int(time.time())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def written(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class Pool:
    """A user pool whose signing key is known, and a method that takes access tokens of it."""

    def __init__(self, stack: Stack) -> None:
        self.user: SignedIn = signed_in(stack, authorizationScopes=[SCOPE])
        head, claims, _ = self.user.tokens["AccessToken"].split(".")
        self.header, self.claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims))
        assert stack.folder is not None
        pem = (stack.folder / "cognito-pool-keys" / f"{self.user.pool}-access.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key

    def signed(self, header: Any, claims: Any, key: rsa.RSAPrivateKey | None = None, algorithm: Any = None) -> str:
        message = f"{encoded(written(header))}.{encoded(written(claims))}"
        signature = (key or self.key).sign(message.encode(), padding.PKCS1v15(), algorithm or hashes.SHA256())
        return f"{message}.{encoded(signature)}"

    def token(self, header: Json | None = None, **claims: Any) -> str:
        """Return a token with changes, signed as the pool does. `None` leaves a claim out."""
        changed = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return self.signed(self.header | (header or {}), changed)

    def status(self, token: str) -> int:
        return self.user.status(token)


@pytest.fixture(scope="module")
def pool(ours: Stack) -> Pool:
    return Pool(ours)


def with_raw(member: str, text: str) -> Callable[[Pool], str]:
    """Return what makes a token one of whose claims is a JSON text."""

    def make(pool: Pool) -> str:
        rest = json.dumps({name: value for name, value in pool.claims.items() if name != member})
        return pool.signed(pool.header, f'{rest[:-1]}, "{member}": {text}}}'.encode())

    return make


def respelt(change: Callable[[str], str], part: int = 2) -> Callable[[Pool], str]:
    """Return what changes how a part of a valid token is written."""

    def make(pool: Pool) -> str:
        parts = pool.token().split(".")
        parts[part] = change(parts[part])
        return ".".join(parts)

    return make


def spare_bits(text: str) -> str:
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) ^ 1]


def by_hmac(pool: Pool) -> str:
    """Sign with the public key as the secret of HS256, as a verifier that obeys `alg` would check it."""
    public = pool.key.public_key()
    secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    message = f"{encoded(written(pool.header | {'alg': 'HS256'}))}.{encoded(written(pool.claims))}"
    return f"{message}.{encoded(hmac.digest(secret, message.encode(), hashlib.sha256))}"


def by_own_key(pool: Pool, **header: Any) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256)), "e": "AQAB", "kid": "own", "alg": "RS256"}
    given = {name: jwk if value == "JWK" else value for name, value in header.items()}
    return pool.signed(pool.header | given, pool.claims, key)


NESTED = b'{"a":' * 3000 + b"1" + b"}" * 3000
FORGED: dict[str, Callable[[Pool], str]] = {
    "without exp": lambda pool: pool.token(exp=None),
    "exp null": with_raw("exp", "null"),
    "exp is text": lambda pool: pool.token(exp=str(NOW + 600)),
    "exp true": lambda pool: pool.token(exp=True),
    "exp in a list": lambda pool: pool.token(exp=[NOW + 600]),
    "exp Infinity": with_raw("exp", "Infinity"),
    "exp NaN": with_raw("exp", "NaN"),
    "exp 1e999": with_raw("exp", "1e999"),
    "exp 1e308": with_raw("exp", "1e308"),
    "exp of 400 digits": with_raw("exp", "9" * 400),
    "exp of 5,000 digits": with_raw("exp", "9" * 5000),
    "expired": lambda pool: pool.token(exp=NOW - 60),
    "nbf in the future": lambda pool: pool.token(nbf=NOW + 3600),
    "nbf of 400 digits": with_raw("nbf", "-" + "9" * 400),
    "nbf is text": lambda pool: pool.token(nbf="0"),
    "iat in the future": lambda pool: pool.token(iat=NOW + 3600),
    "iat of 400 digits": with_raw("iat", "9" * 400),
    "iat Infinity": with_raw("iat", "-Infinity"),
    "token_use id": lambda pool: pool.token(token_use="id"),
    "token_use refresh": lambda pool: pool.token(token_use="refresh"),
    "token_use in capitals": lambda pool: pool.token(token_use="ACCESS"),
    "token_use in a list": lambda pool: pool.token(token_use=["access"]),
    "without token_use": lambda pool: pool.token(token_use=None),
    "without scope": lambda pool: pool.token(scope=None),
    "another scope": lambda pool: pool.token(scope="openid"),
    "part of the scope": lambda pool: pool.token(scope=SCOPE[:-1]),
    "scope is a wildcard": lambda pool: pool.token(scope="*"),
    "another issuer": lambda pool: pool.token(iss=pool.claims["iss"] + "x"),
    "issuer by http": lambda pool: pool.token(iss=pool.claims["iss"].replace("https", "http")),
    "issuer in a list": lambda pool: pool.token(iss=[pool.claims["iss"]]),
    "issuer is an object": lambda pool: pool.token(iss={"a": 1}),
    "without issuer": lambda pool: pool.token(iss=None),
    "alg none": lambda pool: pool.token({"alg": "none"}),
    "alg none, unsigned": lambda pool: pool.token({"alg": "none"}).rpartition(".")[0] + ".",
    "alg nOnE": lambda pool: pool.token({"alg": "nOnE"}),
    "alg HS256 by the public key": by_hmac,
    "alg RS512": lambda pool: pool.signed(pool.header | {"alg": "RS512"}, pool.claims, algorithm=hashes.SHA512()),
    "alg rs256": lambda pool: pool.token({"alg": "rs256"}),
    "alg in a list": lambda pool: pool.token({"alg": ["RS256"]}),
    "alg missing": lambda pool: pool.signed({"kid": pool.header["kid"]}, pool.claims),
    "kid missing": lambda pool: pool.signed({"alg": "RS256"}, pool.claims),
    "kid unknown": lambda pool: pool.token({"kid": "x"}),
    "kid is a path": lambda pool: pool.token({"kid": "../../../../dev/null"}),
    "kid is an object": lambda pool: pool.token({"kid": {"a": 1}}),
    "an extension that must be understood": lambda pool: pool.token({"crit": ["b64"], "b64": False}),
    "an empty crit": lambda pool: pool.token({"crit": []}),
    "another key under the kid": by_own_key,
    "another key in the header": partial(by_own_key, jwk="JWK", kid="own"),
    "another key by address": partial(by_own_key, jku="http://127.0.0.1:1/jwks.json", kid="own"),
    "signature with padding": respelt(lambda text: text + "=" * (-len(text) % 4)),
    "signature with spare bits": respelt(spare_bits),
    "signature with a space": respelt(lambda text: text[:9] + " " + text[9:]),
    "signature with a tab": respelt(lambda text: text[:9] + "\t" + text[9:]),
    "signature with another character": respelt(lambda text: text[:9] + "!" + text[9:]),
    "signature in base64": respelt(lambda text: text[:9] + text[9:].replace("-", "+").replace("_", "/")),
    "signature cut": respelt(lambda text: text[:-4]),
    "signature longer": respelt(lambda text: text + "AAAA"),
    "no signature": respelt(lambda text: ""),
    "header with padding": respelt(lambda text: text + "=", 0),
    "claims of one letter": respelt(lambda text: "e", 1),
    "a fourth part": lambda pool: pool.token() + ".e30",
    "a dot at the end": lambda pool: pool.token() + ".",
    "two tokens": lambda pool: f"{pool.token()}, Bearer {pool.token()}",
    "claims that are a list": lambda pool: pool.signed(pool.header, [pool.claims]),
    "claims that are no JSON": lambda pool: pool.signed(pool.header, b"{"),
    "claims that are not UTF-8": lambda pool: pool.signed(pool.header, b'{"a": "\xff"}'),
    "claims nested deeply": lambda pool: pool.signed(pool.header, NESTED),
    "header nested deeply": lambda pool: pool.signed(NESTED, pool.claims),
    "header that is text": lambda pool: pool.signed("RS256", pool.claims),
}  # fmt: skip


@pytest.mark.adds(gateway.TOKEN_VERIFICATION)
def test_the_pools_key_alone_is_not_enough(pool: Pool) -> None:
    accepted = {name: status for name, make in FORGED.items() if (status := pool.status(make(pool))) != 401}
    assert accepted == {}
    assert pool.status(pool.token()) == pool.status(pool.token(jti="another", nbf=NOW - 1.5)) == 200


@pytest.mark.lacks(gateway.TOKEN_VERIFICATION)
def test_ministack_trusts_whatever_the_pools_key_has_signed(ministack: Stack) -> None:
    theirs = Pool(ministack)
    for name in ("without exp", "token_use refresh", "alg none", "an empty crit", "signature with spare bits"):
        assert theirs.status(FORGED[name](theirs)) == 200, name
