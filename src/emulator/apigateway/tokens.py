"""Whether a token is one that Cognito could have issued for a method. Verifies no signature: MiniStack does."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

Json = dict[str, Any]

DATES = {"exp": True, "iat": False, "nbf": False}  # whether the claim is required
LATEST = 2**53  # what every reader of JSON takes for the same number: https://www.rfc-editor.org/rfc/rfc8259#section-6


def acceptable(token: str, scoped: bool) -> bool:
    """Return whether a token has the form and the claims of a user pool's, whoever signed it.

    Three parts in base64url without padding and spare bits (https://www.rfc-editor.org/rfc/rfc7515#section-2), signed by RS256,
    without extensions that a reader must understand, for this use of it, and with an end.

    Args:
        scoped: whether the method has scopes, which only access tokens have. Without scopes it takes ID tokens.
    """
    parts = token.split(".")
    decoded = [_decoded(part) for part in parts]
    if len(parts) != 3 or None in decoded:
        return False
    header, claims = (_object(part or b"") for part in decoded[:2])
    if header.get("alg") != "RS256" or "crit" in header or not isinstance(header.get("kid"), str):
        return False
    dated = all(_is_date(claims[name]) if name in claims else not required for name, required in DATES.items())
    return dated and isinstance(claims.get("iss"), str) and claims.get("token_use") == ("access" if scoped else "id")


def _decoded(part: str) -> bytes | None:
    """Return the bytes of a part of a token; None if it is empty, or is not the only way to write them."""
    try:
        value = urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except ValueError:
        return None
    return value if value and urlsafe_b64encode(value).rstrip(b"=").decode() == part else None


def _object(text: bytes) -> Json:
    """Return a JSON object; an empty one if it is something else, or nested deeper than Python reads."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_date(value: Any) -> bool:
    """Return whether a claim is a NumericDate: https://www.rfc-editor.org/rfc/rfc7519#section-2"""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LATEST
