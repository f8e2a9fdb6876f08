"""ConfigMaps that are named by their content, so that a pod keeps the one that it was made with.

Pods of two releases run side by side during a roll-out, and those of the release before are made anew when nodes drain
or the autoscaler asks for more. Argo CD prunes a ConfigMap that no release needs after everything else is healthy.

Upstream: https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.artifact import Document
    from compiler.model.network import Zone

_DIGITS = 10


def by_content(name: str, wave: Wave, zone: Zone, labels: dict[str, str], data: Mapping[str, str]) -> Document:
    """Return an immutable ConfigMap whose name ends with ten digits of the hash of its data."""
    return kubernetes_object(
        kinds.CONFIG_MAP, f"{name}-{_digits(data)}", wave, zone=zone, labels=labels, data=data, immutable=True
    )


def is_by_content(document: Document) -> bool:
    """Return whether an object is a ConfigMap whose name ends with the digits of its data."""
    if document["kind"] != kinds.CONFIG_MAP.name or not document.get("immutable"):
        return False
    name: str = document["metadata"]["name"]
    return name.endswith(f"-{_digits(document['data'])}")


def name_without_content(document: Document) -> str:
    """Return the name of an object, of one that is named by its content without the digits."""
    name: str = document["metadata"]["name"]
    return name[: -_DIGITS - 1] if document.get("immutable") else name


def _digits(data: Mapping[str, str]) -> str:
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:_DIGITS]
