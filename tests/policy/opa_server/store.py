"""Policies and data, held and evaluated by OPA itself: the library that ``requirements/opa.txt`` installs.

It is OPA's own compiler and evaluator, in strict mode, without its server. Whatever does not compile is taken back, as
OPA does.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from typing import Any

from opa_bindings import OpaEngine, OpaError

VERSION = "1.20.2"
"""The release of OPA that the library was built from."""
_LOCATED = re.compile(
    r"^(?P<file>.+?):(?P<row>[0-9]+): (?P<code>rego_[a-z_]+|eval_[a-z_]+): (?P<message>.*)$", re.MULTILINE
)
_PACKAGE = re.compile(r"^\s*package\s+([A-Za-z0-9_.]+)\s*$", re.MULTILINE)


class RefusedError(Exception):
    """OPA refuses a policy, data or a query; ``errors`` are as its API has them."""

    def __init__(self, message: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class NotFoundError(Exception):
    """There is no such policy, or no such data."""


@dataclass(slots=True)
class Store:
    """What a server holds; ``policies`` are texts by their ids."""

    policies: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    _engine: Any = field(default_factory=OpaEngine)

    def put_policy(self, identifier: str, text: str) -> None:
        changed = {**self.policies, identifier: text}
        if identifier in self.policies or not self._stands_alone(text):
            self._change(changed, self.data)
            return
        # What does not change what is there is compiled with what it reads: the whole would take too long for each.
        try:
            self._built({**self._read_by(text), identifier: text}).eval_query("true")
        except OpaError as error:
            raise _refused("error(s) occurred while compiling module(s)", error) from None
        self._engine.add_policy(identifier, text)
        self.policies = changed

    def delete_policy(self, identifier: str) -> None:
        if identifier not in self.policies:
            raise NotFoundError(f'storage_not_found_error: policy id "{identifier}"')
        self._change({key: text for key, text in self.policies.items() if key != identifier}, self.data)

    def put_data(self, path: list[str], value: Any) -> None:
        changed = copy.deepcopy(self.data)
        place = changed
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
        self._change(self.policies, changed)

    def delete_data(self, path: list[str]) -> None:
        changed = copy.deepcopy(self.data)
        place = changed
        try:
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
        except (KeyError, TypeError):
            raise NotFoundError("storage_not_found_error: document does not exist") from None
        self._change(self.policies, changed)

    def value(self, path: list[str], document: Any = None) -> Any:
        """Return the value at a path for an input, in a mapping that is empty where it is undefined."""
        place = "".join(f"[where[{index}]]" for index in range(len(path)))
        query = f"where := input.path; document := input.document; value := data{place} with input as document"
        found = self.query(query, {"path": path, "document": document})
        return {"result": found[0]["value"]} if found else {}

    def query(self, query: str, document: Any = None) -> Any:
        """Return the bindings of an ad-hoc query."""
        runtime = query.replace("opa.runtime()", json.dumps({"version": VERSION}))
        try:
            return self._engine.eval_query(runtime, document)
        except OpaError as error:
            raise _refused("error(s) occurred while evaluating query", error) from None

    def _change(self, policies: dict[str, str], data: dict[str, Any]) -> None:
        try:
            engine = self._built(policies, data)
            engine.eval_query("true")
        except OpaError as error:
            raise _refused("error(s) occurred while compiling module(s)", error) from None
        self.policies, self.data, self._engine = policies, data, engine

    def _built(self, policies: dict[str, str], data: dict[str, Any] | None = None) -> Any:
        """Return a fresh engine, for the library can add and cannot take away."""
        engine = OpaEngine()
        for identifier, text in policies.items():
            engine.add_policy(identifier, text)
        engine.add_data(self.data if data is None else data)
        return engine

    def _stands_alone(self, text: str) -> bool:
        """Say whether no policy is of the same package, or of one above or below it, or speaks of it."""
        package = _package(text)
        if not package:
            return False
        others = [_package(other) for other in self.policies.values()]
        related = any(
            f"{other}.".startswith(f"{package}.") or f"{package}.".startswith(f"{other}.") for other in others
        )
        return not related and not any(package in other for other in self.policies.values())

    def _read_by(self, text: str) -> dict[str, str]:
        """Return the policies whose packages a text speaks of, and those that they speak of."""
        found: dict[str, str] = {}
        texts = [text]
        for spoken in texts:
            for identifier, other in self.policies.items():
                if identifier not in found and _package(other) in spoken:
                    found[identifier] = other
                    texts.append(other)
        return found


def _package(text: str) -> str:
    """Return the name of a policy's package, or nothing where it is written in another way than as names with dots."""
    package = _PACKAGE.search(text)
    return package[1] if package else ""


def _refused(message: str, error: Any) -> RefusedError:
    errors = [
        {
            "code": found["code"],
            "message": found["message"],
            "location": {"file": found["file"], "row": int(found["row"])},
        }
        for found in _LOCATED.finditer(error.message.replace("1 error occurred: ", "\n"))
    ]
    return RefusedError(message, errors or [{"code": error.code, "message": error.message}])
