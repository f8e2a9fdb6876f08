"""The impact of a statement as text or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.diagnostics.text import block, line
from compiler.lineage.experiment import ABSENT
from compiler.report.leaves import as_json as value_of
from compiler.report.leaves import in_text, moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.diagnostics import Finding
    from compiler.lineage.impact import Impact, Move, Reached


def as_text(found: Impact) -> str:
    """Return the leaves of each environment (of equal ones together), then the verdicts that change."""
    return "".join(f"{item}\n" for item in _lines(found))


def as_json(found: Impact) -> str:
    """Return an object with the statement, the leaves of each environment, and the verdicts that change."""
    statement = found.statement
    document: dict[str, Any] = {
        "statement": statement.name,
        "place": statement.place,
        "tried": list(found.tried),
        "reaches_nothing": found.reaches_nothing,
        "environments": [_environment(item) for item in found.environments],
        "findings": [_finding(item) for item in found.findings],
    }
    if found.judged:
        document |= {"denied": [_finding(item) for item in found.denied]}
        document |= {"passed": [_finding(item) for item in found.passed]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _lines(found: Impact) -> Iterator[str]:
    statement = found.statement
    tried = f" -> {', '.join(found.tried)}" if found.tried else ""
    yield f"{statement.place}: {statement.name}: {statement.text}{tried}"
    if found.findings:
        yield ""
        yield "".join(block(item, colour=False) for item in found.findings).rstrip()
        return
    for names, lines in _alike(found):
        yield ""
        yield f"{', '.join(names)}: {lines[0]}"
        yield from lines[1:]
    verdicts = [f"denied  {_verdict(item)}" for item in found.denied]
    verdicts += [f"passed  {_verdict(item)}" for item in found.passed]
    yield ""
    if found.reaches_nothing:
        shadowed = found.environments and all(item.kept is not None for item in found.environments)
        if not (shadowed or found.tried):
            yield "nothing else can be written there"
            return
        nothing = "nothing" if found.judged else "no file (--to VALUE says whether a rule minds)"
        said = "every environment keeps a value of its own" if shadowed else f"edited, and reaches {nothing}"
        yield f"{said}: {statement.name}"
    elif found.judged:
        yield from verdicts or ["no verdict changes"]
    else:
        yield "--to VALUE says exactly what one value does, and judges it"


def _alike(found: Impact) -> Iterator[tuple[list[str], list[str]]]:
    parts: dict[tuple[str, ...], list[str]] = {}
    for item in found.environments:
        parts.setdefault(tuple(_part(item, several=len(found.tried) > 1)), []).append(item.environment)
    yield from ((names, list(lines)) for lines, names in parts.items())


def _part(reached: Reached, *, several: bool) -> Iterator[str]:
    """Yield the lines about an environment, without its name; clusters with the same moves share a line."""
    if reached.kept is not None:
        yield f"keeps {reached.kept}: {reached.kept_by}"
        return
    yield f"{len(reached.moves) or 'no'} {'leaf moves' if len(reached.moves) < 2 else 'leaves move'}"
    files: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    by_file: dict[str, list[Move]] = {}
    for move in reached.moves:
        by_file.setdefault(move.leaf.file, []).append(move)
    for file, found in by_file.items():
        cluster, name = _below(file, reached.environment)
        files.setdefault((name, tuple(_moves(found, several=several))), []).append(cluster)
    for (name, lines), clusters in files.items():
        of = f" ({', '.join(clusters)})" if any(clusters) else ""
        yield f"  {name}{of}"
        yield from lines


def _below(file: str, environment: str) -> tuple[str, str]:
    """Return the cluster of a file and its path below the cluster's folder; Argo CD's files belong to no cluster."""
    first, second, rest = file.split("/", 2)
    return (second, rest) if first == environment else ("", f"{first}/{rest}")


def _moves(found: Iterable[Move], *, several: bool) -> Iterator[str]:
    for move in found:
        at = in_text(move.leaf.file, move.leaf.pointer)
        with_ = f"  (with {move.text})" if several else ""
        for change in moves(move.before, move.after):
            yield f"    {at}: {change}{with_}"


def _verdict(finding: Finding) -> str:
    clusters = f" ({', '.join(finding.clusters)})" if finding.clusters else ""
    return f"{line(finding, colour=False).rstrip()}{clusters}"


def _environment(reached: Reached) -> dict[str, Any]:
    if reached.kept is not None:
        return {"environment": reached.environment, "keeps": reached.kept, "kept_by": reached.kept_by}
    return {"environment": reached.environment, "leaves": [_leaf(move) for move in reached.moves]}


def _leaf(move: Move) -> dict[str, Any]:
    sides = {"before": move.before, "after": move.after}
    values = {side: value_of(value) for side, value in sides.items() if value is not ABSENT}
    return {"file": move.leaf.file, "pointer": move.leaf.pointer, **values, "with": move.text}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": str(finding.code),
        "severity": str(finding.severity),
        "message": finding.message,
        "place": finding.place,
        "clusters": list(finding.clusters),
    }
