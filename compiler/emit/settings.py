"""Settings of the API's runtime: every number that the API itself enforces.

Sources: ``components.api_layer``, ``containers.application``, ``limits``, ``connections.database``,
``load_balancing.database``, ``fault_tolerance``, ``redundancy.data.replication``, ``recovery.rpo``,
``backup.configuration.retention``, ``load_management``, ``components.integration_layer``,
``connections.external_services``, ``access_control`` and the environment's ``throttling``, ``sign_in`` and ``host``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compiler.emit.serialise import to_json
from compiler.model.units import Duration
from runtime.settings import (
    Access,
    Api,
    Backoff,
    Binding,
    Bucket,
    CircuitBreaker,
    ClientLimit,
    Database,
    ExternalServices,
    Issuer,
    Keys,
    Lag,
    Levels,
    MemoryMonitor,
    Monitors,
    Notifications,
    Process,
    Queue,
    Retry,
    RouteLimit,
    Secrets,
    ServiceCalls,
    Settings,
    Throttling,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.model import limits
    from compiler.model.environment import Cluster, Environment
    from compiler.model.load_management import RateLimits
    from compiler.model.specification import Specification
    from runtime.settings import Algorithm, MiddlewareStep, RoleName

READY_SUFFIX = "/ready"
MANAGEMENT_PORT = 9464
"""The port of metrics and of details about health, unless the API itself is on it."""

BALANCER_BEYOND = Duration(30)
"""How much longer a load balancer waits for an answer than the database may take: as long as a pod may take to end."""

KEEP_ALIVE_BEYOND = Duration(15)
"""How much longer an idle connection stays open in a pod than in the load balancer, which closes it first."""

REPLICA_LAG = Duration(3)
"""How far a replica may be behind and still answer reads: as far as a worker that missed an announcement."""

DAY_SECONDS = 86400

PEOPLE, WORKLOADS = "people", "workloads"
"""The names of the two issuers: the environment's identity provider, and the cluster's API server."""

MIDDLEWARE: tuple[MiddlewareStep, ...] = ("observation", "authentication", "intake", "throttling", "authorization")
"""Limits are those of an identity, and a right is judged once a request has paid for it."""

GROUPS_CLAIM = "groups"
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "PS256", "RS256")
"""Signatures that are trusted: those that identity providers and Kubernetes make."""

CLOCK_SKEW = Duration(30)
KNOWN = Duration(5)
"""How soon every worker knows of a right or a key that was given or taken."""

KEYS = Keys(refresh_seconds=300, pause_seconds=10, outage_seconds=3600)
"""A key that is withdrawn is trusted five minutes longer, and an issuer that is away an hour longer."""

BACKGROUND_TASKS = 64
"""``Limited``: reads of the store that go on when their request is gone. A pool serves fewer at once."""

EVENT_LOOP = Lag(warning_milliseconds=100, critical_milliseconds=500)
"""A read from memory takes less than a millisecond: clients feel a tenth of a second in front of each."""

# Three attempts within about 0.4 s: a failover takes longer than any retry should, a dropped connection does not.
RETRY_ATTEMPTS = 3
RETRY_INITIAL_MILLISECONDS = 100
RETRY_MAXIMUM_MILLISECONDS = 2000

RETRY_BUDGET_PERCENT = 20
"""The repetitions that calls add to the budget of their target: a fifth, so that an outage is not multiplied."""

RETRY_BUDGET = 10
"""The repetitions of a full budget: the connections of a worker, all of which may have been closed while idle."""

# A delivery that fails is tried for one to two hours, which outlasts a restart of its receiver and most of its outages.
DELIVERY_ATTEMPTS = 25
DELIVERY_INITIAL = Duration(1)
DELIVERY_MAXIMUM = Duration(600)
AGEING = Duration(60)
"""How much longer a delivery waits for each priority above its own."""

DELIVERIES_AT_ONCE = 8
DELIVERIES_WAITING = 1000
VISIBILITY_TIMEOUTS = 6
"""How long a claim holds a delivery, in timeouts of one: the worker that claimed it makes several in a row."""

SIGNATURE_WINDOW = Duration(300)
"""How far the time of a notification's signature may be away: as libraries of Standard Webhooks have it."""

SERVICE_IDLE = Duration(4)
"""How long an idle connection to an external service is kept: less than common servers do, which is five seconds."""

LONGEST_WAIT = Duration(60)
"""How long a call of an external service waits for a connection at most, whatever its timeout."""


def settings(environment: Environment, spec: Specification, cluster: str) -> Settings:
    """Return the settings of every API pod of a cluster."""
    external = _external_services(spec)
    return Settings(
        version=1,
        environment=environment.name,
        cluster=cluster,
        process=_process(spec),
        api=_api(spec),
        database=_database(spec),
        throttling=_throttling(environment, spec),
        queue=_queue(spec, external.integrations.pool_size),
        notifications=Notifications(window_seconds=SIGNATURE_WINDOW.seconds),
        external_services=external,
        access=_access(environment, environment.clusters[cluster], spec),
        secrets=_secrets(spec),
        monitors=_monitors(spec),
    )


