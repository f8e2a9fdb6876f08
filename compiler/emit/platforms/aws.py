"""Amazon Web Services: EBS, roles for service accounts, and the AWS Load Balancer Controller.

Upstream: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md,
https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html,
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from compiler.emit.text import number
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.platforms.interface import Balancer
    from compiler.model.load_balancing import ApplicationBalancing

STICKINESS = Duration(86400)
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_ALGORITHMS = {"Round Robin": "round_robin", "Least Outstanding Requests": "least_outstanding_requests"}


class _Aws:
    driver = "ebs.csi.aws.com"
    volumes: Mapping[str, str] = MappingProxyType({"type": "gp3", "encrypted": "true"})
    # Operations and MiB per second: gp3 allows at most 500 operations for each GiB, and a quarter of a MiB for each.
    performance: Mapping[str, str] = MappingProxyType({"iops": "4000", "throughput": "250"})
    ingress_class = "alb"
    pod_labels: Mapping[str, str] = MappingProxyType({})
    readiness_labels: Mapping[str, str] = MappingProxyType({"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"})
    private_service: Mapping[str, str] = MappingProxyType(
        {
            "service.beta.kubernetes.io/aws-load-balancer-type": "external",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
            "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes": "preserve_client_ip.enabled=true",
            # The only target is the primary, which may be in another zone than a client.
            "service.beta.kubernetes.io/aws-load-balancer-attributes": "load_balancing.cross_zone.enabled=true",
        }
    )

    def account(self, identity: str) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        return {"eks.amazonaws.com/role-arn": identity}

    def ingress(self, balancer: Balancer) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        check = balancer.balancing.health_check
        settings = {
            "scheme": "internal" if balancer.internal else "internet-facing",
            "target-type": "ip",
            **_listeners(balancer.balancing),
            "target-group-attributes": ",".join(f"{name}={value}" for name, value in _attributes(balancer).items()),
            "healthcheck-path": check.path,
            "healthcheck-interval-seconds": number(check.interval.seconds),
            "healthcheck-timeout-seconds": number(check.timeout.seconds),
            "healthy-threshold-count": number(check.healthy_threshold),
            "unhealthy-threshold-count": number(check.unhealthy_threshold),
        }
        return {f"alb.ingress.kubernetes.io/{name}": value for name, value in settings.items()}


AWS = _Aws()


def _listeners(balancing: ApplicationBalancing) -> dict[str, str]:
    """Return the listeners: TLS ends here, HTTP is redirected, and the host name selects the certificate."""
    if not balancing.ssl_termination:
        return {"listen-ports": json.dumps([{"HTTP": 80}])}
    return {"listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]), "ssl-redirect": "443", "ssl-policy": TLS_POLICY}


def _attributes(balancer: Balancer) -> dict[str, str]:
    attributes = {
        "load_balancing.algorithm.type": _ALGORITHMS[balancer.balancing.algorithm],
        "deregistration_delay.timeout_seconds": number(balancer.draining.seconds),
    }
    if balancer.balancing.session_stickiness:
        # The algorithm chooses the pod of a client's first request; stickiness, those of later ones.
        attributes["stickiness.enabled"] = "true"
        attributes["stickiness.type"] = "lb_cookie"
        attributes["stickiness.lb_cookie.duration_seconds"] = number(STICKINESS.seconds)
    return attributes
