"""An engine that loads a rule when it is first asked: an answer about a change asks few of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.policy.gate import answers_module
from compiler.policy.library import HELPERS
from compiler.policy.regorus import Regorus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.policy.library import Library, Module

_GATE = re.compile(r"gate\.(\w+)")
_DATA = re.compile(r"(?<![\w.])data(?:\.(\w+)|\b(?!\.))")
"""A reference to a package or to data; one without a name may lead anywhere."""
_SAID = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*')
"""A text or a comment, which refers to nothing."""


class OnDemand(Regorus):
    """The embedded engine with the proven policies of a library, of which it parses those that are asked."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._waiting = {rule.id: rule for rule in library.rules}
        self._shared = frozenset((HELPERS, *library.data))
        self._helpers_lead_to_rules = any(self._leads_to_rules(module) for module in library.helpers)
        self.load_vetted(library.helpers, library.data)

    def need(self, rules: Iterable[str]) -> None:
        """Load the rules with these ids that are not loaded yet.

        Raises:
            PolicyError: they do not compile.
        """
        missing = [rule for id_ in dict.fromkeys(rules) if (rule := self._waiting.get(id_))]
        if missing and (self._helpers_lead_to_rules or any(self._leads_to_rules(rule.module) for rule in missing)):
            missing = [*self._waiting.values()]
        if missing:
            module = answers_module(missing, f"gate-{missing[0].id}.rego")
            self.load_vetted((*(rule.module for rule in missing), module), {})
        for rule in missing:
            del self._waiting[rule.id]

    def value(self, rule: str, document: str) -> str | None:
        """Return a rule's value (see :meth:`Regorus.value`)."""
        self.need(_GATE.findall(rule))
        return super().value(rule, document)

    def _leads_to_rules(self, module: Module) -> bool:
        """Return whether a module may read rules of others, and not the helpers and the data alone."""
        return not self._shared.issuperset(_DATA.findall(_SAID.sub("", module.text)))
