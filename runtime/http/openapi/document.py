"""The OpenAPI 3.1 document.

It is the same in every environment but for the paths of health, which the settings state: the limits of an environment
are in ``RateLimit-Policy`` and in its settings.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies.service import Problem
from runtime.http.openapi.fields import CHANGE_REASON, FIELDS, IN_PATH, REQUEST_ID, TRACEPARENT
from runtime.http.openapi.operations import operations
from runtime.http.openapi.parts import JSON
from runtime.routes import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

    from runtime.http.openapi.parts import Answer, Operation, Parameter
    from runtime.http.problem_kinds import Kind

TITLE: Final = "Configuration API"
VERSION: Final = "1"
"""The version of the API, which its paths begin with."""

_TEXT: Final = """\
Configuration entries in namespaces, each a JSON document with a revision.

- Every read has an `ETag`. A change of an entry that exists names the version that it replaces in `If-Match`: no update
  is lost, and 412 or 428 say so.
- With `dry-run=true` a change is judged exactly as it would be made, and nothing is made.
- A change with an `Idempotency-Key` can be sent again after any failure: it is made once.
- A client signs in by a token (RFC 6750): one of a trusted issuer, or a key of a machine. What it may do depends on its
  role, in the namespace of the path: reader, writer, approver or administrator.
- Each request takes a token from buckets of its client; `RateLimit-Policy` has the quotas, `RateLimit` what is left.
  429 and 503 say in `Retry-After` when to come back.
- Every error is a problem (RFC 9457), whose `type` leads to its explanation in `/problems`.
- `HEAD` is answered as `GET`, without the body; any other method that is not listed with 405 and `Allow`.
"""
_TAGS: Final = {
    "entries": "Entries of namespaces.",
    "namespaces": "Namespaces as a whole: bundles, transactions, definitions and layers.",
    "proposals": "Changes that others approve.",
    "history": "What was when, and going back.",
    "access": "Who may do what.",
    "deliveries": "Changes on their way to subscribers of the event bus.",
    "notifications": "What connectors tell of themselves.",
    "audit": "Who did what, when, from where and why.",
    "service": "The service, its state and its description.",
}
_SCHEME: Final = "token"
_PROOF: Final = "A token of a trusted issuer, or a key of a machine; the names beside it are the role that is needed."
_ALWAYS: Final = (kinds.MALFORMED_REQUEST, kinds.REQUEST_INCOMPLETE, kinds.FIELDS_TOO_LARGE, kinds.DEFECT)
_LIMITED: Final = (kinds.QUOTA_EXCEEDED, kinds.REDUCED_CAPACITY)
_GUARDED: Final = (
    kinds.SIGN_IN_REQUIRED,
    kinds.INVALID_TOKEN,
    kinds.ROLE_MISSING,
    kinds.UNAVAILABLE,
)
_CHANGE: Final = (
    kinds.APPROVAL_REQUIRED,
    kinds.PRECONDITION_FAILED,
    kinds.VALUES_INVALID,
    kinds.PRECONDITION_REQUIRED,
    kinds.IDEMPOTENCY_KEY_REUSED,
    kinds.UNAVAILABLE,
    kinds.OUTCOME_UNKNOWN,
    kinds.CHANGE_EXPIRED,
)
_BODY: Final = (kinds.CONTENT_TOO_LARGE, kinds.UNSUPPORTED_CONTENT, kinds.NO_SUCH_PROTOCOL)
_OF_LIMITED: Final = ("Cache-Control", "RateLimit-Policy", "RateLimit")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


def document(live: str, ready: str) -> dict[str, Any]:
    """Return the document; the arguments are the paths of liveness and readiness."""
    described = operations(live, ready)
    responses: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in described:
        paths.setdefault(operation.template, {})[operation.method.lower()] = _operation(operation, responses)
    return {
        "openapi": "3.1.1",
        "info": {"title": TITLE, "version": VERSION, "description": _TEXT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/", "description": "The server that this description comes from."}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(described),
            "parameters": {name: _parameter(parameter) for name, parameter in sorted(_parameters(described).items())},
            "headers": {name: {"description": it.text, "schema": it.schema} for name, it in FIELDS.items()},
            "responses": dict(sorted(responses.items())),
            "securitySchemes": {_SCHEME: {"type": "http", "scheme": "bearer", "description": _PROOF}},
        },
    }


def as_text(found: Mapping[str, Any]) -> str:
    """Return the document as the text that is committed."""
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


class _Untitled(GenerateJsonSchema):
    """Schemas without a title for each member, which would repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schemas(described: Iterable[Operation]) -> dict[str, Any]:
    models: list[type[BaseModel] | None] = [Problem]
    for operation in described:
        models += (operation.body, *(answer.body for answer in operation.answers))
    pairs: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in dict.fromkeys(models) if model]
    _, found = models_json_schema(pairs, ref_template="#/components/schemas/{model}", schema_generator=_Untitled)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _parameters(described: Iterable[Operation]) -> dict[str, Parameter]:
    return {it.title or it.name: it for operation in described for it in _of(operation)}


