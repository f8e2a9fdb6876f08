"""Short forms of changes for tests of stores."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from runtime.domain.entries import Change, Context, Edit, Json, Made, Version
from runtime.domain.preconditions import Conditions, Tags, entity_tag

if TYPE_CHECKING:
    from uuid import UUID

    from runtime.ports.entries import EntryStore

ANYTHING = Conditions(if_match=Tags(anything=True))
NEW = Conditions(if_none_match=Tags(anything=True))
LONG = 60.0
"""Seconds that no change of a test takes."""


def at(version: Version) -> Conditions:
    """Return If-Match with the tag of a version."""
    return Conditions(if_match=Tags(frozenset({entity_tag(version)})))


def change(*edits: Edit, id_: UUID | None = None, seconds: float = LONG, context: Context | None = None) -> Change:
    """Return a change that expires after some seconds."""
    return Change(id_ or uuid4(), edits, time.monotonic() + seconds, context or Context())


def edit(namespace: str, key: str, value: str | None = "1", conditions: Conditions | None = None) -> Edit:
    """Return an edit; None removes."""
    return Edit(namespace, key, None if value is None else Json(value), conditions or Conditions())


async def put(
    store: EntryStore, namespace: str, key: str, value: str | None = "1", conditions: Conditions | None = None
) -> Made:
    """Make one edit; raise the reason when it is refused."""
    (result,) = await store.change([change(edit(namespace, key, value, conditions))])
    if isinstance(result, Exception):
        raise result
    return result[0]
