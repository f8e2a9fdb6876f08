"""What lies between a client and an OPA server: it hands everything on, until a fault is wanted, which then happens."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fault = Callable[["Handler"], None]


class Proxy(ThreadingHTTPServer):
    """A server on a free port in front of another one."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = httpx.Client(base_url=upstream, trust_env=False, timeout=60)
        self.stage = re.compile("nothing at all")
        self.fault: Fault = html
        self.stopped = Event()
        self.forgetful = False
        """Whether a connection that was kept open is closed at the second request, without an answer."""
        self.asked: list[str] = []
        """The method and path of every request."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def breaks(self, stage: str, fault: Fault) -> None:
        """Answer what matches a stage, such as ``PUT /v1/policies``, with a fault."""
        self.stage, self.fault = re.compile(stage), fault


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy
    requests = 0

    def do_GET(self) -> None:
        self._hand_on()

    def do_PUT(self) -> None:
        self._hand_on()

    def do_POST(self) -> None:
        self._hand_on()

    def do_DELETE(self) -> None:
        self._hand_on()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Keep quiet."""

    def send(self, status: int, content: bytes, **headers: str) -> None:
        """Answer in full."""
        self.begin(status, **headers, Content_Length=str(len(content)))
        self.wfile.write(content)

    def begin(self, status: int, **headers: str) -> None:
        """Answer up to the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = f"{self.command} {self.path}"
        self.server.asked.append(asked)
        self.requests += 1
        if self.server.forgetful and self.requests > 1:
            self.close_connection = True
            return
        if self.server.stage.match(asked):
            self.close_connection = True
            self.server.fault(self)
            return
        headers = {"Authorization": self.headers.get("Authorization", "")}
        answer = self.server.upstream.request(self.command, self.path, content=body, headers=headers)
        if answer.status_code == 204:
            self.begin(204)
        else:
            self.send(answer.status_code, answer.content)


def silence(handler: Handler) -> None:
    """Never answer."""
    handler.server.stopped.wait()


def drip(handler: Handler) -> None:
    """Answer without an end, a byte now and then, so that no time between two bytes is long."""
    handler.begin(200)
    try:
        while not handler.server.stopped.wait(0.05):
            handler.wfile.write(b" ")
    except OSError:
        return


def hang_up(handler: Handler) -> None:
    """Close the connection without an answer."""


def half(handler: Handler) -> None:
    """Close the connection in the middle of an answer."""
    handler.begin(200, Content_Length="1000")
    handler.wfile.write(b'{"result": ')


def html(handler: Handler) -> None:
    """Answer as a portal does in whose network one has to sign in."""
    handler.send(200, b"<html>Welcome</html>", Content_Type="text/html")


def redirect(handler: Handler) -> None:
    """Send the client elsewhere, where its question would be answered."""
    handler.send(307, b"", Location=f"{handler.server.upstream.base_url}{handler.path}")


def answers(content: str, status: int = 200) -> Fault:
    """Return a fault that answers with this."""
    return lambda handler: handler.send(status, content.encode(), Content_Type="application/json")


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in front of a server."""
    with Proxy(upstream) as server, server.upstream:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()
