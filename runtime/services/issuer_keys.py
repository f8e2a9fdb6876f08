"""The public keys of one issuer: fetched regularly, followed through rotations, and known through an outage."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from runtime.ports.availability import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.ports.external import KeySource
    from runtime.settings import Issuer, Keys

Key: TypeAlias = RSAKey | ECKey | OKPKey

RETRY_SECONDS = 5.0
"""The pause after a failure to fetch, or that of the settings where it is longer."""

WAIT_SECONDS = 2.0
"""The longest that a request waits for an issuer's keys."""

MOST_KEYS = 64
SHORTEST_RSA_BITS = 2048
_TYPES: Final[dict[str, tuple[type[Any], str | None]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), (RSAKey, None)),
    "ES256": (ECKey, "P-256"),
    "ES384": (ECKey, "P-384"),
    "ES512": (ECKey, "P-521"),
    "EdDSA": (OKPKey, "Ed25519"),
}

_log = structlog.get_logger(__name__)


class IssuerKeys:
    """The keys of an issuer; ``withdrawn`` is called when a key that was known is no longer among them."""

    def __init__(self, issuer: Issuer, source: KeySource, settings: Keys, withdrawn: Callable[[], None]) -> None:
        self._issuer = issuer
        self._source = source
        self._settings = settings
        self._withdrawn = withdrawn
        self._keys: dict[str, tuple[Mapping[str, Any], Key]] = {}
        self._fetched_at: float | None = None
        self._asked_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self.until = 0.0
        """The time (seconds since 1970) until which the keys are trusted, if no fetch succeeds."""
        self.away = False

    async def find(self, kid: str, algorithm: str) -> Key | None:
        """Return the key of a name, if it is for an algorithm; one that is not known is asked for.

        Raises :class:`runtime.ports.availability.UnavailableError` while no key is trusted.
        """
        if time.time() >= self.until or kid not in self._keys:
            await self._ask()
        if time.time() >= self.until:
            raise UnavailableError(f"the keys of the issuer {self._issuer.name} are not known")
        members, key = self._keys.get(kid, ({}, None))
        kind, curve = _TYPES[algorithm]
        fits = isinstance(key, kind) and members.get("alg", algorithm) == algorithm
        return key if fits and (curve is None or members.get("crv") == curve) else None

    async def follow(self) -> None:
        """Fetch the keys again and again, until cancelled."""
        settings = self._settings
        while True:
            await self._fetch_once()
            pause = max(RETRY_SECONDS, settings.pause_seconds) if self.away else settings.refresh_seconds
            await asyncio.sleep(min(pause, settings.refresh_seconds))

    async def _ask(self) -> None:
        """Fetch out of turn, unless the last fetch began a moment ago; wait a bounded time for it."""
        if self._fetching is None and time.monotonic() < self._asked_at + self._settings.pause_seconds:
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await asyncio.shield(self._fetch_once())
        except TimeoutError:
            return

    def _fetch_once(self) -> asyncio.Task[None]:
        """Return the fetch that is under way, or begin one."""
        if self._fetching is None:
            self._asked_at = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        at = time.time()
        try:
            found = await self._source.fetch(self._issuer.issuer)
            keys = _usable(found)
            if not keys:
                raise UnavailableError("the issuer publishes no key that can verify")
        except UnavailableError as error:
            self._report(error)
        except Exception:
            _log.exception("the keys of an issuer met a defect", issuer=self._issuer.name)
            self.away = True
        else:
            self._keep(keys, at)
        finally:
            self._fetching = None

    def _keep(self, keys: dict[str, tuple[Mapping[str, Any], Key]], at: float) -> None:
        before, self._keys = self._keys, keys
        self.until = at + self._settings.refresh_seconds + self._settings.outage_seconds
        if any(kid not in keys or keys[kid][0] != members for kid, (members, _) in before.items()):
            self._withdrawn()
        if keys.keys() != before.keys():
            _log.info("the keys of an issuer are known", issuer=self._issuer.name, keys=sorted(keys))
        self.away = False

    def _report(self, error: UnavailableError) -> None:
        if not self.away:
            _log.warning(
                "the keys of an issuer cannot be fetched: those that are known are trusted for a bounded time",
                issuer=self._issuer.name,
                error=str(error),
                cause=repr(error.__cause__),
            )
        self.away = True


def _usable(document: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], Key]]:
    """Return the public keys for signatures of a JWK Set (RFC 7517), by name; others are left out."""
    listed = document.get("keys")
    found: dict[str, tuple[Mapping[str, Any], Key]] = {}
    for item in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("kid"), str) and item.get("use", "sig") == "sig":
            key = _public(item)
            if key is not None:
                found[item["kid"]] = (item, key)
    return found


def _public(item: dict[str, Any]) -> Key | None:
    kinds: dict[Any, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(item.get("kty"))
    if kind is None or "d" in item:  # a private key that is published is anybody's
        return None
    try:
        key = kind.import_key(item)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < SHORTEST_RSA_BITS:
        return None
    return key
