"""Signatures of deliveries and of notifications by HMAC-SHA256, the symmetric scheme of Standard Webhooks 1.0.

Upstream: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""The bytes that a key may have."""

MOST_KEYS = 2
"""The keys that are valid at once: a new one, and the one before it, until every receiver has the new one."""


MOST_SIGNATURES = 8
"""The signatures of one notification that are looked at: a sender has as many as it has keys."""

ID, TIMESTAMP, SIGNATURE = FIELDS = ("webhook-id", "webhook-timestamp", "webhook-signature")

# A full stop separates what is signed: an id with one could move a part of the body into the time.
_ID = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_DIGEST_BYTES = 32


class KeyFormatError(Exception):
    """A file does not hold keys; the text holds nothing of it."""


class SignedFieldsError(Exception):
    """A notification has not the fields of a signed one, each once and of its form."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The fields of a notification: its id, the time at which it was sent (seconds since 1970), and its signatures."""

    id: str
    at: int
    signatures: tuple[bytes, ...]

    def is_by(self, keys: Sequence[bytes], body: bytes) -> bool:
        """Return whether one of the signatures is that of the id, the time and the body by one of the keys."""
        digests = [hmac.digest(key, _content(self.id, self.at, body), "sha256") for key in keys]
        found = [hmac.compare_digest(digest, each) for digest in digests for each in self.signatures]
        return any(found)  # each was compared, so that the time says nothing of which one it was


def parse_signed_fields(values: Mapping[str, Sequence[str]]) -> Signed:
    """Return the fields of a notification, by their names in lower case; raise :class:`SignedFieldsError`."""
    for name in FIELDS:
        if len(values.get(name, ())) != 1:
            raise SignedFieldsError(f"a notification has {name} exactly once")
    id_, timestamp, signature = (values[name][0] for name in FIELDS)
    if not _ID.fullmatch(id_):
        raise SignedFieldsError(f"{ID} is 1 to 255 visible characters without a full stop")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignedFieldsError(f"{TIMESTAMP} is the whole seconds since 1970")
    items = signature.split(" ")
    if len(items) > MOST_SIGNATURES:
        raise SignedFieldsError(f"{SIGNATURE} has more than {MOST_SIGNATURES} signatures")
    signatures = tuple(filter(None, map(_signature, items)))
    if not signatures:
        raise SignedFieldsError(f"{SIGNATURE} has no signature of the form v1,BASE64")
    return Signed(id_, int(timestamp), signatures)


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
    content = _content(id_, at, body)
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        ID: id_,
        TIMESTAMP: str(at),
        SIGNATURE: " ".join(f"v1,{signature}" for signature in signatures),
    }


def _content(id_: str, at: int, body: bytes) -> bytes:
    return b".".join((id_.encode(), str(at).encode(), body))


def _signature(text: str) -> bytes | None:
    """Return a signature of the symmetric scheme; None for one of another scheme, which others verify."""
    version, _, encoded = text.partition(",")
    try:
        found = base64.b64decode(encoded, validate=True) if version == "v1" and encoded.isascii() else b""
    except binascii.Error:
        return None
    return found if len(found) == _DIGEST_BYTES else None


def _key(line: str) -> bytes:
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True) if line.startswith(PREFIX) else b""
    except binascii.Error:
        key = b""
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise KeyFormatError(f"a line is not {PREFIX} and {SHORTEST_KEY} to {LONGEST_KEY} bytes in base64")
    return key
