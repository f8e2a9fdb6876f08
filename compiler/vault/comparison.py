"""What a server says otherwise than the plan."""

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

# An address may have a credential in it that somebody wrote there.
_UNTOLD = frozenset({"connection_url"})
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the server and the plan differ, and how."""

    title: str
    reason: str

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


@dataclass(slots=True)
class Comparison:
    """A walk over a plan's documents on one server, which remembers what later documents refer to."""

    server: VaultServer
    values: WriteOnlyValues
    _said: dict[tuple[str, str], Any] = field(default_factory=dict)
    _views: dict[str, View] = field(default_factory=dict)

    def data(self, document: Document) -> dict[str, Any] | None:
        """Return a document's data with its references resolved; None while one of them leads to nothing."""
        for path, name in references(document.data):
            if name not in self._views.get(path, {}):
                return None
            self._said[path, name] = self._views[path][name]
        found = resolved(document.data, self._said)
        return dict(found)

    def view(self, document: Document, data: dict[str, Any]) -> View | None:
        """Return what the server has in a document's place."""
        found = endpoint(document.path).read(self.server, document.path, data)
        if found is not None:
            self._views[document.path] = found
        return found

    def differences(self, document: Document) -> tuple[Difference, ...]:
        """Return how the server differs from one document."""
        data = self.data(document)
        found = None if data is None else self.view(document, data)
        if data is None or found is None:
            return (Difference(document.title, "is not there"),)
        # What was given is compared where the server shows it: certificates are, passwords are not.
        shown = {name: value for name, value in self.values.of(document).items() if name in found}
        reasons = [_reason(name, data[name], found.get(name)) for name in differing(data, found)]
        reasons += [f"{name} is not the given one" for name in differing(shown, found)]
        return tuple(Difference(document.title, reason) for reason in reasons)

    def unseen(self, document: Document) -> frozenset[str]:
        """Return the fields that were given for a document and that the server does not show."""
        return frozenset(self.values.of(document)) - self._views[document.path].keys()


def check(plan: Plan, server: VaultServer, values: WriteOnlyValues) -> Iterator[Difference]:
    """Yield every difference, in the order of the plan, and then what nobody planned.

    Raises:
        VaultError: the server cannot be asked.
    """
    comparison = Comparison(server, values)
    for document in plan.documents:
        yield from comparison.differences(document)
    yield from _strangers(plan, server)


def _strangers(plan: Plan, server: VaultServer) -> Iterator[Difference]:
    """Roles on the plan's own auth methods by which others could log in."""
    planned = {document.path for document in plan.documents}
    for mount in (path.removeprefix("sys/") for path in sorted(planned) if path.startswith("sys/auth/")):
        for name in server.list(f"{mount}/role").get("keys") or ():
            if f"{mount}/role/{name}" not in planned:
                yield Difference(f"{mount}/role/{name}", "is not in the plan")


def _reason(name: str, planned: object, found: object) -> str:
    """Say both values, where both can be said in a line."""
    texts = [json.dumps(value) for value in (planned, found)]
    if name in _UNTOLD or any(len(text) > _LONGEST or r"\n" in text for text in texts):
        return f"{name} is another than planned"
    return f"{name} is {texts[1]}, planned: {texts[0]}"
