"""The models of what requests and answers hold as JSON; those of settings are the settings' own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.http.openapi.fields import KEY_NAME, NAMESPACE_NAME, TAG
from runtime.services.health import State

Namespace = Annotated[str, Field(pattern=NAMESPACE_NAME["pattern"], examples=["payments"])]
Key = Annotated[str, Field(pattern=KEY_NAME["pattern"], examples=["limits"])]
Revision = Annotated[int, Field(ge=0, description="Counts the changes of the history, from 1.", examples=[1])]
Value = Annotated[Any, Field(description="Any JSON document; numbers keep every digit.", examples=[{"daily": 5000}])]


class Body(BaseModel):
    """An object with the members that are named, and no others."""

    model_config = ConfigDict(extra="forbid")


class NewValue(Body):
    """The document to store."""

    value: Value


class Entry(Body):
    """One version of an entry."""

    namespace: Namespace
    key: Key
    value: Value
    revision: Revision
    etag: Annotated[str, Field(description="The ETag of the entry, quotes included.", examples=[f'"{TAG}"'])]
    updated_at: datetime


class Page(Body):
    """Entries of a namespace in the order of their keys."""

    namespace: Namespace
    entries: list[Entry]
    next: Annotated[str | None, Field(description="The value of `after` for the next page; null on the last one.")]
    revision: Revision


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
