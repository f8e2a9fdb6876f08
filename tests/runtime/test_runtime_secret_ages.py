"""The ages of secrets: read from the files beside them, told as a metric, in details about health and in the log."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from compiler.emit.kubernetes.cluster.external_secrets import DATED
from runtime.adapters.secret_files import SUFFIX, SecretFile
from runtime.environment import read_environment
from runtime.services.secret_ages import SecretAges
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from runtime.app import Adapters

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = 86400
DETAIL = "http://test:9464/health/detail"


def file_of(folder: Path, text: str | None) -> SecretFile:
    """Return a secret whose file beside it has a text, or is not there."""
    if text is not None:
        (folder / "password.rotated-at").write_text(text, encoding="utf-8")
    return SecretFile(folder / "password")


def ages(secret: SecretFile, telemetry: Telemetry, maximum: int | None = 30 * DAY) -> SecretAges:
    return SecretAges({"database": secret}, maximum, telemetry, lambda: NOW)


def exposed(telemetry: Telemetry) -> float:
    (line,) = (each for each in telemetry.exposition().decode().splitlines() if each.startswith("secret_age_seconds{"))
    assert line.startswith('secret_age_seconds{secret="database"} ')
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-04T12:00:00.123456789Z",  # of the database engine and of the KV engine
        "2026-01-04T13:00:00.123456789+01:00",
        "2026-01-04T12:00:00.123456",
        "2026-01-04T12:00:00.123456Z\n",
    ],
)
def test_the_time_of_a_rotation_is_read_as_vault_writes_it(tmp_path: Path, text: str) -> None:
    assert file_of(tmp_path, text).rotated_at() == datetime(2026, 1, 4, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "soon", "\N{SNOWMAN}", "2026-13-04T12:00:00Z"])
def test_an_age_that_nothing_tells_is_infinite_so_that_the_alert_fires(tmp_path: Path, text: str | None) -> None:
    telemetry = Telemetry()
    measured = ages(file_of(tmp_path, text), telemetry)
    measured.sample()
    assert math.isinf(exposed(telemetry))
    assert measured.details["database"] == {
        "state": "unknown",
        "rotated_at": None,
        "age_seconds": None,
        "maximum_age_seconds": 30 * DAY,
    }


@given(st.integers(-DAY, 60 * DAY))
def test_a_secret_is_overdue_from_the_stated_age_on_and_never_younger_than_nothing(age: int) -> None:
    telemetry = Telemetry()

    class Dated:
        def rotated_at(self) -> datetime:
            return NOW - timedelta(seconds=age)

    measured = SecretAges({"database": Dated()}, 30 * DAY, telemetry, lambda: NOW)
    measured.sample()
    assert exposed(telemetry) == max(0, age)
    assert measured.details["database"] == {
        "state": "overdue" if age > 30 * DAY else "current",
        "rotated_at": NOW - timedelta(seconds=age),
        "age_seconds": max(0, age),
        "maximum_age_seconds": 30 * DAY,
    }


def test_a_state_that_changes_is_one_line_of_the_log_and_a_rotation_ends_it(tmp_path: Path) -> None:
    secret = file_of(tmp_path, "2025-12-01T12:00:00Z")
    measured = ages(secret, Telemetry())
    with capture_logs() as lines:
        measured.sample()
        measured.sample()
        file_of(tmp_path, "2026-01-05T11:00:00Z")
        measured.sample()
    assert [(line["log_level"], line["state"], line["age_seconds"]) for line in lines] == [
        ("warning", "overdue", 35 * DAY),
        ("info", "current", 3600),
    ]


def test_without_rotation_a_secret_may_have_any_age(tmp_path: Path) -> None:
    measured = ages(file_of(tmp_path, "2020-01-05T12:00:00Z"), Telemetry(), None)
    measured.sample()
    details = measured.details["database"]
    assert isinstance(details, dict)
    assert (details["state"], details["maximum_age_seconds"]) == ("current", None)


def test_every_secret_of_a_process_that_is_in_a_file_has_an_age(tmp_path: Path) -> None:
    for name in ("database", "cache", "keys"):
        (tmp_path / name).touch()
    subscribers = tmp_path / "subscribers.json"
    subscribers.write_text(f'[{{"name": "fis", "url": "https://fis.example", "keys_file": "{tmp_path}/keys"}}]')
    connectors = tmp_path / "connectors.json"
    connector = {"name": "fis", "namespace": "n", "form": "cloudevents", "keys_file": f"{tmp_path}/keys"}
    connectors.write_text(json.dumps([connector]))
    variables = {"CBP_DATABASE_URL": "postgresql://api@db/c", "CBP_REDIS_URL": "redis://cache"}
    assert read_environment(variables).secret_files == {}
    variables |= {
        "CBP_DATABASE_PASSWORD_FILE": str(tmp_path / "database"),
        "CBP_REDIS_PASSWORD_FILE": str(tmp_path / "cache"),
        "CBP_SUBSCRIBERS_FILE": str(subscribers),
        "CBP_CONNECTORS_FILE": str(connectors),
    }
    assert read_environment(variables).secret_files == {
        "database": tmp_path / "database",
        "cache": tmp_path / "cache",
        "subscriber-fis": tmp_path / "keys",
        "connector-fis": tmp_path / "keys",
    }


def test_the_compiled_secrets_have_the_times_where_the_process_reads_them() -> None:
    assert DATED == SUFFIX


@pytest.fixture
def adapters(adapters: Adapters, tmp_path: Path) -> Adapters:
    return replace(adapters, secrets={"cache": file_of(tmp_path, datetime.now(UTC).isoformat())})


@pytest.mark.anyio
async def test_the_details_about_health_have_the_state_of_each_secret(client: httpx.AsyncClient) -> None:
    found = (await client.get(DETAIL)).json()["secrets"]["cache"]
    assert (found["state"], found["maximum_age_seconds"]) == ("current", 2_592_000)
