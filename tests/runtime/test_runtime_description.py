"""The OpenAPI document: it describes what is served, and its examples are what the service does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from runtime.http.openapi.__main__ import LIVE, READY
from runtime.http.openapi.document import as_text, document
from runtime.http.openapi.fields import REQUEST_ID
from runtime.http.openapi.operations import operations
from runtime.http.problem_kinds import KINDS

if TYPE_CHECKING:
    import httpx

    from runtime.http.application import Application

pytestmark = pytest.mark.anyio
COMMITTED = Path(__file__).parents[2] / "docs/openapi.json"
DOCUMENT: dict[str, Any] = json.loads(COMMITTED.read_text())
OPERATIONS = {it.id: it for it in operations(LIVE, READY)}
DESCRIBED = {
    found["operationId"]: (method.upper(), template, found)
    for template, methods in DOCUMENT["paths"].items()
    for method, found in methods.items()
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def resolved(node: Any) -> Any:
    """Return a part of the document, or the one that it refers to."""
    if "$ref" not in node:
        return node
    found = DOCUMENT
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_the_committed_description_is_the_one_that_is_built() -> None:
    assert COMMITTED.read_text() == as_text(document(LIVE, READY)), "run: make docs/openapi.json"


def test_the_description_is_well_formed() -> None:
    import schemathesis  # takes seconds: no run pays for it that does not run this test

    schemathesis.openapi.from_dict(DOCUMENT).validate()
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_everything_that_is_served_is_described_and_nothing_else(app: Application) -> None:
    assert {it.endpoint for it in OPERATIONS.values()} == app.endpoints


async def test_the_service_serves_the_description_with_the_paths_of_its_settings(client: httpx.AsyncClient) -> None:
    served = await client.get("/openapi.json")
    assert served.json() == DOCUMENT
    elsewhere = document("/live", "/live/ready")
    assert elsewhere["paths"].keys() - DOCUMENT["paths"].keys() == {"/live", "/live/ready"}
    assert {**elsewhere, "paths": 0} == {**DOCUMENT, "paths": 0}


@pytest.mark.parametrize("name", [name for name, it in OPERATIONS.items() if it.example])
async def test_the_example_of_each_operation_is_what_the_service_answers(client: httpx.AsyncClient, name: str) -> None:
    method, template, described = DESCRIBED[name]
    example = OPERATIONS[name].example
    assert example
    client.headers["X-Request-Id"] = REQUEST_ID.example
    for before, path, body in example.given:
        headers = {"If-Match": "*"} if before == "DELETE" else {}
        assert (await client.request(before, path, json=body, headers=headers)).is_success
    wanted = {it.name for it in example.using}
    sent: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for parameter in map(resolved, described["parameters"]):
        if parameter["required"] or parameter["name"] in wanted:
            sent[parameter["in"]][parameter["name"]] = parameter["example"]
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    response = await client.request(
        method,
        template.format(**sent["path"]),
        params=sent["query"],
        headers=sent["header"],
        json=content and content["example"],
    )
    assert response.status_code == example.status
    answer = described["responses"][str(example.status)]
    if "content" in answer:
        now = "2026-01-05T09:30:00.000000Z"
        assert json.loads(_TIME.sub(now, response.text)) == answer["content"]["application/json"]["example"]
    else:
        assert response.content == b""


def test_each_operation_of_the_api_has_an_example_and_a_summary() -> None:
    for name, (_, template, described) in DESCRIBED.items():
        assert described["summary"], name
        if "entries" in template:
            assert OPERATIONS[name].example, name


def test_every_example_of_a_parameter_is_of_its_schema() -> None:
    for parameter in DOCUMENT["components"]["parameters"].values():
        Draft202012Validator(parameter["schema"]).validate(parameter["example"])


def test_every_kind_of_problem_is_described_but_those_that_no_operation_has() -> None:
    described = {
        name
        for response in DOCUMENT["components"]["responses"].values()
        for name in response["content"]["application/problem+json"]["examples"]
    }
    assert {kind.name for kind in KINDS} - described == {"method-not-allowed"}
