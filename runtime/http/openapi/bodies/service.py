"""The bodies of answers about the service itself, and that of an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from runtime.http.openapi.bodies.base import Body
from runtime.services.health import State


class Live(Body):
    """The process answers."""

    status: Literal["live"]


class Readiness(Body):
    """The state of the worker that answers."""

    status: State


class Index(Body):
    """Where things are."""

    title: str
    version: str
    description: Annotated[str, Field(description="This API as an OpenAPI document.")]
    documentation: Annotated[str, Field(description="The same as a page for people.")]
    problems: Annotated[str, Field(description="What each problem means, and what to do.")]
    settings: Annotated[str, Field(description="The settings and limits in force.")]
    entries: Annotated[str, Field(description="The template of the path of an entry.")]
    live: Annotated[str, Field(description="Whether the process answers.")]
    ready: Annotated[str, Field(description="Whether requests are to be sent to this process.")]


class Problem(BaseModel):
    """An error (RFC 9457); a kind of problem may add members of its own."""

    type: Annotated[str, Field(description="The kind of the problem: a reference that leads to its explanation.")]
    title: Annotated[str, Field(description="The kind in words, the same each time.")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="This occurrence: what is wrong, and what to do.")]
    violated_policies: Annotated[
        tuple[str, ...],
        Field(alias="violated-policies", description="Of quota-exceeded: the policies of RateLimit-Policy, or bounds."),
    ] = ()
