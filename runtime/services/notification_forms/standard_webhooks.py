"""Payloads as Standard Webhooks recommends them: ``type``, ``timestamp`` and ``data``.

Upstream: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.domain.notifications import Heading, NotificationFormError
from runtime.services.notification_forms.members import required

if TYPE_CHECKING:
    from collections.abc import Mapping


def standard_webhooks(document: Mapping[str, Any]) -> Heading:
    """Return the heading of a payload: its type, and no subject."""
    required(document, "timestamp")
    if "data" not in document:
        raise NotificationFormError("the member data is missing")
    return Heading(required(document, "type"), None)
