"""The configuration of the proxy in the form that policies see: whole seconds where it states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact

_BOOTSTRAP = "/envoy/bootstrap.json"
_SECONDS = re.compile(r"([0-9]+)s")


def proxy(artifacts: Iterable[Artifact]) -> dict[str, Any]:
    """Return the bootstrap with its ``file``; a duration in parts of a second keeps its text.

    Raises:
        PolicyError: there is no bootstrap.
    """
    found = next((item for item in artifacts if item.path.endswith(_BOOTSTRAP)), None)
    if found is None or found.document is None:
        raise PolicyError("no configuration of the proxy was rendered: there is nothing to judge")
    return {"file": f"generated/{found.path}", **{name: _in_seconds(item) for name, item in found.document.items()}}


def _in_seconds(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _in_seconds(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_seconds(item) for item in value]
    match = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else value
