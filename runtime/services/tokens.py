"""Verification of signed tokens: JWTs (RFC 7519) of trusted issuers, as bearer tokens (RFC 8725, RFC 9068).

Nothing that a token says of its own verification is followed. Its algorithm has to be one of its issuer's, its key is
looked up by ``kid`` among the issuer's keys, and headers that carry a key, or an address of one, are refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError

from runtime.domain.identity import Identity, Kind, is_subject, parse_right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.services.issuer_keys import IssuerKeys
    from runtime.settings import Access, Issuer

LONGEST_TOKEN = 8 * 1024
"""The characters of a token: servers and proxies bound a header to about as many."""

MOST_GROUPS = 500
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_MISLEADING = frozenset({"crit", "b64", "jku", "jwk", "x5c", "x5u", "zip", "enc"})
"""Headers that would change how a token is verified, or by which key."""

SEVERAL_FACTORS: Final = "mfa"
"""The method of RFC 8176 that says that several factors were used."""
PHISHING_RESISTANT = frozenset({"phr", "phrh"})
"""The authentication contexts of OpenID's Extended Authentication Profile, which include a second factor."""


class InvalidTokenError(Exception):
    """The token proves nothing; ``reason`` is one of the fixed words of a metric's label."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Verified(NamedTuple):
    """An identity, and the time (seconds since 1970) until which its proof holds."""

    identity: Identity
    until: float


class Tokens:
    """The verifier of tokens of every issuer of the settings; ``keys`` are those of each, by its name."""

    def __init__(self, access: Access, keys: Mapping[str, IssuerKeys]) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in access.issuers}
        self._skew = access.clock_skew_seconds
        self._keys = keys

    async def verify(self, token: str) -> Verified:
        """Return the identity that a token proves, or raise :class:`InvalidTokenError`.

        Raises :class:`runtime.ports.availability.UnavailableError` while its issuer's keys are not known.
        """
        if len(token) > LONGEST_TOKEN:
            raise InvalidTokenError("malformed", f"the token is longer than {LONGEST_TOKEN} characters")
        if not _FORM.fullmatch(token):
            raise InvalidTokenError("malformed", "the token is not a signed JWT of three parts")
        head, payload, _ = token.split(".")
        header = _members(head)
        claims = _members(payload)
        issuer = self._issuers.get(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if issuer is None:
            raise InvalidTokenError("issuer", "the issuer of the token is not trusted")
        algorithm, kid = _examine(header, issuer)
        keys = self._keys[issuer.name]
        key = await keys.find(kid, algorithm)
        if key is None:
            raise InvalidTokenError("key", "the issuer has no such key for this algorithm")
        try:
            jws.deserialize_compact(token, key, registry=_registry(algorithm))
        except (JoseError, ValueError):
            raise InvalidTokenError("signature", "the signature does not hold") from None
        until = min(_examine_claims(claims, issuer, self._skew), keys.until)
        return Verified(_identity(claims, issuer), until)


def _registry(algorithm: str) -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_TOKEN
    return registry


def _members(segment: str) -> dict[str, Any]:
    """Return the object that a part of the token holds, in which no name appears twice."""
    try:
        text = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True).decode("utf-8")
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidTokenError("malformed", "a part of the token is not JSON, or names a member twice") from None
    if not isinstance(found, dict):
        raise InvalidTokenError("malformed", "a part of the token is not a JSON object")
    return found


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError
    return found


def _constant(_name: str) -> None:
    raise ValueError


def _examine(header: dict[str, Any], issuer: Issuer) -> tuple[str, str]:
    """Return the algorithm and the key's name of a header that is as the issuer's are."""
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in issuer.algorithms:
        raise InvalidTokenError("algorithm", "the algorithm of the token is not one of its issuer")
    if misleading := sorted(_MISLEADING & header.keys()):
        raise InvalidTokenError("header", f"the header of the token may not hold {misleading[0]}")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise InvalidTokenError("type", "the token is of another type than JWT or at+jwt")
    if not isinstance(kid, str) or not kid:
        raise InvalidTokenError("key", "the token does not name its key (kid)")
    return algorithm, kid


def _examine_claims(claims: dict[str, Any], issuer: Issuer, skew: int) -> float:
    """Return the time at which the token ends, after checking that it holds now and for this API."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if issuer.audience not in audiences:
        raise InvalidTokenError("audience", "the token is for another audience")
    now, times = time.time(), {name: _time(claims, name) for name in ("exp", "nbf", "iat")}
    if times["exp"] is None:
        raise InvalidTokenError("expiry", "the token does not say when it ends (exp)")
    if now >= times["exp"] + skew:
        raise InvalidTokenError("expired", "the token has expired")
    if any(begin is not None and begin > now + skew for begin in (times["nbf"], times["iat"])):
        raise InvalidTokenError("early", "the token does not hold yet")
    return times["exp"] + skew


def _time(claims: dict[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= sys.float_info.max:
        raise InvalidTokenError("malformed", f"{name} is not a time in seconds since 1970")
    return float(min(value, 2**53))


def _identity(claims: dict[str, Any], issuer: Issuer) -> Identity:
    subject = claims.get(issuer.subject_claim)
    if not is_subject(subject):
        raise InvalidTokenError("subject", f"the token has no subject in its claim {issuer.subject_claim}")
    rights = tuple(filter(None, map(parse_right, _texts(claims, issuer.rights_claim))))
    return Identity(
        issuer.name,
        str(subject),
        Kind(issuer.kind),
        frozenset(_texts(claims, issuer.groups_claim)),
        rights,
        SEVERAL_FACTORS in _texts(claims, "amr") or claims.get("acr") in PHISHING_RESISTANT,
    )


def _texts(claims: dict[str, Any], name: str | None) -> list[str]:
    """Return the texts of a claim that is a list of texts; a claim of another form gives none, and so no rights."""
    found = [] if name is None else claims.get(name)
    if isinstance(found, list) and len(found) <= MOST_GROUPS and all(isinstance(item, str) for item in found):
        return found
    return []
