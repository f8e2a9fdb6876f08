"""Judge by the policies on an Open Policy Agent server.

It is chosen by configuration alone. The server may serve others, too: policies whose ids start with ``cbp/`` are ours,
and data under the names of our data folders; nobody else's policy may stand in a package of ours. What it holds is
read back and compared after the upload, after the proof and after the judgement.
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
    from collections.abc import Callable, Iterable, Mapping

    from compiler.policy.library import Module
    from compiler.policy.opa.config import OpaServer

FOLDER = "cbp/"
"""The beginning of the ids of our policies on the server."""
_STRICT = {"strict-builtin-errors": "true"}
_PACKAGE = re.compile(r"^\s*package\s+([A-Za-z0-9_]+)", re.MULTILINE)


class Opa:
    """A server, with the policies that it has been given."""

    name = "opa"

    def __init__(self, server: OpaServer) -> None:
        self._server = Connection(server)
        self._client = self._server.client
        self._modules: dict[str, str] = {}
        self._data: Mapping[str, Any] = {}
        self._roots: set[str] = set()
        """The first names of our packages and data."""
        self._version = ""

    @property
    def version(self) -> str:
        """The version that the server says it is."""
        return self._version

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Upload the policies and their data (see :class:`compiler.policy.engine.Engine`)."""
        modules = list(modules)
        # What is vetted is read by regorus, and refused for what the two engines would take in different ways.
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

    def confirm(self) -> None:
        """Compare what the server holds with what it was given (see :class:`compiler.policy.engine.Engine`)."""
        held = self._held()
        self._refuse_strangers(held)
        if _ours(held) != self._modules:
            raise PolicyError("the OPA server holds other policies than it was given: somebody else changes them")
        for name, document in self._data.items():
            match self._server.ask(f"the data '{name}'", self._client.get_data, quote(name)):
                case {"result": held_data} if _written(held_data) == _written(document):
                    continue
            raise PolicyError(f"the OPA server holds other data under '{name}' than it was given")

    def _ask_version(self) -> str:
        answer = self._server.ask("its version", self._client.ad_hoc_query, "version := opa.runtime().version")
        match answer:
            case {"result": [{"version": str(version)}]} if version.strip():
                return version
        raise PolicyError("the OPA server does not say which version it is")

    def _upload(self) -> None:
        """Put our policies and data in the place of those of an earlier run; what is there already stays.

        A server compiles all that it holds for each policy that changes, so that no more are changed than have to be.
        """
        held = self._held()
        self._refuse_strangers(held)
        for name, document in self._data.items():
            self._server.ask(f"the data '{name}'", self._client.update_or_create_data, document, quote(name))
        ours = _ours(held)
        changed = [identifier for identifier, text in self._modules.items() if ours.get(identifier) != text]
        stale = sorted(ours.keys() - self._modules.keys())
        if _refused(self._put, changed) or _refused(self._delete, stale):
            # A helper's new functions need the new rules, and these need them: all have to go before they come.
            self._replace()

    def _replace(self) -> None:
        for change, identifiers in ((self._delete, _ours(self._held())), (self._put, self._modules)):
            if errors := _refused(change, identifiers):
                raise errors[0]

    def _put(self, identifier: str) -> None:
        text = self._modules[identifier]
        put = self._client.update_policy_from_string
        # Without its compatibility mode, which uploads a text that it has rewritten.
        self._server.ask(f"the policy {identifier}", put, text, quote(identifier), rego_compat=False)

    def _delete(self, identifier: str) -> None:
        self._server.ask(f"the policy {identifier}", self._client.delete_policy, quote(identifier))

    def _held(self) -> dict[str, str]:
        """Return the text of every policy on the server by its id."""
        return self._server.ask("its policies", self._client.get_policies)

    def _refuse_strangers(self, held: Mapping[str, str]) -> None:
        """Refuse a policy of somebody else that adds to our packages, or to the data that they read."""
        for identifier in held.keys() - _ours(held).keys():
            if _root(held[identifier]) in (*self._roots, ""):
                raise PolicyError(f"the OPA server holds the policy '{identifier}', which would judge with ours")


def _refused(change: Callable[[str], None], identifiers: Iterable[str]) -> list[RefusedError]:
    """Change policies, one that others depend on again after them; return why those that are left are refused."""
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
    """Return the first name of a policy's package; nothing, where it cannot be told."""
    package = _PACKAGE.search(text)
    return package[1] if package else ""


def _written(document: Any) -> str:
    """Return JSON in one form, so that ``true`` is not 1."""
    return json.dumps(document, sort_keys=True)
