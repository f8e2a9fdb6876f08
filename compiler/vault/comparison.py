"""Differences between a plan and a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compiler.vault.endpoints import View, endpoint
from compiler.vault.normal import differing
from compiler.vault.plan import references, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.vault.plan import Document, Plan
    from compiler.vault.server import VaultServer
    from compiler.vault.write_only_values import WriteOnlyValues

# A connection's address may contain a credential.
_NOT_SHOWN = frozenset({"connection_url"})
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the document's title, and the reason."""

    title: str
    reason: str

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


@dataclass(slots=True)
class Comparison:
    """A comparison of a plan's documents with one server, which keeps the answers that later documents refer to."""

    server: VaultServer
    values: WriteOnlyValues
    _known: dict[tuple[str, str], Any] = field(default_factory=dict)
    _views: dict[str, View] = field(default_factory=dict)

    def data(self, document: Document) -> dict[str, Any] | None:
        """Return a document's data with its references resolved; None while one of them has no value."""
        for path, name in references(document.data):
            if name not in self._views.get(path, {}):
                return None
            self._known[path, name] = self._views[path][name]
        found = resolved(document.data, self._known)
        return dict(found)

    def view(self, document: Document, data: dict[str, Any]) -> View | None:
        """Return the server's version of a document; None where it has none."""
        found = endpoint(document.path).read(self.server, document.path, data)
        if found is not None:
            self._views[document.path] = found
        return found

    def differences(self, document: Document) -> tuple[Difference, ...]:
        """Return the differences between the server and one document."""
        data = self.data(document)
        found = None if data is None else self.view(document, data)
        if data is None or found is None:
            return (Difference(document.title, "is not there"),)
        # A given value is compared where the server shows it: it shows certificates, and hides passwords.
        shown = {name: value for name, value in self.values.of(document).items() if name in found}
        reasons = [_reason(name, data[name], found.get(name)) for name in differing(data, found)]
        reasons += [f"{name} differs from the given value" for name in differing(shown, found)]
        return tuple(Difference(document.title, reason) for reason in reasons)

    def unseen(self, document: Document) -> frozenset[str]:
        """Return the given fields of a document that the server does not show."""
        return frozenset(self.values.of(document)) - self._views[document.path].keys()


def check(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> Iterator[Difference]:
    """Yield every difference, in the order of the plan, and then the roles that are not in the plan.

    Raises:
        VaultError: the server cannot be reached, or refuses.
    """
    comparison = Comparison(server, values)
    for document in plan.documents:
        yield from comparison.differences(document)
    yield from _unplanned_roles(plan, server)


def _unplanned_roles(plan: Plan, server: VaultServer) -> Iterator[Difference]:
    """Yield the roles of the plan's auth methods that are not in the plan: others could log in by them."""
    planned = {document.path for document in plan.documents}
    for mount in (path.removeprefix("sys/") for path in sorted(planned) if path.startswith("sys/auth/")):
        for name in server.list(f"{mount}/role").get("keys") or ():
            if f"{mount}/role/{name}" not in planned:
                yield Difference(f"{mount}/role/{name}", "is not in the plan")


def _reason(name: str, planned: object, found: object) -> str:
    """Return both values where each fits a line and may be shown; else only that they differ."""
    texts = [json.dumps(value) for value in (planned, found)]
    if name in _NOT_SHOWN or any(len(text) > _LONGEST or r"\n" in text for text in texts):
        return f"{name} differs from the plan"
    return f"{name} is {texts[1]}, planned: {texts[0]}"
