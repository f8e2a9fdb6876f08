"""Whether two engines say the same of an input: denials and what was examined, or that neither of them can say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.pipeline import emit_for_policies
from compiler.policy.denial import answer
from compiler.policy.errors import PolicyError
from compiler.policy.input import input_of
from tests.compiler.project import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.policy.gate import Gate

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the embedded engine and OPA say of one rule and one input: an answer as JSON, or why there is none."""

    rule: str
    embedded: str
    opa: str

    @property
    def kind(self) -> str:
        """Who refuses to answer; or what of two answers differs."""
        for name, said in (("the embedded engine", self.embedded), ("OPA", self.opa)):
            if said.startswith(REFUSED):
                return f"{name} refuses"
        same = _without_messages(self.embedded) == _without_messages(self.opa)
        return "the text of a message" if same else "the verdict"

    @property
    def reason(self) -> str:
        """Why one of them refuses, without what is particular to the rule and the input; nothing where none does."""
        said = next((said for said in (self.embedded, self.opa) if said.startswith(REFUSED)), "")
        return re.sub(r"[0-9]+|'[^']*'|`[^`]*`", "#", said).strip().rpartition("\n")[2]


def disagreement(embedded: Gate, opa: Gate, rule: str, document: Any) -> Disagreement | None:
    """Ask both one rule; that neither can say is no disagreement, since neither lets anything pass then."""
    text = json.dumps(document)
    one, other = (_said(gate, rule, text) for gate in (embedded, opa))
    if one == other or (one.startswith(REFUSED) and other.startswith(REFUSED)):
        return None
    return Disagreement(rule, one, other)


def disagreements(embedded: Gate, opa: Gate, document: Any) -> Iterator[Disagreement]:
    """Ask both for everything at once; rule by rule, where they differ or one of them cannot say."""
    text = json.dumps(document)
    said = {_said(gate, "verdict", text) for gate in (embedded, opa)}
    if len(said) == 1 and not min(said).startswith(REFUSED):
        return
    for rule in embedded.library.rules:
        if found := disagreement(embedded, opa, rule.id, document):
            yield found


def clusters() -> list[dict[str, Any]]:
    """The input of every cluster of the real project."""
    return [input_of(rendering) for item in resolved().values() for rendering in emit_for_policies(item)]


def _said(gate: Gate, name: str, document: str) -> str:
    """Return an answer as the gate reads it."""
    try:
        value = gate.engine.evaluate(f"gate.{name}", document)
        answers = value if name == "verdict" else {name: value}
        return json.dumps([answer(rule, given).model_dump() for rule, given in sorted(answers.items())])
    except PolicyError as error:
        return f"{REFUSED}: {error}"


def _without_messages(said: str) -> Any:
    answers = json.loads(said)
    for given in answers:
        given["denials"] = sorted(json.dumps({**denial, "message": "", "wanted": ""}) for denial in given["denials"])
    return answers
