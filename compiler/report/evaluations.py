"""Evaluations of a rule as text or as JSON: its denials and the examined values in each cluster."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.policy.evaluation import Evaluation


_LONGEST = 200
"""The number of characters of an examined value in text; JSON shows all of it."""


def as_text(evaluations: Iterable[Evaluation]) -> str:
    """Return a paragraph for each cluster: a summary, each denial, and each examined value."""
    return "\n".join("".join(f"{line}\n" for line in _lines(item)) for item in evaluations)


def as_json(evaluations: Iterable[Evaluation]) -> str:
    """Return an object with ``evaluations``: the rule, the cluster, the ``denials`` and the ``examined`` of each."""
    return json.dumps({"evaluations": [_document(item) for item in evaluations]}, indent=2, ensure_ascii=False) + "\n"


def _lines(evaluation: Evaluation) -> Iterator[str]:
    counts = f"{len(evaluation.examined)} examined, {len(evaluation.denials)} denied"
    yield f"{evaluation.rule} on {evaluation.cluster}: {counts}"
    for denial in evaluation.denials:
        yield f"  denied    {denial.message}"
        yield f"            at {denial.resource}" + (f", wanted {denial.wanted}" if denial.wanted else "")
        for place in denial.rendered:
            yield f"            rendered in {place.file}" + (f", at {place.pointer}" if place.pointer else "")
    for thing in evaluation.examined:
        yield f"  examined  {textwrap.shorten(json.dumps(thing, ensure_ascii=False), _LONGEST, placeholder=' ...')}"


def _document(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "rule": evaluation.rule,
        "cluster": evaluation.cluster,
        "denials": [denial.model_dump(mode="json") for denial in evaluation.denials],
        "examined": list(evaluation.examined),
    }
