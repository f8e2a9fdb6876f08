"""Kubernetes objects in the form that policies see, with whole numbers for quantities.

CPU is in millicores, everything else in its own unit (bytes, pods, seconds). A quantity that cannot be parsed keeps its
text, so that a rule denies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from compiler.emit.memoize import memoize_by_content
from compiler.policy.quantities import millicores, units
from compiler.vault.normal import seconds

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact

_DURATIONS = {"ExternalSecret": ("refreshInterval",), "Certificate": ("duration", "renewBefore")}
_BOUNDS = ("default", "defaultRequest", "max", "maxLimitRequestRatio", "min")


def documents(artifacts: Iterable[Artifact]) -> list[dict[str, Any]]:
    """Return ``{"file", "object"}`` for each artifact that is a Kubernetes object (has an apiVersion and a kind)."""
    return [
        {"file": f"generated/{artifact.path}", "object": normalised(artifact.document)}
        for artifact in artifacts
        if artifact.document is not None and {"apiVersion", "kind"} <= artifact.document.keys()
    ]


@memoize_by_content
def normalised(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of an object with whole numbers for quantities; equal objects share one copy."""
    copy = {key: _copied(key, value) for key, value in document.items()}
    spec = copy.get("spec")
    if isinstance(spec, dict) and document["kind"] == "ResourceQuota":
        _replace(spec, ("hard",), _amounts)
    if isinstance(spec, dict):
        _replace(spec, _DURATIONS.get(document["kind"], ()), _seconds)
    if isinstance(spec, dict) and document["kind"] == "LimitRange":
        for limit in _dictionaries(spec.get("limits")):
            _replace(limit, _BOUNDS, _amounts)
    return copy


def _copied(key: str, value: Any) -> Any:
    """Copy the value of a key; the keys around a quantity identify it, in custom resources too."""
    if isinstance(value, Mapping):
        copy = {str(name): _copied(str(name), item) for name, item in value.items()}
        if key == "resources":
            _replace(copy, ("requests", "limits"), _amounts)
        if key in ("storage", "walStorage"):
            _replace(copy, ("size",), _amount)
        return copy
    if isinstance(value, list | tuple):
        return [_copied(key, item) for item in value]
    return _amount(value) if key == "sizeLimit" else value


def _replace(mapping: dict[str, Any], keys: Iterable[str], by: Callable[[Any], Any]) -> None:
    for key in keys:
        if key in mapping:
            mapping[key] = by(mapping[key])


def _amounts(value: Any) -> Any:
    """Convert a mapping from resource names (``limits.cpu``, ``memory``) to quantities."""
    if not isinstance(value, Mapping):
        return value
    return {name: _cpu(item) if name.rpartition(".")[2] == "cpu" else _amount(item) for name, item in value.items()}


def _cpu(value: Any) -> Any:
    return value if (number := millicores(value)) is None else number


def _amount(value: Any) -> Any:
    return value if (number := units(value)) is None else number


def _seconds(value: Any) -> Any:
    return value if (number := seconds(value)) is None else number


def _dictionaries(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
