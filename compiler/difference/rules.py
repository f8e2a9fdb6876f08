"""Rules that changed, and verdicts that changed: each side by its own rules, and the new side by the old ones, too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.difference.comparison import compare
from compiler.lineage.verdicts import remembering
from compiler.policy import gate, library
from compiler.policy.before import before as old_side
from compiler.policy.rendering import Rendering
from compiler.schemas import core

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from compiler.diagnostics import Finding
    from compiler.difference.comparison import Change
    from compiler.difference.side import Side
    from compiler.emit.site import Site
    from compiler.history.base import Base
    from compiler.policy.library import Library, Rule

_TESTS = {"fixture.yaml": "fixture", "mutation.yaml": "mutation"}
_CODE = re.compile(r"^\s*(?:#.*)?$\n?", re.MULTILINE)
"""Lines of a Rego file that are no code: comments, among them METADATA, and empty lines."""
_METADATA = ("severity", "owner", "remediation", "section", "waivable")
_DATA = re.compile(r"\bdata((?:\.\w+)+)")


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule that differs: what was done to it, and the data that it reads and that differ."""

    id: str
    place: str
    """Its folder below ``policies/``."""
    what: str
    """``added``, ``removed``, ``edited``, or ``tests`` where only what proves it changed."""
    parts: tuple[str, ...]
    """The parts that differ, in words: code, severity, helper..."""
    tests: tuple[str, ...] = ()
    """The parts that prove it and differ: fixture, mutation, tests."""
    data: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The findings of the new side, and which of them are new; what the old rules would find is in ``by_old_rules``."""

    findings: tuple[Finding, ...]
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    by_old_rules: tuple[Finding, ...]
    """What refuses the new side by the rules of the old side, and not by its own."""


def changed_rules(before: Side, after: Side) -> tuple[ChangedRule, ...]:
    """Return the rules that differ between the policies of two sides, ordered by id.

    Raises:
        PolicyError: the policies of a side cannot be read.
    """
    folders = before.policies, after.policies
    old, new = map(library.read, folders)
    rules = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    data = tuple(compare({"": old.data}, {"": new.data}).values())
    helpers = {module.package for module in (*old.helpers, *new.helpers)} - {
        module.package for module in new.helpers if module in old.helpers
    }
    ids = sorted(rules[0].keys() | rules[1].keys())
    compared = (_rule(rules[0].get(id_), rules[1].get(id_), folders, new, (data, helpers)) for id_ in ids)
    return tuple(rule for rule in compared if rule is not None)


def verdicts(before: Side, after: Side, base: Base, as_of: date | None, *, same: bool) -> Verdicts:
    """Judge both sides by what the base holds: from the old side no transition is left, and no acknowledgement is news.

    The rules of the new side prove themselves, unless they are known to, or are those of the old side: these did when
    they were merged.
    ``same`` tells that both sides have the same policies.

    Raises:
        PolicyError: a side cannot be judged.
        NoBaseError: the base cannot be read.
    """
    judge = remembering(after.policies, base.repository.root, proven=not same)
    old_judge = judge if same else gate.load(before.policies)
    renderings = tuple(_renderings(after, base))
    found = _judged(after, renderings, judge, as_of)
    known = _judged(before, tuple(_renderings(before, base)), old_judge, as_of) if before.resolved else ()
    by_old = () if same else _judged(after, renderings, old_judge, as_of)
    ours, theirs = {item.identity for item in found}, {item.identity for item in known}
    refused = {item.identity for item in found if item.refuses}
    return Verdicts(
        found,
        tuple(item for item in found if item.identity not in theirs),
        tuple(item for item in known if item.identity not in ours),
        tuple(item for item in by_old if item.refuses and item.identity not in refused),
    )


def _judged(side: Side, renderings: Sequence[Rendering], judge: gate.Gate, as_of: date | None) -> tuple[Finding, ...]:
    if not renderings:
        return side.findings
    verdict = judge.judge(renderings, as_of)
    checked = (
        finding
        for item in renderings
        for finding in core.check(item.artifacts, item.site.cluster.kubernetes, _version(item.resolved, item.site))
    )
    return tuple(dict.fromkeys((*side.findings, *checked, *verdict.findings)))


def _version(resolved: Any, site: Site) -> Any:
    return resolved.span(("environment", "clusters", site.name, "kubernetes"))


def _renderings(side: Side, base: Base) -> Iterator[Rendering]:
    """Yield each cluster of a side, with what the base has in its place."""
    for resolved in side.resolved:
        others = tuple(item.environment for item in side.resolved if item is not resolved)
        delivery, clusters = side.rendered[resolved.environment.name]
        for site, found in clusters:
            deployed = old_side(base, site.folder, found, delivery)
            yield Rendering(resolved, site, found, delivery, others, deployed)


def _rule(
    old: Rule | None,
    new: Rule | None,
    folders: tuple[Path, Path],
    policies: Library,
    shared: tuple[tuple[Change, ...], set[str]],
) -> ChangedRule | None:
    if old is None or new is None:
        rule = new or old
        assert rule is not None, "a rule is in one of the two"  # noqa: S101 - the ids are those of the two
        return ChangedRule(rule.id, rule.place, "added" if old is None else "removed", ())
    data, helpers = shared
    texts = _reached(new, policies)
    read = tuple(change for change in data if any(_reads(text, change) for text in texts))
    parts = [*_edited(old, new)]
    parts += [f"helper {name}" for name in sorted(helpers) if any(f"data.{name}" in text for text in texts)]
    tests = list(_tests(new.place, folders)) if old.place == new.place else []
    if not (parts or read or tests):
        return None
    what = "edited" if parts or read else "tests"
    return ChangedRule(new.id, new.place, what, tuple(parts), tuple(tests), read)


def _edited(old: Rule, new: Rule) -> Iterator[str]:
    if old.place != new.place:
        yield f"folder, before {old.place}"
    for name in _METADATA:
        before, after = getattr(old.metadata.custom, name, None), getattr(new.metadata.custom, name, None)
        if before != after:
            yield f"severity, before {before}" if name == "severity" else name
    if _CODE.sub("", old.module.text) != _CODE.sub("", new.module.text):
        yield "code"


def _tests(place: str, folders: tuple[Path, Path]) -> Iterator[str]:
    names = {**_TESTS, f"{place.rpartition('/')[2]}_test.rego": "tests"}
    for file, word in names.items():
        sides = [folder / place / file for folder in folders]
        before, after = (side.read_bytes() if side.is_file() else b"" for side in sides)
        if before != after:
            yield word


def _reached(rule: Rule, policies: Library) -> list[str]:
    """Return the code of a rule and of the helpers that it imports, directly or not."""
    helpers = {module.package: module.text for module in policies.helpers}
    waiting, texts = [rule.module.text], list[str]()
    seen: set[str] = set()
    while waiting:
        text = waiting.pop()
        texts.append(text)
        named = {name for name in helpers if f"data.{name}" in text} - seen
        seen |= named
        waiting += [helpers[name] for name in named]
    return texts


def _reads(text: str, change: Change) -> bool:
    """Return whether a code names the changed data, a part of them, or what they are a part of.

    A document of data that is imported as a whole counts where its name is followed by the changed key, or by none.
    """
    steps = change.steps
    for found in _DATA.findall(text):
        named = tuple(found[1:].split("."))
        length = min(len(named), len(steps))
        if named[:length] != steps[:length]:
            continue
        used = re.findall(rf"(?<![\w.]){named[-1]}(?:\.(\w+)|(?=[\s\[,)\]}}]))", _DATA.sub("", text))
        if len(named) >= len(steps) or steps[len(named)] in used or "" in used:
            return True
    return False
