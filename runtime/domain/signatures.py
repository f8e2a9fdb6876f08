"""Verification of RSA signatures (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017, section 8.2.2) by a public key.

Verification handles public values alone, so it needs neither a secret nor constant time. The expected block is built
and compared as a whole, as the RFC asks: nothing of the signature's own padding is parsed, in which forgeries hide.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

LEAST_BITS = 2048
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_INTEGER, _BITS, _SEQUENCE = 0x02, 0x03, 0x30
_RSA = bytes.fromhex("06092a864886f70d010101")
"""The object identifier rsaEncryption (RFC 8017, appendix A.1), as DER."""


class NoKeyError(Exception):
    """A text is no public key of RSA with at least 2,048 bits, in PEM."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of RSA."""

    modulus: int
    exponent: int

    def verify(self, message: bytes, signature: str) -> bool:
        """Return whether ``signature`` (Base64) is this key's, of the message."""
        length = (self.modulus.bit_length() + 7) // 8
        try:
            signed = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        number = int.from_bytes(signed)
        if len(signed) != length or number >= self.modulus:
            return False
        tail = b"\0" + _SHA256 + hashlib.sha256(message).digest()
        expected = b"\0\1" + b"\xff" * (length - len(tail) - 2) + tail
        return pow(number, self.exponent, self.modulus).to_bytes(length) == expected


def read_key(pem: str) -> PublicKey:
    """Return the key of a PEM block ``PUBLIC KEY`` (RFC 7468, section 13); raise :class:`NoKeyError`."""
    try:
        head, *lines, foot = [line.strip() for line in pem.strip().splitlines()]
        if (head, foot) != ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"):
            raise ValueError(head)
        algorithm, rest = _element(_whole(base64.b64decode("".join(lines), validate=True), _SEQUENCE), _SEQUENCE)
        bits = _whole(rest, _BITS)
        if not algorithm.startswith(_RSA) or bits[0] != 0:
            raise ValueError("another algorithm")
        modulus, rest = _element(_whole(bits[1:], _SEQUENCE), _INTEGER)
        key = PublicKey(int.from_bytes(modulus), int.from_bytes(_whole(rest, _INTEGER)))
    except (ValueError, IndexError) as error:
        raise NoKeyError("it is no public key of RSA in PEM") from error
    if key.modulus.bit_length() < LEAST_BITS or key.exponent < 3:
        raise NoKeyError(f"the key is weak: it has fewer than {LEAST_BITS} bits, or an exponent below 3")
    return key


def _whole(der: bytes, tag: int) -> bytes:
    """Return the content of the one element that ``der`` is."""
    content, rest = _element(der, tag)
    if rest:
        raise ValueError("bytes follow the element")
    return content


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first element, which has the tag, and the bytes after it (X.690, section 8.1)."""
    if der[0] != tag:
        raise ValueError("another tag")
    length, start = der[1], 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + size]), 2 + size
    if len(der) < start + length:
        raise ValueError("too short")
    return der[start : start + length], der[start + length :]
