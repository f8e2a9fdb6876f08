"""The runtime's settings hold the numbers of the specification, and nothing that is secret."""

from __future__ import annotations

from operator import attrgetter

import pytest

from compiler.emit.settings import DELIVERY_ATTEMPTS, RETRY_ATTEMPTS
from compiler.sources.nodes import ScalarNode, SequenceNode
from runtime.settings import Bucket, CircuitBreaker, ClientLimit, Settings
from tests.compiler.project import (
    SOMEWHERE,
    artifacts,
    changed,
    keys,
    listing,
    node,
    rebound,
    resolved,
    site,
    with_value,
)


def filled(**changes: str) -> Settings:
    return site(changed({path.replace("__", "."): text for path, text in changes.items()})).settings


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_the_file_is_what_the_runtime_reads(environment: str) -> None:
    at = site(resolved()[environment])
    assert Settings.model_validate_json(artifacts(at)["runtime/settings.json"].content) == at.settings


def test_the_numbers_of_the_specification_are_enforced() -> None:
    found = filled()
    assert (found.environment, found.cluster) == ("production", "eu-central-1")
    assert (found.process.port, found.process.workers, found.process.threads) == (8080, 2, 40)
    assert (found.process.health_path, found.process.ready_path) == ("/health", "/health/ready")
    assert (found.database.pool_size, found.database.read_pool_size, found.database.partitions) == (5, 5, 16)
    assert (found.database.replica_lag_seconds, found.database.stale_seconds) == (3, 900)
    assert found.database.events_retention_days == 90
    assert found.database.lossless_failover
    assert found.database.connect_timeout_seconds == 3
    assert found.database.statement_timeout_seconds == 30
    assert found.database.idle_timeout_seconds == 300
    assert found.database.retry.jitter
    assert (found.database.retry.attempts or 0) > 1
    assert found.throttling.replicas == 8


def test_the_levels_and_the_heap_of_the_limits_are_watched() -> None:
    stated = {"memory": (61, 93), "threads": (62, 94), "connections": (63, 95)}
    changes = {"limits__memory__heap": "50% maximum"}
    for resource, levels in stated.items():
        for level, percent in zip(("warning", "critical"), levels, strict=True):
            changes[f"limits__{resource}__monitoring__{level}"] = f"{percent}%"
    found = filled(**changes).monitors
    watched = {"memory": found.memory.levels, "threads": found.threads, "connections": found.connections}
    assert {name: (each.warning_percent, each.critical_percent) for name, each in watched.items()} == stated
    assert found.memory.heap_bytes * 2 == found.memory.container_bytes == 4 * 1024**3


@pytest.mark.parametrize(
    ("left_out", "member", "with_it", "without"),
    [
        ("Priority queuing", "priorities", True, False),
        ("Dead letter queue", "dead_letters", True, False),
        ("Retry mechanism", "retry.attempts", DELIVERY_ATTEMPTS, 1),
    ],
)
def test_a_pattern_of_the_queue_that_is_left_out_changes_the_settings(
    left_out: str, member: str, with_it: object, without: object
) -> None:
    patterns = ["Priority queuing", "Dead letter queue", "Retry mechanism"]
    left = listing("load_management.queuing.patterns", *(each for each in patterns if each != left_out))
    found = [filled().queue, site(left).settings.queue]
    assert [attrgetter(member)(each) for each in found] == [with_it, without]


@pytest.mark.parametrize(("stated", "most"), [("Limited", 64), ("Disabled", 0)])
def test_background_tasks_have_a_bound_or_there_are_none(stated: str, most: int) -> None:
    assert filled(limits__threads__background=stated).monitors.background_tasks == most


@pytest.mark.parametrize(("stated", "changes", "reads"), [("1", 1, 1), ("2", 1, 1), ("5", 3, 2)])
def test_a_worker_has_connections_for_changes_and_for_reads(stated: str, changes: int, reads: int) -> None:
    database = filled(connections__database__pool_size=stated).database
    assert (database.pool_size, database.read_pool_size) == (changes, reads)


@pytest.mark.parametrize(("stated", "days"), [("90 days", 90), ("36 hours", 2), ("1 second", 1)])
def test_history_is_kept_for_as_many_whole_days_as_are_stated(stated: str, days: int) -> None:
    assert filled(backup__configuration__retention=stated).database.events_retention_days == days


def test_a_replica_that_answers_is_never_further_behind_than_what_may_be_lost() -> None:
    database = filled(recovery__rpo__target="2 seconds").database
    assert (database.replica_lag_seconds, database.stale_seconds) == (2, 2)


def test_no_window_of_a_minute_admits_more_than_the_burst() -> None:
    found = filled().throttling
    assert found.client == found.endpoint == Bucket(capacity=1000, refill_per_minute=1000)
    assert {item.route.split()[0]: item.bucket for item in found.routes} == {
        "PUT": Bucket(capacity=300, refill_per_minute=300),
        "DELETE": Bucket(capacity=60, refill_per_minute=60),
    }


def test_a_route_is_strict_only_where_it_is_stated() -> None:
    assert [route.strict for route in filled().throttling.routes] == [False, False]
    stated = filled(environment__throttling__routes__0__strict="true").throttling.routes
    assert [route.strict for route in stated] == [True, False]


