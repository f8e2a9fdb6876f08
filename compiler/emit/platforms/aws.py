"""Amazon Web Services: EBS, roles for service accounts, and the AWS Load Balancer Controller.

Upstream: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md,
https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html,
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/,
https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/, https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common.resources import GIBIBYTE
from compiler.emit.platforms.interface import StoreWords
from compiler.emit.text import number, quantity
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.platforms.interface import Balancer
    from compiler.model.containers import LogOptions
    from compiler.model.load_balancing import ApplicationBalancing

STICKINESS = Duration(300)
"""For a client's requests within minutes: the API has no sessions, and longer ones outlive any balance of pods."""

RECORD_WEIGHT = 100
"""The weight of the record of the cluster that serves: any but zero, as it is the only one."""

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_ALGORITHMS = {"Round Robin": "round_robin", "Least Outstanding Requests": "least_outstanding_requests"}


_STORE = StoreWords(
    name="Amazon S3",
    tokens="Amazon's STS of this region",
    reaching=(
        "Interface endpoints with private DNS for both have addresses of the VPC. A gateway endpoint for S3 has none:",
        "then the ranges are those of its prefix list. One without private DNS stands under `backups.endpoint`.",
    ),
    copying=(
        "Versioning on for both buckets; Object Lock for the copy, with `DefaultRetention` in the mode `COMPLIANCE`.",
        "A rule of replication for all of it: `ReplicationTime` and `Metrics` on, `DeleteMarkerReplication: Disabled`.",
        "A role of its own for it, which may read the one bucket and replicate into the other.",
    ),
)


