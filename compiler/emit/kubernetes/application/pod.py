"""The API's pod: its container, and the proxy beside it, under Pod Security's restricted profile.

Sources: ``containers.application``, ``compute.application_tier.resources``, ``orchestration.configuration.affinity``,
and ``load_balancing.application.health_check``.
Upstream: https://kubernetes.io/docs/concepts/workloads/pods/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.envoy.ports import LOOPBACK
from compiler.emit.kubernetes.application import configuration
from compiler.emit.kubernetes.application.configuration import SECRETS_FOLDER, SETTINGS_FILE
from compiler.emit.kubernetes.cache.pods import SENTINELS
from compiler.emit.kubernetes.common.metadata import SELECTOR
from compiler.emit.kubernetes.common.placement import node_anti_affinity, zone_spread
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.common.resources import Amounts, Resources
from compiler.emit.kubernetes.proxy.sidecar import sidecar
from compiler.emit.names import (
    API,
    API_AUTHORITY,
    API_CLIENT,
    API_CONNECTORS,
    API_SUBSCRIBERS,
    AUTHORITY_FILE,
    CACHE,
    CACHE_MASTER_GROUP,
    DATABASE,
    DATABASE_NAME,
    DATABASE_PREVIOUS,
    DATABASE_ROLE,
    DATABASE_STANDBY,
    POOLER,
    POSTGRES_PORT,
    READ_POOLER,
    REDIS_PORT,
    SENTINEL,
    SENTINEL_PORT,
    host,
    pod_names,
)
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

Fields = dict[str, Any]

# The pod goes on serving until the load balancer and the endpoints drop it; only then it gets the signal to stop.
DEREGISTRATION = Duration(15)
MARGIN = Duration(5)
PROBING = Duration(10)
# A pod may start on a node that is busy with many others: a start that is cut off would begin anew.
LONGEST_START = Duration(300)


def pod(site: Site) -> Pod:
    """Return the API's pod."""
    return Pod(
        service_account=API,
        user=OWN_USER,
        containers=(_container(site),),
        sidecars=(sidecar(site, deregistration=DEREGISTRATION, probing=PROBING, longest_start=LONGEST_START),),
        placement=_placement(site),
        lifetime={"terminationGracePeriodSeconds": grace(site).seconds},
    )


def draining(site: Site) -> Duration:
    """Return the time that a terminating pod has to answer on its open connections."""
    return DEREGISTRATION + Duration(site.settings.process.shutdown_seconds)


def grace(site: Site) -> Duration:
    """Return the time after which a terminating pod is killed."""
    return draining(site) + MARGIN


def _container(site: Site) -> Container:
    requests, limits = site.spec.compute.application_tier.resources, site.spec.containers.application.resource_limits
    return Container(
        name=API,
        image=site.environment.image.reference,
        args=("--settings", SETTINGS_FILE, "--host", "0.0.0.0"),  # noqa: S104 - behind policies
        env=_variables(site),
        ports={"http": site.settings.process.port, "management": site.settings.process.management_port},
        resources=Resources(Amounts(requests.cpu.min, requests.memory.min), Amounts(limits.cpu, limits.memory)),
        probes=_probes(site),
        lifecycle={"preStop": {"sleep": {"seconds": DEREGISTRATION.seconds}}},
        mounts=(
            *configuration.mounts(site),
            _secret("database", f"{API}-database" if site.serves else API_CLIENT),
            _secret("cache", f"{API}-cache"),
            _secret("authority", API_AUTHORITY),
            *((_secret("subscribers", API_SUBSCRIBERS),) if site.subscribers else ()),
            *((_secret("connectors", API_CONNECTORS),) if site.connectors else ()),
            Mount("scratch", {"emptyDir": {"sizeLimit": "64Mi"}}, "/tmp", read_only=False),  # noqa: S108 - its own, bounded
        ),
    )


def _secret(name: str, secret: str) -> Mount:
    return Mount(name, {"secret": {"secretName": secret, "defaultMode": 0o440}}, f"{SECRETS_FOLDER}/{name}")


