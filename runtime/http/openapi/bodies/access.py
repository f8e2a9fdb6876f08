"""The bodies of requests and answers about the audit trail, grants and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from runtime.http.openapi.bodies.base import Body, Link
from runtime.settings import RoleName


class SealedRecord(Body):
    """A record of the audit trail at its place in the chain, and the link of the chain up to it."""

    sequence: int
    record: Annotated[dict[str, Any], Field(description="Strings and whole numbers, such as kind, at and actor.")]
    link: Link


class AuditPage(Body):
    """Records in the order of the chain; first is the oldest that is kept, and previous the link before it."""

    records: list[SealedRecord]
    next: Annotated[int | None, Field(description="The value of `after` for the next page; null on the last one.")]
    first: int
    previous: Link


class Anchor(Body):
    """A head of the chain, and its signature by Vault."""

    statement: dict[str, Any]
    signature: str


class Anchors(Body):
    """Signed heads of the chain, in order."""

    anchors: list[Anchor]
    next: Annotated[int | None, Field(description="The value of `after` for the next page; null on the last one.")]


Role = Annotated[RoleName, Field(description="The role, which includes those before it.", examples=["writer"])]
Pattern = Annotated[str, Field(description="A namespace, or the beginning of several and `*`.", examples=["pay-*"])]


class Grant(Body):
    """A right of one subject or of one group of an issuer."""

    name: str
    issuer: str
    subject: str | None
    group: str | None
    role: Role
    namespaces: Pattern
    reason: str
    expires_at: datetime | None
    emergency: bool
    given_by: str


class Grants(Body):
    """Grants in the order of their names."""

    grants: list[Grant]


class MachineKey(Body):
    """A key of a machine, without its secret."""

    id: str
    description: str
    role: Role
    namespaces: Pattern
    expires_at: datetime
    given_by: str


class MachineKeys(Body):
    """Keys in the order of their ids."""

    keys: list[MachineKey]


class NewKey(MachineKey):
    """A key of a machine with its token, which is shown once."""

    token: str
