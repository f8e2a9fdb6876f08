"""The log, and a reader of it that stops."""

from __future__ import annotations

import json
import os
import select
import threading
from typing import TYPE_CHECKING

import pytest

from runtime import logs
from runtime.logs import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe that nobody reads."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def line(number: int) -> bytes:
    return b'{"number":%d,"text":"%s"}\n' % (number, b"x" * 80)


def read(reading: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += os.read(reading, 65536)
    return found


def test_lines_are_written_in_order_and_none_is_lost_at_the_end(pipe: tuple[int, int]) -> None:
    writer = LineWriter(pipe[1])
    lines = [line(number) for number in range(300)]
    for each in lines:
        writer.write(each)
    writer.close()
    assert read(pipe[0], len(b"".join(lines))) == b"".join(lines)


def test_a_reader_that_stops_makes_nobody_wait_and_what_it_misses_is_counted_and_told(pipe: tuple[int, int]) -> None:
    writer = LineWriter(pipe[1], queue_bytes=50_000)
    drops: list[None] = []
    writer.on_drop = lambda: drops.append(None)
    written = 5_000
    for number in range(written):
        writer.write(line(number))
    assert drops
    collected = bytearray()

    def collect() -> None:
        while not collected.endswith(b"end\n"):
            collected.extend(os.read(pipe[0], 65536))

    reader = threading.Thread(target=collect)
    reader.start()
    writer.close()
    os.write(pipe[1], b"end\n")
    reader.join()
    events = [json.loads(each) for each in collected.splitlines()[:-1]]
    numbers = [event["number"] for event in events if "number" in event]
    told = sum(event["dropped"] for event in events if event.get("event") == "log lines were dropped")
    assert numbers == sorted(set(numbers))
    assert len(numbers) + len(drops) == written
    assert told == len(drops)


def test_a_reader_that_never_reads_delays_the_end_by_a_bound_only(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.05)
    writer = LineWriter(pipe[1])
    lines = [line(number) for number in range(5_000)]
    for each in lines:
        writer.write(each)
    writer.close()
    assert select.select([], [pipe[1]], [], 0)[1] == []
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 60)
    reader = threading.Thread(target=read, args=(pipe[0], len(b"".join(lines))))
    reader.start()
    writer.close()  # the thread ends before the pipe does
    reader.join()


@pytest.mark.parametrize("count", [10, 1_000])  # fewer and more than an empty pipe takes
def test_a_writer_that_goes_on_after_a_pause_loses_no_line(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.05)
    writer = LineWriter(pipe[1])
    lines = [line(number) for number in range(2 * count)]
    for each in lines[:count]:
        writer.write(each)
    writer.close()
    writer.resume()
    for each in lines[count:]:
        writer.write(each)
    assert read(pipe[0], len(b"".join(lines))) == b"".join(lines)
    writer.close()


def test_lines_of_several_writers_are_not_mixed(pipe: tuple[int, int]) -> None:
    writers = [LineWriter(pipe[1]) for _ in range(3)]
    lines = [line(number) for number in range(2_000)]
    collected: list[bytes] = []
    reader = threading.Thread(target=lambda: collected.append(read(pipe[0], 3 * len(b"".join(lines)))))
    reader.start()
    for each in lines:
        for writer in writers:
            writer.write(each)
    for writer in writers:
        writer.close()
    reader.join()
    assert sorted(b"".join(collected).splitlines(keepends=True)) == sorted(lines * 3)


def test_a_reader_that_is_gone_is_counted_too() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    dropped = threading.Event()
    writer.on_drop = dropped.set
    writer.write(b"{}\n")
    writer.close()
    assert dropped.is_set()
    os.close(writing)
