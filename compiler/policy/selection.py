"""Selection of rules on the command line, by id, folder or domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics import did_you_mean
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.policy.library import Library, Module, Rule


_LISTED = "cbp policy list names those that there are"


class UnknownError(CouldNotRunError):
    """The rule or domain does not exist; the message suggests a similar name."""


def rule(library: Library, identifier: str) -> Rule:
    """Return the rule with an id (in any case) or a folder, such as ``network/ports_unbounded``.

    Raises:
        UnknownError: the rule does not exist.
    """
    known = {key: item for item in library.rules for key in (item.id, item.place)}
    found = known.get(identifier.upper()) or known.get(identifier)
    if found is None:
        raise unknown("rule", identifier, known)
    return found


def modules(library: Library, names: Iterable[str]) -> tuple[Module, ...]:
    """Return the Rego files of the named rules and domains, once each; without names, all files.

    Raises:
        UnknownError: a rule or domain does not exist.
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


def unknown(noun: str, name: str, known: Iterable[str], otherwise: str = _LISTED) -> UnknownError:
    """Return the error about an unknown name (of a ``noun``), with a suggestion of a similar one, or other advice.

    Names with the same beginning are compared first, because only a limited number is compared.
    """
    alike = sorted(known, key=lambda item: item[:1].lower() != name[:1].lower())
    advice = did_you_mean(name, alike, otherwise=otherwise)
    return UnknownError(f"there is no {noun} '{name}': {advice}")