def _of(operation: Operation) -> tuple[Parameter, ...]:
    names = _PARAMETER.findall(operation.template)
    return (*(it for it in IN_PATH if it.name in names), *operation.parameters, REQUEST_ID, TRACEPARENT)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": parameter.text,
        "schema": parameter.schema,
        "example": parameter.example,
    }


def _operation(operation: Operation, responses: dict[str, Any]) -> dict[str, Any]:
    """Return the description of an operation, and add the answers to ``responses`` that several operations have."""
    found: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        **({"description": operation.text} if operation.text else {}),
        "parameters": [_reference("parameters", it.title or it.name) for it in _of(operation)],
    }
    if permission := PERMISSIONS.get(operation.endpoint):
        found["security"] = [{_SCHEME: [permission.role]}]
    if operation.body:
        example = operation.example.body if operation.example else None
        found["requestBody"] = {"required": True, "content": _json(operation.body, example)}
    answers = {str(answer.status): _answer(operation, answer) for answer in operation.answers}
    for status, group in groupby(_problems(operation), key=lambda kind: kind.status):
        if str(status) not in answers:
            answers[str(status)] = _problem(tuple(group), responses, limited=operation.limited)
    found["responses"] = dict(sorted(answers.items()))
    return found


def _problems(operation: Operation) -> list[Kind]:
    permission = PERMISSIONS.get(operation.endpoint)
    wanted = {
        *_ALWAYS,
        *operation.problems,
        *(_LIMITED if operation.limited else ()),
        *(_GUARDED if permission else ()),
        *((kinds.SECOND_FACTOR_REQUIRED,) if permission and permission.second_factor else ()),
        *(_CHANGE if CHANGE_REASON in operation.parameters else ()),
        *(_BODY if operation.body else ()),
    }
    return [kind for kind in kinds.KINDS if kind in wanted]


def _answer(operation: Operation, answer: Answer) -> dict[str, Any]:
    example = operation.example.answer if operation.example and operation.example.status == answer.status else None
    fields = (*answer.fields, *answer.may, *(_OF_LIMITED if operation.limited else ()), "X-Request-Id")
    found: dict[str, Any] = {"description": answer.text, "headers": _fields(fields)}
    if answer.body:
        found["content"] = _json(answer.body, example)
    elif answer.media:
        found["content"] = {media: {} for media in answer.media}
    if operation.links and answer.status < 300:
        found["links"] = operation.links
    return found


def _problem(group: tuple[Kind, ...], responses: dict[str, Any], *, limited: bool) -> dict[str, Any]:
    """Return the reference to the answer for kinds of problem that have one status."""
    name = ".".join((str(group[0].status), *(kind.name for kind in group), *(() if limited else ("unlimited",))))
    fields = dict.fromkeys(field for kind in group for field in kind.fields)
    known = {
        "type": {"enum": [kind.type for kind in group]},
        "title": {"enum": [kind.title for kind in group]},
        "status": {"const": group[0].status},
    }
    responses[name] = {
        "description": " ".join(f"**{kind.title}.** {kind.cause} {kind.remedy}" for kind in group),
        "headers": _fields((*fields, *(_OF_LIMITED if limited else ("Cache-Control",)), "X-Request-Id")),
        "content": {
            "application/problem+json": {
                "schema": {**_reference("schemas", "Problem"), "properties": known},
                "examples": {kind.name: {"value": _occurrence(kind)} for kind in group},
            }
        },
    }
    return _reference("responses", name)


def _occurrence(kind: Kind) -> dict[str, Any]:
    return {"type": kind.type, "title": kind.title, "status": kind.status, "detail": kind.remedy}


def _fields(names: Iterable[str]) -> dict[str, Any]:
    return {name: _reference("headers", name) for name in names}


def _json(model: type[BaseModel], example: object) -> dict[str, Any]:
    schema = {"schema": _reference("schemas", model.__name__)}
    return {JSON: schema if example is None else {**schema, "example": example}}


def _reference(kind: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{kind}/{name}"}
