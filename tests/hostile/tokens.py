"""Access tokens that nobody may get in with. What a token says is in RFC 7519, how a server checks it in RFC 8725.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Json = dict[str, Any]
NOWHERE = "http://127.0.0.1:9/"  # nobody listens there
DEEP = 6000  # levels: more than a parser's recursion takes, and less than a header may be long


def encoded(value: object) -> str:
    """Return bytes, text or a JSON value in base64url."""
    octets = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    """Return the JSON value of a part of a token."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Forge:
    """Makes tokens from a valid one.

    Args:
        token: an access token of a user.
        identity, refresh: the other tokens of the same sign-in, where they are known.
        keys: folder of the pool's private keys; None where only the pool has them. A token that is signed with one could only
            be made by the pool itself, so it shows what else is checked.
    """

    def __init__(self, token: str, identity: str = "", refresh: str = "", keys: Path | None = None) -> None:
        self.token, self.identity, self.refresh = token, identity, refresh
        self.head, self.body, self.signature = token.split(".")
        self.header: Json = decoded(self.head)
        self.claims: Json = decoded(self.body)
        self._keys = keys

    @cached_property
    def other_key(self) -> rsa.RSAPrivateKey:
        """A key that is not the pool's."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def pool_key(self, use: str = "access") -> rsa.RSAPrivateKey:
        """The pool's private key for tokens of one use."""
        assert self._keys
        pool = self.claims["iss"].rpartition("/")[2]
        pem = (self._keys / f"{pool}-{use}.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def public_pem(self) -> bytes:
        """The pool's public key, as a library prints it; everybody can have it."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.pool_key().public_key().public_bytes(serialization.Encoding.PEM, form)

    def signed(self, key: rsa.RSAPrivateKey, claims: object, header: object = None) -> str:
        """Return a token with these claims, signed with RS256 whatever its header says."""
        text = f"{encoded(self.header if header is None else header)}.{encoded(claims)}"
        return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def by_pool(self, **claims: Any) -> str:
        """Return a token signed by the pool, with other claims; `...` removes one."""
        return self.signed(self.pool_key(), changed(self.claims, claims))

    def with_header(self, **names: Any) -> str:
        """Return a token signed by the pool, with another header; `...` removes a name."""
        return self.signed(self.pool_key(), self.claims, changed(self.header, names))

    def tampered(self, **claims: Any) -> str:
        """Return the token with other claims and its old signature."""
        return f"{self.head}.{encoded(changed(self.claims, claims))}.{self.signature}"

    def hmac(self, secret: bytes) -> str:
        """Return a token with an HMAC for a signature."""
        text = f"{encoded({**self.header, 'alg': 'HS256'})}.{self.body}"
        return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"

    def noncanonical(self) -> str:
        """Return the signature with other spare bits in its last character: it decodes to the same octets."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return self.signature[:-1] + alphabet[alphabet.index(self.signature[-1]) ^ 1]


def changed(values: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """Return values with new ones; `...` removes one."""
    return {name: value for name, value in {**values, **new}.items() if value is not ...}


@dataclass(frozen=True)
class Token:
    """One case.

    Attributes:
        make: returns the values of the header `Authorization`, one for each time that it is sent.
        needs_key: whether it can be made only with what is on the machine: the pool's private keys, or a whole sign-in.
        elsewhere: other headers and a query, for a token in the wrong place.
    """

    name: str
    make: Callable[[Forge], list[str]]
    needs_key: bool = False
    elsewhere: Callable[[Forge], tuple[list[tuple[str, str]], str]] | None = None


def bearer(name: str, make: Callable[[Forge], str], *, key: bool = False) -> Token:
    return Token(name, lambda forge: [f"Bearer {make(forge)}"], key)


def bearers(
    name: str, values: Iterable[tuple[str, Any]], make: Callable[[Forge, Any], str], *, key: bool = False
) -> list[Token]:
    """Return a case for each value; `{}` in the name stands for that of the value."""

    def given(value: Any) -> Callable[[Forge], str]:
        return lambda forge: make(forge, value)

    return [bearer(name.format(called), given(value), key=key) for called, value in values]


def named(*values: object) -> list[tuple[str, Any]]:
    """Return values, each with its own name."""
    return [(repr(value), value) for value in values]


def raw(name: str, *values: str) -> Token:
    return Token(name, lambda forge: list(values))


def misplaced(name: str, make: Callable[[Forge], tuple[list[tuple[str, str]], str]]) -> Token:
    return Token(name, lambda forge: [], elsewhere=make)


def later() -> int:
    return int(time.time()) + 3600


ABSENT = (
    raw("nothing"),
    raw("an empty header", ""),
    raw("a scheme only", "Bearer"),
    raw("a scheme and a space", "Bearer "),
    raw("basic credentials", "Basic dGVzdDp0ZXN0"),
    raw("a digest", 'Digest username="admin"'),
    raw("the root's access key", "AWS4-HMAC-SHA256 Credential=test/20261126/eu-west-2/execute-api/aws4_request"),
    misplaced("in the query", lambda f: ([], f"access_token={f.token}")),
    misplaced("in the query under the header's name", lambda f: ([], f"Authorization={f.token}")),
    misplaced("in a cookie", lambda f: ([("Cookie", f"Authorization=Bearer {f.token}")], "")),
    misplaced("in the header of a proxy", lambda f: ([("Proxy-Authorization", f"Bearer {f.token}")], "")),
    misplaced("in a header that looks like it", lambda f: ([("X-Authorization", f"Bearer {f.token}")], "")),
    misplaced("in a header with an underscore", lambda f: ([("Authorization_", f"Bearer {f.token}")], "")),
    misplaced("claims in a header", lambda f: ([("X-Amzn-Oidc-Data", f.body), ("X-User", f.claims["sub"])], "")),
)
MALFORMED = (
    bearer("a word", lambda f: "x"),
    bearer("two parts", lambda f: f"{f.head}.{f.body}"),
    bearer("two parts and a dot", lambda f: f"{f.head}.{f.body}."),
    bearer("four parts", lambda f: f"{f.token}.{f.signature}"),
    bearer("five parts, as encrypted", lambda f: f"{f.token}.{f.body}.{f.signature}"),
    bearer("dots", lambda f: ".."),
    bearer("its parts swapped", lambda f: f"{f.body}.{f.head}.{f.signature}"),
    bearer("cut", lambda f: f.token[:-4]),
    bearer("signed twice", lambda f: f.token + f.signature),
    bearer("a space within", lambda f: f"{f.head} .{f.body}.{f.signature}"),
    bearer("in quotes", lambda f: f'"{f.token}"'),
    bearer("twice, with a comma", lambda f: f"{f.token}, {f.token}"),
    bearer("a header that is an array", lambda f: f"{encoded([f.header])}.{f.body}.{f.signature}"),
    bearer("a header that is null", lambda f: f"{encoded('null')}.{f.body}.{f.signature}"),
    bearer("a header that is no JSON", lambda f: f"{encoded('{alg:RS256}')}.{f.body}.{f.signature}"),
    bearer("a header that is no UTF-8", lambda f: f"{encoded(bytes([255, 254]))}.{f.body}.{f.signature}"),
    bearer("a header nested deeply", lambda f: f"{encoded('[' * DEEP)}.{f.body}.{f.signature}"),
    bearer("claims nested deeply", lambda f: f"{f.head}.{encoded('[' * DEEP)}.{f.signature}"),
    bearer("a closed header nested deeply", lambda f: f"{encoded('[' * 3000 + ']' * 3000)}.{f.body}.{f.signature}"),
    bearer("closed claims nested deeply", lambda f: f"{f.head}.{encoded('[' * 3000 + ']' * 3000)}.{f.signature}"),
    bearer("claims that are an array", lambda f: f"{f.head}.{encoded([f.claims])}.{f.signature}"),
    bearer("claims that are a number of 5,000 digits", lambda f: f"{f.head}.{encoded('9' * 5000)}.{f.signature}"),
    bearer("characters outside of ASCII", lambda f: f"{f.head}.{f.body}.{f.signature[:-1]}ä"),
    bearer("12,000 characters", lambda f: f"{f.head}.{'A' * 12000}.{f.signature}"),
)
ALGORITHMS = (
    *bearers("alg {}, without a signature", named("none", "None", "NONE", "nOnE", ""), lambda f,
    alg: f"{encoded({'alg': alg})}.{f.body}."),
    bearer("alg none with the old signature", lambda f: f"{encoded({**f.header, 'alg': 'none'})}.{f.body}.{f.signature}"),
    bearer("alg none with its key id", lambda f: f"{encoded({**f.header, 'alg': 'none'})}.{f.body}."),
    bearer("HMAC with the public key", lambda f: f.hmac(f.public_pem()), key=True),
    bearer("HMAC with the key id", lambda f: f.hmac(f.header["kid"].encode())),
    bearer("HMAC with nothing", lambda f: f.hmac(b"")),
    *bearers("the pool's signature under alg {}", named("none", "HS256", "RS512", "ES256", "rs256", ["RS256"]),
             lambda f, alg: f.with_header(alg=alg), key=True),
    bearer("the pool's signature without an alg", lambda f: f.with_header(alg=...), key=True),
    bearer("an extension that must be understood", lambda f: f.with_header(crit=["b64"], b64=False), key=True),
)  # fmt: skip
KEYS = (
    bearer("another key", lambda f: f.signed(f.other_key, f.claims)),
    bearer("another key in the header",
    lambda f: f.signed(f.other_key, f.claims, {**f.header, "jwk": public(f.other_key)})),
    bearer("another key and only that",
    lambda f: f.signed(f.other_key, f.claims, {"alg": "RS256", "jwk": public(f.other_key)})),
    bearer("keys at another address",
    lambda f: f.signed(f.other_key, f.claims, {**f.header, "jku": NOWHERE, "x5u": NOWHERE})),
    *bearers("key id {}", [("of nobody", "x"), ("empty", ""), ("null", None), ("0", 0), ("a list", []),
    ("an object", {"x": 1}),
                           ("a path", "../../../../dev/null"), ("SQL", "' UNION SELECT 'x"), ("an address", NOWHERE)],
             lambda f, kid: f.signed(f.other_key, f.claims, {**f.header, "kid": kid})),
    bearer("no key id", lambda f: f.with_header(kid=...), key=True),
    bearer("the key of identity tokens", lambda f: f.signed(f.pool_key("id"), f.claims), key=True),
)  # fmt: skip
TAMPERED = (
    bearer("another subject", lambda f: f.tampered(sub="00000000-0000-0000-0000-000000000000")),
    bearer("more scopes", lambda f: f.tampered(scope="aws.cognito.signin.user.admin items/read items/write")),
    bearer("a later end", lambda f: f.tampered(exp=later() * 2)),
    bearer("another client", lambda f: f.tampered(client_id="x")),
    bearer("a group", lambda f: f.tampered(**{"cognito:groups": ["admin"]})),
    *bearers("an issuer that is {}", [("an array", ["x"]), ("an object", {"x": 1}), ("null", None), ("a number", 1),
                                      ("an address", NOWHERE), ("missing", ...)], lambda f, iss: f.tampered(iss=iss)),
)  # fmt: skip
CLAIMS = (
    *bearers("an end that is {}", [("past", 1), ("missing", ...), ("null", None), ("0", 0), ("negative", -1),
    ("an array", [4e9]),
                                   ("text", "never"), ("empty", ""), ("infinite", float("inf")),
                                   ("no number", float("nan")),
                                   ("true", True)], lambda f, exp: f.by_pool(exp=exp), key=True),
    bearer("an end a second ago", lambda f: f.by_pool(exp=later() - 3601), key=True),
    bearer("valid only from tomorrow", lambda f: f.by_pool(nbf=later() + 86400), key=True),
    bearer("issued tomorrow", lambda f: f.by_pool(iat=later() + 86400), key=True),
    *bearers("use {}", named("id", "refresh", "ACCESS", "", None, ["access"]), lambda f, use: f.by_pool(token_use=use),
    key=True),
    bearer("no use", lambda f: f.by_pool(token_use=...), key=True),
    *bearers("scope {}", named("", "openid", "ITEMS/READ", "items/readitems/write", "items", "/read", "*", None, 1),
             lambda f, scope: f.by_pool(scope=scope), key=True),
    bearer("no scope", lambda f: f.by_pool(scope=...), key=True),
    bearer("another pool", lambda f: f.by_pool(iss=f.claims["iss"] + "x"), key=True),
    bearer("an issuer with a slash", lambda f: f.by_pool(iss=f.claims["iss"] + "/"), key=True),
    bearer("an unknown client", lambda f: f.by_pool(client_id="unknown"), key=True),
    bearer("no client", lambda f: f.by_pool(client_id=...), key=True),
    bearer("two clients", lambda f: f.by_pool(client_id=f"{f.claims['client_id']},x"), key=True),
    bearer("a subject with a hash", lambda f: f.by_pool(sub=f"{f.claims['sub']}#trash"), key=True),
    bearer("an identity token", lambda f: f.identity, key=True),
    bearer("a refresh token", lambda f: f.refresh, key=True),
)  # fmt: skip
SPELLINGS = (
    bearer("a signature with other spare bits", lambda f: f"{f.head}.{f.body}.{f.noncanonical()}"),
    bearer("a padded signature", lambda f: f"{f.token}=="),
    bearer("a signature with a space", lambda f: f"{f.head}.{f.body}.{f.signature[:9]} {f.signature[9:]}"),
    bearer("a signature with a foreign character", lambda f: f"{f.head}.{f.body}.{f.signature[:9]}~{f.signature[9:]}"),
    bearer("a signature in the other base64", lambda f: f"{f.head}.{f.body}.{f.signature.translate({45: '+', 95: '/'})}="),
    bearer("padded claims", lambda f: f"{f.head}.{f.body}==.{f.signature}"),
)  # fmt: skip
TOKENS = (*ABSENT, *MALFORMED, *ALGORITHMS, *KEYS, *TAMPERED, *CLAIMS, *SPELLINGS)


def public(key: rsa.RSAPrivateKey) -> Json:
    """Return a public key as a JSON Web Key, RFC 7517."""
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": "mine",
        "n": encoded(numbers.n.to_bytes(256, "big")),
        "e": encoded(numbers.e.to_bytes(3, "big")),
    }
