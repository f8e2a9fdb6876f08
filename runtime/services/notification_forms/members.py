"""Members of a notification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.domain.notifications import LONGEST_TEXT, NotificationFormError

if TYPE_CHECKING:
    from collections.abc import Mapping


def required(document: Mapping[str, Any], name: str) -> str:
    """Return a member that is one line of text, or raise :class:`NotificationFormError`."""
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise NotificationFormError(f"the member {name} is text of 1 to {LONGEST_TEXT} printable characters")
    return value


def optional(document: Mapping[str, Any], name: str) -> str | None:
    """Return such a member, or None where it is left out."""
    return required(document, name) if name in document else None
