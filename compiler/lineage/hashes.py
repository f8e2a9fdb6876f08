"""Hashes of contents, which only say that something else has changed."""

from __future__ import annotations

import re

_HASH = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_NAME = re.compile(r"(?P<name>[a-z0-9.-]+-)[0-9a-f]{10}")
"""A name that ends with the digits of a hash: see :mod:`compiler.emit.kubernetes.common.contents`."""


def only_another_hash(before: object, after: object) -> bool:
    """Return whether two values are hashes, or one name with the hashes of two contents."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    one, other = _NAME.fullmatch(before), _NAME.fullmatch(after)
    if one and other:
        return one["name"] == other["name"]
    return bool(_HASH.fullmatch(before) and _HASH.fullmatch(after))
