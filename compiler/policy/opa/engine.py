"""The engine on an Open Policy Agent server.

Configuration alone selects it. The server may also serve others: ours are the policies with ids that start with
``cbp/``, and the data under the names of our data folders; no other policy may be in one of our packages. The engine
reads the server's policies and data back and compares them after the upload, after the proof and after the judgement.
Upstream: https://www.openpolicyagent.org/docs/rest-api
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from compiler.policy.errors import PolicyError
from compiler.policy.library import HELPERS
from compiler.policy.opa.client import Connection, RefusedError
from compiler.policy.regorus import Regorus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from compiler.policy.library import Module
    from compiler.policy.opa.config import OpaServer

FOLDER = "cbp/"
"""The prefix of the ids of our policies on the server."""
_STRICT = {"strict-builtin-errors": "true"}
_PACKAGE = re.compile(r"^\s*package\s+([A-Za-z0-9_]+)", re.MULTILINE)


class Opa:
    """An engine that evaluates the uploaded policies on a server."""

    name = "opa"

    def __init__(self, server: OpaServer) -> None:
        self._server = Connection(server)
        self._client = self._server.client
        self._modules: dict[str, str] = {}
        self._data: Mapping[str, Any] = {}
        self._roots: set[str] = set()
        """The root names of our packages and data."""
        self._version = ""

    @property
    def version(self) -> str:
        """The version that the server reports."""
        return self._version

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Upload the policies and their data (see :class:`compiler.policy.engine.Engine`)."""
        modules = list(modules)
        # Vetting uses regorus' parser, and refuses constructs that the two engines treat differently.
        Regorus().load(modules, data)
        ordered = sorted(modules, key=lambda module: module.package.split(".")[0] != HELPERS)
        self._version = self._ask_version()
        self._modules = {f"{FOLDER}{module.path}": module.text for module in ordered}
        self._data = data
        self._roots = {module.package.split(".")[0] for module in ordered} | data.keys()
        self._upload()
        self.confirm()

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value (see :class:`compiler.policy.engine.Engine`)."""
        package, _, name = rule.rpartition(".")
        query = self._client.query_rule
        answer = self._server.ask(f"the rule {rule}", query, json.loads(document), package, name, _STRICT)
        if not isinstance(answer, dict) or "result" not in answer:
            raise PolicyError(f"the policy rule {rule} is undefined for its input")
        return answer["result"]

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield a rule's value for each input, one by one (see :class:`compiler.policy.engine.Engine`)."""
        return (self.evaluate(rule, document) for document in documents)

    def confirm(self) -> None:
        """Compare the server's state with the uploaded policies (see :class:`compiler.policy.engine.Engine`)."""
        held = self._policies_on_server()
        self._refuse_foreign_policies(held)
        if _ours(held) != self._modules:
            raise PolicyError("the OPA server holds other policies than it was given: somebody else changes them")
        for name, document in self._data.items():
            match self._server.ask(f"the data '{name}'", self._client.get_data, quote(name)):
                case {"result": held_data} if _canonical_json(held_data) == _canonical_json(document):
                    continue
            raise PolicyError(f"the OPA server holds other data under '{name}' than it was given")

    def _ask_version(self) -> str:
        answer = self._server.ask("its version", self._client.ad_hoc_query, "version := opa.runtime().version")
        match answer:
            case {"result": [{"version": str(version)}]} if version.strip():
                return version
        raise PolicyError("the OPA server does not say which version it is")

    def _upload(self) -> None:
        """Replace the policies and data of an earlier run by ours; equal ones stay.

        The server recompiles all policies for each changed one, so only differing policies are changed.
        """
        held = self._policies_on_server()
        self._refuse_foreign_policies(held)
        for name, document in self._data.items():
            self._server.ask(f"the data '{name}'", self._client.update_or_create_data, document, quote(name))
        ours = _ours(held)
        changed = [identifier for identifier, text in self._modules.items() if ours.get(identifier) != text]
        stale = sorted(ours.keys() - self._modules.keys())
        if _apply_with_retries(self._put, changed) or _apply_with_retries(self._delete, stale):
            # Old and new versions of helpers and rules depend on each other: delete all before uploading again.
            self._replace()

    def _replace(self) -> None:
        for change, identifiers in ((self._delete, _ours(self._policies_on_server())), (self._put, self._modules)):
            if errors := _apply_with_retries(change, identifiers):
                raise errors[0]

    def _put(self, identifier: str) -> None:
        text = self._modules[identifier]
        put = self._client.update_policy_from_string
        # The client's compatibility mode would rewrite the text.
        self._server.ask(f"the policy {identifier}", put, text, quote(identifier), rego_compat=False)

    def _delete(self, identifier: str) -> None:
        self._server.ask(f"the policy {identifier}", self._client.delete_policy, quote(identifier))

    def _policies_on_server(self) -> dict[str, str]:
        """Return the text of every policy on the server by id."""
        return self._server.ask("its policies", self._client.get_policies)

    def _refuse_foreign_policies(self, held: Mapping[str, str]) -> None:
        """Refuse a foreign policy that adds to our packages, or to the data that they read."""
        for identifier in held.keys() - _ours(held).keys():
            if _root(held[identifier]) in (*self._roots, ""):
                raise PolicyError(f"the OPA server holds the policy '{identifier}', which would judge with ours")


def _apply_with_retries(change: Callable[[str], None], identifiers: Iterable[str]) -> list[RefusedError]:
    """Apply a change to each policy, retrying refused ones after the others; return the refusals that remain."""
    waiting = list(identifiers)
    while waiting:
        errors: dict[str, RefusedError] = {}
        for identifier in waiting:
            try:
                change(identifier)
            except RefusedError as error:
                errors[identifier] = error
        if len(errors) == len(waiting):
            return list(errors.values())
        waiting = list(errors)
    return []


def _ours(held: Mapping[str, str]) -> dict[str, str]:
    return {identifier: text for identifier, text in held.items() if identifier.startswith(FOLDER)}


def _root(text: str) -> str:
    """Return the root name of a policy's package, or an empty text when it cannot be found."""
    package = _PACKAGE.search(text)
    return package[1] if package else ""


def _canonical_json(document: Any) -> str:
    """Return canonical JSON text, in which ``true`` differs from 1."""
    return json.dumps(document, sort_keys=True)
