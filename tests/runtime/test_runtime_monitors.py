"""A worker watches its resources, says when one is short, and gives up memory in steps."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from runtime.adapters.memory import KernelMemory
from runtime.adapters.turn import Turn
from runtime.app import create_app
from runtime.app.services import services_of
from runtime.domain.entries import Version
from runtime.domain.proposals import State
from runtime.ports.availability import Pool
from runtime.ports.machine import MemoryUse
from runtime.services.background import Background
from runtime.services.cache import Cache, Held
from runtime.services.intake import DEFAULT
from runtime.services.levels import BELOW_PERCENT, STEADY_SAMPLES, Level, Monitor
from runtime.services.monitors import Monitors
from runtime.services.shedding import PATIENCE_SAMPLES, SMALLEST, STEP_SAMPLES, Shedding, ShedError, Step
from runtime.settings import Levels
from runtime.telemetry import Telemetry
from tests.runtime.fakes import EPOCH, StatedMemory, client_of, running
from tests.runtime.memory_proposals import MemoryProposals
from tests.runtime.test_runtime_proposals import PAYMENTS, Stores, note, person, propose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from runtime.app import Adapters
    from runtime.settings import Settings
    from tests.runtime.fakes import MemoryEntries

LEVELS = Levels(warning_percent=70, critical_percent=85)
ENTRY = "/v1/namespaces/n/entries/k"
DETAIL = "http://test:9464/health/detail"
METRICS = "http://test:9464/metrics"
HEAP_SHARE = 50
CAPACITY = 64 * 10_002


def files(folder: Path, **contents: str) -> KernelMemory:
    """Return a reader of a cgroup and of a process that hold these files."""
    (folder / "statm").write_text("100 30 10 5 0 20 0\n", encoding="ascii")
    for name, text in contents.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="ascii")
    return KernelMemory(folder, folder)


def test_the_working_set_is_what_the_kubelet_computes(tmp_path: Path) -> None:
    stat = "anon 300\nfile 700\ninactive_file 450\nactive_file 250\n"
    memory = files(tmp_path, memory_current="1000\n", memory_max="2000\n", memory_stat=stat)
    assert memory.container() == MemoryUse(550, 2000)


@pytest.mark.parametrize("contents", [{}, {"memory_current": "1000\n", "memory_max": "max\n", "memory_stat": ""}])
def test_outside_of_a_limit_the_container_says_nothing(tmp_path: Path, contents: dict[str, str]) -> None:
    assert files(tmp_path, **contents).container() is None


def test_private_memory_is_what_no_other_process_shares(tmp_path: Path) -> None:
    memory = files(tmp_path)
    assert memory.private_bytes() == 20 * os.sysconf("SC_PAGE_SIZE")


def test_the_kernel_of_this_machine_tells_the_memory_of_this_process() -> None:
    memory = KernelMemory()
    memory.give_back()
    assert memory.private_bytes() > 1_000_000


def test_a_level_rises_at_once_and_falls_after_a_while_and_each_change_is_one_line() -> None:
    monitor = Monitor("threads", LEVELS)
    with capture_logs() as lines:
        for percent in (69.0, 70.0, 80.0, 84.0, 85.0, 99.0, *[84.0] * 20, *[81.0] * 20):
            monitor.observe(percent)
        assert monitor.level is Level.CRITICAL  # not below its threshold by enough
        for number in range(STEADY_SAMPLES):
            assert monitor.level is Level.CRITICAL, number
            monitor.observe(79.0)
        assert str(monitor.level) == "warning"
        for _ in range(STEADY_SAMPLES):
            monitor.observe(1.0)
    assert str(monitor.level) == "normal"
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "the use of threads is warning"),
        ("warning", "the use of threads is critical"),
        ("info", "the use of threads is warning"),
        ("info", "the use of threads is normal"),
    ]


@given(st.lists(st.floats(0, 120), max_size=60))
def test_no_use_at_a_threshold_is_called_less_and_none_far_below_is_called_more_for_long(uses: list[float]) -> None:
    monitor, low = Monitor("connections", LEVELS), 0
    for percent in uses:
        monitor.observe(percent)
        if percent >= 85:
            assert monitor.level is Level.CRITICAL
        elif percent >= 70:
            assert monitor.level is not Level.NORMAL
        low = low + 1 if percent < 70 - BELOW_PERCENT else 0
        if low >= 2 * STEADY_SAMPLES:
            assert monitor.level is Level.NORMAL


@pytest.fixture
def shed() -> tuple[Shedding, Cache[Any], StatedMemory]:
    memory, cache = StatedMemory(), cached()
    return Shedding(cache, memory, HEAP_SHARE, memory.replace, lambda _: None), cache, memory


class Text:
    bytes = 9_000


def cached() -> Cache[Any]:
    """Return a cache that is full, with about ten kilobytes for each of 64 entries."""
    cache: Cache[Any] = Cache(CAPACITY)
    cache.begin(Version(EPOCH, 0))
    for number in range(64):
        fill(cache, number)
    return cache


def fill(cache: Cache[Any], number: int) -> None:
    with cache.filling(("n", str(number % 10))) if number > 99 else cache.filling((str(number), "")) as filling:
        filling.keep(Held(Text(), 0.0), Version(EPOCH, 0))


def test_the_cache_is_shed_before_any_request_and_takes_nothing_new(
    shed: tuple[Shedding, Cache[Any], StatedMemory],
) -> None:
    shedding, cache, memory = shed
    before = cache.contents()
    sizes = []
    for _ in range(STEP_SAMPLES):
        shedding.judge(Level.CRITICAL, 1)
        sizes.append(cache.contents().bytes)
        shedding.require(Step.LISTS_AND_CHANGES)  # raises nothing yet
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= CAPACITY // SMALLEST < sizes[0] < before.bytes
    assert memory.given_back == 3
    fill(cache, 100)
    assert cache.contents().bytes == sizes[-1]
    assert cache.contents().entries > 0  # what is read most is still answered


def test_load_is_refused_step_by_step_and_comes_back_in_the_opposite_order(
    shed: tuple[Shedding, Cache[Any], StatedMemory],
) -> None:
    shedding, cache, memory = shed
    up = []
    for _ in range(5 * STEP_SAMPLES):
        shedding.judge(Level.CRITICAL, 1)
        up.append(shedding.step)
    assert list(dict.fromkeys(up)) == list(Step)[1:]
    assert all(up.count(step) == STEP_SAMPLES for step in list(Step)[1:-1])
    down = []
    for level in [Level.WARNING] * 5 * STEP_SAMPLES + [Level.NORMAL] * STEP_SAMPLES:
        shedding.judge(level, 1)
        down.append(shedding.step)
    assert list(dict.fromkeys(down)) == list(Step)[-2::-1]
    assert down[5 * STEP_SAMPLES - 1] is Step.CACHE  # it stays small while memory is a warning
    fill(cache, 100)
    assert cache.contents().entries == 9
    assert memory.replaced == 0


def test_a_refused_request_is_counted() -> None:
    memory, refused = StatedMemory(), list[str]()
    shedding = Shedding(cached(), memory, HEAP_SHARE, memory.replace, refused.append)
    shedding.step = Step.STORE
    with pytest.raises(ShedError):
        shedding.require_store()
    shedding.require(Step.EVERYTHING)
    assert refused == ["store"]


def test_a_worker_above_its_share_of_the_heap_sheds_its_cache_refuses_nobody_and_is_replaced_in_the_end(
    shed: tuple[Shedding, Cache[Any], StatedMemory],
) -> None:
    shedding, _, memory = shed
    for number in range(1, PATIENCE_SAMPLES):
        shedding.judge(Level.NORMAL, HEAP_SHARE + 1)
        assert (shedding.step, memory.replaced) == (Step.CACHE, 0), number
    shedding.judge(Level.NORMAL, HEAP_SHARE + 1)
    assert memory.replaced == 1
    shedding.judge(Level.NORMAL, HEAP_SHARE)
    for _ in range(PATIENCE_SAMPLES - 1):
        shedding.judge(Level.NORMAL, HEAP_SHARE + 1)
    assert memory.replaced == 1


def monitors(settings: Settings, memory: StatedMemory, pools: dict[str, Pool], background: Background) -> Monitors:
    shedding = Shedding(cached(), memory, 1 << 60, memory.replace, lambda _: None)
    return Monitors(settings, memory, background, lambda: pools, shedding, Telemetry())


@pytest.mark.anyio
async def test_each_resource_is_measured_against_what_there_is_of_it(settings: Settings) -> None:
    memory, background, go_on = StatedMemory(), Background(4), asyncio.Event()
    memory.use = MemoryUse(85, 100)
    held = threading.Event()
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 4
    watched = monitors(settings, memory, {"reads": Pool(4, 3, 0), "changes": Pool(4, 0, 0)}, background)
    threads = [asyncio.create_task(anyio.to_thread.run_sync(held.wait)) for _ in range(3)]
    tasks = [background.start(go_on.wait()) for _ in range(4)]
    while limiter.borrowed_tokens < 3:
        await asyncio.sleep(0)
    watched.tick(0.25)
    watched.sample()
    held.set()
    go_on.set()
    await asyncio.gather(*threads, *tasks)
    limiter.total_tokens = 40
    assert {each.resource: (each.percent, each.level) for each in watched.all} == {
        "memory": (85, Level.WARNING),
        "threads": (75, Level.WARNING),
        "background_tasks": (100, Level.CRITICAL),
        "connections": (75, Level.WARNING),
        "event_loop": (50, Level.WARNING),
    }


@pytest.mark.anyio
async def test_without_a_limit_of_the_container_a_worker_compares_itself_with_its_share(settings: Settings) -> None:
    memory = StatedMemory()
    memory.use, memory.private = None, 1_800_000_000  # of 4 GB for two workers
    watched = monitors(settings, memory, {}, Background(0))
    watched.sample()
    assert (watched.memory.percent, str(watched.memory.level)) == (90, "critical")


@pytest.mark.anyio
@pytest.mark.parametrize(("most", "started"), [(64, 1), (1, 1), (0, 0)])
async def test_reads_go_on_in_the_background_as_far_as_there_is_room(
    settings: Settings,
    adapters: Adapters,
    entries: MemoryEntries,
    most: int,
    started: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = []
    start = Background.start

    def starting(self: Background, work: Any) -> asyncio.Task[Any]:
        begun.append(self.running)
        return start(self, work)

    monkeypatch.setattr(Background, "start", starting)
    stated = settings.model_copy(update={"monitors": settings.monitors.model_copy(update={"background_tasks": most})})
    app = create_app(stated, adapters)
    async with running(app), client_of(app) as http:
        assert (await http.get(ENTRY)).status_code == 404
    assert (len(begun), entries.reads > 0) == (started, True)


@pytest.mark.anyio
async def test_no_more_background_tasks_run_than_there_may_be() -> None:
    background, go_on = Background(2), asyncio.Event()
    tasks = [background.start(go_on.wait()) for _ in range(2)]
    assert (background.full, background.use) == (True, 1)
    with pytest.raises(RuntimeError):
        background.start(go_on.wait())
    go_on.set()
    await asyncio.gather(*tasks)
    assert (background.full, background.use, Background(0).use) == (False, 0, 0)


@pytest.mark.anyio
async def test_at_critical_memory_requests_are_refused_in_order_and_health_is_always_answered(
    settings: Settings, adapters: Adapters, memory: StatedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Shedding] = []
    judge = Shedding.judge

    def judged(self: Shedding, level: Level, private: int) -> None:
        made.append(self)
        judge(self, level, private)

    monkeypatch.setattr(Shedding, "judge", judged)
    monkeypatch.setattr("runtime.services.monitors.TICKS", 1)
    app = create_app(settings, adapters)
    async with running(app), client_of(app) as http:
        assert (await http.put(ENTRY, json={"value": 1}, headers={"If-None-Match": "*"})).status_code == 201
        while not (await http.get(DETAIL)).json()["cache"]["hits"]:  # the worker has heard of its own change
            assert (await http.get(ENTRY)).status_code == 200
        memory.use = MemoryUse(95, 100)
        while not (made and made[0].step):
            await asyncio.sleep(0.01)
        monkeypatch.setattr(Shedding, "judge", lambda *_: None)
        answers = {}
        for step in Step:
            made[0].step = step
            asked = [http.get("/v1/namespaces/n/entries"), http.get(f"{ENTRY}.other"), http.get(ENTRY)]
            answers[step] = [(await each).status_code for each in asked]
            assert (await http.get("/health")).status_code == (await http.get("/health/ready")).status_code == 200
        refused = await http.get(ENTRY)
        detail = (await http.get(DETAIL)).json()["monitors"]["memory"]
        metrics = (await http.get(METRICS)).text
    assert answers == {
        Step.NOTHING: [200, 404, 200],
        Step.CACHE: [200, 404, 200],
        Step.LISTS_AND_CHANGES: [503, 404, 200],
        Step.STORE: [503, 503, 200],
        Step.EVERYTHING: [503, 503, 503],
    }
    assert refused.headers["retry-after"] == str(STEP_SAMPLES)
    assert refused.json()["type"] == "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
    assert detail == {"state": "critical", "percent": 95.0, "warning_percent": 80, "critical_percent": 90}
    assert 'resource_threshold_ratio{level="warning",resource="memory"} 0.8' in metrics
    assert 'resource_level{resource="memory"} 2.0' in metrics
    assert 'memory_shed_requests_total{step="everything"} 4.0' in metrics


@pytest.mark.anyio
async def test_in_the_third_step_no_question_reaches_the_store_whatever_it_is_about(
    settings: Settings, adapters: Adapters
) -> None:
    """Also that of a request which was admitted before."""
    services = services_of(settings, adapters, DEFAULT)
    found, id_ = services.configuration, uuid4()
    questions: list[Callable[[], Awaitable[object]]] = [
        lambda: found.entries.scan("n", "", 1),
        lambda: found.history.changes("n", None, 1),
        lambda: found.proposals.find("n", id_),
        found.queue.subscribers,
        lambda: found.notifications.page("n", 0, 1),
    ]
    answers = {}
    for step in (Step.LISTS_AND_CHANGES, Step.STORE):
        services.shedding.step = step
        answered = await asyncio.gather(*(ask() for ask in questions), return_exceptions=True)
        answers[step] = [isinstance(each, ShedError) for each in answered]
    assert answers == {Step.LISTS_AND_CHANGES: [False] * 5, Step.STORE: [True] * 5}


@pytest.mark.anyio
async def test_a_step_of_a_proposal_that_was_taken_is_answered_whatever_is_refused_by_then(
    settings: Settings, adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(settings, adapters, DEFAULT)
    proposals, close = services.configuration.proposals, MemoryProposals.close
    proposed = await propose(Stores(adapters.proposals, adapters.store, adapters.access, adapters.audit))
    proposal = await proposals.find(PAYMENTS, proposed.id)

    async def and_memory_is_critical(self: MemoryProposals, *arguments: Any) -> None:
        await close(self, *arguments)
        services.shedding.step = Step.STORE

    monkeypatch.setattr(MemoryProposals, "close", and_memory_is_critical)
    rejected = await proposals.close(proposal, person("bob"), "why", State.REJECTED, note("people:bob"))
    assert rejected.state is State.REJECTED
    with pytest.raises(ShedError):
        await proposals.find(PAYMENTS, proposed.id)


def test_one_worker_of_a_container_is_replaced_at_a_time(tmp_path: Path) -> None:
    first, second = Turn(tmp_path / "turn"), Turn(tmp_path / "turn")
    assert (first.take(), second.take(), first.take()) == (True, False, False)