def test_a_client_has_its_own_bucket_where_it_is_stated() -> None:
    assert filled().throttling.clients == ()
    path, name = keys("environment.throttling.clients"), "workloads:system:serviceaccount:ledger:loader"
    stated = {"client": name, "limits": {"default": "3000 req/min", "burst": "6000 req/min"}}
    item, findings = rebound(with_value(resolved()["production"].tree, path, node([stated])))
    assert item, findings
    assert site(item).settings.throttling.clients == (
        ClientLimit(client=name, bucket=Bucket(capacity=3000, refill_per_minute=3000)),
    )
    _, twice = rebound(with_value(resolved()["production"].tree, path, node([stated, stated])))
    assert [finding.code for finding in twice] == ["SPEC006"]


def test_a_burst_that_is_no_more_than_the_rate_still_makes_a_bucket() -> None:
    bucket = filled(load_management__throttling__limits__burst="10 req/min").throttling.client
    assert bucket == Bucket(capacity=1, refill_per_minute=1000)


def test_a_scope_that_is_not_listed_is_not_enforced() -> None:
    path = keys("load_management.throttling.scope")
    for scope, kept in (("Per client", "client"), ("Per endpoint", "endpoint")):
        only = SequenceNode((ScalarNode(scope, SOMEWHERE),), SOMEWHERE)
        item, _ = rebound(with_value(resolved()["production"].tree, path, only))
        found = site(item).settings.throttling
        assert {name for name in ("client", "endpoint") if getattr(found, name)} == {kept}
        assert bool(found.routes) == (kept == "endpoint")


def listed(path: str, *words: str) -> Settings:
    """Return the settings of a specification that lists nothing but these words at a path."""
    stated = SequenceNode(tuple(ScalarNode(word, SOMEWHERE) for word in words), SOMEWHERE)
    item, findings = rebound(with_value(resolved()["production"].tree, keys(path), stated))
    assert item, findings
    return site(item).settings


def test_without_retries_there_is_one_attempt() -> None:
    assert filled(connections__database__retry="None").database.retry.attempts == 1


def test_each_pattern_of_retries_is_kept_by_itself() -> None:
    found = {
        word: listed("fault_tolerance.retry_policies.patterns", word).database.retry
        for word in ("Exponential backoff", "Jitter", "Maximum attempts")
    }
    assert {word: (retry.exponential, retry.jitter, retry.attempts) for word, retry in found.items()} == {
        "Exponential backoff": (True, False, None),
        "Jitter": (False, True, None),
        "Maximum attempts": (False, False, RETRY_ATTEMPTS),
    }


def test_the_database_has_a_circuit_where_its_operations_are_listed() -> None:
    path = "fault_tolerance.circuit_breakers.implementation"
    stated = filled(
        fault_tolerance__circuit_breakers__configuration__failure_threshold="7",
        fault_tolerance__circuit_breakers__configuration__reset_timeout="20s",
    )
    assert stated.database.circuit_breaker == CircuitBreaker(failure_threshold=7, reset_seconds=20)
    assert listed(path, "External integrations").database.circuit_breaker is None


def test_the_circuits_of_external_services_follow_the_words_of_the_specification() -> None:
    def circuits(found: Settings) -> tuple[bool, bool]:
        external = found.external_services
        return external.issuers.circuit_breaker is not None, external.integrations.circuit_breaker is not None

    path = "fault_tolerance.circuit_breakers.implementation"
    assert circuits(listed(path, "Service calls", "External integrations")) == (True, True)
    assert circuits(listed(path, "Service calls")) == (True, False)
    assert circuits(listed(path, "External integrations")) == (False, True)
    assert circuits(filled(connections__external_services__circuit_breaker="Disabled")) == (False, False)


@pytest.mark.parametrize(("stated", "issuers", "others"), [("20", 5, 15), ("5", 1, 4), ("2", 1, 1), ("1", 1, 1)])
def test_issuers_have_a_quarter_of_the_connections_and_no_more_is_delivered_at_once_than_the_rest(
    stated: str, issuers: int, others: int
) -> None:
    found = filled(connections__external_services__pool_size=stated)
    external = found.external_services
    assert (external.issuers.pool_size, external.integrations.pool_size) == (issuers, others)
    assert found.queue.concurrency == min(8, others)


def test_a_call_waits_for_a_connection_for_half_of_the_stated_timeout() -> None:
    external = filled(connections__external_services__timeout="7 seconds").external_services
    assert (external.timeout_seconds, external.waiting_milliseconds) == (7, 3500)


def test_two_workers_are_the_least() -> None:
    cpu = "containers__application__resource_limits__cpu"
    assert [filled(**{cpu: text}).process.workers for text in ("0.5 cores", "2 cores", "4.5 cores")] == [2, 2, 4]


def test_the_ready_path_follows_the_health_path() -> None:
    path = "containers__application__health_check__path"
    assert [filled(**{path: text}).process.ready_path for text in ("/health", "/", "/a/b/")] == [
        "/health/ready",
        "/ready",
        "/a/b/ready",
    ]
