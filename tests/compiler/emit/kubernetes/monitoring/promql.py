"""Questions to Prometheus, parsed as Prometheus parses them."""

from __future__ import annotations

from typing import NamedTuple

from promql_parser import Expr, VectorSelector, parse, walk


class Series(NamedTuple):
    """The series that a part of a question asks for: a metric, and the labels by which they are chosen."""

    metric: str | None
    labels: dict[str, str]


def asked(question: str) -> list[Series]:
    """Return what a question asks for; one that Prometheus would refuse raises ``ValueError``."""
    found: list[Series] = []

    def visit(part: Expr) -> None:
        if isinstance(part, VectorSelector):
            labels = {each.name: each.value for each in part.matchers.matchers}
            found.append(Series(part.name, labels))

    walk(parse(question), visit)
    return found
