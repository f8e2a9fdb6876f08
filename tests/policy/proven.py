"""Policies of the same content are read, proven and analysed once, and asked once, for all compilations of a worker."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.lineage import analysed, engine_process
from compiler.lineage.analysed import of_engine
from compiler.lineage.verdicts import Remembering as RememberingByParts
from compiler.policy import gate
from compiler.policy.regorus import Instrumented, Regorus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date
    from typing import Any

    from compiler.lineage.analysed import Analysed
    from compiler.policy.denial import Answer
    from compiler.policy.engine import Loadable
    from compiler.policy.library import Module
    from compiler.policy.rendering import Rendering

REMEMBERED = 2000
"""The most answers that one engine remembers, so that a worker of the suite does not grow without bound."""


class Remembering(Instrumented):
    """The embedded engine, which evaluates a rule once for each input: its answer depends on nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: OrderedDict[tuple[str, bytes], str | None] = OrderedDict()

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Forget every answer, and load the policies and their data."""
        self._answers.clear()
        super().load(modules, data)

    def load_vetted(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Forget every answer, and load policies that were vetted before."""
        self._answers.clear()
        super().load_vetted(modules, data)

    def value(self, rule: str, document: str) -> str | None:
        """Return a rule's value as JSON text, as it was when the rule was first asked about the input."""
        asked = rule, hashlib.sha256(document.encode()).digest()
        if asked not in self._answers:
            self._answers[asked] = super().value(rule, document)
        self._answers.move_to_end(asked)
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return self._answers[asked]


class SharedGate(gate.Gate):
    """A gate that asks a rule where no answer is known for what it reads, which is found when it first judges."""

    engine: Remembering

    @cached_property
    def _by_parts(self) -> gate.Gate:
        found = replace(of_engine(self.library, self.engine), engine=self.engine)
        return gate.Gate(self.library, RememberingByParts(Path(), found))  # without a fingerprint it keeps no answers

    def answers(
        self, renderings: Iterable[Rendering], as_of: date | None
    ) -> Iterator[tuple[Rendering, dict[str, Answer]]]:
        return self._by_parts.answers(renderings, as_of)


@contextmanager
def proven_once() -> Iterator[None]:
    """Let compilations by the same policies share one gate, if they judge in the embedded engine, and one analysis.

    A rule is asked where no answer is known for what it reads; tests of that judge by gates of their own.
    """
    load, analyse, prove_gate, prove = gate.load, analysed.analysed, gate.Gate.prove, analysed.proved
    loaded: dict[str, gate.Gate] = {}
    known: dict[tuple[str, bool], Analysed] = {}
    proven: set[int] = set()

    def load_once(policies: Path, engine: Callable[[], Loadable] = Regorus) -> gate.Gate:
        if engine is not Regorus:
            return load(policies, engine)
        content = _digest(policies)
        if content not in loaded:
            held = Remembering()
            loaded[content] = SharedGate(load(policies, lambda: held).library, held)
        return loaded[content]

    def prove_once(self: gate.Gate) -> None:
        if id(self) not in proven:
            prove_gate(self)
            if any(self is each for each in loaded.values()):
                proven.add(id(self))

    def analyse_once(policies: Path) -> Analysed:
        return kept(policies, analyse, proven=False)

    def prove_and_analyse_once(policies: Path) -> Analysed:
        return kept(policies, prove, proven=True)

    def kept(policies: Path, make: Callable[[Path], Analysed], *, proven: bool) -> Analysed:
        content = _digest(policies), proven
        if content not in known:
            # What is asked of its engine elsewhere would be remembered here.
            known[content] = replace(make(policies), engine=None)
        return known[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "load", load_once)
        patch.setattr(gate.Gate, "prove", prove_once)
        patch.setattr(analysed, "analysed", analyse_once)
        patch.setattr(analysed, "proved", prove_and_analyse_once)
        # Each project would remember answers of its own.
        patch.setattr(engine_process, "trusting", lambda policies: nullcontext(partial(gate.proven, policies)))
        yield


def _digest(policies: Path) -> str:
    digest = hashlib.sha256(str(policies.is_dir()).encode())
    for folder, folders, names in os.walk(policies):
        folders.sort()
        for name in sorted(names):
            file = f"{folder}/{name}"
            digest.update(f"\0{file.removeprefix(str(policies))}\0".encode())
            # Hundreds of files, for each compilation; a link may lead nowhere.
            with suppress(OSError), open(file, "rb") as content:  # noqa: PTH123
                digest.update(content.read())
    return digest.hexdigest()
