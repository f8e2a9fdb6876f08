"""The rules that judge a leaf: those that refuse some other value of it, or its absence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compiler.lineage.analysed import known
from compiler.lineage.judge import Judge
from compiler.lineage.leaves import tokens
from compiler.policy.input import input_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from compiler.policy.rendering import Rendering

_GENERATED = "generated/"


def judging(policies: Path, renderings: Sequence[Rendering], file: str, pointer: str) -> tuple[str, ...]:
    """Return the ids of the rules that deny a cluster in which this leaf alone is another one.

    The leaf is changed where policies see it: in a rendered object, in the settings, in the configuration of the proxy,
    or in the plan for Vault. Rules about transitions are left out, and so are those that only warn.

    Raises:
        PolicyError: the policies cannot be read, or do not answer.
    """
    found: set[str] = set()
    judge: Judge | None = None
    for rendering in renderings:
        document = input_of(rendering)
        for changed in _changed(document, file, rendering.site.folder, tokens(pointer)):
            judge = judge or Judge(known(policies, policies.parent))
            asked = [rule for rule in judge.concerned(document, changed) if rule not in found]
            found.update(judge.added(document, judge.denials(document, asked), changed, asked))
    return tuple(sorted(found))


def _changed(document: Mapping[str, Any], file: str, folder: str, keys: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the input of a cluster with other values of a leaf; none where policies do not see the leaf."""
    if file == f"{folder}/runtime/settings.json":
        yield from ({**document, "settings": other} for other in _others(document["settings"], keys))
    elif file == f"{folder}/vault/plan.yaml":
        yield from ({**document, "vault": other} for other in _others(document["vault"], keys))
    elif file == f"{folder}/envoy/bootstrap.json":
        yield from ({**document, "proxy": other} for other in _others(document["proxy"], keys))
    for part in ("documents", "argocd"):
        for index, item in enumerate(document[part]):
            if item["file"] == f"{_GENERATED}{file}":
                for other in _others(item["object"], keys):
                    objects = [*document[part]]
                    objects[index] = {**item, "object": other}
                    yield {**document, part: objects}


def _others(value: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield copies of a document with another value at a place, and one without any; none if there is no such place."""
    if not keys:
        yield from _values(value)
        return
    key, below = keys[0], keys[1:]
    if isinstance(value, Mapping) and key in value:
        yield from ({**value, key: other} for other in _others(value[key], below))
        if not below:
            yield {name: item for name, item in value.items() if name != key}
    elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        at = int(key)
        yield from ([*value[:at], other, *value[at + 1 :]] for other in _others(value[at], below))
        if not below:
            yield [*value[:at], *value[at + 1 :]]


def _values(value: Any) -> Iterator[Any]:
    """Yield other values of the same kind: slightly and much larger and smaller numbers, another word."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 100 + 100, value // 2, 0)
    elif isinstance(value, str) and value.isdecimal():
        yield from map(str, _values(int(value)))
    elif isinstance(value, str):
        yield f"{value}x"
