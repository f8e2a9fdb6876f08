"""The Grafana dashboard of a cluster: requests, pods, and a panel for each alert with its levels as lines.

The sidecar of Grafana's chart reads it from a ConfigMap with the label ``grafana_dashboard``.

Sources: those of the alerts and panels, and ``network.segmentation.traffic.egress``.
Upstream: https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/,
https://github.com/grafana-community/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards
"""

from __future__ import annotations

import hashlib
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.monitoring.alerts import groups_of
from compiler.emit.kubernetes.monitoring.client_panels import client_panels, pod_panels
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.kubernetes.monitoring.panel import SOURCE, panel_of
from compiler.emit.names import DASHBOARD
from compiler.emit.serialise import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.monitoring.alert import Alert
    from compiler.emit.kubernetes.monitoring.panel import Panel
    from compiler.emit.site import Site

LABEL = {"grafana_dashboard": "1"}
FILE = f"{DASHBOARD}.json"

_SCHEMA = 39  # of Grafana 11; later releases migrate it when they read it
_WIDTH, _HEIGHT, _ACROSS = 8, 8, 3  # Grafana's grid has 24 columns
_UID_LENGTH = 16


def dashboard(site: Site) -> Iterator[Document]:
    """Yield the ConfigMap with the dashboard; nothing where metrics may not leave the zones."""
    if monitored(site):
        yield kubernetes_object(
            kinds.CONFIG_MAP,
            DASHBOARD,
            Wave.CONNECTION,
            zone="management",
            labels=LABEL,
            data={FILE: to_json(_dashboard(site)).decode()},
        )


def _dashboard(site: Site) -> dict[str, Any]:
    groups = groups_of(site)
    rows: dict[str, Iterable[Panel]] = {
        "Clients": client_panels(site),
        "The API": pod_panels(site),
        **{f"Alerts: {name}": map(panel_of, _by_name(alerts)) for name, alerts in groups.items()},
    }
    names = "|".join(dict.fromkeys(alert.name for alert in chain.from_iterable(groups.values())))
    return {
        "uid": f"cbp-{hashlib.sha256(site.folder.encode()).hexdigest()[:_UID_LENGTH]}",
        "title": f"Configuration API, {site.environment.name}, {site.name}",
        "tags": ["cbp", site.environment.name, site.name],
        "description": site.header,
        "editable": False,
        "schemaVersion": _SCHEMA,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "annotations": {"list": [_firing(names)]},
        "panels": list(_placed(rows)),
    }


def _by_name(alerts: Sequence[Alert]) -> Iterator[Sequence[Alert]]:
    """Yield the alerts that share a name, which stand beside each other."""
    for _, found in groupby(alerts, key=lambda alert: alert.name):
        yield tuple(found)


def _firing(names: str) -> dict[str, Any]:
    """Return the marks in all panels of the times at which alerts fire."""
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": f'ALERTS{{alertname=~"{names}",alertstate="firing"}}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
    }


def _placed(rows: Mapping[str, Iterable[Panel]]) -> Iterator[dict[str, Any]]:
    """Yield the rows with their panels below them, three beside each other."""
    number = top = 0
    for title, panels in rows.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": {"h": 1, "w": _WIDTH * _ACROSS, "x": 0, "y": top},
            "panels": [],
        }
        top += 1
        for index, panel in enumerate(panels):
            number += 1
            line, column = divmod(index, _ACROSS)
            place = {"h": _HEIGHT, "w": _WIDTH, "x": column * _WIDTH, "y": top + line * _HEIGHT}
            yield panel.document(number, place)
        top = place["y"] + _HEIGHT
