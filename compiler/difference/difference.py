"""The difference of two states of a project, by cause."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from compiler.diagnostics import has_errors
from compiler.difference import judging
from compiler.difference.causes import ARGO_CD, COMPILER, attribute, environment
from compiler.difference.effects import GRAVEST, Class
from compiler.difference.formulas import before_of_leaves, formulas, of_leaves
from compiler.difference.rules import changed_rules, verdicts
from compiler.lineage.hashes import only_another_hash
from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from compiler.difference.causes import Attribution, Cause, Follows
    from compiler.difference.comparison import Change, Key
    from compiler.difference.effects import Effect, Reason
    from compiler.difference.formulas import Formula
    from compiler.difference.rules import ChangedRule, Verdicts
    from compiler.difference.side import Side
    from compiler.history.base import Base

_SETTINGS = "settings.json"
HASHES, COPIES, LINES, PLACES = "hashes", "copies of the settings", "lines of pages", "places and axes of panels"
"""The values that only follow from others, and are left out."""
_FOLLOWING = ("/README.md", "/network.md")
EVERYWHERE = "everywhere"


Sides = tuple["Mapping[str, Any]", "Mapping[str, Any]"]
"""The compiled files of both sides, as data."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that changes in the same way in several places, with the numbers of its causes and what it does.

    ``subject`` is the object, as ``Deployment configuration-api``, or a file in a cluster's folder; ``path`` leads to
    the value in it, and is empty for the whole. Absent sides are None. ``places`` are clusters, as
    ``production/eu-central-1``, or an environment for what Argo CD reads; each place has its file and its pointer.
    """

    subject: str
    path: str
    before: Any
    after: Any
    places: Mapping[str, tuple[str, str]]
    causes: tuple[int, ...]
    kinds: tuple[Class, ...]
    """The classes of what it does, the gravest first; ``nothing`` where it is applied to what runs."""
    formula: Formula | None = None
    """The formula of a computed value on the new side."""
    old_formula: Formula | None = None
    """The same on the old side, where that is known to be the same value."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens to one object in several places: the class, the reason, and the number of further reasons."""

    kind: Class
    subject: str
    reason: Reason
    places: tuple[str, ...]
    causes: tuple[int, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that a change does, in the order in which it is read."""

    base: Base
    head: str
    """The new side: a commit, or empty for the working tree."""
    causes: tuple[Cause, ...]
    values: tuple[Value, ...]
    happenings: tuple[Happening, ...]
    rules: tuple[ChangedRule, ...]
    verdicts: Verdicts
    left_out: Mapping[str, int]
    """The number of changed values that only follow from the others, by what they are."""
    places: Mapping[str, tuple[str, ...]]
    """Every environment with its clusters, production first."""
    upgrade: bool
    """Whether the compiler itself differs."""

    @property
    def count(self) -> int:
        """The number of changed values, in every place."""
        return sum(len(value.places) for value in self.values)

    @property
    def by_compiler(self) -> int:
        """The number of changed values that follow from the compiler itself."""
        return sum(len(value.places) for value in self.values if value.causes == (COMPILER,))

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments in which a value changes, production first."""
        changed = {place.partition("/")[0] for value in self.values for place in value.places}
        return tuple(name for name in self.places if name in changed)

    def of(self, cause: int) -> tuple[Value, ...]:
        """Return the values that a cause is the first of."""
        return tuple(value for value in self.values if value.causes[0] == cause)

    def where(self, places: Iterable[str]) -> tuple[str, ...]:
        """Return places in few words: ``everywhere``, an environment for all of its clusters, or a cluster."""
        given = set(places)
        whole = {name for name, clusters in self.places.items() if name in given or given.issuperset(clusters)}
        if whole == self.places.keys() and len(whole) > 1:
            return (EVERYWHERE,)
        found: list[str] = []
        for name, clusters in self.places.items():
            found += [name] if name in whole else [item for item in clusters if item in given]
        return tuple(found)


def difference(before: Side, after: Side, base: Base, as_of: date | None) -> Difference:
    """Compare the side that ``base`` holds with another one; waivers are those of a day.

    Raises:
        PolicyError: the new side has errors, so that there is nothing to compare, or policies cannot judge.
        NoBaseError: the base cannot be read.
        GitError: a commit cannot be read.
    """
    if has_errors(after.findings):
        raise PolicyError("the specification has errors: cbp compile says which")
    attribution = attribute(before, after)
    sides = before.compiled, after.compiled
    done = _done(attribution.values, sides)
    shown = [item for item in attribution.values if not _follows_from_others(item.change)]
    places, same = _places(before, after), before.same_policies(after)
    return Difference(
        base,
        after.base.name if after.base else "",
        attribution.causes,
        _with_formulas(tuple(_values(shown, sides, done)), before, after),
        tuple(_happenings(attribution, sides, done, places)),
        () if same else changed_rules(before, after),
        verdicts(before, after, base, as_of, same=same),
        _left_out(item.change for item in attribution.values),
        places,
        not base.same_compiler(after.base),
    )


def _places(before: Side, after: Side) -> dict[str, tuple[str, ...]]:
    """Return the environments of both sides with their clusters, production first."""
    found: dict[str, dict[str, None]] = {}
    for resolved in (*after.resolved, *before.resolved):
        clusters = found.setdefault(resolved.environment.name, {})
        clusters |= {f"{resolved.environment.name}/{name}": None for name in resolved.environment.clusters}
    return {name: tuple(clusters) for name, clusters in found.items()}


def _follows_from_others(change: Change) -> str:
    """Return what a value is that others of the same difference say already: a key of ``left_out``, or nothing."""
    if only_another_hash(change.before, change.after):
        return HASHES
    if change.key[1:3] == ("data", _SETTINGS):
        return COPIES
    if _is_a_place(change.key):
        return PLACES
    return LINES if change.file.endswith(_FOLLOWING) else ""


def _is_a_place(key: Key) -> bool:
    """Return whether a value says where a dashboard has a panel, or how far its axis goes: so far as its lines."""
    panel = key[1:2] == ("data",) and "panels" in key
    return panel and (key[-1] in ("id", "axisSoftMin", "axisSoftMax") or "gridPos" in key)


def _left_out(changes: Iterable[Change]) -> dict[str, int]:
    """Count the values that follow from others; a copy of a file counts once."""
    told = {
        (word, change.file if word == COPIES else str(change.key))
        for change in changes
        if (word := _follows_from_others(change))
    }
    counted = Counter(word for word, _ in told)
    return {word: counted[word] for word in (HASHES, COPIES, LINES, PLACES) if counted[word]}


def _done(values: Sequence[Follows], sides: Sides) -> dict[Key, list[Effect]]:
    """Return what each change does, by its key."""
    by_file: dict[str, list[Change]] = {}
    for item in values:
        by_file.setdefault(item.change.file, []).append(item.change)
    found: dict[Key, list[Effect]] = {}
    for file, changes in by_file.items():
        for change, effect in judging.effects(changes, sides[0].get(file), sides[1].get(file)):
            found.setdefault(change.key, []).append(effect)
    return found


def _values(shown: Sequence[Follows], sides: Sides, done: Mapping[Key, list[Effect]]) -> Iterator[Value]:
    """Group equal changes of several places, in the order of the first."""
    grouped: dict[str, list[Follows]] = {}
    for item in shown:
        change = item.change
        said = (subject(change.file, sides), change.name, change.before, change.after, item.causes)
        if change.file.endswith(".md"):
            said = (*said[:1], "", *said[2:])  # lines stand elsewhere in each cluster's page
        grouped.setdefault(json.dumps(said, default=str), []).append(item)
    for items in grouped.values():
        change = items[0].change
        where = {_place(item.change.file): (item.change.file, item.change.pointer) for item in items}
        path = "" if change.file.endswith(".md") else change.name
        kinds = {effect.kind for item in items for effect in done.get(item.change.key, ())} or {Class.NOTHING}
        in_order = tuple(sorted(kinds, key=GRAVEST.index))
        yield Value(subject(change.file, sides), path, change.before, change.after, where, items[0].causes, in_order)


def _with_formulas(values: tuple[Value, ...], before: Side, after: Side) -> tuple[Value, ...]:
    """Return values with the formulas of those that are computed; pages are lines, and have none."""
    numbers = [value for value in values if _is_a_number(value.after)]
    files = {file for value in numbers for file, _ in value.places.values()}
    new, old = (formulas(side, files) if files else {} for side in (after, before))

    def of(value: Value) -> Value:
        leaves = tuple(value.places.values())
        found = of_leaves(leaves, new) if _is_a_number(value.after) else None
        return (
            replace(value, formula=found, old_formula=before_of_leaves(leaves, value.before, before, old))
            if found
            else value
        )

    return tuple(map(of, values))


def _is_a_number(value: Any) -> bool:
    """Return whether a value may be a computed number, or the text of one."""
    return isinstance(value, int) or (isinstance(value, str) and value[:1].isdigit())


def subject(file: str, sides: Sides) -> str:
    """Return an object's kind and name, or the path of another file below its cluster's folder."""
    document = sides[1].get(file, sides[0].get(file))
    if isinstance(document, dict) and {"kind", "metadata"} <= document.keys():
        return f"{document['kind']} {document['metadata']['name']}"
    return file.removeprefix(f"{_place(file)}/")


def _place(file: str) -> str:
    """Return the cluster of a file, as ``production/eu-central-1``, or the environment of one for Argo CD."""
    name = environment(file)
    return name if file.startswith(f"{ARGO_CD}/") else "/".join(file.split("/")[:2])


def _happenings(
    attribution: Attribution, sides: Sides, done: Mapping[Key, list[Effect]], places: Mapping[str, tuple[str, ...]]
) -> Iterator[Happening]:
    """Yield what happens, the gravest first; the same to one object in several places is one."""
    reasons: dict[tuple[Class, str, str], list[tuple[Reason, tuple[int, ...]]]] = {}
    for item in attribution.values:
        file = item.change.file
        for effect in done.get(item.change.key, ()):
            key = effect.kind, subject(file, sides), _place(file)
            reasons.setdefault(key, []).append((effect.reason, item.causes))
    for cause in attribution.causes:
        for effect in judging.of_statement(cause.statement):
            key = effect.kind, ".".join(map(str, cause.statement.path[:-1])), _of_path(cause, places)
            reasons.setdefault(key, []).append((effect.reason, (cause.number,)))
    alike: dict[tuple[Class, str, tuple[str, ...], tuple[int, ...]], list[str]] = {}
    first: dict[tuple[Class, str, tuple[str, ...], tuple[int, ...]], Reason] = {}
    for (kind, name, place), given in reasons.items():
        texts = tuple(dict.fromkeys(reason.written() for reason, _ in given))
        causes = tuple(sorted({number for _, numbers in given for number in numbers}))
        same = kind, name, texts, causes
        first.setdefault(same, given[0][0])
        alike.setdefault(same, []).append(place)
    for same in sorted(alike, key=lambda same: GRAVEST.index(same[0])):
        kind, name, texts, causes = same
        yield Happening(kind, name, first[same], tuple(alike[same]), causes, len(texts) - 1)


def _of_path(cause: Cause, places: Mapping[str, tuple[str, ...]]) -> str:
    """Return the place that a statement of an environment is about: the cluster that its path names, or all."""
    name, path = cause.statement.environment, cause.statement.path
    named = f"{name}/{path[2]}" if path[1:2] == ("clusters",) and len(path) > 2 else name
    return named if named in places.get(name, ()) else name
