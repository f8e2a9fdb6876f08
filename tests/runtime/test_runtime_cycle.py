"""The answer of one request is written byte for byte as uvicorn writes it, and refused where uvicorn refuses it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from runtime.http.cycle import Cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Fields = list[tuple[bytes, bytes]]
BODY = b"{}"
LENGTH = (b"content-length", b"2")
DATE = (b"date", b"Mon, 30 Nov 2026 12:00:00 GMT")
USUAL = [LENGTH, (b"content-type", b"application/json"), (b"etag", b'"1"'), (b"x-request-id", b"a")]


class Sink(asyncio.Transport):
    """A transport that keeps what is written, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def nothing(_cycle: RequestResponseCycle) -> None:
    """Nothing happens between the head and the body."""


def drains(cycle: RequestResponseCycle) -> None:
    """The process is told to end."""
    cycle.keep_alive = False


def breaks(cycle: RequestResponseCycle) -> None:
    """The connection is lost."""
    cycle.disconnected = True


def lags(cycle: RequestResponseCycle) -> None:
    """The client does not read as fast as is written, and then it does."""
    cycle.flow.pause_writing()
    asyncio.get_running_loop().call_later(0.01, cycle.flow.resume_writing)


async def answered(
    kind: type[RequestResponseCycle],
    status: int,
    fields: Fields,
    method: str = "GET",
    *,
    keep_alive: bool = True,
    body: Sequence[bytes] = (BODY,),
    between: Callable[[RequestResponseCycle], None] = nothing,
) -> tuple[bytes, bool, str]:
    """Return the bytes of an answer, whether the connection is closed, and the error that it was refused by."""
    sink, log = Sink(), logging.getLogger(__name__)
    cycle = kind(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=sink,
        flow=FlowControl(sink),
        logger=log,
        access_logger=log,
        access_log=False,
        default_headers=[DATE],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )
    error = ""
    try:
        await cycle.send({"type": "http.response.start", "status": status, "headers": fields})
        between(cycle)
        for left, piece in zip(reversed(range(len(body))), body, strict=True):
            part = b"" if method == "HEAD" else piece
            await cycle.send({"type": "http.response.body", "body": part, "more_body": left > 0})
    except RuntimeError as refused:
        error = str(refused)
    return b"".join(sink.written), sink.closed, error


def both(status: int, fields: Fields, method: str = "GET", **more: Any) -> tuple[bytes, bool, str]:
    """Return the answer of ours after making sure that it is uvicorn's."""

    async def compare() -> tuple[bytes, bool, str]:
        ours = await answered(Cycle, status, fields, method, **more)
        assert ours == await answered(RequestResponseCycle, status, fields, method, **more)
        return ours

    return asyncio.run(compare())


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "fields",
    [
        USUAL,
        [*USUAL, (b"vary", b"a"), (b"vary", b"b")],
        [*USUAL, (b"connection", b"close")],
        [*USUAL, (b"Connection", b"close")],
        [(b"Content-Length", b"2")],
        [(b"transfer-encoding", b"chunked")],
        [(b"content-length", b"3")],
        [(b"x-note", b"a\tb"), LENGTH],
        [],
    ],
)
def test_an_answer_is_that_of_uvicorn(fields: Fields, method: str, *, keep_alive: bool) -> None:
    both(200, fields, method, keep_alive=keep_alive)


@pytest.mark.parametrize("body", [[BODY], [b"{", b"}"], [b"{}", b""], [b"{"], [b"{} "]])
@pytest.mark.parametrize("between", [nothing, drains, breaks, lags])
def test_whatever_happens_before_the_body_and_however_it_comes_the_answer_is_that_of_uvicorn(
    between: Callable[[RequestResponseCycle], None], body: Sequence[bytes]
) -> None:
    both(200, USUAL, between=between, body=body)


@pytest.mark.parametrize("field", [(b"x-note", b"a\r\nx: y"), (b"x-note", b"\x00"), (b"x note", b"a"), (b"x:y", b"a")])
def test_a_field_that_would_end_or_split_is_refused(field: tuple[bytes, bytes]) -> None:
    written, _, error = both(200, [*USUAL, field])
    assert written == b""
    assert "Invalid HTTP header" in error


@given(
    st.sampled_from([200, 201, 304, 404, 503]),
    st.lists(st.tuples(st.sampled_from([b"x-a", b"X-B", b"etag", b"x c", b"date"]), st.binary(max_size=4)), max_size=4),
    st.booleans(),
)
def test_whatever_the_fields_are_the_answer_is_that_of_uvicorn(status: int, fields: Fields, known: bool) -> None:
    both(status, [LENGTH, *fields] if known else fields)


def test_a_usual_answer_has_the_fields_in_their_order() -> None:
    written, closed, error = both(200, USUAL)
    assert (closed, error) == (False, "")
    assert str(written, "ascii") == (
        "HTTP/1.1 200 OK\r\ndate: Mon, 30 Nov 2026 12:00:00 GMT\r\ncontent-length: 2\r\n"
        'content-type: application/json\r\netag: "1"\r\nx-request-id: a\r\n\r\n{}'
    )
