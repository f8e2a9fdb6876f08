"""Header fields of a request, from the list of the server: for an absent one Starlette raises and catches an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


def field_values(request: Request, name: bytes) -> list[str]:
    """Return the values of the lines of a field, whose ``name`` is in lower case."""
    return [value.decode("latin-1") for named, value in request.scope["headers"] if named == name]


def field_value(request: Request, name: bytes, otherwise: str = "") -> str:
    """Return the value of the first line of a field, whose ``name`` is in lower case; ``otherwise`` without one."""
    for named, value in request.scope["headers"]:
        if named == name:
            text: str = value.decode("latin-1")
            return text
    return otherwise
