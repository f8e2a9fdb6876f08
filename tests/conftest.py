"""Fixtures shared by every test: real servers, started on first use, one pair for each worker of the suite."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import hypothesis
import pytest
from redis import Redis

from runtime.embedded.cluster import API
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.postgres import postgres as run_postgres
from runtime.embedded.valkey import ValkeyServer
from runtime.embedded.valkey import valkey as run_valkey
from tests.policy.proven import proven_once
from tests.temporary import keep_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

keep_in_memory()
# A busy machine is no counterexample: no example is judged by the time that it takes.
hypothesis.settings.register_profile("cbp", deadline=None)
hypothesis.settings.load_profile("cbp")

SLOW = (
    # Servers and processes.
    "benchmarks",
    "cluster",
    "e2e",
    "embedded",
    "envoy",
    "faults/test_faults_rows.py",
    "faults/test_faults_checker.py",
    "hooks",
    "image/test_containerfile.py",
    "image/test_image_serves.py",
    "image/test_release_workflow.py",
    "make",
    "compiler/doctor",
    "compiler/emit/kubernetes/application/test_issuer_authorities.py",
    "compiler/live/test_cluster_command.py",
    "compiler/test_completion.py",
    "compiler/vault/test_vault_logins.py",
    "compiler/vault/test_vault_servers.py",
    "compiler/vault/test_vault_sign_in.py",
    "compiler/write/test_crash.py",
    "policy/test_bounds.py",
    "policy/test_engines.py",
    "policy/test_opa_commands.py",
    "policy/test_opa_faults.py",
    "policy/test_parity.py",
    "policy/test_workers.py",
    "runtime/test_config_command.py",
    "runtime/test_runtime_audit_anchors.py",
    "runtime/test_runtime_audit_trail.py",
    "runtime/test_runtime_audit_verification.py",
    "runtime/test_runtime_admission.py",
    "runtime/test_runtime_bodies.py",
    "runtime/test_runtime_cache_copies.py",
    "runtime/test_runtime_changes.py",
    "runtime/test_runtime_check.py",
    "runtime/test_runtime_configuration_snapshots.py",
    "runtime/test_runtime_conformance.py",
    "runtime/test_runtime_connections.py",
    "runtime/test_runtime_deadlines.py",
    "runtime/test_runtime_description.py",
    "runtime/test_runtime_documentation.py",
    "runtime/test_runtime_documentation_in_a_browser.py",
    "runtime/test_runtime_exit.py",
    "runtime/test_runtime_history.py",
    "runtime/test_runtime_history_postgres.py",
    "runtime/test_runtime_http_client.py",
    "runtime/test_runtime_maintenance_volumes.py",
    "runtime/test_runtime_migrate.py",
    "runtime/test_runtime_over_admission.py",
    "runtime/test_runtime_postgres.py",
    "runtime/test_runtime_processes.py",
    "runtime/test_runtime_proposals_http.py",
    "runtime/test_runtime_proposals_at_random.py",
    "runtime/test_runtime_redis.py",
    "runtime/test_runtime_refusals.py",
    "runtime/test_runtime_restore.py",
    "runtime/test_runtime_simulated.py",
    "runtime/test_runtime_sentinels.py",
    "runtime/test_runtime_store.py",
    "runtime/test_runtime_supervisor.py",
    "runtime/test_runtime_standing_by.py",
    "runtime/test_runtime_telemetry.py",
    "runtime/test_runtime_windows.py",
    "runtime/test_runtime_tls.py",
    "simulation",
    # Whole projects that are compiled for each test, or every value of one.
    "compiler/cli",
    "compiler/edit",
    "compiler/lineage/test_agreement.py",
    "compiler/lineage/test_commands.py",
    "compiler/lineage/test_concerned.py",
    "compiler/lineage/test_experiment.py",
    "compiler/lineage/test_incremental.py",
    "compiler/lineage/test_inputs.py",
    "compiler/lineage/test_interpretation.py",
    "compiler/lineage/test_tracing.py",
    "compiler/reach/test_coverage.py",
    "compiler/difference",
    "compiler/emit/pages/test_reachability_laws.py",
    "compiler/importer/test_architecture_document.py",
    "compiler/importer/test_crash.py",
    "compiler/importer/test_hostile_documents.py",
    "compiler/importer/test_round_trip.py",
    "compiler/history/test_transitions.py",
    "compiler/emit/kubernetes/cluster/test_admission_expressions.py",
    "compiler/emit/kubernetes/application/test_rollout.py",
    "compiler/emit/kubernetes/application/test_subscribers.py",
    "compiler/emit/test_editor_agreement.py",
    "compiler/emit/test_files.py",
    "compiler/emit/test_serialise.py",
    "compiler/emit/test_totality.py",
    "compiler/test_determinism.py",
    "golden",
    "compiler/fix/test_fix.py",
    "compiler/model/test_specification.py",
    "compiler/test_hostile_input.py",
    "compiler/test_release.py",
    "compiler/test_compile_cache.py",
    "compiler/sources/test_files.py",
    "compiler/test_proofs.py",
    "compiler/test_watching.py",
    "docs/test_contributing.py",
    "docs/test_docs.py",
    "docs/test_writing_rules_page.py",
    "policy/test_gate.py",
    "policy/test_imports.py",
    "policy/test_mutations.py",
    "policy/test_policy_commands.py",
    "policy/test_waivers.py",
    "policy/test_versions.py",
    "policy/test_writing_commands.py",
    "policy/test_zone_loss.py",
)
"""The folders and modules of tests, relative to this folder, that `make test-fast` leaves out."""
_SLOW = frozenset(Path(__file__).parent / place for place in SLOW)


def _is_fast(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "not slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run two workers more than there are cores: workers wait for servers and deadlines for half of their time.

    Those of `make test-fast` hardly wait.
    """
    return (os.cpu_count() or 1) + (1 if _is_fast(config) else 2)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the collection of slow modules for `make test-fast`."""
    return True if _is_fast(config) and collection_path in _SLOW else None


def pytest_collection_finish() -> None:
    """Keep what was imported and collected, which lives to the end, out of every later search for garbage."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that take long, or start a server or a process, as slow."""
    for item in items:
        fixtures = item.fixturenames if isinstance(item, pytest.Function) else []
        if not (_SLOW.isdisjoint((item.path, *item.path.parents)) and {"postgres", "valkey"}.isdisjoint(fixtures)):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def schema_path() -> Iterator[str]:
    """What CBP_SCHEMAS named, or nothing. What tests run is given a schema path by its own options alone."""
    with pytest.MonkeyPatch.context() as patch:
        named = os.environ.get("CBP_SCHEMAS", "")
        patch.delenv("CBP_SCHEMAS", raising=False)
        patch.delenv("CBP_REQUIRE_SCHEMAS", raising=False)
        yield named


