"""Probes of the API by the name that clients use: through its record, the load balancer, and the proxy of a pod.

The programs run in each cluster that states where they call from, in one that stands by, too: it is outside of the
serving one. Prometheus has each of them ask, as often as the load balancer asks a pod.

Sources: ``components.integration_layer.features``, ``load_balancing.application``, the environment's ``host`` and
``host_ca_bundle``, and the cluster's ``addresses.probes``.
Upstream: https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from compiler.emit import kinds
from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.contents import by_content
from compiler.emit.kubernetes.common.endpoints import pods_of
from compiler.emit.kubernetes.common.flows import Flow, Scrape, to_dns
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.placement import node_anti_affinity, zone_spread
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.kubernetes.monitoring.certificate_alerts import LAST
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.names import HTTP_PORT, HTTPS_PORT, PROBES, namespace
from compiler.emit.serialise import to_json
from compiler.emit.text import seconds
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

FEATURES, WORD = "components.integration_layer.features", "Health monitors"
CONTAINER = "blackbox-exporter"
PORT = 9115
PATH: Final = "/problems"
"""A path that the API answers to everybody, and that the load balancer forwards as those of clients."""

REPLICAS = 2
"""One goes on while the node of the other one is drained."""

RESOURCES = guaranteed(Cores(50), MEBIBYTE * 64)
_FOLDER = "/etc/blackbox"
_FILE, _AUTHORITIES = "config.json", "ca.crt"
_MODULE = "host"
_SELECTOR = {"app.kubernetes.io/name": PROBES}
PODS = pods_of("management", PROBES, _SELECTOR)
_OURS = f'namespace="{namespace("management")}"'


def probed(site: Site) -> bool:
    """Return whether the cluster probes the name: a monitor is stated, and the addresses that it calls from."""
    wanted = WORD in site.spec.components.integration_layer.features and monitored(site)
    return wanted and site.cluster.addresses.probes is not None


def probes(site: Site) -> Iterator[Document]:
    """Yield the Deployment with its ServiceAccount, which has no rights, its budget, and its configuration."""
    if not probed(site):
        return
    selector = {"matchLabels": _SELECTOR}
    held = _configuration(site)
    yield service_account(PROBES, "management", _SELECTOR)
    yield held
    budget = {"maxUnavailable": 1, "selector": selector}
    yield kubernetes_object(
        kinds.POD_DISRUPTION_BUDGET, PROBES, Wave.CONNECTION, zone="management", labels=_SELECTOR, spec=budget
    )
    spec = {
        "replicas": REPLICAS,
        "revisionHistoryLimit": 5,
        "selector": selector,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {**_SELECTOR, **PART_OF}},
            "spec": _pod(site, selector, held["metadata"]["name"]).fields,
        },
    }
    yield kubernetes_object(kinds.DEPLOYMENT, PROBES, Wave.CONNECTION, zone="management", labels=_SELECTOR, spec=spec)


def flows(site: Site) -> Iterator[Flow]:
    """Yield the flows to the load balancers of every cluster, to any of which the name may lead, and to DNS."""
    if not probed(site):
        return
    port = HTTPS_PORT if _encrypts(site) else HTTP_PORT
    for name in site.environment.clusters:
        balancer = at.LOAD_BALANCER if name == site.name else at.load_balancer_of(name)
        yield Flow(PODS, balancer, (port,), "whether requests by the API's name arrive", FEATURES, WORD)
    yield from to_dns(site, PODS, FEATURES, WORD)


def scrapes(site: Site) -> Iterator[Scrape]:
    """Yield the question of Prometheus at which a pod asks for the name."""
    if probed(site):
        url = f"{'https' if _encrypts(site) else 'http'}://{site.environment.host}{PATH}"
        check = site.spec.load_balancing.application.health_check
        yield Scrape(PODS, PORT, "/probe", {"module": _MODULE, "target": url}, check.interval)


def probe_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the name, where it is probed: silence of the probes is no answer of the API."""
    if not probed(site):
        return
    check = site.spec.load_balancing.application.health_check
    lasts = seconds(check.interval * check.unhealthy_threshold)
    yield Alert(
        "HostUnreachable",
        f"(max(probe_success{{{_OURS}}}) or vector(0))",
        "<",
        1,
        lasts,
        "critical",
        f"No request for {site.environment.host} has been answered for {lasts}, or nobody asks.",
        "load_balancing.application.health_check.unhealthy_threshold",
    )
    if _encrypts(site):
        yield Alert(
            "HostCertificateEnds",
            f"min(probe_ssl_earliest_cert_expiry{{{_OURS}}} - time())",
            "<",
            LAST.seconds,
            "0m",
            "critical",
            f"The certificate of {site.environment.host} ends within a week: from then on no client connects.",
            "load_balancing.application.ssl_termination",
            unit=Unit.SECONDS,
        )


def _encrypts(site: Site) -> bool:
    return site.spec.load_balancing.application.ssl_termination


def _configuration(site: Site) -> Document:
    """Return the ConfigMap: a redirect is no answer, and neither is a certificate of another name or authority."""
    bundle = site.environment.host_ca_bundle
    asking: dict[str, Any] = {"follow_redirects": False, "valid_status_codes": [200]}
    if bundle:
        asking["tls_config"] = {"ca_file": f"{_FOLDER}/{_AUTHORITIES}"}
    timeout = seconds(site.spec.load_balancing.application.health_check.timeout)
    modules = {_MODULE: {"prober": "http", "timeout": timeout, "http": asking}}
    files = {_FILE: to_json({"modules": modules}).decode(), **({_AUTHORITIES: bundle} if bundle else {})}
    return by_content(PROBES, Wave.CONNECTION, "management", _SELECTOR, files)


def _pod(site: Site, selector: dict[str, Any], config_map: str) -> Pod:
    alive = {"httpGet": {"path": "/-/healthy", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5}
    container = Container(
        name=CONTAINER,
        image=site.spec.containers.images.blackbox_exporter.reference,
        resources=RESOURCES,
        args=(f"--config.file={_FOLDER}/{_FILE}", f"--web.listen-address=:{PORT}"),
        ports={"http": PORT},
        probes={"livenessProbe": alive},
        mounts=(Mount("configuration", {"configMap": {"name": config_map, "defaultMode": 0o440}}, _FOLDER),),
    )
    placement = {**node_anti_affinity(selector, each_revision=True), **zone_spread(selector, each_revision=True)}
    return Pod(PROBES, OWN_USER, (container,), placement=placement)
