"""The compiled settings: the interface between the compiler and the runtime.

The compiler fills :class:`Settings` from the resolved specification and serialises it to
``generated/<environment>/<cluster>/runtime/settings.json``; the runtime validates that file and enforces every number
in it. The file holds no address and no credential of a server: those come from the process environment.

Units are part of the names: ``_bytes``, ``_seconds``, ``_milliseconds``, ``_per_minute``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1, lt=2**53)]
Percentage = Annotated[int, Field(ge=1, le=100)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
Path = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]*$")]
Url = Annotated[str, Field(pattern=r"^(https://[^\s/?#@]+|http://127\.0\.0\.1:[0-9]+)(/[^\s?#]*)?$", max_length=255)]
"""The address of an issuer: plain HTTP never leaves the machine."""

Pattern = Annotated[str, Field(pattern=r"^(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,61}\*)$")]
"""A namespace, the beginning of several (``payments-*``), or all of them (``*``)."""

Text = Annotated[str, Field(min_length=1, max_length=255)]
RoleName = Literal["reader", "writer", "approver", "administrator"]
"""A role; each includes those before it."""

Algorithm = Literal["ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]
"""An asymmetric algorithm of RFC 7518 or RFC 8037: a key of an issuer verifies, and signs nothing."""

Route = Literal[
    "GET /v1/namespaces/{namespace}/entries",
    "GET /v1/namespaces/{namespace}/entries/{key}",
    "PUT /v1/namespaces/{namespace}/entries/{key}",
    "DELETE /v1/namespaces/{namespace}/entries/{key}",
    "GET /v1/namespaces/{namespace}/entries/{key}/versions",
    "GET /v1/namespaces/{namespace}/entries/{key}/versions/{version}",
    "GET /v1/namespaces/{namespace}/entries/{key}/diff",
    "POST /v1/namespaces/{namespace}/entries/{key}/rollback",
    "GET /v1/namespaces/{namespace}/versions",
    "GET /v1/namespaces/{namespace}/diff",
    "POST /v1/namespaces/{namespace}/rollback",
    "GET /v1/namespaces",
    "GET /v1/namespaces/{namespace}",
    "PUT /v1/namespaces/{namespace}",
    "DELETE /v1/namespaces/{namespace}",
    "GET /v1/namespaces/{namespace}/effective",
    "GET /v1/namespaces/{namespace}/definition",
    "PUT /v1/namespaces/{namespace}/definition",
    "POST /v1/namespaces/{namespace}/transactions",
    "GET /v1/namespaces/{namespace}/proposals",
    "POST /v1/namespaces/{namespace}/proposals",
    "GET /v1/namespaces/{namespace}/proposals/{proposal}",
    "POST /v1/namespaces/{namespace}/proposals/{proposal}/approve",
    "POST /v1/namespaces/{namespace}/proposals/{proposal}/reject",
    "POST /v1/namespaces/{namespace}/proposals/{proposal}/withdraw",
    "GET /v1/settings",
    "GET /v1/grants",
    "PUT /v1/grants/{grant}",
    "DELETE /v1/grants/{grant}",
    "GET /v1/keys",
    "POST /v1/keys",
    "DELETE /v1/keys/{id}",
    "GET /v1/subscribers",
    "POST /v1/subscribers/{subscriber}/replay",
    "POST /v1/subscribers/{subscriber}/resume",
    "GET /v1/subscribers/{subscriber}/deliveries",
    "GET /v1/subscribers/{subscriber}/deliveries/{delivery}",
    "DELETE /v1/subscribers/{subscriber}/deliveries/{delivery}",
    "POST /v1/subscribers/{subscriber}/deliveries/{delivery}/replay",
    "POST /v1/notifications/{connector}",
    "GET /v1/namespaces/{namespace}/notifications",
    "GET /v1/audit",
    "GET /v1/audit/anchors",
]
"""The API's throttled endpoints: method and path template. A HEAD counts as its GET."""


