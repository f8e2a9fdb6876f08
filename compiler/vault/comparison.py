"""Differences between a plan and a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from compiler.vault.defaults import fields
from compiler.vault.endpoints import View, endpoint
from compiler.vault.normal import differing, normal
from compiler.vault.plan import references, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.vault.plan import Document, Plan
    from compiler.vault.server import VaultServer
    from compiler.vault.write_only_values import WriteOnlyValues

# A connection's address, or a provider's configuration, may contain a credential.
_NOT_SHOWN = frozenset({"connection_url", "provider_config"})
_LONGEST = 120
_CONTEXT = 1
_HEADER = 2  # the names of the two sides, which a diff begins with


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the document's title, the reason, and the lines of a text that differ."""

    title: str
    reason: str
    lines: tuple[str, ...] = ()
    """A unified diff: ``-`` is the server's line, ``+`` the plan's."""

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


@dataclass(slots=True)
class Comparison:
    """A comparison of a plan's documents with one server, which keeps the answers that later documents refer to."""

    plan: Plan
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
        return (
            *(_difference(document.title, name, data[name], found.get(name)) for name in differing(data, found)),
            *(Difference(document.title, f"{name} differs from the given value") for name in differing(shown, found)),
            *(Difference(document.title, reason) for reason in self._unstated(document, found)),
        )

    def resets(self, document: Document, found: View) -> dict[str, Any]:
        """Return the default of each field that the plan leaves out, and that has another value on the server."""
        expected = self._defaults(document, found)
        return {name: expected[name] for name in differing(expected, found)}

    def unseen(self, document: Document) -> frozenset[str]:
        """Return the given fields of a document that the server does not show."""
        return frozenset(self.values.of(document)) - self._views[document.path].keys()

    def _unstated(self, document: Document, found: View) -> Iterator[str]:
        """Yield the reasons of the fields that the plan leaves out, and that are not as a server makes them."""
        expected = self._defaults(document, found)
        for name in differing(expected, found):
            yield f"{_shown(name, found[name])}, and the plan leaves it at its default: {json.dumps(expected[name])}"
        kind = fields(document.path, self.plan.mounts)
        for name in sorted(found.keys() - expected.keys() - kind.computed - self._stated(document)):
            if normal(found[name], name) is not None:
                yield f"{name} has a value, which the plan does not state, and whose default is not known"

    def _defaults(self, document: Document, found: View) -> dict[str, Any]:
        """Return the defaults of the fields that the server has, and the plan leaves out."""
        stated = self._stated(document)
        defaults = fields(document.path, self.plan.mounts).defaults
        return {name: value for name, value in defaults.items() if name in found and name not in stated}

    def _stated(self, document: Document) -> frozenset[str]:
        """Return the fields that the plan states of a document; a mount's are also those of its tuning."""
        tuned = (item.data for item in self.plan.documents if item.path == f"{document.path}/tune")
        return frozenset(document.data).union(document.write_only, *tuned)


def _difference(title: str, name: str, planned: object, found: object) -> Difference:
    """Return the difference of a stated field: both values where they fit a line and may be shown, else a diff."""
    if name in _NOT_SHOWN:
        return Difference(title, f"{name} differs from the plan")
    texts = [json.dumps(value) for value in (planned, found)]
    if any(len(text) > _LONGEST or r"\n" in text for text in texts):
        changed = list(unified_diff(_lines(found), _lines(planned), n=_CONTEXT, lineterm=""))
        return Difference(title, f"{name} differs from the plan", tuple(changed[_HEADER:]))
    return Difference(title, f"{name} is {texts[1]}, planned: {texts[0]}")


def _lines(value: object) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(normal(value), indent=1)
    return text.splitlines()


def _shown(name: str, found: object) -> str:
    text = json.dumps(found)
    return f"{name} has another value" if name in _NOT_SHOWN or len(text) > _LONGEST else f"{name} is {text}"
