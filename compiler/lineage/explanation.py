"""The explanation of a leaf: its value, the statements that decide it, its emitter, and the rules that judge it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.diagnostics import Source, did_you_mean
from compiler.errors import CouldNotRunError
from compiler.lineage.emission import emission, source, write_emitter
from compiler.lineage.experiment import ABSENT, artifacts
from compiler.lineage.formulas import operands, short_names, written
from compiler.lineage.incremental import prepared
from compiler.lineage.judgement import judging
from compiler.lineage.leaves import escaped, flattened, tokens
from compiler.lineage.origins import origins
from compiler.lineage.tracing import formulas
from compiler.lineage.variants import ENVIRONMENT
from compiler.model.specification import SECTIONS
from compiler.pipeline import emit_for_policies, rendered
from compiler.resolve.resolved import resolve
from compiler.sources import yaml
from compiler.sources.files import OVERLAYS
from compiler.sources.nodes import MappingNode, Node, Path, ScalarNode, SequenceNode, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path as FilePath

    from compiler.emit.artifact import Artifact
    from compiler.lineage.formulas import Expression
    from compiler.lineage.leaves import Value
    from compiler.lineage.origins import Cause
    from compiler.resolve.resolved import Resolved
    from compiler.sources.files import Loaded

_GENERATED = "generated/"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?[A-Za-z%]{0,3}")
"""A number, with its unit."""
OWN_NUMBER = "the emitter's own number; statements decide whether it is there"
"""The reason of a number that is a constant of the compiler."""


class NoLeafError(CouldNotRunError):
    """The place names no leaf; the message says what there is near it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: a file below ``generated/``, and a line of it or a pointer into it, or neither."""

    file: str
    line: int | None = None
    pointer: str | None = None

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that is written as ``FILE``, ``FILE:LINE`` or ``FILE#POINTER``.

        Raises:
            NoLeafError: the pointer does not begin with a slash.
        """
        name, hash_, pointer = text.partition("#")
        if hash_ and not pointer.startswith("/"):
            raise NoLeafError(f"'{text}' has no pointer: write FILE#/key/0/key (RFC 6901)")
        before, _, line = name.rpartition(":")
        numbered = not hash_ and before and line.isdecimal() and int(line) > 0
        file = (before if numbered else name).removeprefix("./").removeprefix(_GENERATED)
        return cls(file, int(line) if numbered else None, pointer or None)


@dataclass(frozen=True, slots=True)
class Decider:
    """A statement that decides a leaf: its value and place, the layer that it is in, and what it hides."""

    name: str
    text: str
    place: str
    layer: str
    """``specification``, ``overlay`` or ``environment``."""
    hides: str
    """The place of the specification's own value, where an overlay has another one; else empty."""
    hidden: str
    """That value."""
    of_existence: bool
    """Whether the leaf is absent with another value of the statement."""


@dataclass(frozen=True, slots=True)
class Term:
    """A statement in a formula, with the name that it has there, and the number that is computed with."""

    name: str
    path: str
    text: str
    number: int
    unit: str
    masked: bool
    """Whether no other value of it moved the leaf: a maximum, a floor or a plateau hides it."""


@dataclass(frozen=True, slots=True)
class Computation:
    """The formula of a leaf: with names, with the values as they are written, and what each name is."""

    formula: str
    numbers: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A leaf, or all leaves below a place, with everything that decides and judges them."""

    file: str
    pointer: str
    values: Mapping[str, Value]
    """The value of each explained leaf by its pointer."""
    computed: Mapping[str, Computation]
    """The formula of each of them that is computed from numbers of the specification."""
    uncomputed: Mapping[str, str]
    """The reason why another leaf with a number, which statements decide, has no formula."""
    deciders: tuple[Decider, ...]
    emitter: str
    rules: tuple[str, ...]
    """The rules that refuse some other value of the leaf; only for a single leaf."""


def explain(root: FilePath, loaded: Loaded, target: Target) -> Explanation:
    """Return the explanation of a leaf, of all leaves of a part of a document, or of a file.

    Raises:
        NoLeafError: no such file is emitted, or nothing is at the line or pointer.
        PolicyError: the policies cannot be read.
    """
    resolved, findings = resolve(root, loaded)
    item = next((item for item in resolved if _owns(item, target.file)), None)
    if item is None:
        raise _unknown(target, resolved, refused=bool(loaded.findings or findings))
    emitted = emission(item, target.file)
    if emitted is None:
        raise _unknown(target, [item], refused=False)
    content = emitted.content(prepared(item))
    pointer = _pointer(item, target, content)
    values = {place: value for place, value in flattened(content) if _within(place, pointer)}
    if not values:
        raise NoLeafError(f"{target.file} has nothing at {pointer}: {_nearest(content, pointer)}")
    found = origins(item, emitted)
    traced = formulas(item, emitted)
    causes: dict[Path, list[Cause]] = {}
    for place in values:
        for cause in found.get(place, ()):
            causes.setdefault(cause.path, []).append(cause)
    base = dict(loaded.sections)
    single = len(values) == 1 and pointer in values
    maker = write_emitter(item, target.file, pointer)
    return Explanation(
        target.file,
        pointer,
        values,
        {place: _computation(traced[place], found.get(place, ())) for place in values if place in traced},
        {
            place: reason
            for place, value in values.items()
            if place not in traced and (reason := without_formula(value, found.get(place, ())))
        },
        tuple(_decider(path, of, base) for path, of in causes.items()),
        source(maker) if maker else emitted.source,
        _judging(root, resolved, item, target.file, pointer) if single else (),
    )


def _judging(root: FilePath, every: Sequence[Resolved], item: Resolved, file: str, pointer: str) -> tuple[str, ...]:
    """Return the rules that refuse some other value of a leaf of an environment."""
    clusters = rendered(every, None, [item.environment.name], emit_for_policies)
    return judging(root / "policies", list(clusters), file, pointer)


def without_formula(value: Value, causes: Sequence[Cause]) -> str:
    """Return why a number that statements decide has no formula; empty for what is no number, or has no statement."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if not causes or not (number or (isinstance(value, str) and _NUMBER.fullmatch(value))):
        return ""
    deciding = [cause for cause in causes if cause.value is not ABSENT]
    if not deciding:
        return OWN_NUMBER
    if not any(_NUMBER.match(cause.node.text) for cause in deciding):
        return "words of the specification choose it"
    return "the emitter composes its text of a number and more"


