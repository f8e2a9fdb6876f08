"""Signatures of deliveries by HMAC-SHA256, the symmetric scheme of Standard Webhooks 1.0.

Upstream: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""The bytes that a key may have."""

MOST_KEYS = 2
"""The keys that are valid at once: a new one, and the one before it, until every receiver has the new one."""


class KeyFormatError(Exception):
    """A file does not hold keys; the text holds nothing of it."""


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Return the keys in the lines of a text, each ``whsec_`` and a key in base64; raise :class:`KeyFormatError`."""
    keys = tuple(_key(line.strip()) for line in text.splitlines() if line.strip())
    if not 1 <= len(keys) <= MOST_KEYS:
        raise KeyFormatError(f"it has {len(keys)} keys, and not one or {MOST_KEYS}")
    return keys


def signed_fields(keys: Sequence[bytes], id_: str, at: int, body: bytes) -> dict[str, str]:
    """Return the header fields of a delivery that is made ``at`` a time, in seconds since 1970.

    A receiver that holds one of the keys finds the signature by it, so that keys change while deliveries go on.
    """
    content = b".".join((id_.encode(), str(at).encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(line: str) -> bytes:
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True) if line.startswith(PREFIX) else b""
    except binascii.Error:
        key = b""
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise KeyFormatError(f"a line is not {PREFIX} and {SHORTEST_KEY} to {LONGEST_KEY} bytes in base64")
    return key
