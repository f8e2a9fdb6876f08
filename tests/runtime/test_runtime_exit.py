"""How the process ends when it cannot start: its status, and a message that says why and hides secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def start(directory: Path, document: dict[str, Any], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the service to its end, which must come by itself."""
    settings = directory / "settings.json"
    settings.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "runtime", "--settings", str(settings), "--port", "0", "--management-port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CBP_")} | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_wrong_settings_end_with_status_2_and_every_pointer(tmp_path: Path, document: dict[str, Any]) -> None:
    document["process"]["port"] = 0
    del document["database"]["pool_size"]
    ended = start(tmp_path, document, {})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        f"error: the settings file {tmp_path / 'settings.json'} cannot be used:",
        "  /process/port: Input should be greater than or equal to 1",
        "  /database/pool_size: Field required",
    ]


def test_missing_variables_end_with_status_2_and_every_name(tmp_path: Path, document: dict[str, Any]) -> None:
    ended = start(tmp_path, document, {})
    assert ended.returncode == 2
    assert [line.partition(" is ")[0] for line in ended.stderr.splitlines()] == [
        "error: the environment variables cannot be used:",
        "  CBP_DATABASE_URL",
        "  CBP_REDIS_URL",
    ]
    assert "Traceback" not in ended.stderr


def test_a_difference_between_what_is_compiled_and_what_runs_ends_with_status_3_and_a_line_of_the_log(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    document["api"]["middleware"].reverse()
    away = {"CBP_DATABASE_URL": "postgresql://a@127.0.0.1:1/a", "CBP_REDIS_URL": "redis://127.0.0.1:1/0"}
    ended = start(tmp_path, document, away)
    assert ended.returncode == 3
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    told = [each["differences"] for each in events if each["event"] == "what runs is not what is compiled"]
    assert told
    assert all(line.startswith("api.middleware, of /v1/") for (line,) in told)
