"""The forms in which connectors send notifications: each is a module that finds the heading of a document.

A signature is verified before, and a document is parsed before: a form judges what the document says alone.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from runtime.domain.notifications import NotificationFormError
from runtime.services.notification_forms.cloudevents import cloudevents
from runtime.services.notification_forms.standard_webhooks import standard_webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.domain.notifications import Heading

    Form: TypeAlias = Callable[[Mapping[str, Any]], Heading]

FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "cloudevents": cloudevents,
        "standard-webhooks": standard_webhooks,
    }
)
"""The forms by their names, which are those of ``NotificationForm`` in :mod:`runtime.settings`."""


def heading_of(form: str, document: object) -> Heading:
    """Return the heading of a notification, or raise :class:`runtime.domain.notifications.NotificationFormError`."""
    if not isinstance(document, dict):
        raise NotificationFormError("a notification is a JSON object")
    return FORMS[form](document)
