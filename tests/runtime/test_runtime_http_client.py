"""The client of external services, against real servers that are slow, silent, away, that hang up and come back."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.http_client import Answer
from runtime.embedded.loopback import LOOPBACK
from runtime.ports.availability import NotAskedError, Pool, Reason, RefusedError, UnavailableError
from tests.runtime.external import (
    FAILURES,
    answers,
    external,
    http_client,
    is_silent,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtime.external import Behaviour, External

pytestmark = pytest.mark.anyio
SOON = 0.2


async def test_an_answer_is_its_status_and_its_body_and_the_connection_is_kept() -> None:
    async with external(answers(404, b"none")) as server, http_client() as client:
        for _ in range(3):
            assert await client.ask("POST", server.url, b"event", {"X-Test": "1"}) == Answer(404, b"none")
        assert server.ever == 1
        assert server.requests[0].startswith(b"POST /path HTTP/1.1\r\n")
        assert server.requests[0].endswith(b"\r\n\r\nevent")
        assert b"\r\nX-Test: 1\r\n" in server.requests[0]


async def test_an_idle_connection_is_kept_for_as_long_as_the_settings_say() -> None:
    async with external(answers(204)) as server, http_client(idle_seconds=0) as client:
        for _ in range(3):
            await client.ask("GET", server.url)
        assert server.ever == 3


@pytest.mark.parametrize(("behave", "reason"), FAILURES)
async def test_a_service_that_fails_is_told_in_time_with_a_reason_and_without_its_address(
    behave: Behaviour, reason: Reason
) -> None:
    async with external(behave) as server, http_client(timeout_seconds=SOON) as client:
        async with asyncio.timeout(5):
            with pytest.raises(UnavailableError, match=r"^(no answer|answered 50[03])") as failed:
                await client.ask("GET", server.url)
        assert failed.value.reason is reason
        assert LOOPBACK not in str(failed.value)
        if reason is not Reason.FAILED:
            await server.left()


async def test_a_service_that_comes_back_is_asked_again() -> None:
    async with http_client() as client:
        async with external(answers(204)) as server:
            await client.ask("GET", server.url)
        with pytest.raises(UnavailableError, match=r"^no answer \(ClientConnector(Certificate)?Error\)$"):
            await client.ask("GET", server.url)
        async with external(answers(204), server.port) as back:
            assert (await client.ask("GET", back.url)).status == 204


async def test_a_pool_bounds_the_connections_and_the_excess_is_refused_after_a_bounded_time() -> None:
    async with external(is_silent) as server, http_client(waiting_milliseconds=20) as client:
        held = [asyncio.ensure_future(client.ask("GET", server.url)) for _ in range(2)]
        while server.now < 2:
            await asyncio.sleep(0.001)
        excess = [client.ask("GET", server.url) for _ in range(20)]
        async with asyncio.timeout(4):  # those that hold a connection have five seconds
            found = await asyncio.gather(*excess, return_exceptions=True)
        assert all(isinstance(each, NotAskedError) for each in found)
        assert client.pool == Pool(size=2, in_use=2, waiting=0, refused=20)
        assert (len(server.requests), server.most) == (2, 2)
        for each in held:
            each.cancel()


async def test_calls_that_wait_get_the_connections_of_those_that_end() -> None:
    async with external(answers(204)) as server, http_client() as client:
        calls = [asyncio.ensure_future(client.ask("GET", server.url)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.pool == Pool(size=2, in_use=2, waiting=18)
        assert {each.status for each in await asyncio.gather(*calls)} == {204}
        assert client.pool == Pool(size=2, in_use=0, waiting=0)
        assert server.ever == 2


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_call_that_is_given_up_at_any_instant_frees_its_connection(encrypted: bool, tmp_path: Path) -> None:
    authority = tmp_path / "authority.crt"
    context, shown = shows(tmp_path)
    authority.write_bytes(shown)
    async with external(is_silent, context=context if encrypted else None) as server:
        url = f"https://{LOOPBACK}:{server.port}/" if encrypted else server.url
        for instant in range(40):  # of the event loop: the name, the connection, the handshake, the request
            async with http_client(pool_size=1, authority=authority) as client:
                call = asyncio.ensure_future(client.ask("GET", url))
                for _ in range(instant):
                    await asyncio.sleep(0)
                call.cancel()
                await asyncio.wait((call,))
                await server.left()
                assert client.pool == Pool(size=1, in_use=0, waiting=0)
                server.behave = answers(204)
                assert (await client.ask("GET", url)).status == 204, instant
                server.behave = is_silent
    gc.collect()  # a connection that nobody closed would complain now


async def test_servers_share_the_pool_and_idle_connections_make_room() -> None:
    async with external(answers(204)) as one, external(answers(204)) as two, http_client(pool_size=1) as client:
        for server in (one, two, one, two):
            await client.ask("GET", server.url)
            assert one.now + two.now <= 1 or await closed(one, two)
        assert (one.ever, two.ever) == (2, 2)


async def closed(*servers: External) -> bool:
    """Return once all but one connection are closed at the servers too, which learn of it a moment later."""
    async with asyncio.timeout(5):
        while sum(each.now for each in servers) > 1:
            await asyncio.sleep(0.001)
    return True


async def test_a_redirect_is_an_answer_and_no_cookie_is_kept() -> None:
    moved = answers(302, b"", "Location: /elsewhere", "Set-Cookie: session=1")
    async with external(moved) as server, http_client() as client:
        for _ in range(2):
            assert (await client.ask("GET", server.url)).status == 302
        assert [each.split()[1] for each in server.requests] == [b"/path"] * 2
        assert not any(b"cookie" in each.lower() for each in server.requests)


async def test_no_call_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with external(answers(204)) as server, http_client() as client:
        await client.ask("GET", server.url)
    assert caplog.text == ""


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with external(answers(200)) as proxy, external(answers(204)) as server, http_client() as client:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{LOOPBACK}:{proxy.port}")
        assert (await client.ask("GET", server.url)).status == 204
        assert proxy.ever == 0


async def test_no_more_of_a_body_is_read_than_the_caller_asked_for() -> None:
    async with external(answers(200, b"x" * 100)) as server, http_client() as client:
        assert (await client.ask("GET", server.url, most_bytes=100)).body == b"x" * 100
        server.behave = answers(200, b"x" * 101)
        assert await client.ask("GET", server.url, most_bytes=100) == Answer(200, None)
        assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://service.example/",
        "http://localhost:80/",
        "http://127.0.0.2/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "//127.0.0.1",
        "http://[::1",
        "None",
        "",
    ],
)
async def test_plain_http_never_leaves_the_machine(url: str) -> None:
    async with http_client() as client:
        with pytest.raises(RefusedError):
            await client.ask("GET", url)


async def test_a_certificate_is_verified_by_its_authority_and_its_name(tmp_path: Path) -> None:
    context, shown = shows(tmp_path)
    authority = tmp_path / "authority.crt"
    authority.write_bytes(shown)
    async with external(answers(204), context=context) as server:
        url = f"https://{LOOPBACK}:{server.port}/"
        async with http_client(authority=authority) as client:
            assert (await client.ask("GET", url)).status == 204
            with pytest.raises(UnavailableError):
                await client.ask("GET", f"https://localhost:{server.port}/")
            authority.write_bytes(shows(tmp_path)[1])
            with pytest.raises(UnavailableError):
                await client.ask("GET", url)
            authority.unlink()
            with pytest.raises(UnavailableError):
                await client.ask("GET", url)
        async with http_client() as client:
            with pytest.raises(UnavailableError, match=r"^no answer \(ClientConnector(Certificate)?Error\)$"):
                await client.ask("GET", url)
        assert len(server.requests) == 1
