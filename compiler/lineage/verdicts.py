"""An engine that remembers: a rule is evaluated only where no answer is known for the values that it reads.

A rule is a pure function of the input, since the builtins that policies may use know neither time nor chance. So its
answer is known by the content of the parts that it reads, and by the fingerprint of the policies, of the engine and of
the compiler. The answers are in the project's folder ``.cbp/``, as :mod:`compiler.lineage.analysed` says of its record.
"""

from __future__ import annotations

import json
from collections import deque
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from compiler.compile_cache import folder
from compiler.lineage.analysed import known
from compiler.lineage.on_demand import OnDemand
from compiler.lineage.parts import ABSENT, values
from compiler.policy import workers
from compiler.policy.gate import PACKAGE, VERDICT, Gate
from compiler.policy.regorus import Regorus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from compiler.lineage.analysed import Analysed

_NAME = "verdicts.json"
_MOST = 20_000
"""The number of answers that are kept, besides those of the last judgement; the oldest give way."""
_DIGEST = 16  # bytes
_FEW = 4
"""Where less than one rule in so many is asked about a cluster, that costs less than another process would."""


def remembering(policies: Path, root: Path, *, proven: bool = True) -> Gate:
    """Return the gate of the policies of a folder, with the answers that the project ``root`` remembers.

    Those that need not be proven, as a commit holds them that was judged, are only vetted.

    Raises:
        PolicyError: they have faults, or a rule does not prove itself.
    """
    found = known(policies, root, proven=proven)
    return Gate(found.library, Remembering(root, found))


class Remembering:
    """The embedded engine with proven policies, which asks a rule where it knows no answer, and writes that down."""

    name = Regorus.name

    def __init__(self, root: Path, found: Analysed) -> None:
        self._engine: Regorus = found.engine or OnDemand(found.library)
        self._root, self._reads, self._fingerprint = root, found.reads, found.fingerprint
        self._parts = tuple(sorted(frozenset().union(*found.reads.values())))
        self._known = _recorded(folder.read(root, _NAME), found.fingerprint)

    @property
    def version(self) -> str:
        """The version of the embedded engine."""
        return self._engine.version

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value, which is computed (see :class:`compiler.policy.engine.Engine`)."""
        return self._engine.evaluate(rule, document)

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield the verdict on each input, of answers that are known or found now; of other rules, the computed value.

        See :class:`compiler.policy.engine.Engine`.
        """
        if rule != VERDICT:
            yield from (self.evaluate(rule, document) for document in documents)
            return
        asked: deque[tuple[Mapping[str, str], Sequence[str]]] = deque()

        def questions() -> Iterator[str]:
            for document in documents:
                keys = self._keys(orjson.loads(document))
                unknown = [rule for rule, key in keys.items() if key not in self._known]
                asked.append((keys, unknown))
                question = f"{' '.join(unknown)}\n{document}" if unknown else ""
                if 0 < len(unknown) * _FEW < len(keys):
                    self._learn(keys, unknown, self._evaluated(question))
                    question = ""
                elif unknown:
                    self._engine.need(unknown)  # here, and not in each of several processes
                yield question

        used: dict[str, None] = {}
        new = False
        for text in workers.answers(self._evaluated, questions(), workers.processors()):
            keys, unknown = asked.popleft()
            if text:
                self._learn(keys, unknown, text)
            used.update(dict.fromkeys(keys.values()))
            new = new or bool(unknown)
            yield {rule: self._known[key] for rule, key in keys.items()}
        if new:
            self._keep(used)

    def confirm(self) -> None:
        """Do nothing: no other process can change the interpreter (see :class:`compiler.policy.engine.Engine`)."""

    def _keys(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Return the key of each rule's answer: a digest of the rule and of all that it reads of an input."""
        parts = {part: _digest(value) for part, value in values(document, self._parts).items()}
        return {
            rule: blake2b(
                b"".join((rule.encode(), *(parts[part] for part in sorted(read)))), digest_size=_DIGEST
            ).hexdigest()
            for rule, read in self._reads.items()
        }

    def _learn(self, keys: Mapping[str, str], rules: Iterable[str], text: str) -> None:
        found = json.loads(text)
        self._known.update((keys[rule], found[rule]) for rule in rules)

    def _evaluated(self, question: str) -> str:
        """Return the answers to a line of rules, and an input after it, as JSON text."""
        first, _, document = question.partition("\n")
        rules = first.split()
        self._engine.need(rules)
        asked = [f"{PACKAGE}.{rule}" for rule in rules]
        found = self._engine.evaluate_some(asked, document)
        return json.dumps({rule: found[name] for rule, name in zip(rules, asked, strict=True)})

    def _keep(self, used: Mapping[str, None]) -> None:
        """Write the answers of this judgement and those before it, the oldest first."""
        if not self._fingerprint:
            return
        kept = {key: value for key, value in self._known.items() if key not in used}
        oldest = max(len(kept) - _MOST, 0)
        answers = {**dict(list(kept.items())[oldest:]), **{key: self._known[key] for key in used}}
        folder.write(self._root, _NAME, {"fingerprint": self._fingerprint, "answers": answers})


def _digest(value: Any) -> bytes:
    """Return the digest of the value of a part; none has the text of one that is absent."""
    text = b"" if value is ABSENT else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=_DIGEST).digest()


def _recorded(record: Any, fingerprint: str | None) -> dict[str, Any]:
    """Return the answers of a record with this fingerprint; none of one with another, or of another shape."""
    if fingerprint is None or not isinstance(record, dict) or record.get("fingerprint") != fingerprint:
        return {}
    answers = record.get("answers")
    sound = isinstance(answers, dict) and all(map(_is_answer, answers.values()))
    return dict(answers) if isinstance(answers, dict) and sound else {}


def _is_answer(found: object) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == {"denials", "examined"}
        and isinstance(found["denials"], list)
        and isinstance(found["examined"], int)
    )