class _Aws:
    store = _STORE
    failing_over = (
        "ExternalDNS makes the record, too: from the Services and the Ingress of each cluster (`--source=service`,",
        "`--source=ingress`), as an owner of its own (`--txt-owner-id`). In Route 53 it is an alias of the load",
        "balancer with `EvaluateTargetHealth`, and has a weight in the cluster that serves alone.",
        "So clients read there, without a person, as soon as the first has no healthy target.",
    )
    driver = "ebs.csi.aws.com"
    volumes: Mapping[str, str] = MappingProxyType({"type": "gp3", "encrypted": "true"})
    # Operations and MiB per second. Every gp3 volume has 3,000 and 125; more it has up to 500 operations for each GiB,
    # and a quarter of a MiB for each operation.
    performance: Mapping[str, str] = MappingProxyType({"iops": "4000", "throughput": "250"})
    fast_from = GIBIBYTE * 8
    ingress_class = "alb"
    pod_labels: Mapping[str, str] = MappingProxyType({})
    readiness_labels: Mapping[str, str] = MappingProxyType({"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"})
    checks_pods = True
    renders_firewalls = True

    def private_service(self, subnets: Sequence[str]) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        settings = {
            "type": "external",
            "scheme": "internal",
            "nlb-target-type": "ip",
            "target-group-attributes": "preserve_client_ip.enabled=true",
            # The only target is the primary, which may be in another zone than a client.
            "attributes": "load_balancing.cross_zone.enabled=true",
            # By a connection alone, to the port that the policies open to the subnets.
            "healthcheck-protocol": "tcp",
            "healthcheck-port": "traffic-port",
            **({"subnets": ",".join(subnets)} if subnets else {}),
        }
        return {f"service.beta.kubernetes.io/aws-load-balancer-{name}": value for name, value in settings.items()}

    def record(self, cluster: str, *, serves: bool) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`.

        An alias without a weight is the answer once none with a weight has a healthy target. Records of the type
        failover would need health checks of their own for ExternalDNS' notes beside them, and each role but once.
        """
        settings = {
            "set-identifier": cluster,
            "aws-weight": number(RECORD_WEIGHT if serves else 0),
            "aws-evaluate-target-health": "true",
        }
        return {f"external-dns.alpha.kubernetes.io/{name}": value for name, value in settings.items()}

    def account(self, identity: str) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        # The endpoint of the own region: the global one is public, and in one region.
        return {"eks.amazonaws.com/role-arn": identity, "eks.amazonaws.com/sts-regional-endpoints": "true"}

    def balancing(self, balancer: Balancer) -> tuple[str, ...]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        found = "Its subnets are those of `addresses.load_balancer`, and so are those of the database's load balancer"
        made = (
            f"ACK makes its web ACL `{balancer.acl}`, by a role of its own that may make, read, change, tag and",
            "delete web ACLs of that name, and nothing else. The role of the load balancer's controller may",
            "`wafv2:ListWebACLs`, which its published policy lacks: else the controller finds no ACL by its name.",
        )
        reserved = (
            f"It reserves {balancer.capacity} capacity units. The quota of a region for reserved units of Application",
            "Load Balancers is 0 until somebody has it raised: before the first sync, or the controller stops there.",
        )
        return (
            f"{found}{'.' if balancer.settings.subnets else ', by their tag `kubernetes.io/role/internal-elb`.'}",
            *(made if balancer.acl else ()),
            *(reserved if balancer.capacity else ()),
        )

    def ingress(self, balancer: Balancer) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        check = balancer.balancing.health_check
        settings = {
            "scheme": "internal" if balancer.internal else "internet-facing",
            "target-type": "ip",
            # It encrypts to pods, and trusts any certificate of theirs: policies leave no other way to the port.
            "backend-protocol": "HTTPS",
            "healthcheck-protocol": "HTTPS",
            **_listeners(balancer.balancing),
            **_edge(balancer),
            "target-group-attributes": ",".join(f"{name}={value}" for name, value in _attributes(balancer).items()),
            "healthcheck-path": check.path,
            "healthcheck-interval-seconds": number(check.interval.seconds),
            "healthcheck-timeout-seconds": number(check.timeout.seconds),
            "healthy-threshold-count": number(check.healthy_threshold),
            "unhealthy-threshold-count": number(check.unhealthy_threshold),
        }
        return {f"alb.ingress.kubernetes.io/{name}": value for name, value in settings.items()}

    def nodes(self, log: LogOptions) -> dict[str, Document]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        size, files = quantity(log.max_size), log.max_file
        kubelet = {"config": {"containerLogMaxSize": size, "containerLogMaxFiles": files}}
        return {
            "al2023.yaml": {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": kubelet}},
            "bottlerocket.toml": {
                "settings.kubernetes": {"container-log-max-size": size, "container-log-max-files": files}
            },
        }


AWS = _Aws()


def _listeners(balancing: ApplicationBalancing) -> dict[str, str]:
    """Return the listeners: TLS ends here, HTTP is redirected, and the host name selects the certificate."""
    if not balancing.ssl_termination:
        return {"listen-ports": json.dumps([{"HTTP": 80}])}
    return {"listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]), "ssl-redirect": "443", "ssl-policy": TLS_POLICY}


def _edge(balancer: Balancer) -> dict[str, str]:
    """Return the networks that it admits (rule NET015), its subnets, firewall, capacity, and attributes with its log.

    It is not protected against its deletion: the controller would keep an Ingress that Argo CD prunes, as when roles
    are exchanged, and Argo CD would wait for it at that commit for ever.
    """
    attributes = {
        "idle_timeout.timeout_seconds": number(balancer.idle.seconds),
        "routing.http.drop_invalid_header_fields.enabled": "true",
        **_log(balancer.settings.access_logs),
    }
    stated = {
        "inbound-cidrs": ",".join(balancer.admitted),
        "subnets": ",".join(balancer.settings.subnets or ()),
        **_firewall(balancer),
        # Zero takes a reservation back, and silence leaves it.
        "minimum-load-balancer-capacity": f"CapacityUnits={number(balancer.capacity)}",
        "load-balancer-attributes": ",".join(f"{name}={value}" for name, value in attributes.items()),
    }
    return {name: value for name, value in stated.items() if value}


def _log(place: str | None) -> dict[str, str]:
    """Return where it writes a line of each request to; nothing is said where people decide that."""
    if place is None:
        return {}
    bucket, _, folder = place.removeprefix("s3://").partition("/")
    stated = {"enabled": "true", "bucket": bucket, **({"prefix": folder} if folder else {})}
    return {f"access_logs.s3.{name}": value for name, value in stated.items()}


def _firewall(balancer: Balancer) -> dict[str, str]:
    """Return the web ACL: the rendered one by its name; none is said, since silence would leave the last one."""
    if balancer.acl:
        return {"wafv2-acl-name": balancer.acl}
    return {"wafv2-acl-arn": balancer.firewall or "none"}


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
