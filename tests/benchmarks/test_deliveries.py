"""The benchmark of deliveries: a short run, by real processes to a real receiver."""

from __future__ import annotations

from benchmarks.deliveries import measure


def test_changes_are_delivered_over_http_and_to_a_file_while_a_process_is_killed() -> None:
    (only,) = measure(rounds=1, changes=320)
    assert min(only.http.speed, only.file.speed, only.http.cpu, only.file.cpu) > 0
    assert only.http.whole > only.http.cpu