NotificationForm = Literal["cloudevents", "standard-webhooks"]
"""The form of a connector's notifications."""

MiddlewareStep = Literal["observation", "authentication", "intake", "throttling", "authorization"]
"""A step that each request below ``/v1`` passes before its handler."""


class Model(BaseModel):
    """A frozen value that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Process(Model):
    """The processes of one container.

    ``port`` and ``health_path`` come from ``containers.application.health_check``, ``workers`` from the container's
    cores, ``threads`` (a worker's limit of threads for blocking work) from ``limits.threads.worker``.
    ``management_port`` serves metrics and details about health to the cluster, and nothing else.
    ``keep_alive_seconds`` is how long a connection may be idle: longer than the load balancer keeps it, which then
    closes it first, so that no request meets a closed one.
    ``cache_bytes`` is what one worker may use to keep entries in memory: its share of ``limits.memory.cache``, which is
    a part of the container's memory.
    """

    port: Port
    management_port: Port
    workers: Annotated[int, Field(ge=2, lt=2**53)]
    threads: Positive
    shutdown_seconds: Positive
    keep_alive_seconds: Positive
    cache_bytes: Positive
    health_path: Path
    ready_path: Path


class Api(Model):
    """The HTTP API: ``components.api_layer.features``.

    A request below ``/v1`` passes the steps of ``middleware`` in this order (``Middleware stack``). With
    ``documentation``, the API describes itself at ``/openapi.json`` and ``/docs``
    (``OpenAPI/Swagger documentation``).
    """

    middleware: Annotated[tuple[MiddlewareStep, ...], Field(min_length=1)]
    documentation: bool


class Backoff(Model):
    """The repetitions of a failed call, and the pauses before them: ``fault_tolerance.retry_policies``.

    A call is made at most ``attempts`` times; null leaves it to its deadline. The first repetition follows at once, the
    second after ``initial_milliseconds``, and each later one, if ``exponential``, after twice the pause before it, up
    to ``maximum_milliseconds``; with ``jitter`` after a random part of that.
    """

    attempts: Positive | None
    exponential: bool
    jitter: bool
    initial_milliseconds: Positive
    maximum_milliseconds: Positive


class Retry(Backoff):
    """The repetitions of calls to the database: ``connections.database.retry``.

    All calls of a worker to one target share a budget: it holds ``budget_retries`` repetitions, and each call adds
    ``budget_percent`` of one.
    """

    budget_percent: Annotated[int, Field(ge=0, le=100)]
    budget_retries: Positive


class CircuitBreaker(Model):
    """The circuit to one target, in each worker: ``fault_tolerance.circuit_breakers.configuration``.

    ``failure_threshold`` failures in a row open it; a probe passes ``reset_seconds`` later.
    """

    failure_threshold: Positive
    reset_seconds: Positive


class Database(Model):
    """One worker's pools and its timeouts: ``connections.database`` and ``load_balancing.database``.

    ``pool_size`` connections are for changes and ``read_pool_size`` for reads: together
    ``connections.database.pool_size``. Reads go to replicas where the environment names their address, never older than
    ``replica_lag_seconds``; otherwise, and while no replica is as recent, to the primary.
    ``lossless_failover`` says that only a standby which has confirmed every commit is ever promoted
    (``redundancy.data.replication``), so that a failover takes nothing back that was answered.
    ``stale_seconds`` is how long reads are answered from memory, marked, while the database is away: what may be lost
    at a recovery (``recovery.rpo.target``). ``events_retention_days`` is how long the history of changes is kept
    (``backup.configuration.retention``).
    ``partitions`` is the number of hash partitions of the entries table, by namespace
    (``components.data_layer.scaling.strategy.sharding``). ``circuit_breaker`` is null where
    ``fault_tolerance.circuit_breakers.implementation`` has no database operations.
    """

    pool_size: Positive
    read_pool_size: Positive
    lossless_failover: bool
    replica_lag_seconds: Positive
    stale_seconds: Positive
    events_retention_days: Positive
    partitions: Positive
    connect_timeout_seconds: Positive
    statement_timeout_seconds: Positive
    idle_timeout_seconds: Positive
    retry: Retry
    circuit_breaker: CircuitBreaker | None


class Bucket(Model):
    """A token bucket: it holds ``capacity`` requests and gains ``refill_per_minute`` requests every minute.

    A window of ``t`` seconds after a full bucket admits ``floor(capacity + refill_per_minute * t / 60)`` requests
    (``load_management.throttling.limits``: refill = ``default``, capacity = ``burst`` - ``default``).
    """

    capacity: Positive
    refill_per_minute: Positive


class RouteLimit(Model):
    """The bucket of one route, which replaces the common one: ``route`` is a method and a path template.

    A ``strict`` route is refused while Redis cannot count its requests, in place of the worker's share.
    """

    route: Route
    bucket: Bucket
    strict: bool = False


class ClientLimit(Model):
    """The bucket of one client (``issuer:subject``), which replaces the common ones: over all routes, and of each."""

    client: Text
    bucket: Bucket


class Throttling(Model):
    """``load_management.throttling``: a request is admitted when every bucket in scope holds a token.

    ``address`` is keyed by network address, and is asked before a client has proven who it is. ``client`` is keyed by
    client (null: that scope is not in the specification), ``endpoint`` by client and route
    template, with ``routes`` in place of ``endpoint`` where one is named. ``clients`` are in place of ``client`` and
    ``endpoint`` where one is named. ``replicas`` is the largest number of replicas: without Redis each admits its share
    of the rate.
    """

    address: Bucket
    client: Bucket | None
    endpoint: Bucket | None
    routes: tuple[RouteLimit, ...]
    clients: tuple[ClientLimit, ...] = ()
    replicas: Positive


class Queue(Model):
    """The queue of deliveries to subscribers of the event bus: ``load_management.queuing``.

    With ``priorities`` (``Priority queuing``), the deliveries of each lower priority wait ``ageing_seconds`` longer
    than those of the one above, and then come first; without, their order is that of the changes. One that fails is
    tried again as ``retry`` says: once in all without ``Retry mechanism``. Where that is exhausted, it becomes a dead
    letter with ``dead_letters`` (``Dead letter queue``), and is dropped and counted without.
    ``events`` says that changes are published (``components.integration_layer``: ``Event bus``).
    A delivery belongs to the worker that claimed it for ``visibility_seconds``. A worker makes ``concurrency``
    deliveries at once, and at most ``waiting`` wait as rows for each subscriber: further ones wait in the log of
    events.
    """

    events: bool
    priorities: bool
    ageing_seconds: Positive
    dead_letters: bool
    retry: Backoff
    visibility_seconds: Positive
    concurrency: Positive
    waiting: Positive


class Notifications(Model):
    """Notifications of connectors: ``components.integration_layer``.

    The time at which one was signed may be ``window_seconds`` away from the present, in either direction. It is kept,
    with its id, for ``database.events_retention_days``: a repeated one is known for longer than it is admitted.
    """

    window_seconds: Annotated[int, Field(ge=1, le=3600)]


class ServiceCalls(Model):
    """One worker's connections to all external services of a kind, and the circuit to each of these services.

    ``circuit_breaker`` is null where ``connections.external_services.circuit_breaker`` is disabled, or
    ``fault_tolerance.circuit_breakers.implementation`` has not these calls.
    """

    pool_size: Positive
    circuit_breaker: CircuitBreaker | None


class ExternalServices(Model):
    """Calls of other services over HTTP: ``connections.external_services``.

    Of its ``pool_size``, a quarter is for ``issuers``, which publish the keys that verify tokens (``Service calls``),
    and the rest for ``integrations``, which receive changes (``External integrations``). A call, and so a delivery,
    takes at most ``timeout_seconds``, of which it waits ``waiting_milliseconds`` at most for a connection; an idle one
    is kept for ``idle_seconds``. Where they are ``monitored`` (``Health monitors``), the details of health and the
    metrics say of each service whether its circuit is open.
    """

    timeout_seconds: Positive
    waiting_milliseconds: Positive
    idle_seconds: Positive
    monitored: bool
    issuers: ServiceCalls
    integrations: ServiceCalls


class Issuer(Model):
    """An issuer of tokens that is trusted: an identity provider, or the Kubernetes API server of a cluster.

    Its keys are found by OpenID Connect Discovery. ``name`` begins the names of its subjects. A token is one of
    ``audience``, signed by one of ``algorithms``. ``rights_claim`` names a claim of items ``role@namespaces``; null
    where an issuer says who somebody is, and not what they may do.
    """

    name: Name
    issuer: Url
    audience: Text
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)]
    kind: Literal["person", "workload"]
    subject_claim: Text
    groups_claim: Text | None
    rights_claim: Text | None = None


class Binding(Model):
    """A role in the namespaces of a pattern, for every member of a group at an issuer, or for one subject there."""

    issuer: Name
    group: Text | None = None
    subject: Text | None = None
    role: RoleName
    namespaces: Pattern


class Keys(Model):
    """When an issuer's keys are fetched.

    They are renewed every ``refresh_seconds``, and at once for a key that is not known, but not again within
    ``pause_seconds``. An issuer that is away is trusted for ``outage_seconds`` by the keys that are known.
    """

    refresh_seconds: Positive
    pause_seconds: Positive
    outage_seconds: Positive


class Access(Model):
    """``access_control``: who is trusted to say who a client is, and what clients may do.

    Clocks of issuers may differ by ``clock_skew_seconds``. Every worker knows of a right or a key that is given or
    taken within ``known_seconds``. With ``second_factor``, people change and administer only after signing in with
    several factors.
    """

    issuers: tuple[Issuer, ...]
    bindings: tuple[Binding, ...]
    keys: Keys
    clock_skew_seconds: Annotated[int, Field(ge=0, le=300)]
    known_seconds: Positive
    second_factor: bool


class Levels(Model):
    """The utilizations from which on a resource is at its warning and at its critical level."""

    warning_percent: Percentage
    critical_percent: Percentage


class Lag(Model):
    """The mean lags of the event loop from which on they are a warning, and critical."""

    warning_milliseconds: Positive
    critical_milliseconds: Positive


class MemoryMonitor(Model):
    """``limits.memory``: what all workers of a container use of its memory.

    ``container_bytes`` is the container's limit, which is used where the kernel states none. ``heap_bytes`` is the most
    that all workers may hold together; each has an equal share.
    """

    container_bytes: Positive
    heap_bytes: Positive
    levels: Levels


class Monitors(Model):
    """``limits``: the resources that a worker watches, and the levels at which it says so.

    ``threads`` is of ``process.threads``, ``connections`` of the fullest pool. A worker runs at most
    ``background_tasks`` tasks that outlive the request that began them (``limits.threads.background``; 0: none).
    """

    memory: MemoryMonitor
    threads: Levels
    connections: Levels
    background_tasks: Annotated[int, Field(ge=0, lt=2**53)]
    event_loop: Lag


class Secrets(Model):
    """``access_control.secrets.rotation``: how old a secret may become; ``maximum_age_seconds`` is None for any age."""

    maximum_age_seconds: Annotated[int, Field(ge=1, lt=2**53)] | None


class Settings(Model):
    """Everything the processes of one cluster enforce."""

    version: Literal[1]
    environment: Name
    cluster: Name
    process: Process
    api: Api
    database: Database
    throttling: Throttling
    queue: Queue
    notifications: Notifications
    external_services: ExternalServices
    access: Access
    secrets: Secrets
    monitors: Monitors
