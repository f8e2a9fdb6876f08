"""Checks as text for people, or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from compiler.doctor.probe import Check, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS, _NAME = 10, 20


def as_text(checks: tuple[Check, ...]) -> str:
    """Return a line for each check, with advice below it, and a summary."""
    missing = sum(check.status is Status.MISSING for check in checks)
    last = f"{missing} of what is needed {'is' if missing == 1 else 'are'} missing" if missing else "nothing is missing"
    return "".join(f"{line}\n" for check in checks for line in _lines(check)) + f"{last}\n"


def as_json(checks: tuple[Check, ...]) -> str:
    """Return an object with ``checks``, each with its name, status, description and advice."""
    return json.dumps({"checks": [asdict(check) for check in checks]}, indent=2, ensure_ascii=False) + "\n"


def _lines(check: Check) -> Iterator[str]:
    first, *more = check.found.splitlines() or [""]
    yield f"{check.status:{_STATUS}}{check.name:{_NAME}}{first}"
    for line in (*more, *(f"-> {line}" for line in check.advice.splitlines())):
        yield f"{' ' * (_STATUS + _NAME)}{line}"