@pytest.fixture(scope="session", autouse=True)
def day() -> Iterator[None]:
    """Waivers of the checkout are judged on the day that it is; a test of waivers brings its own, and names its day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CBP_AS_OF", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def desk() -> Iterator[None]:
    """What tests run is compared with the base that they name, and runs at a desk unless they say that it is CI."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CBP_BASE", "CBP_REQUIRE_BASE", "CI"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def embedded_engine() -> Iterator[None]:
    """What tests run is judged by the embedded engine, unless its own options name a server."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("URL", "TOKEN_FILE", "CA_FILE", "TIMEOUT"):
            patch.delenv(f"CBP_OPA_{name}", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def proven() -> Iterator[None]:
    """Compilations of this worker by the same policies share one gate."""
    with proven_once():
        yield


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL of this worker's own."""
    with run_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A Valkey of this worker's own."""
    with run_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh, empty database that the unprivileged role owns."""
    with empty_database(postgres, API) as name:
        yield in_database(postgres.url, name)


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    """An empty Redis database."""
    with Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


@contextmanager
def empty_database(server: PostgresServer, owner: str) -> Iterator[str]:
    """Provide the name of a fresh database."""
    with copied_database(server, owner, "template1") as name:
        yield name


@contextmanager
def copied_database(server: PostgresServer, owner: str, template: str) -> Iterator[str]:
    """Provide the name of a fresh database with the tables and rows of another one, to which nobody is connected.

    Its files are copied, which costs half of what a copy through the log does.
    """
    name = f"test_{secrets.token_hex(8)}"
    administer(server, f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield name
    finally:
        administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def in_database(url: str, name: str) -> str:
    """Return the address of another database of the same server, for the same role."""
    return f"{url.rpartition('/')[0]}/{name}"


def administer(server: PostgresServer, statement: str) -> None:
    """Execute one statement as the superuser."""

    async def execute() -> None:
        connection = await asyncpg.connect(server.admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())
