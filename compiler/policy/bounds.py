"""The bounds of the statements of a relation that does not hold, found by trying values.

The rule that denies judges its cluster again, with another value in the place of one statement: no formula of a
relation is stated a second time, and no bound is reported that the rule does not accept. Nothing is tried without a
denial, so that a specification without mistakes costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import orjson

from compiler.diagnostics import Bound
from compiler.emit.artifact import Artifact
from compiler.emit.cluster import documents as emitted
from compiler.emit.cluster import judged_artifacts
from compiler.emit.kubernetes.objects import object_path
from compiler.emit.site import sites
from compiler.model.units import Bytes
from compiler.model.units.base import Unit
from compiler.policy.documents import documents
from compiler.policy.input import input_of, stated
from compiler.policy.library import HELPERS
from compiler.policy.rendering import Rendering
from compiler.policy.statements import place, type_of
from compiler.resolve.substitute import substituted
from compiler.sources.nodes import ScalarNode, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from compiler.diagnostics import Place
    from compiler.policy.denial import Answer, Denial
    from compiler.policy.library import Library, Rule
    from compiler.policy.rendering import Case
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path

MOST_TRIALS = 200
"""The most trials of rendered clusters for all findings of a run, some seconds; later findings have no bounds."""
_FARTHEST = 16
"""A number is tried up to this multiple of its value."""
_STRIDES = 16
_GUESSES = 6
"""The most trials that an excess leads; a relation that is more crooked is searched by halves."""
_MEBIBYTE = 1 << 20
_STATED = frozenset({"environment", "cluster", "spec", "settings"})
_INPUT = re.compile(r"\binput\b(?:\.(\w+))?")
_HELPER = re.compile(rf"^import data\.{HELPERS}\.(\w+)", re.MULTILINE)


class _Needed(Enum):
    """The parts of the input that a rule reads, and with them the work that a trial takes."""

    STATED = "the statements"
    DOCUMENTS = "the statements and the rendered objects"
    ALL = "everything"


class _SpentError(Exception):
    """The trials of this run are spent."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """The judgement of a value: whether the relation holds, else by how much it is missed, if the rule says so."""

    accepted: bool
    excess: int = 0


@dataclass
class Bounds:
    """The bounds of all findings of one run; ``ask`` returns the answer of a rule for an input (JSON text)."""

    library: Library
    ask: Callable[[Rule, str], Answer]
    as_of: date | None
    _trials: int = 0
    _judged: dict[tuple[object, ...], _Tried] = field(default_factory=dict)
    _inputs: dict[tuple[str, Path, str, _Needed], str | None] = field(default_factory=dict)

    def places(self, rule: Rule, denial: Denial, cases: Sequence[Case]) -> tuple[Place, ...]:
        """Return the statements of a relation, each with the bounds that hold in every one of the ``cases``."""
        resolved = cases[0].resolved
        return tuple(
            replace(place(resolved, path), bounds=self._bounds(_Search(self, rule, denial, cases, path)))
            for path in denial.participants
        )

    def _bounds(self, search: _Search) -> tuple[Bound, ...]:
        try:
            return tuple(search.found())
        except _SpentError:
            return ()

    def tried(self, rule: Rule, denial: Denial, case: Case, path: Path, text: str) -> _Tried | None:
        """Return the judgement of a cluster with another text at a path; None where the model refuses the text."""
        needed = self.needed(rule)
        key = case.folder, path, text, needed
        if key not in self._inputs:
            changed = substituted(case.resolved, {path: text})
            self._inputs[key] = _input(changed, case, needed, self.as_of) if changed else None
        document = self._inputs[key]
        if document is None:
            return None
        asked = rule.id, denial.relation, *key
        if asked not in self._judged:
            self._trials += needed is not _Needed.STATED
            if self._trials > MOST_TRIALS:
                raise _SpentError
            same = [other for other in self.ask(rule, document).denials if other.relation == denial.relation]
            self._judged[asked] = _Tried(not same, max((other.excess or 0 for other in same), default=0))
        return self._judged[asked]

    def needed(self, rule: Rule) -> _Needed:
        """Return the parts of the input that a rule and its helpers mention."""
        helpers = {module.package.rpartition(".")[2]: module.text for module in self.library.helpers}
        texts, names = [rule.module.text], set[str]()
        while texts:
            text = texts.pop()
            names.update(_INPUT.findall(text))
            texts += [helpers.pop(name) for name in set(_HELPER.findall(text)) & helpers.keys()]
        if names <= _STATED:
            return _Needed.STATED
        return _Needed.DOCUMENTS if names <= {*_STATED, "documents"} else _Needed.ALL


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for the values of the statement at ``path`` with which a relation holds."""

    bounds: Bounds
    rule: Rule
    denial: Denial
    cases: Sequence[Case]
    path: Path

    def found(self) -> Iterator[Bound]:
        """Yield the bounds: the nearest numbers in both directions, or the words with which the relation holds."""
        if self.path in self.denial.given or not isinstance(lookup(self.resolved.tree, self.path), ScalarNode):
            return
        if scale := self._scale():
            for sign, word in ((-1, "at most"), (1, "at least")):
                yield from _Direction(self, scale, sign, word).bound()
        else:
            texts = (*_choices(self.path), *filter(None, map(self.resolved.written, self._namesakes())))
            yield from (Bound("", text) for text in dict.fromkeys(texts) if self._holds(text))

    @property
    def resolved(self) -> Resolved:
        """The environment of the first case; the statements of the relation are the same in all of them."""
        return self.cases[0].resolved

    @property
    def cheap(self) -> bool:
        """Whether a trial renders nothing."""
        return self.bounds.needed(self.rule) is _Needed.STATED

    def tried(self, text: str) -> _Tried | None:
        """Return the judgement of a text in all cases: the first that does not accept it, or one that does."""
        found: _Tried | None = None
        for case in self.cases:
            found = self.bounds.tried(self.rule, self.denial, case, self.path, text)
            if found is None or not found.accepted:
                return found
        return found

    def _holds(self, text: str) -> bool:
        found = self.tried(text)
        return found is not None and found.accepted

    def _others(self) -> Iterator[Path]:
        return (path for path in self.denial.participants if path != self.path)

    def _namesakes(self) -> Iterator[Path]:
        """Yield the other statements with the same key: of texts, these alone say the same kind of thing."""
        return (path for path in self._others() if path[-1] == self.path[-1] and isinstance(path[-1], str))

    def _scale(self) -> _Scale | None:
        number = _number(self.resolved, self.path)
        if number is None:
            return None
        alike = () if self.denial.excess else self._others()
        others = (path for path in alike if _unit(path) is _unit(self.path))
        marks = tuple(other for other in (_number(self.resolved, path) for path in others) if other is not None)
        large = _unit(self.path) is Bytes and not any(value % _MEBIBYTE for value in (number, *marks))
        return _Scale(
            number, _MEBIBYTE if large else 1, marks, self.resolved.written(self.path) or "", _unit(self.path)
        )


