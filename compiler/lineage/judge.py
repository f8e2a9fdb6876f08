"""Evaluation of single rules, and the rules that depend on a difference of two inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from compiler.lineage.concerned import Concerned, aligned
from compiler.lineage.on_demand import OnDemand
from compiler.lineage.parts import BEFORE, DOCUMENTS, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.lineage.analysed import Analysed

Document = Mapping[str, Any]
"""The input of a cluster."""
Denials = frozenset[bytes]
"""The denials of one rule for one input, each as JSON."""

_SHARED = frozenset({("environment",), ("spec",), ("argocd",)})
"""The parts that the clusters of an environment have in common."""


class Judge:
    """The rules with severity error, in an engine of the current thread."""

    def __init__(self, found: Analysed) -> None:
        library = found.library
        rules = [rule for rule in library.rules if rule.metadata.custom.severity == "error"]
        self._engine = OnDemand(library)
        self._denials = {rule.id: f"{rule.module.package}.deny" for rule in rules}
        # A variant is compared with no base, so that the rules about transitions have nothing to deny.
        parts = {rule.id: found.reads[rule.id] for rule in rules}
        self._parts = {rule: read for rule, read in parts.items() if not any(part[:1] == BEFORE for part in read)}
        self.rules = tuple(self._parts)
        # All clusters of an environment have these parts in common: one of them answers for all.
        self.shared = frozenset(rule for rule, read in self._parts.items() if all(part[:1] in _SHARED for part in read))
        self._concerned = Concerned(found, self.rules)
        self._separable = found.separable & self._parts.keys()

    def concerned(self, before: Document, after: Document) -> tuple[str, ...]:
        """Return the rules that read a part in which two inputs differ; all others give equal answers."""
        return self._concerned.between(before, aligned(before, after))

    def added(
        self, before: Document, denied: Mapping[str, Denials], after: Document, rules: Iterable[str]
    ) -> dict[str, Denials]:
        """Return the denials of an input that its predecessor ``before`` did not have; ``denied`` are the latter's.

        A rule that judges each object alone is shown only the objects that differ: of the others it says the same.

        Raises:
            PolicyError: a rule has no answer.
        """
        asked, after = list(rules), aligned(before, after)
        alone = [rule for rule in asked if rule in self._separable]
        together = [rule for rule in asked if rule not in self._separable]
        known = {item["file"]: item["object"] for item in before[DOCUMENTS]}
        differing = [item for item in after[DOCUMENTS] if known.get(item["file"]) != item["object"]]
        found = {**self.denials({**after, DOCUMENTS: differing}, alone), **self.denials(after, together)}
        return {rule: new for rule, denials in found.items() if (new := denials - denied[rule])}

    def denials(self, document: Document, rules: Iterable[str]) -> dict[str, Denials]:
        """Return the denials of each rule for an excerpt of a document with only the parts that they read.

        Raises:
            PolicyError: a rule has no answer.
        """
        asked = list(rules)
        if not asked:
            return {}
        shown = excerpt(document, frozenset().union(*(self._parts[rule] for rule in asked)))
        self._engine.need(asked)
        names = {rule: self._denials[rule] for rule in asked}
        found = self._engine.evaluate_some(names.values(), orjson.dumps(shown).decode())
        return {rule: frozenset(map(_json, found[name])) for rule, name in names.items()}


def _json(denial: Any) -> bytes:
    return orjson.dumps(denial, option=orjson.OPT_SORT_KEYS)
