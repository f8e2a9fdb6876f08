"""CloudEvents 1.0 in the JSON format, as this API sends changes.

Upstream: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.domain.notifications import Heading, NotificationFormError
from runtime.services.notification_forms.members import optional, required

if TYPE_CHECKING:
    from collections.abc import Mapping


def cloudevents(document: Mapping[str, Any]) -> Heading:
    """Return the heading of an event: its type and its subject."""
    if document.get("specversion") != "1.0":
        raise NotificationFormError('the member specversion is "1.0"')
    required(document, "id")
    required(document, "source")
    return Heading(required(document, "type"), optional(document, "subject"))
