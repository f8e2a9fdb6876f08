"""HTTP handlers of grants and of keys of machines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.responses import Response

from runtime.domain.audit import ACCESS, EMERGENCY, GIVE, READ, TAKE, Note
from runtime.domain.grants import LONGEST_EMERGENCY, LONGEST_KEY, Grant, MachineKey
from runtime.domain.identity import Right, Role
from runtime.http.bodies import InvalidDocumentError, read_bytes
from runtime.http.clients import identity_of
from runtime.settings import Name, Pattern, RoleName, Text

if TYPE_CHECKING:
    from typing import Self

    from starlette.requests import Request

    from runtime.http.clients import Clients
    from runtime.services.administration import Administration
    from runtime.services.audit import Audit

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNCACHED = {"Cache-Control": "no-store"}


def _line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it is one line of printable characters")
    return text


Line = Annotated[Text, AfterValidator(_line)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


B = TypeVar("B", bound=_Body)


class GrantBody(_Body):
    """The body of a grant, whose name is in the path."""

    issuer: Name
    subject: Line | None = None
    group: Line | None = None
    role: RoleName
    namespaces: Pattern
    reason: Line
    expires_at: AwareDatetime | None = None
    emergency: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.subject is None) == (self.group is None):
            raise ValueError("a grant is for a subject or for a group, and for one of the two")
        now = datetime.now(UTC)
        if self.expires_at is not None and self.expires_at <= now:
            raise ValueError("expires_at has passed")
        if self.emergency and (self.expires_at is None or self.expires_at > now + LONGEST_EMERGENCY):
            hours = LONGEST_EMERGENCY // timedelta(hours=1)
            raise ValueError(f"an emergency ends, by expires_at, within {hours} hours")
        return self


class KeyBody(_Body):
    """The body of a new key of a machine."""

    description: Line
    role: RoleName
    namespaces: Pattern
    expires_at: Annotated[AwareDatetime, Field()]

    @model_validator(mode="after")
    def _check(self) -> Self:
        now = datetime.now(UTC)
        if not now < self.expires_at <= now + LONGEST_KEY:
            raise ValueError(f"expires_at is a time in the future, within {LONGEST_KEY.days} days")
        return self


class AccessHandlers:
    """The handlers of grants and keys, for administrators of the namespaces that they are about.

    Each read and each change is in the audit trail before it is answered.
    """

    def __init__(self, administration: Administration, audit: Audit, clients: Clients) -> None:
        self._administration = administration
        self._audit = audit
        self._clients = clients

    async def grants(self, request: Request) -> Response:
        """GET the grants that the client administers."""
        await self._audit.record(self._note(request, "GET /v1/grants", READ, "200"))
        found = await self._administration.grants(identity_of(request))
        return _answer(200, {"grants": [_grant(each) for each in found]})

    async def give(self, request: Request) -> Response:
        """PUT a grant: 201 when it is new, 200 when it replaces one."""
        name, client = request.path_params["grant"], identity_of(request)
        if not _NAME.fullmatch(name):
            raise InvalidDocumentError("the name of a grant holds 1 to 63 lower-case letters, digits and hyphens")
        body = await _read(request, GrantBody)
        right = Right(Role(body.role), body.namespaces)
        grant = Grant(
            name,
            body.issuer,
            body.subject,
            body.group,
            right,
            body.reason,
            client.name,
            body.expires_at,
            body.emergency,
        )
        note = self._note(request, "PUT /v1/grants/{grant}", ACCESS, EMERGENCY if grant.emergency else GIVE)
        new = await self._administration.give(client, grant, note)
        return _answer(201 if new else 200, _grant(grant))

    async def take(self, request: Request) -> Response:
        """DELETE a grant."""
        note = self._note(request, "DELETE /v1/grants/{grant}", ACCESS, TAKE)
        await self._administration.take(identity_of(request), request.path_params["grant"], note)
        return Response(status_code=204)

    async def keys(self, request: Request) -> Response:
        """GET the keys that the client administers, without their secrets, which nobody has."""
        await self._audit.record(self._note(request, "GET /v1/keys", READ, "200"))
        found = await self._administration.keys(identity_of(request))
        return _answer(200, {"keys": [_key(each) for each in found]})

    async def make_key(self, request: Request) -> Response:
        """POST a key: the answer alone holds its token."""
        client, body = identity_of(request), await _read(request, KeyBody)
        right = Right(Role(body.role), body.namespaces)
        key, token = await self._administration.make_key(
            client,
            lambda id_, digest: MachineKey(id_, digest, body.description, right, client.name, body.expires_at),
            self._note(request, "POST /v1/keys", ACCESS, GIVE),
        )
        return _answer(201, {**_key(key), "token": token})

    async def revoke(self, request: Request) -> Response:
        """DELETE a key."""
        note = self._note(request, "DELETE /v1/keys/{id}", ACCESS, TAKE)
        await self._administration.revoke(identity_of(request), request.path_params["id"], note)
        return Response(status_code=204)

    def _note(self, request: Request, endpoint: str, kind: str, outcome: str) -> Note:
        return self._clients.note(request.scope, kind, outcome, endpoint)


async def _read(request: Request, kind: type[B]) -> B:
    try:
        return kind.model_validate_json(await read_bytes(request))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        texts = (": ".join(filter(None, (".".join(map(str, each["loc"])), each["msg"]))) for each in faults)
        raise InvalidDocumentError("; ".join(texts)) from None


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "name": grant.name,
        "issuer": grant.issuer,
        "subject": grant.subject,
        "group": grant.group,
        "role": grant.right.role,
        "namespaces": grant.right.namespaces,
        "reason": grant.reason,
        "expires_at": grant.expires_at,
        "emergency": grant.emergency,
        "given_by": grant.given_by,
    }


def _key(key: MachineKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "description": key.description,
        "role": key.right.role,
        "namespaces": key.right.namespaces,
        "expires_at": key.expires_at,
        "given_by": key.given_by,
    }


def _answer(status: int, body: dict[str, Any]) -> Response:
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return Response(content, status, headers=_UNCACHED, media_type="application/json")
