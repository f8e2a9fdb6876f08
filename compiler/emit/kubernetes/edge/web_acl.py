"""The web ACL of AWS WAF before the load balancer, which Amazon's controller makes of an object of the cluster.

It is rendered where the cloud has such objects and the environment names no firewall that others own
(``balancers.firewall``). Its name in AWS is that of the cluster: one account may hold several in a region.

Sources: ``network.protection``, ``load_management.throttling``, the environment's ``throttling`` and the cluster's
``platform`` and ``balancers``.
Upstream: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html,
https://aws-controllers-k8s.github.io/community/reference/wafv2/v1alpha1/webacl/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import LABELS, Wave, kubernetes_object
from compiler.emit.kubernetes.edge.loads import WINDOW_SECONDS, requests_of_an_address
from compiler.emit.names import API
from compiler.emit.platforms import platform
from compiler.emit.text import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

Fields = dict[str, Any]

COMMON = "AWSManagedRulesCommonRuleSet"
_OWASP = (COMMON, "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet")
GROUPS = {
    "OWASP Top 10": _OWASP,
    "OWASP Top 10 and operating system": (*_OWASP, "AWSManagedRulesLinuxRuleSet", "AWSManagedRulesUnixRuleSet"),
}
"""The managed rule groups of each word of ``network.protection.waf.rules``."""

COUNTED = (
    # Entries have up to 1 MiB, and the rule lets 8 KiB pass.
    "SizeRestrictions_BODY",
    # Clients are machines.
    "NoUserAgent_HEADER",
    # Values of configuration are addresses of servers, and a key may end as a file does: `payments.ini`.
    "GenericRFI_BODY",
    "RestrictedExtensions_URIPATH",
    "RestrictedExtensions_QUERYARGUMENTS",
)
"""Rules of the common group that count requests and refuse none."""


def name(site: Site) -> str | None:
    """Return the name in AWS of the cluster's web ACL; None where none is rendered."""
    protection = site.spec.network.protection
    rendered = platform(site.cluster).renders_firewalls and not site.cluster.balancers.firewall
    judges = protection.waf.enabled or protection.ddos.enabled
    return f"cbp-{site.environment.name}-{site.name}" if rendered and judges else None


def web_acl(site: Site) -> Iterator[Document]:
    """Yield the web ACL, if the cluster has one of its own."""
    if acl := name(site):
        spec = {
            "name": acl,
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "rules": [{**rule, "priority": index} for index, rule in enumerate(_rules(site))],
            "visibilityConfig": _measured(acl),
        }
        yield kubernetes_object(kinds.WEB_ACL, API, Wave.DATA, zone="public", labels=LABELS, spec=spec)


def _rules(site: Site) -> Iterator[Fields]:
    """Yield the rules in the order in which they judge: the cheapest first."""
    protection = site.spec.network.protection
    if protection.ddos.enabled:
        yield _flood(requests_of_an_address(site))
    if protection.waf.enabled:
        yield from map(_group, GROUPS[protection.waf.rules])


def _flood(limit: int) -> Fields:
    """Return the rule that refuses an address as the API refuses a client."""
    counted = {"limit": limit, "evaluationWindowSec": WINDOW_SECONDS, "aggregateKeyType": "IP"}
    retry = [{"name": "Retry-After", "value": number(WINDOW_SECONDS)}]
    return {
        "name": "flood",
        "statement": {"rateBasedStatement": counted},
        "action": {"block": {"customResponse": {"responseCode": 429, "responseHeaders": retry}}},
        "visibilityConfig": _measured("flood"),
    }


def _group(group: str) -> Fields:
    """Return the rule that judges by a managed group, which refuses as its own rules say."""
    counted = [{"name": rule, "actionToUse": {"count": {}}} for rule in COUNTED] if group == COMMON else []
    managed = {"vendorName": "AWS", "name": group, **({"ruleActionOverrides": counted} if counted else {})}
    return {
        "name": group,
        "statement": {"managedRuleGroupStatement": managed},
        "overrideAction": {"none": {}},
        "visibilityConfig": _measured(group),
    }


def _measured(metric: str) -> Fields:
    """Return the metrics of a rule, without samples: those would show people the tokens of clients."""
    return {"metricName": metric, "cloudWatchMetricsEnabled": True, "sampledRequestsEnabled": False}
