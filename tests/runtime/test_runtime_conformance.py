"""Requests that are derived from the description, sound and broken ones: each answer is one that it describes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from runtime.domain.names import KEY, NAMESPACE
from runtime.routes import DEFINITION, NOTIFICATION
from tests.identity import signed_in
from tests.runtime.changing import put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

    from runtime.http.application import Application
    from tests.runtime.fakes import MemoryEntries

_CHANGES_NOTHING = [404, 405, 409, 412, 413, 415, 422, 428]
schema = schemathesis.openapi.from_dict(
    json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text()),
    config=SchemathesisConfig.from_dict(
        {
            "checks": {
                "ignored_auth": {"enabled": False},  # it asks a server; test_runtime_access.py asks each endpoint
                "negative_data_rejection": {"expected-statuses": [400, 401, *_CHANGES_NOTHING]},
                "positive_data_acceptance": {"expected-statuses": [200, 201, 204, 304, *_CHANGES_NOTHING]},
            }
        }
    ),
)


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": None, "endpoint": None}  # no request is refused for those before it
    return document


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """Stop the service that the tool has started, which it would keep until the process ends."""
    yield
    shutdown_lifespans()


@pytest.fixture(autouse=True)
def entry(entries: MemoryEntries) -> None:
    """The entry of the examples exists."""
    asyncio.run(put(entries, "payments", "limits"))


@schema.parametrize()
@hypothesis.settings(
    max_examples=15,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],  # a service for each operation
)
def test_every_answer_is_described_and_none_is_a_defect(case: Case[Any], app: Application) -> None:
    names = case.path_parameters
    if (
        KEY.fullmatch(str(names.get("key")))
        and NAMESPACE.fullmatch(str(names.get("namespace")))
        and len(str(names)) % 2
    ):
        names |= {"namespace": "payments", "key": "limits"}  # half of the sound requests meet an entry
    # A moment may be one of another time, or exclude another parameter, two edits may be of one key, a string may hold
    # U+0000, an emergency has to have a reason, and a definition may ask for approvals that the next one does not have,
    # which a schema cannot say.
    raw = str(case.operation.definition.raw)
    related = (
        "as-of" in raw or "NewTransaction" in raw or "NewProposal" in raw or "history" in (case.operation.tags or ())
    )
    related = related or "access" in (case.operation.tags or ()) or "\\x00" in repr(case.body) or "emergency" in raw
    related = related or case.operation.path == DEFINITION
    excluded: list[Any] = [positive_data_acceptance] if related else []
    if case.operation.path == NOTIFICATION:  # nobody here has a key, and nothing is judged before the signature
        excluded = [positive_data_acceptance, negative_data_rejection]
    case.call_and_validate(app=app, headers=signed_in(), excluded_checks=excluded)
