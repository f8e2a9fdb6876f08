"""Waivers of environments: their application to findings as of a day, and the mistakes in waivers themselves.

A waiver holds for the findings of one rule at exactly one place of one environment. A mistake in it is an error, and
the waiver then has no effect; a waiver that matches no finding is a mistake too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Waived, did_you_mean
from compiler.sources.nodes import SequenceNode, child

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from compiler.model.waiver import Waiver, WaiverKey
    from compiler.policy.denial import Denial
    from compiler.policy.library import Rule
    from compiler.resolve.entries import Placed
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Node

LONGEST = timedelta(days=90)
"""The longest time between the first day of a waiver and its last."""


@dataclass(slots=True)
class _EnvironmentWaivers:
    """The waivers of one environment, the used ones among them, and all denials of the environment."""

    holding: dict[WaiverKey, Placed[Waiver]]
    used: set[WaiverKey] = field(default_factory=set)
    denied: dict[tuple[str, str], Denial] = field(default_factory=dict)


class Register:
    """The waivers of all judged environments as of one day; without a day none holds."""

    def __init__(self, rules: Iterable[Rule], as_of: date | None) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._as_of = as_of
        self._environments: dict[str, _EnvironmentWaivers] = {}
        self._wrong: list[Finding] = []

    @property
    def holds_any(self) -> bool:
        """Whether any environment has a waiver, valid or not."""
        return bool(self._wrong or any(standing.holding for standing in self._environments.values()))

    def enter(self, resolved: Resolved) -> None:
        """Register the waivers of an environment, once; valid ones take effect."""
        name = resolved.environment.name
        if name in self._environments:
            return
        standing, today = _EnvironmentWaivers({}), self._as_of
        self._environments[name] = standing
        if today is None:
            return
        for placed in resolved.waivers:
            wrong = (
                self._rule(placed) or _place(placed, resolved) or _duplicate(placed, standing) or _dates(placed, today)
            )
            if wrong:
                self._wrong.append(wrong)
            else:
                standing.holding[placed.entry.key] = placed

    def waived(self, denial: Denial, resolved: Resolved) -> Waived | None:
        """Return the waiver of a denial, or None; the environment must be registered by :meth:`enter`."""
        standing = self._environments[resolved.environment.name]
        key = denial.id, denial.resource, denial.file, denial.pointer
        placed = standing.holding.get(key)
        if placed is None:
            standing.denied.setdefault(key[:2], denial)
            return None
        standing.used.add(key)
        waiver = placed.entry
        return Waived(placed.span("rule"), waiver.reason, waiver.owner, waiver.ticket, waiver.expires)

    def findings(self) -> tuple[Finding, ...]:
        """Return the mistakes in waivers; call it after every cluster was judged."""
        return (*self._wrong, *(finding for standing in self._environments.values() for finding in _stale(standing)))

    def _rule(self, placed: Placed[Waiver]) -> Finding | None:
        name, at = placed.entry.rule, placed.span("rule")
        rule = self._rules.get(name)
        if rule is None:
            alike = sorted(self._rules, key=lambda known: known[:3] != name[:3])
            otherwise = "name a rule that cbp policy list knows, or remove the waiver"
            return Finding(Code.WVR005, f"there is no rule {name}", did_you_mean(name, alike, otherwise=otherwise), at)
        if not rule.metadata.custom.waivable:
            message = f"{name} cannot be waived: {_lowered(rule.metadata.title)}"
            return Finding(Code.WVR008, message, rule.metadata.custom.remediation, at)
        return None


def _place(placed: Placed[Waiver], resolved: Resolved) -> Finding | None:
    waiver, name = placed.entry, resolved.environment.name
    if not _exists(resolved.tree, waiver.resource.split(".")):
        message = f"{name} has no value '{waiver.resource}'"
        return Finding(
            Code.WVR006, message, "write the path as the report of the finding says it", placed.span("resource")
        )
    if waiver.file and not waiver.file.startswith((f"generated/{name}/", f"generated/argocd/{name}/")):
        help_ = f"name a file below generated/{name}/, or move the waiver to its own environment"
        return Finding(Code.WVR006, f"{waiver.file} is no file of {name}", help_, placed.span("file"))
    return None


def _duplicate(placed: Placed[Waiver], standing: _EnvironmentWaivers) -> Finding | None:
    first = standing.holding.get(placed.entry.key)
    if first is None:
        return None
    message = f"a waiver at {first.span('rule')} is about the same"
    return Finding(Code.WVR007, message, "keep one of the two", placed.span("rule"))


def _dates(placed: Placed[Waiver], today: date) -> Finding | None:
    granted, expires = placed.entry.granted, placed.entry.expires
    if granted > today:
        help_ = f"write the day on which it was granted, {today} at the latest"
        return Finding(Code.WVR003, f"the waiver begins on {granted}, which is to come", help_, placed.span("granted"))
    if expires < granted:
        help_ = "write a later day, or one day's date twice"
        return Finding(Code.WVR003, f"the waiver ends before it begins, on {granted}", help_, placed.span("expires"))
    if expires - granted > LONGEST:
        message = f"the waiver is granted for {(expires - granted).days} days, and {LONGEST.days} are the most"
        return Finding(Code.WVR002, message, f"end it on {granted + LONGEST} or earlier", placed.span("expires"))
    if expires < today:
        help_ = "mend what it is about and remove it, or have it granted anew"
        return Finding(Code.WVR001, f"the waiver expired on {expires}", help_, placed.span("expires"))
    return None


def _stale(standing: _EnvironmentWaivers) -> Iterator[Finding]:
    for key, placed in standing.holding.items():
        if key in standing.used:
            continue
        rule, resource, *_ = key
        help_ = "remove the waiver"
        if denial := standing.denied.get((rule, resource)):
            said = " and ".join(f"{key}: {value}" for key in ("file", "pointer") if (value := getattr(denial, key)))
            help_ = f"write {said}, which {rule} denies" if said else "leave out file and pointer: the finding has none"
        yield Finding(Code.WVR004, f"{rule} finds nothing there that this could let pass", help_, placed.span("rule"))


def _exists(node: Node | None, keys: Iterable[str]) -> bool:
    for key in keys:
        index = isinstance(node, SequenceNode) and key.isdecimal()
        node = child(node, int(key) if index else key) if node else None
    return node is not None


def _lowered(title: str) -> str:
    return title[0].lower() + title[1:]
