"""Inputs that are nearly right, to find what engines disagree about: ``python -m tests.policy.fuzz --count 5000``.

Each starts from a rule's fixture or from a real cluster's input; one to three of its values are replaced, and items of
lists left out or repeated. A seed gives the same inputs every time. Numbers are whole, as in all that reaches the gate.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from compiler.policy.gate import Gate, load
from tests.policy.agreement import Disagreement, clusters, disagreement, disagreements
from tests.policy.policies import POLICIES
from tests.policy.servers import KINDS, opa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NUMBERS = (0, 1, 2, 59, 60, 1000, 2**31, 2**53 - 1)
_TEXTS = ("", " ", "0", "10X", "*", "日本", "a" * 300, "10.0.0.0/33", "10.0.0.0/8", "::/0", "a/b", "true")
_OTHERS: tuple[Any, ...] = (None, True, 0, -1, "a", [], {}, [None], [[]], {"": None})
_CLUSTERS = 20
"""One in so many inputs is a cluster's, which takes as long as many others, for every rule is asked about it."""
_UNTYPED = 10
"""One in so many inputs has values of types that our models and emitters never give them."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input, and the rule from whose fixture it was made; None: it was a cluster's, and every rule is asked."""

    rule: str | None
    typed: bool
    """Whether each value has a type that it may have in what reaches the gate."""
    document: Any


def inputs(gate: Gate, seed: int) -> Iterator[Input]:
    """Yield changed inputs without an end."""
    random = Random(seed)  # noqa: S311 - the same inputs for the same seed are wanted
    whole = [(None, document) for document in clusters()]
    parts = [
        (rule.id, part) for rule in gate.library.rules for part in (rule.fixture.must_pass, *rule.fixture.must_deny)
    ]
    while True:
        rule, document = copy.deepcopy(random.choice(whole if random.randrange(_CLUSTERS) == 0 else parts))
        typed = random.randrange(_UNTYPED) > 0
        for _ in range(random.randint(1, 3)):
            _change(random, document, typed=typed)
        yield Input(rule, typed, document)


def found(embedded: Gate, other: Gate, seed: int, count: int) -> Iterator[tuple[Input, Disagreement]]:
    """Yield what engines disagree about in so many inputs."""
    for item in islice(inputs(embedded, seed), count):
        if item.rule is None:
            yield from ((item, difference) for difference in disagreements(embedded, other, item.document))
        elif difference := disagreement(embedded, other, item.rule, item.document):
            yield item, difference


def _change(random: Random, document: Any, *, typed: bool) -> None:
    """Change one value somewhere in a document, at any depth alike."""
    places = list(_places(document))
    place, key = random.choice(places)
    if not typed:
        place[key] = copy.deepcopy(random.choice((*_OTHERS, random.choice(places)[0])))
    elif isinstance(place, list) and random.random() < 0.5:
        place[:] = random.choice(([], [*place, copy.deepcopy(place[key])], place[:key]))
    else:
        place[key] = _other(random, place[key])


def _other(random: Random, value: Any) -> Any:
    """Return another value of the same type; mappings and what is nothing stay."""
    match value:
        case bool():
            return not value
        case int():
            return random.choice((*_NUMBERS, value + 1, max(0, value - 1)))
        case str():
            return random.choice((*_TEXTS, value.upper(), f"{value}x"))
        case list():
            return value[::-1]
    return value


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys or indices."""
    keys: Iterable[Any] = ()
    if isinstance(document, dict):
        keys = tuple(document)
    elif isinstance(document, list):
        keys = range(len(document))
    for key in keys:
        yield document, key
        yield from _places(document[key])


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.fuzz", description="Compare the engines.")
    parser.add_argument("--count", type=int, default=5000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--opa", choices=KINDS, default="library", help="OPA's library, or the program on PATH")
    chosen = parser.parse_args()
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, opa(chosen.opa, Path(folder)) as server:
        embedded, other = load(POLICIES), load(POLICIES, partial(server.engine, timeout_seconds=60))
        _say(f"{chosen.count} inputs of seed {chosen.seed}: {embedded.engine.name} {embedded.engine.version} and "
            f"{other.engine.name} {other.engine.version}, {len(embedded.library.rules)} rules")  # fmt: skip
        for item, difference in found(embedded, other, chosen.seed, chosen.count):
            kind = f"{'typed' if item.typed else 'untyped'}: {difference.kind} {difference.reason}".strip()
            kinds[kind] += 1
            if kinds[kind] <= 3:
                _say(f"{difference.rule}: {kind}\n  embedded: {difference.embedded}\n  opa:      {difference.opa}")
    for kind, number in kinds.most_common():
        _say(f"{number:>6}  {kind}")
    _say(f"{kinds.total()} disagreements")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
