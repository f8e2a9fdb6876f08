"""The parts of a description: one :class:`Operation` for each method of each resource.

Upstream: https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from runtime.http.problem_kinds import Kind

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request: where it is (``path``, ``query`` or ``header``), its schema, and an example.

    ``title`` names it in the document where parameters of different schemas have one name.
    """

    name: str
    place: str
    text: str
    schema: Mapping[str, Any]
    example: Any
    required: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A header field of an answer."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no problem; ``body`` is the model of its JSON, or None where ``media`` is not JSON or empty.

    It always has the fields in ``fields``, and may have those in ``may``.
    """

    status: int
    text: str
    body: type[BaseModel] | None = None
    fields: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A request and its answer, which a test sends and compares.

    The request has the example of each parameter in ``path`` and ``using``. Before it, ``given`` are sent: method, path
    and the body as JSON.
    """

    status: int
    answer: Any = None
    using: tuple[Parameter, ...] = ()
    body: Any = None
    given: tuple[tuple[str, str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one resource.

    ``id`` names it in clients that are generated. Everything that holds for every limited request, every change and
    every body is added to it, with the parameters of its path (:mod:`runtime.http.openapi.document`): ``parameters``
    and ``problems`` are the rest.
    """

    id: str
    method: str
    template: str
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    text: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    problems: tuple[Kind, ...] = ()
    example: Example | None = None
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limited: bool = True

    @property
    def endpoint(self) -> str:
        """The method and the path template, as the router and the throttle have them."""
        return f"{self.method} {self.template}"
