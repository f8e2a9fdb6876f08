"""Find rules and their files by ids, places and domains, as they are written on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics import did_you_mean
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.policy.library import Library, Module, Rule


_LISTED = "cbp policy list names those that there are"


class UnknownError(CouldNotRunError):
    """There is no such rule or domain; the message names the one that may be meant."""


def rule(library: Library, identifier: str) -> Rule:
    """Return the rule of an id, written in capitals or not, or of a place, as ``network/ports_unbounded``.

    Raises:
        UnknownError: there is none.
    """
    known = {key: item for item in library.rules for key in (item.id, item.place)}
    found = known.get(identifier.upper()) or known.get(identifier)
    if found is None:
        raise unknown("rule", identifier, known)
    return found


def modules(library: Library, names: Iterable[str]) -> tuple[Module, ...]:
    """Return the Rego files of the rules and domains that are named, once each; without a name, all.

    Raises:
        UnknownError: there is no such rule or domain.
    """
    rules = {key: item.module for item in library.rules for key in (item.id, item.place)}
    domains = {module.domain for module in library.modules}
    chosen: set[Module] = set()
    for name in names:
        if name in domains:
            chosen.update(module for module in library.modules if module.domain == name)
        elif module := rules.get(name.upper()) or rules.get(name):
            chosen.add(module)
        else:
            raise unknown("rule or domain", name, (*sorted(domains), *rules))
    return tuple(module for module in library.modules if not chosen or module in chosen)


def unknown(what: str, name: str, known: Iterable[str], otherwise: str = _LISTED) -> UnknownError:
    """Return the error about a name that there is not, with the known one that may be meant, or other advice.

    It is looked for first among the names that begin alike: only so many are compared.
    """
    alike = sorted(known, key=lambda item: item[:1].lower() != name[:1].lower())
    advice = did_you_mean(name, alike, otherwise=otherwise)
    return UnknownError(f"there is no {what} '{name}': {advice}")
