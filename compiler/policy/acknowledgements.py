"""Acknowledgements of environments: their application to transitions, and the mistakes in acknowledgements themselves.

An acknowledgement holds for one transition: one rule, one place of one generated file, and the values before and after.
A mistake in it is an error, and it then has no effect. One that no transition needs is a mistake too: an error in the
change that adds it, and a warning once the base holds it, because its transition is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Severity, Source, Waived, did_you_mean
from compiler.policy.waivers import LONGEST
from compiler.resolve.entries import placed_acknowledgements
from compiler.sources import yaml
from compiler.sources.files import ACKNOWLEDGEMENTS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from compiler.history.base import Base
    from compiler.model.acknowledgement import Acknowledgement, AcknowledgementKey
    from compiler.resolve.entries import Placed


@dataclass(slots=True)
class _Standing:
    """The acknowledgements of one environment: those that hold, the used ones among them, and all its transitions."""

    environment: str
    base: Base
    holding: dict[AcknowledgementKey, Placed[Acknowledgement]] = field(default_factory=dict)
    used: set[AcknowledgementKey] = field(default_factory=set)
    made: list[AcknowledgementKey] = field(default_factory=list)


class Acknowledgements:
    """The acknowledgements of all environments that have a base, as of one day; without a day none holds.

    ``rules`` are the ids of the rules that judge transitions.
    """

    def __init__(self, rules: Iterable[str], as_of: date | None) -> None:
        self._rules = tuple(rules)
        self._as_of = as_of
        self._environments: dict[str, _Standing] = {}
        self._wrong: list[Finding] = []

    def enter(self, environment: str, base: Base, placed: Iterable[Placed[Acknowledgement]]) -> None:
        """Register the acknowledgements of an environment, once; valid ones take effect."""
        if environment in self._environments or self._as_of is None:
            return
        standing = self._environments.setdefault(environment, _Standing(environment, base))
        for item in placed:
            wrong = (
                self._rule(item) or _place(item, environment) or _duplicate(item, standing) or _dates(item, self._as_of)
            )
            if wrong:
                self._wrong.append(wrong)
            else:
                standing.holding[item.entry.key] = item

    def acknowledged(self, environment: str, key: AcknowledgementKey) -> Waived | None:
        """Return the acknowledgement of a transition, or None; the transition counts as made."""
        standing = self._environments.get(environment)
        if standing is None:
            return None
        standing.made.append(key)
        placed = standing.holding.get(key)
        if placed is None:
            return None
        standing.used.add(key)
        said = placed.entry
        until = said.granted + LONGEST
        return Waived(placed.span("rule"), said.reason, said.owner, said.ticket, until, "acknowledged")

    def findings(self) -> tuple[Finding, ...]:
        """Return the mistakes in acknowledgements; call it after every transition was judged."""
        return (*self._wrong, *(finding for standing in self._environments.values() for finding in _unused(standing)))

    def _rule(self, placed: Placed[Acknowledgement]) -> Finding | None:
        name = placed.entry.rule
        if name in self._rules:
            return None
        help_ = did_you_mean(name, self._rules, otherwise="docs/transitions.md names the rules that there are")
        return Finding(Code.ACKN005, f"no rule {name} judges transitions", help_, placed.span("rule"))


def _place(placed: Placed[Acknowledgement], environment: str) -> Finding | None:
    file = placed.entry.file
    if any(f"{file}/".startswith(f"generated/{folder}{environment}/") for folder in ("", "argocd/")):
        return None
    help_ = f"name a file of {environment}, or move this to its own environment"
    return Finding(Code.ACKN004, f"{file} is no file of {environment}", help_, placed.span("file"))


def _duplicate(placed: Placed[Acknowledgement], standing: _Standing) -> Finding | None:
    first = standing.holding.get(placed.entry.key)
    if first is None:
        return None
    message = f"an acknowledgement at {first.span('rule')} is about the same"
    return Finding(Code.ACKN006, message, "keep one of the two", placed.span("rule"))


def _dates(placed: Placed[Acknowledgement], today: date) -> Finding | None:
    granted = placed.entry.granted
    if granted > today:
        help_ = f"write the day on which it was granted, {today} at the latest"
        return Finding(Code.ACKN002, f"the day {granted} is to come", help_, placed.span("granted"))
    if granted + LONGEST < today:
        help_ = "make the transition now and have it granted anew, or remove this with what it is about"
        return Finding(Code.ACKN001, f"this was granted on {granted}, for 90 days", help_, placed.span("granted"))
    return None


def _unused(standing: _Standing) -> Iterator[Finding]:
    unused = {key: placed for key, placed in standing.holding.items() if key not in standing.used}
    merged = _merged(standing) if unused else ()
    for key, placed in unused.items():
        if placed.entry in merged:
            message = f"this is done: {standing.base} holds it, and what it acknowledges"
            until = placed.entry.granted + LONGEST
            help_ = f"remove it; after {until} it is an error"
            yield Finding(Code.ACKN003, message, help_, placed.span("rule"), severity=Severity.WARNING)
            continue
        alike = next((made for made in standing.made if made[:2] == key[:2] and made not in standing.holding), None)
        if alike:
            _, _, pointer, before, after = alike
            said = {"pointer": pointer, "before": before, "after": after}
            help_ = f"write {' and '.join(f'{name}: {value}' for name, value in said.items() if value)}"
            message = f"{key[0]} finds another transition in this file than the one that is written here"
            yield Finding(Code.ACKN004, message, help_, placed.span("rule"))
        else:
            message = f"this acknowledges nothing: no such transition is made since {standing.base}"
            yield Finding(Code.ACKN003, message, "remove it", placed.span("rule"))


def _merged(standing: _Standing) -> tuple[Acknowledgement, ...]:
    """Return the acknowledgements that the base itself holds; none where it has no readable file of them."""
    folder = f"environments/{standing.environment}"
    content = standing.base.committed(folder, ACKNOWLEDGEMENTS_FILE)
    source = Source(f"{folder}/{ACKNOWLEDGEMENTS_FILE}", (content or b"").decode(errors="replace"))
    placed, _ = placed_acknowledgements((yaml.parse(source)[0],))
    return tuple(item.entry for item in placed)
