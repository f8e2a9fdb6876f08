"""Changes as CloudEvents 1.0.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, with the extensions ``sequence``,
``partitionkey`` and ``traceparent`` (distributed tracing) of the same repository.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from runtime.domain import traces

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.domain.deliveries import Change, Place

MEDIA_TYPE = "application/cloudevents+json"


def event_id(place: Place, event: Change) -> str:
    """Return the id of an event, which is the same whenever it is delivered."""
    return f"{event.change}-{place.ordinal}"


def cloud_event(source: str, id_: str, place: Place, occurred_at: datetime, event: Change) -> bytes:
    """Return an event in the JSON format of CloudEvents 1.0; its id is that of :func:`event_id`.

    ``source`` and ``id`` are the same whenever it is delivered, so that a receiver notices what it has already seen.
    ``sequence`` sorts, as text, in the order of the events.
    """
    data: dict[str, Any] = {
        "namespace": place.namespace,
        "key": event.key,
        "revision": place.revision,
        "actor": event.actor,
    }
    if event.value is not None:
        data["value"] = orjson.Fragment(event.value)
    kind = "entry" if event.key else "definition"
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": f"cbp.{kind}.{event.action}",
        "subject": f"{place.namespace}/{event.key}",
        "time": occurred_at,
        "datacontenttype": "application/json",
        "partitionkey": place.namespace,
        "sequence": f"{place.revision:019}-{place.ordinal:06}",
    }
    if event.traceparent is not None:
        attributes[traces.FIELD] = event.traceparent
    return orjson.dumps({**attributes, "data": data}, option=orjson.OPT_UTC_Z)
