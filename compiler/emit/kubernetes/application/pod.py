"""The API's pod: one container under Pod Security's restricted profile.

Sources: ``containers.application``, ``compute.application_tier.resources``, ``orchestration.configuration.affinity``,
``load_balancing.application.health_check``.
Upstream: https://kubernetes.io/docs/concepts/workloads/pods/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.metadata import SELECTOR
from compiler.emit.kubernetes.common.pod_security import CONTAINER, OWN_USER, pod_context
from compiler.emit.names import (
    API,
    API_AUTHORITY,
    AUTHORITY_FILE,
    CACHE,
    DATABASE,
    DATABASE_NAME,
    DATABASE_ROLE,
    POOLER,
    POSTGRES_PORT,
    REDIS_PORT,
    host,
)

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from runtime.settings import Settings

Fields = dict[str, Any]

SETTINGS_FOLDER = "/etc/cbp"
SECRETS_FOLDER = "/var/run/secrets/cbp"
# The pod goes on serving while load balancer and endpoints learn that it goes; only then it is told to stop.
DEREGISTRATION_SECONDS = 15
MARGIN_SECONDS = 5


def pod(site: Site, settings: Settings) -> Fields:
    """Return the pod's specification."""
    return {
        "serviceAccountName": API,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": DEREGISTRATION_SECONDS + settings.process.shutdown_seconds + MARGIN_SECONDS,
        "securityContext": pod_context(OWN_USER),
        **_placement(site),
        "containers": [_container(site, settings)],
        "volumes": [
            {"name": "settings", "configMap": {"name": API, "defaultMode": 0o440}},
            {"name": "database", "secret": {"secretName": f"{API}-database", "defaultMode": 0o440}},
            {"name": "cache", "secret": {"secretName": f"{API}-cache", "defaultMode": 0o440}},
            {"name": "authority", "secret": {"secretName": API_AUTHORITY, "defaultMode": 0o440}},
            {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }


def _container(site: Site, settings: Settings) -> Fields:
    requests, limits = site.spec.compute.application_tier.resources, site.spec.containers.application.resource_limits
    return {
        "name": API,
        "image": site.environment.image.reference,
        "imagePullPolicy": "IfNotPresent",
        "args": ["--settings", f"{SETTINGS_FOLDER}/settings.json", "--host", "0.0.0.0"],  # noqa: S104 - behind policies
        "env": [{"name": name, "value": value} for name, value in _variables(site).items()],
        "ports": [{"name": "http", "containerPort": settings.process.port, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": requests.cpu.min.quantity, "memory": requests.memory.min.quantity},
            "limits": {"cpu": limits.cpu.quantity, "memory": limits.memory.quantity},
        },
        **_probes(site, settings),
        "lifecycle": {"preStop": {"sleep": {"seconds": DEREGISTRATION_SECONDS}}},
        "securityContext": CONTAINER,
        "volumeMounts": [
            {"name": "settings", "mountPath": SETTINGS_FOLDER, "readOnly": True},
            {"name": "database", "mountPath": f"{SECRETS_FOLDER}/database", "readOnly": True},
            {"name": "cache", "mountPath": f"{SECRETS_FOLDER}/cache", "readOnly": True},
            {"name": "authority", "mountPath": f"{SECRETS_FOLDER}/authority", "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - the container's own, bounded
        ],
    }


def _variables(site: Site) -> dict[str, str]:
    """Addresses of this cluster's own Services, which prove who they are; credentials are files, which Vault fills."""
    authority = f"{SECRETS_FOLDER}/authority/{AUTHORITY_FILE}"
    verified = f"sslmode=verify-full&sslrootcert={authority}"
    address = f"postgresql://{DATABASE_ROLE}@{{}}:{POSTGRES_PORT}/{DATABASE_NAME}?{verified}"
    return {
        "CBP_DATABASE_URL": address.format(host(POOLER, "data")),
        "CBP_DATABASE_DIRECT_URL": address.format(host(f"{DATABASE}-rw", "data")),
        "CBP_DATABASE_PASSWORD_FILE": f"{SECRETS_FOLDER}/database/password",
        "CBP_REDIS_URL": f"rediss://{host(f'{CACHE}-master', 'data')}:{REDIS_PORT}/0?ssl_ca_certs={authority}",
        "CBP_REDIS_PASSWORD_FILE": f"{SECRETS_FOLDER}/cache/password",
        "CBP_TRUSTED_PROXIES": ",".join(site.cluster.addresses.load_balancer),
    }


def _probes(site: Site, settings: Settings) -> Fields:
    """Startup and liveness ask whether the process lives; readiness, whether it can serve."""
    check = site.spec.load_balancing.application.health_check
    timing = {"periodSeconds": 10, "timeoutSeconds": check.timeout.seconds}
    alive = {"httpGet": {"path": settings.process.health_path, "port": "http"}, **timing}
    ready = {"httpGet": {"path": settings.process.ready_path, "port": "http"}, **timing}
    return {
        "startupProbe": {**alive, "failureThreshold": 12},
        "livenessProbe": {**alive, "failureThreshold": check.unhealthy_threshold},
        "readinessProbe": {**ready, "failureThreshold": check.unhealthy_threshold},
    }


def _placement(site: Site) -> Fields:
    affinity, selector = site.spec.orchestration.configuration.affinity, {"matchLabels": SELECTOR}
    fields: Fields = {}
    if affinity.node_anti_affinity:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector, "matchLabelKeys": [_REVISION]}
        fields["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    if affinity.zone_spread:
        spread = {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": selector,
            # Counted for each revision alone: an update must not be blocked by the pods that it replaces.
            "matchLabelKeys": [_REVISION],
        }
        fields["topologySpreadConstraints"] = [spread]
    return fields


_REVISION = "pod-template-hash"
