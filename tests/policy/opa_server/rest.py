"""The part of OPA's REST API that its clients use here, with OPA's paths, status codes and bodies (as of OPA 1.22).

https://www.openpolicyagent.org/docs/rest-api
"""

from __future__ import annotations

import hmac
import json
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.policy.opa_server.store import NotFoundError, RefusedError, Store

if TYPE_CHECKING:
    from collections.abc import Callable

_POLICIES = "/v1/policies"
_DATA = "/v1/data"
_Answer = tuple[int, Any]


class OpaServer(ThreadingHTTPServer):
    """A server on a free port of the loopback interface, for those who have the token."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = token
        self.store = Store()
        self.lock = Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: OpaServer

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Keep quiet."""

    def _answer(self, method: Callable[[str, bytes], _Answer]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            self._send(*self._answered(partial(method, path, body), path))

    def _answered(self, method: Callable[[], _Answer], path: str) -> _Answer:
        if path == "/health":
            return 200, {}
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given, f"Bearer {self.server.token}"):
            return 401, {"code": "unauthorized", "message": "request rejected by administrative policy"}
        if path == f"{_POLICIES}/":
            return 301, _POLICIES
        try:
            return method()
        except NotFoundError as error:
            return 404, {"code": "resource_not_found", "message": str(error)}
        except RefusedError as error:
            evaluating = "evaluating" in error.message
            code = "internal_error" if evaluating else "invalid_parameter"
            return 500 if evaluating else 400, {"code": code, "message": error.message, "errors": error.errors}

    def _get(self, path: str, body: bytes) -> _Answer:
        store = self.server.store
        if path == _POLICIES:
            return 200, {"result": [{"id": key, "raw": text} for key, text in store.policies.items()]}
        if path.startswith(_DATA):
            return 200, store.value(_keys(path))
        return _unknown()

    def _put(self, path: str, body: bytes) -> _Answer:
        store = self.server.store
        if path.startswith(f"{_POLICIES}/"):
            store.put_policy(path.removeprefix(f"{_POLICIES}/"), body.decode())
            return 200, {}
        if path.startswith(_DATA):
            store.put_data(_keys(path), json.loads(body))
            return 204, None
        return _unknown()

    def _post(self, path: str, body: bytes) -> _Answer:
        store, question = self.server.store, json.loads(body)
        if path == "/v1/query":
            found = store.query(question["query"], question.get("input"))
            return 200, {"result": found} if found else {}
        if path.startswith(_DATA):
            return 200, store.value(_keys(path), question.get("input"))
        return _unknown()

    def _delete(self, path: str, body: bytes) -> _Answer:
        store = self.server.store
        if path.startswith(f"{_POLICIES}/"):
            store.delete_policy(path.removeprefix(f"{_POLICIES}/"))
            return 200, {}
        if path.startswith(_DATA):
            store.delete_data(_keys(path))
            return 204, None
        return _unknown()

    def _send(self, status: int, document: Any) -> None:
        content = b"" if status in (204, 301) else json.dumps(document).encode()
        self.send_response(status)
        if status == 301:
            self.send_header("Location", document)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _keys(path: str) -> list[str]:
    return [key for key in path.removeprefix(_DATA).split("/") if key]


def _unknown() -> _Answer:
    return 404, {"code": "resource_not_found", "message": "there is no such resource"}
