"""Messages of Envoy's configuration that name their own type."""

from __future__ import annotations

from typing import Any


def message(kind: str, **fields: Any) -> dict[str, Any]:
    """Return a message of a type, as ``envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext``."""
    return {"@type": f"type.googleapis.com/{kind}", **fields}


def typed(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """Return an extension by its name, with its configuration as a message of a type."""
    return {"name": name, "typed_config": message(kind, **fields)}
