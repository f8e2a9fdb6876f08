"""Make the minimal mistake of a rule's ``mutation.yaml`` in the real project: a statement, or a value of one file.

A rendered file is changed where no specification that the models accept could cause the mistake, since the emitters are
right: the rule guards the emitters then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from compiler.history.base import Base
from compiler.history.repository import Repository
from compiler.lineage.analysed import known
from compiler.lineage.concerned import Concerned, aligned
from compiler.lineage.on_demand import OnDemand
from compiler.lineage.parts import excerpt
from compiler.pipeline import emit_for_policies
from compiler.policy.before import Before
from compiler.policy.denial import answer
from compiler.policy.files import parse, read_text
from compiler.policy.gate import Gate, load
from compiler.policy.input import input_of
from compiler.sources.nodes import Key, KeyValue, MappingNode, Node, SequenceNode
from compiler.sources.nodes import Path as Keys
from runtime.settings import Settings
from tests.compiler.project import keys, node, rebound, resolved, with_value
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.artifact import Artifact, Document
    from compiler.lineage.parts import Part
    from compiler.policy.library import Rule
    from compiler.policy.rendering import Rendering
    from compiler.resolve.resolved import Resolved

Statement = str | list[str] | dict[str, str]
_SETTINGS = "settings"
AS_OF = date(2026, 1, 15)
"""The day for which the support of versions is judged."""
_ARGO_CD = "argocd"


class Mutation(BaseModel):
    """One mistake. Without a ``value``, what stands there is removed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str = "production"
    given: Mapping[str, Statement] = {}
    """Statements that are changed before, so that the rule has something to pass; in a transition, together with it."""
    statement: str | None = None
    """The path of a value of the resolved specification, with dots."""
    file: str | None = None
    """A file of one cluster, below its folder; one below ``argocd``; or the API's ``settings``."""
    role: Literal["primary", "recovery"] = "primary"
    """The role of the cluster whose file is changed."""
    pointer: str = ""
    """What is changed in the file (RFC 6901); all of it by default."""
    value: Any = None
    also: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Other rules that rightly deny the same mistake."""

    @model_validator(mode="after")
    def _one_place(self) -> Mutation:
        if (self.statement is None) == (self.file is None):
            raise ValueError("a mutation changes either a statement or a file")
        return self

    @property
    def removes(self) -> bool:
        """Whether the value is taken away."""
        return "value" not in self.model_fields_set


def mutation(rule: Rule) -> Mutation:
    """Return the mistake that was found for a rule, which stands beside it."""
    name = f"{POLICIES.name}/{rule.place}/mutation.yaml"
    return parse(Mutation, read_text(POLICIES / rule.place / "mutation.yaml"), name)[0]


def denied(mutation: Mutation, *, transition: bool = False) -> set[str]:
    """Return the rules that deny the changed project and pass the real one, which a transition begins from.

    Each cluster is judged by itself, by the rules that read something of the mistake: the others say of it what they
    say of the real one (``tests/compiler/reach/test_reach.py`` holds them to it).
    """
    given = json.dumps(mutation.given)
    before = _emitted(mutation.environment, given)
    if mutation.statement:
        changed = emit_for_policies(stated(mutation.environment, mutation.given, mutation))
    else:
        changed = tuple(it for each in before if (it := _changed(each, mutation)) is not each)
    if transition:
        changed = tuple(
            compared(rendering, emit_for_policies(resolved()[mutation.environment])) for rendering in changed
        )
    real = {rendering.site.name: rendering for rendering in before}
    found = {rule for rendering in changed for rule in _denying(rendering, real.get(rendering.site.name))}
    return found - _before(mutation.environment, given)


def compared(after: Rendering, environment: Iterable[Rendering]) -> Rendering:
    """Return a cluster with what an environment, which was not committed anywhere, holds of it as the old side."""
    clusters = {rendering.site.name: rendering for rendering in environment}
    old = clusters.get(after.site.name)
    base = Base("0" * 40, "the project", {}, Repository(POLICIES))
    return replace(
        after,
        before=Before(
            base,
            tuple(sorted(clusters)),
            _objects(old.artifacts if old else ()),
            _objects(artifact for rendering in clusters.values() for artifact in rendering.delivery),
            old.site.settings.model_dump(mode="json") if old else None,
        ),
    )


def _objects(artifacts: Iterable[Artifact]) -> dict[str, Document]:
    found = ((f"generated/{artifact.path}", artifact.document) for artifact in artifacts)
    return {file: document for file, document in found if document and "kind" in document}


def stated(environment: str, values: Mapping[str, Statement], mutation: Mutation | None = None) -> Resolved:
    """Return an environment with statements replaced, and the one of a mutation replaced or removed."""
    tree: Node = resolved()[environment].tree
    for path, value in values.items():
        tree = with_value(tree, keys(path), node(value))
    if mutation and mutation.statement and mutation.removes:
        tree = _without(tree, keys(mutation.statement))
    elif mutation and mutation.statement:
        tree = with_value(tree, keys(mutation.statement), node(mutation.value))
    result, findings = rebound(tree)
    assert result, findings
    return result


@cache
def _before(environment: str, given: str) -> set[str]:
    return {rule for rendering in _emitted(environment, given) for rule in _denying(rendering, None)}


@cache
def _emitted(environment: str, given: str) -> tuple[Rendering, ...]:
    return emit_for_policies(stated(environment, json.loads(given)))


def _denying(rendering: Rendering, real: Rendering | None) -> Iterator[str]:
    """Yield the rules that deny a cluster, of those that read anything in which it differs from the real one."""
    (engine, concerned, reads), document = _asked(), input_of(rendering, AS_OF)
    rules = concerned.between(before := input_of(real, AS_OF), aligned(before, document)) if real else tuple(reads)
    engine.need(rules)
    shown = excerpt(document, frozenset().union(*(reads[rule] for rule in rules)))
    given = engine.evaluate_some([f"gate.{rule}" for rule in rules], orjson.dumps(shown).decode())
    for rule in rules:
        denials = answer(rule, given[f"gate.{rule}"]).denials
        assert all(rendering.resolved.has(path) for denial in denials for path in (denial.path, *denial.participants))
        if denials:
            yield rule


@cache
def _asked() -> tuple[OnDemand, Concerned, Mapping[str, frozenset[Part]]]:
    """Return an engine for some rules, the rules by the fields and by the parts of the input that they read."""
    found = known(POLICIES, POLICIES.parent, proven=False)
    return OnDemand(found.library), Concerned(found, found.reads), found.reads


@cache
def gate() -> Gate:
    return load(POLICIES)


def _without(node: Node, path: Keys) -> Node:
    key, below = path[0], path[1:]
    if isinstance(node, MappingNode):
        kept = dict(node.entries)
        entry = kept.pop(str(key))
        below_it = {str(key): KeyValue(entry.key, _without(entry.value, below))} if below else {}
        return MappingNode({**kept, **below_it}, node.span)
    assert isinstance(node, SequenceNode)
    items = (_without(item, below) if below and index == key else item for index, item in enumerate(node.items))
    return SequenceNode(tuple(item for index, item in enumerate(items) if below or index != key), node.span)


def _changed(rendering: Rendering, mutation: Mutation) -> Rendering:
    """Change a file of the cluster with the mutation's role; the others stay as they are."""
    if rendering.site.cluster.role != mutation.role:
        return rendering
    if mutation.file == _SETTINGS:
        document = _edited(rendering.site.settings.model_dump(mode="json"), _parts(mutation), mutation)
        settings = Settings.model_validate_json(json.dumps(document))
        return replace(rendering, site=replace(rendering.site, settings=settings))
    folder, _, name = str(mutation.file).partition("/")
    if folder == _ARGO_CD:
        path = f"{folder}/{rendering.resolved.environment.name}/{name}"
        return replace(rendering, delivery=_with_mistake(rendering.delivery, path, mutation))
    path = f"{rendering.site.folder}/{mutation.file}"
    return replace(rendering, artifacts=_with_mistake(rendering.artifacts, path, mutation))


def _with_mistake(artifacts: tuple[Artifact, ...], path: str, mutation: Mutation) -> tuple[Artifact, ...]:
    (artifact,) = (item for item in artifacts if item.path == path)
    others = tuple(item for item in artifacts if item is not artifact)
    if not mutation.pointer:
        assert mutation.removes, "a file is changed in one value, or not rendered at all"
        return others
    document = _edited(artifact.document, _parts(mutation), mutation)
    return (*others, replace(artifact, document=document))


def _parts(mutation: Mutation) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in mutation.pointer.split("/")[1:]]


def _edited(document: Any, parts: list[str], mutation: Mutation) -> Any:
    """Return a copy of a document with one value of it replaced, added to its mapping, or removed."""
    part, below = parts[0], parts[1:]
    copy = dict(document) if isinstance(document, Mapping) else dict(enumerate(document))
    key: Key = part if isinstance(document, Mapping) else int(part)
    if below or mutation.removes:
        assert key in copy, f"{mutation.file} has no {mutation.pointer}"
    if below:
        copy[key] = _edited(copy[key], below, mutation)
    elif mutation.removes:
        del copy[key]
    else:
        copy[key] = mutation.value
    return copy if isinstance(document, Mapping) else list(copy.values())
