"""Print what a rule denies and examined in each cluster, as text or as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.policy.evaluation import Evaluation


_LONGEST = 200
"""How much of a thing that was examined is shown as text; as JSON, all of it is."""


def as_text(evaluations: Iterable[Evaluation]) -> str:
    """Return a paragraph for each cluster: a line that sums up, each denial, and each thing that was examined."""
    return "\n".join("".join(f"{line}\n" for line in _lines(item)) for item in evaluations)


def as_json(evaluations: Iterable[Evaluation]) -> str:
    """Return ``evaluations``: of each the rule, the cluster, its ``denials`` and what it ``examined``."""
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