def _variables(site: Site) -> dict[str, str]:
    """Return the addresses of this cluster's own Services; credentials are in files, from Vault."""
    authority = f"{SECRETS_FOLDER}/authority/{AUTHORITY_FILE}"
    sentinels = pod_names(f"{SENTINEL}-sentinel", SENTINELS)
    return {
        **(_serving(site, authority) if site.serves else _standing_by(authority)),
        "CBP_REDIS_URL": f"rediss://{host(f'{CACHE}-master', 'data')}:{REDIS_PORT}/0?ssl_ca_certs={authority}",
        "CBP_REDIS_PASSWORD_FILE": f"{SECRETS_FOLDER}/cache/password",
        "CBP_REDIS_SENTINELS": ",".join(f"{name}:{SENTINEL_PORT}" for name in sentinels),
        "CBP_REDIS_MASTER_NAME": CACHE_MASTER_GROUP,
        # Requests come from the proxy in the pod, which appends the load balancer's address.
        "CBP_TRUSTED_PROXIES": ",".join((f"{LOOPBACK}/32", *site.cluster.addresses.load_balancer)),
        # Both clouds' balancers append to it, and pass on a Forwarded that a client has sent.
        "CBP_FORWARDED_HEADER": "X-Forwarded-For",
        **configuration.variables(site),
    }


def _serving(site: Site, authority: str) -> dict[str, str]:
    """Return the addresses of the database: through the poolers, and past them for notifications."""
    verified = f"sslmode=verify-full&sslrootcert={authority}"
    address = f"postgresql://{DATABASE_ROLE}@{{}}:{POSTGRES_PORT}/{DATABASE_NAME}?{verified}"
    replicas = {"CBP_DATABASE_READ_URL": address.format(host(READ_POOLER, "data"))} if site.reads_replicas else {}
    return {
        "CBP_DATABASE_URL": address.format(host(POOLER, "data")),
        **replicas,
        "CBP_DATABASE_DIRECT_URL": address.format(host(f"{DATABASE}-rw", "data")),
        "CBP_DATABASE_PASSWORD_FILE": f"{SECRETS_FOLDER}/database/password",
        "CBP_DATABASE_PREVIOUS_USER": DATABASE_PREVIOUS,
    }


def _standing_by(authority: str) -> dict[str, str]:
    """Return the address of the database's replicas, for a role with a certificate and no password.

    Every session is read-only, also on a server that has just been promoted.
    """
    pair = f"sslcert={SECRETS_FOLDER}/database/tls.crt&sslkey={SECRETS_FOLDER}/database/tls.key"
    session = f"sslmode=verify-full&sslrootcert={authority}&{pair}&default_transaction_read_only=on"
    server = f"{host(f'{DATABASE}-r', 'data')}:{POSTGRES_PORT}"
    return {"CBP_DATABASE_URL": f"postgresql://{DATABASE_STANDBY}@{server}/{DATABASE_NAME}?{session}"}


def _probes(site: Site) -> Fields:
    """Return the probes: startup and liveness check that the process lives; readiness, that it can serve."""
    check, process = site.spec.load_balancing.application.health_check, site.settings.process
    timing = {"periodSeconds": PROBING.seconds, "timeoutSeconds": check.timeout.seconds}
    alive = {"httpGet": {"path": process.health_path, "port": "http"}, **timing}
    ready = {"httpGet": {"path": process.ready_path, "port": "http"}, **timing}
    return {
        "startupProbe": {**alive, "failureThreshold": LONGEST_START.seconds // PROBING.seconds},
        "livenessProbe": {**alive, "failureThreshold": check.unhealthy_threshold},
        "readinessProbe": {**ready, "failureThreshold": check.unhealthy_threshold},
    }


def _placement(site: Site) -> Fields:
    affinity, selector = site.spec.orchestration.configuration.affinity, {"matchLabels": SELECTOR}
    return {
        **(node_anti_affinity(selector, each_revision=True) if affinity.node_anti_affinity else {}),
        **(zone_spread(selector, each_revision=True) if affinity.zone_spread else {}),
    }
