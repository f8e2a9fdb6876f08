"""The cache of answers about leaves and about changes, in the project's folder ``.cbp/``, which Git ignores.

It holds one fact for each question: these inputs give this answer. The inputs are the contents of the specification, of
the policies and of the compiler, as :mod:`compiler.compile_cache.fingerprint` knows them; others forget every answer.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from compiler.compile_cache import fingerprint, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NAME = "lineage.json"
_MOST = 500
"""The number of answers that are kept; the oldest give way."""

Answer = dict[str, Any]


def answered(root: Path, question: str, ask: Callable[[], Answer]) -> Answer:
    """Return the known answer to a question, or ask, and remember it.

    A question names the day and the commits on which its answer depends. The answer is not remembered if the inputs
    cannot be read for certain, or have changed meanwhile, or where the folder cannot be written to.
    """
    inputs = _inputs(root)
    known = _read(root, inputs)
    if question in known:
        return dict(known[question])
    found = ask()
    if inputs is not None and inputs == _inputs(root, anew=True):
        kept = dict(list(known.items())[-_MOST + 1 :])
        folder.write(root, _NAME, {"inputs": inputs, "answers": {**kept, question: found}})
    return found


def _inputs(root: Path, *, anew: bool = False) -> str | None:
    return fingerprint.inputs(root, date.min, "", anew=anew)


def _read(root: Path, inputs: str | None) -> Mapping[str, Answer]:
    found = folder.read(root, _NAME)
    try:
        answers = found["answers"] if inputs is not None and found["inputs"] == inputs else {}
    except (KeyError, TypeError):
        return {}
    return answers if isinstance(answers, dict) and all(isinstance(item, dict) for item in answers.values()) else {}