def settings_json(filled: Settings) -> bytes:
    """Return the settings as the JSON file that the process reads."""
    return to_json(filled.model_dump(mode="json"))


def _process(spec: Specification) -> Process:
    container = spec.containers.application
    # One worker for each core, but at least two, so that one can be replaced while the other serves.
    workers = max(2, container.resource_limits.cpu.whole)
    cache = container.resource_limits.memory.share(spec.limits.memory.cache)
    return Process(
        port=container.health_check.port,
        management_port=MANAGEMENT_PORT if container.health_check.port != MANAGEMENT_PORT else MANAGEMENT_PORT + 1,
        workers=workers,
        threads=spec.limits.threads.worker,
        # A statement may run for its whole timeout after the last request was accepted.
        shutdown_seconds=spec.connections.database.timeout.seconds,
        keep_alive_seconds=(_answer(spec) + BALANCER_BEYOND + KEEP_ALIVE_BEYOND).seconds,
        cache_bytes=max(1, (cache // workers).count),
        health_path=container.health_check.path,
        ready_path=container.health_check.path.rstrip("/") + READY_SUFFIX,
    )


def _api(spec: Specification) -> Api:
    return Api(
        middleware=MIDDLEWARE,
        documentation="OpenAPI/Swagger documentation" in spec.components.api_layer.features,
    )


def _answer(spec: Specification) -> Duration:
    """Return the longest time for which an answer waits for the database: for a connection, then for a statement."""
    return spec.load_balancing.database.connection_timeout + spec.connections.database.timeout


def _database(spec: Specification) -> Database:
    connections, balancing = spec.connections.database, spec.load_balancing.database
    patterns = spec.fault_tolerance.retry_policies.patterns
    # Half of a worker's connections for each, so that neither a flood of reads nor a pile of changes takes them all.
    reads = max(1, connections.pool_size // 2)
    return Database(
        pool_size=max(1, connections.pool_size - reads),
        read_pool_size=reads,
        lossless_failover="Synchronous primary" in spec.redundancy.data.replication,
        replica_lag_seconds=min(REPLICA_LAG, spec.recovery.rpo.target).seconds,
        stale_seconds=spec.recovery.rpo.target.seconds,
        events_retention_days=-(-spec.backup.configuration.retention.seconds // DAY_SECONDS),
        partitions=spec.components.data_layer.scaling.strategy.sharding,
        connect_timeout_seconds=balancing.connection_timeout.seconds,
        statement_timeout_seconds=connections.timeout.seconds,
        idle_timeout_seconds=balancing.idle_timeout.seconds,
        retry=Retry(
            attempts=_attempts(spec),
            exponential="Exponential backoff" in patterns,
            jitter="Jitter" in patterns,
            initial_milliseconds=RETRY_INITIAL_MILLISECONDS,
            maximum_milliseconds=RETRY_MAXIMUM_MILLISECONDS,
            budget_percent=RETRY_BUDGET_PERCENT,
            budget_retries=RETRY_BUDGET,
        ),
        circuit_breaker=_circuit_breaker(spec, "Database operations"),
    )


def _attempts(spec: Specification) -> int | None:
    if spec.connections.database.retry == "None":
        return 1
    return RETRY_ATTEMPTS if "Maximum attempts" in spec.fault_tolerance.retry_policies.patterns else None


def _circuit_breaker(spec: Specification, calls: str) -> CircuitBreaker | None:
    breakers = spec.fault_tolerance.circuit_breakers
    if calls not in breakers.implementation:
        return None
    return CircuitBreaker(
        failure_threshold=breakers.configuration.failure_threshold,
        reset_seconds=breakers.configuration.reset_timeout.seconds,
    )


def _throttling(environment: Environment, spec: Specification) -> Throttling:
    throttling = spec.load_management.throttling
    common = bucket(throttling.limits)
    per_endpoint = "Per endpoint" in throttling.scope
    return Throttling(
        address=common,
        client=common if "Per client" in throttling.scope else None,
        endpoint=common if per_endpoint else None,
        routes=tuple(
            RouteLimit(route=item.route, bucket=bucket(item.limits), strict=item.strict)
            for item in (environment.throttling.routes if per_endpoint else ())
        ),
        clients=tuple(
            ClientLimit(client=item.client, bucket=bucket(item.limits)) for item in environment.throttling.clients
        ),
        replicas=spec.compute.application_tier.instances.max,
    )


def _secrets(spec: Specification) -> Secrets:
    rotation = spec.access_control.secrets.rotation
    return Secrets(maximum_age_seconds=rotation.schedule.seconds if rotation.enabled else None)


def _monitors(spec: Specification) -> Monitors:
    limits, container = spec.limits, spec.containers.application.resource_limits.memory
    return Monitors(
        memory=MemoryMonitor(
            container_bytes=container.count,
            heap_bytes=max(1, container.share(limits.memory.heap).count),
            levels=_levels(limits.memory.monitoring),
        ),
        threads=_levels(limits.threads.monitoring),
        connections=_levels(limits.connections.monitoring),
        background_tasks=BACKGROUND_TASKS if limits.threads.background == "Limited" else 0,
        event_loop=EVENT_LOOP,
    )


def _levels(stated: limits.Levels) -> Levels:
    return Levels(warning_percent=stated.warning.percent, critical_percent=stated.critical.percent)


def _queue(spec: Specification, connections: int) -> Queue:
    patterns, timeout = spec.load_management.queuing.patterns, spec.connections.external_services.timeout
    return Queue(
        events="Event bus" in spec.components.integration_layer.features,
        priorities="Priority queuing" in patterns,
        ageing_seconds=AGEING.seconds,
        dead_letters="Dead letter queue" in patterns,
        retry=Backoff(
            attempts=DELIVERY_ATTEMPTS if "Retry mechanism" in patterns else 1,
            exponential="Exponential backoff" in spec.fault_tolerance.retry_policies.patterns,
            jitter="Jitter" in spec.fault_tolerance.retry_policies.patterns,
            initial_milliseconds=DELIVERY_INITIAL.seconds * 1000,
            maximum_milliseconds=DELIVERY_MAXIMUM.seconds * 1000,
        ),
        visibility_seconds=timeout.seconds * VISIBILITY_TIMEOUTS,
        concurrency=min(DELIVERIES_AT_ONCE, connections),
        waiting=DELIVERIES_WAITING,
    )


def _external_services(spec: Specification) -> ExternalServices:
    stated = spec.connections.external_services
    # Each issuer is asked by one call at a time: a quarter is enough for them, and receivers that hang never take it.
    issuers = max(1, stated.pool_size // 4)
    return ExternalServices(
        timeout_seconds=stated.timeout.seconds,
        # A call that gets its connection later would have no time left for its answer.
        waiting_milliseconds=min(stated.timeout.seconds * 1000 // 2, LONGEST_WAIT.seconds * 1000),
        idle_seconds=SERVICE_IDLE.seconds,
        monitored="Health monitors" in spec.components.integration_layer.features,
        issuers=_calls(spec, issuers, "Service calls"),
        integrations=_calls(spec, stated.pool_size - issuers, "External integrations"),
    )


def _calls(spec: Specification, pool_size: int, calls: str) -> ServiceCalls:
    enabled = spec.connections.external_services.circuit_breaker == "Enabled"
    return ServiceCalls(
        pool_size=max(1, pool_size),
        circuit_breaker=_circuit_breaker(spec, calls) if enabled else None,
    )


def _access(environment: Environment, cluster: Cluster, spec: Specification) -> Access:
    infrastructure = spec.access_control.infrastructure
    issuers = [_issuer(PEOPLE, environment.sign_in.issuer, environment.host, "person")]
    if cluster.workloads is not None:
        issuers.append(_issuer(WORKLOADS, cluster.workloads.issuer, environment.host, "workload"))
    return Access(
        issuers=tuple(issuers),
        bindings=tuple(_bindings(environment, cluster)) if infrastructure.authorization.rbac else (),
        keys=KEYS,
        clock_skew_seconds=CLOCK_SKEW.seconds,
        known_seconds=KNOWN.seconds,
        second_factor=infrastructure.authentication.mfa,
    )


def _issuer(name: str, issuer: str, host: str, kind: Literal["person", "workload"]) -> Issuer:
    return Issuer(
        name=name,
        issuer=issuer,
        audience=audience(host),
        algorithms=ALGORITHMS,
        kind=kind,
        subject_claim="sub",
        groups_claim=GROUPS_CLAIM if kind == "person" else None,
    )


def audience(host: str) -> str:
    """Return the audience of tokens for the API: its own address, as a resource indicator (RFC 8707)."""
    return f"https://{host}"


def _bindings(environment: Environment, cluster: Cluster) -> Iterator[Binding]:
    """Yield the roles of groups and workloads; readers read everything, and administrators administer it."""
    groups = environment.sign_in.groups
    everywhere: tuple[tuple[str, RoleName], ...] = (
        (groups.readers, "reader"),
        (groups.administrators, "administrator"),
    )
    for group, role in everywhere:
        yield Binding(issuer=PEOPLE, group=group, role=role, namespaces="*")
    for item in environment.sign_in.roles:
        yield Binding(issuer=PEOPLE, group=item.group, role=item.role, namespaces=item.namespaces)
    for account in () if cluster.workloads is None else cluster.workloads.accounts:
        subject = f"system:serviceaccount:{account.namespace}:{account.name}"
        yield Binding(issuer=WORKLOADS, subject=subject, role=account.role, namespaces=account.namespaces)


def bucket(limits: RateLimits) -> Bucket:
    """Return the token bucket that admits at most ``burst`` requests in any window of 60 seconds.

    The policies refuse a burst that is not above the default rate; here it gives the smallest bucket.
    """
    capacity = limits.burst.per_minute - limits.default.per_minute
    return Bucket(capacity=max(1, capacity), refill_per_minute=limits.default.per_minute)
