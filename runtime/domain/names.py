"""Names of namespaces and keys.

A namespace is a DNS label (RFC 1123), so that it can also be the name of a Kubernetes object or a metric's label value.
A key starts with a letter, a digit or an underscore: clients and proxies remove the path segments ``.`` and ``..``.
"""

from __future__ import annotations

import re

NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}")


class InvalidNameError(Exception):
    """A name that no namespace or key can have; the message states the allowed form."""


def check_namespace(text: str) -> str:
    """Return ``text`` if it is a valid namespace, else raise :class:`InvalidNameError`."""
    if NAMESPACE.fullmatch(text):
        return text
    raise InvalidNameError(
        "a namespace holds 1 to 63 lower-case letters, digits and hyphens, and starts and ends with a letter or digit"
    )


def check_key(text: str) -> str:
    """Return ``text`` if it is a valid key, else raise :class:`InvalidNameError`."""
    if KEY.fullmatch(text):
        return text
    raise InvalidNameError(
        "a key holds 1 to 253 letters, digits, dots, underscores and hyphens, and starts with none of '.' and '-'"
    )