def _computation(formula: Expression, causes: Sequence[Cause]) -> Computation:
    found = operands(formula)
    names = short_names(found)
    moving = {cause.path for cause in causes}
    return Computation(
        written(formula, lambda operand: names[operand.path]),
        written(formula, lambda operand: operand.text),
        tuple(
            Term(names[path], _dotted(path), of.text, of.value, of.unit, masked=path not in moving)
            for path, of in found.items()
        ),
    )


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _owns(resolved: Resolved, file: str) -> bool:
    name = resolved.environment.name
    return file.startswith((f"{name}/", f"argocd/{name}/"))


def _unknown(target: Target, resolved: Iterable[Resolved], *, refused: bool) -> NoLeafError:
    if refused:
        return NoLeafError("the specification has errors: cbp compile says which")
    if target.file.startswith(("spec/", "environments/")):
        return NoLeafError(f"{target.file} is written by hand: cbp impact FILE:LINE says what a line of it decides")
    folder = target.file.rpartition("/")[0]
    found = (artifact.path for item in resolved for artifact in artifacts(item))
    known = sorted(found, key=lambda path: path.rpartition("/")[0] != folder)
    advice = did_you_mean(target.file, known, otherwise="name a file below generated/, of an environment")
    return NoLeafError(f"no environment emits generated/{target.file}: {advice}")


def _pointer(resolved: Resolved, target: Target, content: Any) -> str:
    """Return the pointer to what is asked about."""
    if target.pointer is not None:
        return target.pointer
    if target.line is None:
        return ""
    artifact = next(artifact for artifact in artifacts(resolved) if artifact.path == target.file)
    lines = artifact.content.decode().splitlines()
    if target.line > len(lines):
        raise NoLeafError(f"{target.file} has {len(lines)} lines")
    if isinstance(content, list):
        return f"/{target.line - 1}"
    found = _at_line(artifact, target.line)
    if found is None:
        raise NoLeafError(f"{target.file}:{target.line} holds no value: name a line that says something")
    return found


def _at_line(artifact: Artifact, line: int) -> str | None:
    """Return the pointer to the last value that begins on or before a line of YAML or JSON, and whose key does too."""
    node, _ = yaml.parse(Source(artifact.path, artifact.content.decode()))
    begun = [(at, pointer) for at, pointer in _begun(node, "")] if node else []
    before = [item for item in begun if item[0] <= line]
    if not before:
        return None
    at, pointer = max(before, key=lambda item: item[0])
    inside = lookup(node, _path(pointer, node)) if node else None
    of_lines = isinstance(inside, ScalarNode) and "\n" in inside.text
    return pointer if at == line or of_lines else None


def _begun(node: Node, pointer: str) -> Iterable[tuple[int, str]]:
    """Yield the line on which each value begins: that of its key, in a mapping."""
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            yield entry.key.line, f"{pointer}/{escaped(name)}"
            yield from _begun(entry.value, f"{pointer}/{escaped(name)}")
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            if isinstance(item, ScalarNode):
                yield item.span.line, f"{pointer}/{index}"
            yield from _begun(item, f"{pointer}/{index}")


def _path(pointer: str, node: Node) -> Path:
    path: list[str | int] = []
    inside: Node | None = node
    for token in tokens(pointer):
        key = int(token) if isinstance(inside, SequenceNode) else token
        path.append(key)
        inside = lookup(inside, (key,)) if inside else None
    return tuple(path)


def _within(place: str, pointer: str) -> bool:
    return place == pointer or place.startswith(f"{pointer}/")


def _nearest(content: Any, pointer: str) -> str:
    """Say which keys are at the deepest place that there is on the way to a pointer."""
    place, inside = "", content
    for token in tokens(pointer):
        if isinstance(inside, Mapping) and token in inside:
            inside = inside[token]
        elif (
            isinstance(inside, Sequence)
            and not isinstance(inside, str)
            and token.isdecimal()
            and int(token) < len(inside)
        ):
            inside = inside[int(token)]
        else:
            break
        place = f"{place}/{escaped(token)}"
    keys = list(inside) if isinstance(inside, Mapping) else range(len(inside)) if isinstance(inside, list) else ()
    listed = ", ".join(map(str, keys)) or "a single value"
    return f"{place or 'the file'} has {listed}"


def _decider(path: Path, causes: Sequence[Cause], base: Mapping[str, Node]) -> Decider:
    node = causes[0].node
    file = node.span.source.path
    layer = "specification"
    if path[0] == ENVIRONMENT:
        layer = "environment"
    elif f"/{OVERLAYS}/" in file:
        layer = "overlay"
    under = lookup(base[str(path[0])], path) if layer == "overlay" and path[0] in SECTIONS else None
    hides = under if isinstance(under, ScalarNode) else None
    return Decider(
        _dotted(path),
        node.text,
        f"{file}:{node.span.line}",
        layer,
        f"{hides.span.source.path}:{hides.span.line}" if hides else "",
        hides.text if hides else "",
        of_existence=all(cause.value is ABSENT for cause in causes),
    )
