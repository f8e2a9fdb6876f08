"""How requests reach the pods: the Service, and the Ingress that the AWS Load Balancer Controller turns into an ALB.

Sources: ``load_balancing.application``, the environment's ``host``.
Upstream: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.meta import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.kubernetes.pod import DEREGISTRATION_SECONDS
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.load_balancing import ApplicationBalancing
    from runtime.settings import Settings

SERVICE_PORT = 80
STICKINESS_SECONDS = 86400
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_ALGORITHMS = {"Round Robin": "round_robin", "Least Outstanding Requests": "least_outstanding_requests"}


def traffic(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield the API's Service and Ingress."""
    ports = [{"name": "http", "port": SERVICE_PORT, "targetPort": "http", "protocol": "TCP"}]
    yield kubernetes_object(
        "v1",
        "Service",
        API,
        Wave.APPLICATION,
        zone="application",
        labels=LABELS,
        spec={"type": "ClusterIP", "selector": SELECTOR, "ports": ports},
    )
    backend = {"service": {"name": API, "port": {"name": "http"}}}
    # Health and metrics are for the cluster: the load balancer asks a pod's health itself, past these paths.
    paths = [{"path": "/v1", "pathType": "Prefix", "backend": backend}]
    spec = {"ingressClassName": "alb", "rules": [{"host": site.environment.host, "http": {"paths": paths}}]}
    annotations = {
        f"alb.ingress.kubernetes.io/{name}": value
        for name, value in _annotations(site.spec.load_balancing.application, settings).items()
    }
    yield kubernetes_object(
        "networking.k8s.io/v1",
        "Ingress",
        API,
        Wave.TRAFFIC,
        zone="application",
        labels=LABELS,
        annotations=annotations,
        spec=spec,
    )


def _annotations(balancing: ApplicationBalancing, settings: Settings) -> dict[str, str]:
    check = balancing.health_check
    return {
        "scheme": "internet-facing",
        "target-type": "ip",
        **_listeners(balancing),
        "target-group-attributes": ",".join(
            f"{name}={value}" for name, value in _attributes(balancing, settings).items()
        ),
        "healthcheck-path": check.path,
        "healthcheck-interval-seconds": str(check.interval.seconds),
        "healthcheck-timeout-seconds": str(check.timeout.seconds),
        "healthy-threshold-count": str(check.healthy_threshold),
        "unhealthy-threshold-count": str(check.unhealthy_threshold),
    }


def _listeners(balancing: ApplicationBalancing) -> dict[str, str]:
    """TLS ends at the load balancer, and plain HTTP is redirected; the certificate is found by the host's name."""
    if not balancing.ssl_termination:
        return {"listen-ports": json.dumps([{"HTTP": 80}])}
    return {"listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]), "ssl-redirect": "443", "ssl-policy": TLS_POLICY}


def _attributes(balancing: ApplicationBalancing, settings: Settings) -> dict[str, str]:
    attributes = {
        "load_balancing.algorithm.type": _ALGORITHMS[balancing.algorithm],
        # A target keeps its connections for as long as its pod may still answer on them.
        "deregistration_delay.timeout_seconds": str(DEREGISTRATION_SECONDS + settings.process.shutdown_seconds),
    }
    if balancing.session_stickiness:
        # Stickiness decides after a client's first request; the algorithm decides that one.
        attributes["stickiness.enabled"] = "true"
        attributes["stickiness.type"] = "lb_cookie"
        attributes["stickiness.lb_cookie.duration_seconds"] = str(STICKINESS_SECONDS)
    return attributes
