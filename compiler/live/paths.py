"""Paths to the fields of an object, and the managers that own a field.

Upstream: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9_$-]+")


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its name in messages, and its value."""

    name: str
    value: Any


Path = tuple[str | Item, ...]


def written(path: Path) -> str:
    """Return a path for people: ``spec.containers[debug].image``, ``data["settings.json"]``."""
    text = ""
    for step in path:
        if isinstance(step, Item):
            text += f"[{step.name}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def pointer(path: Path) -> str:
    """Return the JSON Pointer of a path that leads through no list; of another, one that matches nothing."""
    return "".join(
        "/*" if isinstance(step, Item) else f"/{step.replace('~', '~0').replace('/', '~1')}" for step in path
    )


def matches(path: Path, pattern: str) -> bool:
    """Return whether a path is one that a pattern means; see :mod:`compiler.live.expected`."""
    steps = pattern.split(" ")
    return len(steps) == len(path) and all(
        wanted == "*" if isinstance(step, Item) else fnmatchcase(step, wanted)
        for step, wanted in zip(path, steps, strict=True)
    )


def managers(fields: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the sorted names of the managers that own a field of a live object, or something below it."""
    entries = fields["metadata"].get("managedFields") or ()
    return tuple(sorted({str(entry.get("manager")) for entry in entries if _owns(entry.get("fieldsV1"), path)}))


def _owns(owned: Any, path: Path) -> bool:
    """Return whether a set of fields holds the field at a path; a set without parts owns the whole of a field."""
    if not isinstance(owned, Mapping):
        return False
    for step in path:
        parts = {key: value for key, value in owned.items() if key != "."}
        if not parts:
            return True
        below = _item(parts, step) if isinstance(step, Item) else parts.get(f"f:{step}")
        if not isinstance(below, Mapping):
            return False
        owned = below
    return True


def _item(parts: Mapping[str, Any], step: Item) -> Any:
    for key, below in parts.items():
        form, _, text = key.partition(":")
        if form == "v" and json.loads(text) == step.value:
            return below
        if form == "k" and isinstance(step.value, Mapping):
            keys = json.loads(text)
            # A part of the key may be a default, such as the protocol of a port.
            if all(step.value.get(name, value) == value for name, value in keys.items()):
                return below
    return None
