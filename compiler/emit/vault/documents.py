"""Documents of the plan: writes to Vault's HTTP API, and references to values that the server generates."""

from __future__ import annotations

from typing import Any

Write = dict[str, Any]


def write(path: str, /, *, write_only: tuple[str, ...] = (), **data: Any) -> Write:
    """Return a document; ``write_only`` names the fields that get their values when the plan is applied."""
    return {"path": path, "data": data, "writeOnly": list(write_only)}


def reference(path: str, field: str) -> dict[str, str]:
    """Return a reference to a field of the server's answer for an earlier document of the plan.

    ``path`` is that document's, and ``field`` the name of the field (RFC 6901 in a fragment of RFC 3986).
    """
    return {"$ref": f"{path}#/{field}"}