@dataclass(frozen=True, slots=True)
class _Scale:
    """A number, the step from it to the next, and marks: the numbers of other statements of the same unit.

    An excess leads to a bound, too; with one there are no marks.
    """

    number: int
    step: int
    marks: tuple[int, ...]
    like: str
    unit: type[Unit] | None

    def distance(self, mark: int) -> int:
        """Return the steps from the number to another one; negative for a smaller one."""
        return (mark - self.number) // self.step

    def text(self, number: int) -> str:
        """Return a number in the spelling of the statement."""
        return self.unit(number).like(self.like) if self.unit else str(number)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class _Direction:
    """The search in one direction, in steps from the statement's number, which are called distances."""

    search: _Search
    scale: _Scale
    sign: int
    word: str

    def bound(self) -> Iterator[Bound]:
        """Yield the nearest number with which the relation holds, if there is one."""
        farthest = self._farthest()
        refused = 0
        for distance in self._probes(farthest):
            if self._holds(distance):
                nearest = self._first(refused, distance)
                beyond = self._at(nearest + 1)
                alone = beyond is not None and not beyond.accepted
                yield self._bound("" if alone else self.word, nearest)
                return
            refused = distance
        if self.search.denial.excess and (led := self._led(farthest)):
            yield self._bound(self.word, self._first(0, led))
        elif farthest and self._holds(farthest):
            yield self._bound(self.word, self._first(0, farthest))

    def _bound(self, word: str, distance: int) -> Bound:
        return Bound(word, self._text(distance), self._number(distance))

    def _farthest(self) -> int:
        """Return the largest distance that is tried: past the marks and by the excess, or a multiple of the value."""
        steps = max(1, self.scale.number // self.scale.step)
        marked = (self.scale.distance(mark) + 1 for mark in self.scale.marks)
        missed = (self.search.denial.excess or 0) // self.scale.step
        farthest = steps if self.sign < 0 else max((steps * _FARTHEST, missed, *marked))
        valid, invalid = 0, farthest + 1
        middle = farthest
        while invalid - valid > 1:
            if substituted(self.search.resolved, {self.search.path: self._text(middle)}):
                valid = middle
            else:
                invalid = middle
            middle = invalid - 1 if invalid == farthest else (valid + invalid) // 2
        return valid

    def _probes(self, farthest: int) -> list[int]:
        """Return the distances to try: where other statements stand, and beside them, since most relations turn there.

        If a trial is cheap, ever longer distances are tried, too: the relation may hold in a range alone.
        """
        steps = (self.scale.distance(mark) * self.sign for mark in self.scale.marks)
        marked = {step + beside for step in steps for beside in (-1, 0, 1)}
        doubled = {1 << power for power in range(farthest.bit_length())} if self.search.cheap else set()
        return sorted(distance for distance in marked | doubled if 0 < distance <= farthest)

    def _led(self, farthest: int) -> int | None:
        """Return a distance at which the relation holds, to which the excess leads, or None."""
        excess, distance = self.search.denial.excess or 0, self._stride
        for _ in range(_GUESSES):
            tried = self._at(distance) if distance <= farthest else None
            if tried is None or tried.accepted:
                return distance if tried else None
            gain = excess - tried.excess
            if gain <= 0:
                return None
            distance = max(distance + 1, -(-distance * excess // gain))
        return None

    @property
    def _stride(self) -> int:
        """The distance of the first trial that an excess leads from: less could be lost where documents round."""
        return max(1, self.scale.number // self.scale.step // _STRIDES)

    def _first(self, refused: int, accepted: int) -> int:
        """Return the first distance at which the relation holds, between a refused and an accepted one.

        The excess leads there in a few trials where it falls evenly; halves lead there in any case.
        """
        excess = self.search.denial.excess or 0
        probe, guesses = (self._stride, _GUESSES) if excess and not refused else (accepted - 1, 0)
        while accepted - refused > 1:
            probe = min(max(probe, refused + 1), accepted - 1)
            tried = self._at(probe)
            if tried and tried.accepted:
                accepted = probe
                gain = 0
            else:
                refused = probe
                gain = excess - tried.excess if tried else 0
            guesses -= 1
            if guesses > 0 and gain > 0:
                probe = -(-refused * excess // gain)
            elif guesses > 0 and accepted == probe:
                probe, guesses = accepted - 1, 0
            else:
                probe = (refused + accepted) // 2
        return accepted

    def _holds(self, distance: int) -> bool:
        tried = self._at(distance)
        return tried is not None and tried.accepted

    def _at(self, distance: int) -> _Tried | None:
        return self.search.tried(self._text(distance)) if self._number(distance) >= 0 else None

    def _text(self, distance: int) -> str:
        return self.scale.text(self._number(distance))

    def _number(self, distance: int) -> int:
        return self.scale.number + self.sign * distance * self.scale.step


def _input(resolved: Resolved, case: Case, needed: _Needed, as_of: date | None) -> str:
    """Return the needed parts of the input of a case's cluster, for another resolved environment, as JSON text."""
    site = next(site for site in sites(resolved) if site.folder == case.folder)
    if needed is _Needed.STATED:
        return _json(stated(site))
    if needed is _Needed.DOCUMENTS:
        artifacts = [Artifact(object_path(site, document), b"", document) for document in emitted(site)]
        return _json({**stated(site), "documents": documents(artifacts)})
    delivery, clusters = judged_artifacts(resolved)
    files = next(files for other, files in clusters if other.folder == case.folder)
    return _json(input_of(Rendering(resolved, site, files, delivery, case.others, case.before), as_of))


def _json(document: dict[str, Any]) -> str:
    return orjson.dumps(document).decode()


def _unit(path: Path) -> type[Unit] | None:
    annotation = type_of(path)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Unit) else None


def _number(resolved: Resolved, path: Path) -> int | None:
    """Return the number that a path states, in the unit of the policies; None for words, flags and lists."""
    text, unit, annotation = resolved.written(path), _unit(path), type_of(path)
    if text is None:
        return None
    if unit:
        return unit.parse(text).number()
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return int(text) if annotation is int else None


def _choices(path: Path) -> tuple[str, ...]:
    """Return the words of the model at a path; none for free text."""
    annotation = type_of(path)
    if annotation is bool:
        return ("true", "false")
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(annotation) if isinstance(annotation, type) and issubclass(annotation, StrEnum) else ()
