"""Requests that are derived from the description, sound and broken ones: each answer is one that it describes."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from runtime.domain.names import KEY, NAMESPACE
from runtime.routes import DEFINITION, NOTIFICATION
from tests.identity import signed_in
from tests.runtime.changing import put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

    from runtime.http.application import Application
    from tests.runtime.fakes import MemoryEntries

# schemathesis takes seconds to import, and as long to plan the requests of all operations: each test does it for its
# own, so that no run pays for tests that it does not run.
_CHANGES_NOTHING = [404, 405, 409, 412, 413, 415, 422, 428]
_DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())
_OPERATIONS = [(method, path) for path, methods in _DOCUMENT["paths"].items() for method in methods]


@cache
def _schema() -> BaseSchema:
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    checks = {
        "ignored_auth": {"enabled": False},  # it asks a server; test_runtime_access.py asks each endpoint
        "negative_data_rejection": {"expected-statuses": [400, 401, *_CHANGES_NOTHING]},
        "positive_data_acceptance": {"expected-statuses": [200, 201, 204, 304, *_CHANGES_NOTHING]},
    }
    return schemathesis.openapi.from_dict(_DOCUMENT, config=SchemathesisConfig.from_dict({"checks": checks}))


def _requested(method: str, path: str, judge: Callable[[Case[Any]], None]) -> None:
    """Call a function with each request of an operation: examples, every bound of its schemas, and random ones."""
    from schemathesis.checks import load_all_checks
    from schemathesis.generation.feedback import FeedbackSources
    from schemathesis.pytest._test_builder import build_operation_test

    load_all_checks()
    schema = _schema()
    build_operation_test(
        config=schema.config,
        operation=schema[path][method],
        test_func=judge,
        given_kwargs={},
        feedback=FeedbackSources(),
    )()


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": None, "endpoint": None}  # no request is refused for those before it
    return document


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """Stop the service that the tool has started, which it would keep until the process ends."""
    from schemathesis.python.asgi import shutdown_lifespans

    yield
    shutdown_lifespans()


@pytest.fixture(autouse=True)
def entry(entries: MemoryEntries) -> None:
    """The entry of the examples exists."""
    asyncio.run(put(entries, "payments", "limits"))


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_every_answer_is_described_and_none_is_a_defect(method: str, path: str, app: Application) -> None:
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    @hypothesis.settings(max_examples=15, derandomize=True, database=None)
    def judge(case: Case[Any]) -> None:
        names = case.path_parameters
        if (
            KEY.fullmatch(str(names.get("key")))
            and NAMESPACE.fullmatch(str(names.get("namespace")))
            and len(str(names)) % 2
        ):
            names |= {"namespace": "payments", "key": "limits"}  # half of the sound requests meet an entry
        # A moment may be one of another time, or exclude another parameter, two edits may be of one key, a string may
        # hold U+0000, an emergency has to have a reason, and a definition may ask for approvals that the next one does
        # not have, which a schema cannot say.
        raw, tags = str(case.operation.definition.raw), case.operation.tags or ()
        related = any(word in raw for word in ("as-of", "NewTransaction", "NewProposal", "emergency"))
        related = related or "history" in tags or "access" in tags or path == DEFINITION
        excluded: list[Any] = [positive_data_acceptance] if related or "\\x00" in repr(case.body) else []
        if path == NOTIFICATION:  # nobody here has a key, and nothing is judged before the signature
            excluded = [positive_data_acceptance, negative_data_rejection]
        case.call_and_validate(app=app, headers=signed_in(), excluded_checks=excluded)

    _requested(method, path, judge)
