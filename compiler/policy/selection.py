"""Rules by their ids, and files by ids and domains, as somebody writes them on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics.bounds import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.policy.library import Library, Module, Rule


class UnknownError(Exception):
    """There is no such rule or domain; the message names the one that may be meant."""


def rule(library: Library, identifier: str) -> Rule:
    """Return the rule of an id, written in capitals or not.

    Raises:
        UnknownError: there is none.
    """
    known = {item.id: item for item in library.rules}
    if identifier.upper() not in known:
        raise _unknown("rule", identifier, known)
    return known[identifier.upper()]


def modules(library: Library, names: Iterable[str]) -> tuple[Module, ...]:
    """Return the Rego files of the rules and domains that are named, once each; without a name, all.

    Raises:
        UnknownError: there is no such rule or domain.
    """
    rules = {item.id: item.module for item in library.rules}
    domains = {module.domain for module in library.modules}
    chosen: set[Module] = set()
    for name in names:
        if name in domains:
            chosen.update(module for module in library.modules if module.domain == name)
        elif name.upper() in rules:
            chosen.add(rules[name.upper()])
        else:
            raise _unknown("rule or domain", name, (*sorted(domains), *rules))
    return tuple(module for module in library.modules if not chosen or module in chosen)


def _unknown(what: str, name: str, known: Iterable[str]) -> UnknownError:
    """Look first among the names that begin alike: only so many are compared."""
    alike = sorted(known, key=lambda item: item[:1].lower() != name[:1].lower())
    meant = closest(name, alike) or closest(name.upper(), alike)
    return UnknownError(f"there is no {what} '{name}'" + (f": did you mean '{meant}'?" if meant else ""))
