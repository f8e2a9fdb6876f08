"""``python -m compiler.metrics_page``: print the page of all metrics, which is committed as ``docs/metrics.md``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.measurements import EXPORTED, EXPORTERS, WORDS
from runtime.telemetry import declared

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = """# Metrics

Written by `make docs/metrics.md` from the declarations in [telemetry.py](../runtime/telemetry.py) and
[measurements.py](../compiler/emit/kubernetes/monitoring/measurements.py)
(`test_the_page_of_metrics_is_what_is_declared`). Every metric that an alert, a panel or an autoscaler asks for is on it
(`test_everything_that_alerts_panels_and_triggers_ask_for_is_on_the_page`).

The API serves its own at `/metrics` of [the management port](runtime.md#endpoints), for all workers of a pod: counters
and histograms are sums, and the column *workers* says how gauges become one. The values of labels are routes, names of
issuers, subscribers and connectors, and fixed words, so that their number is bounded.

## Of the API

"""
_EXPORTED = """
## Of exporters

cAdvisor is a part of the kubelet, which has the version of Kubernetes. `bootstrap.md` of each cluster names the same
versions (`test_each_exporter_has_the_version_that_a_cluster_is_asked_for`).

"""
_WORDS = """
## Words of the specification

The use of storage is not the API's to tell.

"""


def page() -> str:
    """Return the page as Markdown."""
    own = [
        (
            f"`{each.name}`",
            each.type,
            ", ".join(each.labels),
            each.unit,
            each.of_workers if each.type == "gauge" else "",
            each.meaning,
            f"`{each.statement}`" if each.statement else "",
        )
        for each in sorted(declared().values(), key=lambda metric: metric.name)
    ]
    exported = [
        (f"`{name}`", exporter, EXPORTERS[exporter], meaning) for name, (exporter, meaning) in sorted(EXPORTED.items())
    ]
    words = [
        (f"`{path}[{word}]`", ", ".join(f"`{each}`" for each in metrics)) for (path, word), metrics in WORDS.items()
    ]
    return (
        _HEAD
        + _table(("metric", "type", "labels", "unit", "workers", "meaning", "statement"), own)
        + _EXPORTED
        + _table(("metric", "exporter", "from version", "meaning"), exported)
        + _WORDS
        + _table(("statement", "metrics"), words)
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
