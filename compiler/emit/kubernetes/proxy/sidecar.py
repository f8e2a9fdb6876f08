"""The proxy's container in the API's pod: it starts before the API, and stops after it.

Kubernetes starts a sidecar before the pod's containers, and signals it to stop once they have ended: until the API has
answered its last request, the proxy passes answers on. Envoy itself would drop them at the signal.

Sources: ``containers.sidecar.proxy``, ``containers.images.envoy``, ``load_balancing.application.health_check``.
Upstream: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#sidecar-containers-and-pod-lifecycle
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.envoy.ports import (
    BOOTSTRAP_FILE,
    CERTIFICATE_FOLDER,
    CONFIGURATION_FOLDER,
    https_port,
    statistics_ports,
)
from compiler.emit.kubernetes.common.pods import Container, Mount
from compiler.emit.kubernetes.common.resources import MEBIBYTE, Amounts, Resources
from compiler.emit.kubernetes.proxy.configuration import files
from compiler.emit.names import API_SERVER
from compiler.emit.text import number
from compiler.model.units import Cores

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.model.units import Duration

PROXY = "proxy"

RESOURCES = Resources(Amounts(Cores(250), MEBIBYTE * 256), Amounts(Cores(1000), MEBIBYTE * 256))
"""A quarter of a core is many times what the requests of one pod need; all of its memory is there from the start."""

STARTING_SECONDS = 1
"""The time between two checks of a proxy that starts: the API starts once it is there."""


def sidecar(site: Site, *, deregistration: Duration, probing: Duration, longest_start: Duration) -> Container:
    """Return the proxy's container; it serves while the load balancer and the endpoints drop the pod, as the API."""
    name = files(site)["metadata"]["name"]
    statistics = {f"statistics-{index}": port for index, port in enumerate(statistics_ports(site))}
    return Container(
        name=PROXY,
        image=site.spec.containers.images.envoy.reference,
        command=("/usr/local/bin/envoy",),
        args=(
            "--config-path",
            f"{CONFIGURATION_FOLDER}/{BOOTSTRAP_FILE}",
            "--concurrency",
            number(RESOURCES.limits.cpu.whole),
            # Nobody starts a second one beside it, with which it would share memory.
            "--disable-hot-restart",
        ),
        ports={"https": https_port(site), **statistics},
        resources=RESOURCES,
        probes=_probes(site, next(iter(statistics)), probing, longest_start),
        lifecycle={"preStop": {"sleep": {"seconds": deregistration.seconds}}},
        mounts=(
            Mount("proxy", {"configMap": {"name": name, "defaultMode": 0o440}}, CONFIGURATION_FOLDER),
            Mount("server", {"secret": {"secretName": API_SERVER, "defaultMode": 0o440}}, CERTIFICATE_FOLDER),
        ),
    )


def _probes(site: Site, statistics: str, probing: Duration, longest_start: Duration) -> dict[str, Any]:
    """Return the probes: the proxy lives while it says so, and is ready once the API is, through it."""
    check = site.spec.load_balancing.application.health_check
    timing = {"periodSeconds": probing.seconds, "timeoutSeconds": check.timeout.seconds}
    alive = {"httpGet": {"path": "/ready", "port": statistics}}
    through = {"httpGet": {"path": site.settings.process.ready_path, "port": "https", "scheme": "HTTPS"}}
    starting = {"periodSeconds": STARTING_SECONDS, "timeoutSeconds": check.timeout.seconds}
    return {
        "startupProbe": {**alive, **starting, "failureThreshold": longest_start.seconds // STARTING_SECONDS},
        "livenessProbe": {**alive, **timing, "failureThreshold": check.unhealthy_threshold},
        "readinessProbe": {**through, **timing, "failureThreshold": check.unhealthy_threshold},
    }
