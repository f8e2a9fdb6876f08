"""A gate that remembers: a rule is evaluated only where no answer is known for the values that it reads.

A rule is a pure function of the input, since the builtins that policies may use know neither time nor chance. So its
answer is known by the content of the parts that it reads, and by the fingerprint of the policies, of the engine and of
the compiler. The answers are in the project's folder ``.cbp/``, as :mod:`compiler.lineage.analysed` says of its record.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from compiler.compile_cache import folder
from compiler.lineage.analysed import known
from compiler.lineage.inputs import values
from compiler.lineage.on_demand import OnDemand
from compiler.policy import workers
from compiler.policy.denial import answer
from compiler.policy.gate import PACKAGE, Gate
from compiler.policy.input import input_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from compiler.lineage.analysed import Analysed
    from compiler.policy.denial import Answer
    from compiler.policy.rendering import Rendering

_NAME = "verdicts.json"
_MOST = 20_000
"""The number of answers that are kept, besides those of the last judgement; the oldest give way."""
_DIGEST = 16  # bytes


def remembering(policies: Path, root: Path, *, proven: bool = True) -> Gate:
    """Return the gate of the policies of a folder, with the answers that the project ``root`` remembers.

    Those that need not be ``proven``, as a commit holds them that was judged, are only vetted.

    Raises:
        PolicyError: they have faults, or a rule does not prove itself.
    """
    return _Remembering(root, known(policies, root, proven=proven))


class _Remembering(Gate):
    """A gate that evaluates only the rules whose answers it does not know, and writes them down."""

    engine: OnDemand

    def __init__(self, root: Path, found: Analysed) -> None:
        super().__init__(found.library, OnDemand(found.library))
        self._root, self._analysed = root, found
        self._parts = tuple(sorted(frozenset().union(*found.reads.values())))
        record = folder.read(root, _NAME)
        same = isinstance(record, dict) and found.fingerprint and record.get("fingerprint") == found.fingerprint
        self._known: dict[str, Any] = dict(record["answers"]) if same else {}

    def answers(
        self, renderings: Iterable[Rendering], as_of: date | None
    ) -> Iterator[tuple[Rendering, dict[str, Answer]]]:
        """Yield each cluster with the answers of all rules, known or found now."""
        asked = [(rendering, input_of(rendering, as_of)) for rendering in renderings]
        keys = [self._keys(document) for _, document in asked]
        unknown = [[rule for rule, key in of.items() if key not in self._known] for of in keys]
        self._learn([document for _, document in asked], keys, unknown)
        for (rendering, _), of in zip(asked, keys, strict=True):
            yield rendering, {rule: answer(rule, self._known[key]) for rule, key in of.items()}
        self._keep(keys, new=any(unknown))

    def _keys(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Return the key of each rule's answer: a digest of the rule and of all that it reads of an input."""
        parts = {
            part: blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=_DIGEST).digest()
            for part, value in values(document, self._parts).items()
        }
        return {
            rule: blake2b(
                b"".join((rule.encode(), *(parts[part] for part in sorted(read)))), digest_size=_DIGEST
            ).hexdigest()
            for rule, read in self._analysed.reads.items()
        }

    def _learn(
        self,
        documents: Sequence[Mapping[str, Any]],
        keys: Sequence[Mapping[str, str]],
        unknown: Sequence[Sequence[str]],
    ) -> None:
        """Evaluate the rules without a known answer; several processes do, where it is worth their start."""
        pending = [index for index, rules in enumerate(unknown) if rules]
        questions = (f"{' '.join(unknown[index])}\n{orjson.dumps(documents[index]).decode()}" for index in pending)
        many = sum(map(len, unknown)) > len(self.library.rules)
        self.engine.need(rule for rules in unknown for rule in rules)  # here, and not in each of several processes
        found = workers.answers(self._evaluated, questions, workers.processors() if many else 1)
        for index, text in zip(pending, found, strict=True):
            self._known.update((keys[index][rule], value) for rule, value in json.loads(text).items())

    def _evaluated(self, question: str) -> str:
        """Return the answers to a line of rules, and an input after it, as JSON text."""
        first, _, document = question.partition("\n")
        rules = first.split()
        asked = [f"{PACKAGE}.{rule}" for rule in rules]
        found = self.engine.evaluate_some(asked, document)
        return json.dumps({rule: found[name] for rule, name in zip(rules, asked, strict=True)})

    def _keep(self, keys: Iterable[Mapping[str, str]], *, new: bool) -> None:
        """Write the answers of this judgement and those before it, the oldest first."""
        if not (new and self._analysed.fingerprint):
            return
        used = dict.fromkeys(key for of in keys for key in of.values())
        kept = {key: value for key, value in self._known.items() if key not in used}
        oldest = max(len(kept) - _MOST, 0)
        answers = {**dict(list(kept.items())[oldest:]), **{key: self._known[key] for key in used}}
        folder.write(self._root, _NAME, {"fingerprint": self._analysed.fingerprint, "answers": answers})
