"""Namespaces as a whole: how much of one is answered, or changed, at once."""

from __future__ import annotations

from runtime.domain.entries import TooLargeError

LARGEST_BYTES = 4 * 1024 * 1024
"""The most bytes of values in one answer."""

MOST_ENTRIES = 10_000
"""The most entries in one answer."""

MOST_EDITS = 64
"""The most edits of a transaction."""


def namespace_too_large(namespace: str) -> TooLargeError:
    """Return the error of an answer that would exceed the bounds."""
    return TooLargeError(
        f"the namespace {namespace} has more than {MOST_ENTRIES} entries, or {LARGEST_BYTES} bytes of values: read its"
        " entries page by page"
    )
