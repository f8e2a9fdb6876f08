"""Volumes are copied once, by the label of their claims; of each the copies past their retention go, but the last."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runtime.maintenance.kubernetes import KubernetesApi, KubernetesError
from runtime.maintenance.volumes import Volumes, copy

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 9, 1, 3, 40, tzinfo=UTC)
WEEK = timedelta(days=7)
CLAIMS = "/api/v1/namespaces/cbp-data/persistentvolumeclaims"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/cbp-data/volumesnapshots"
CACHE = Volumes("cbp-data", "cache", "premium-ssd")


def claim(name: str, app: str = "cache") -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"app": app}}}


def snapshot(of: str, days: int, *, ready: bool = True, app: str = "cache") -> dict[str, Any]:
    created = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"name": f"{of}-{days}", "labels": {"app": app}, "creationTimestamp": created},
        "spec": {"source": {"persistentVolumeClaimName": of}},
        "status": {"readyToUse": ready},
    }


class Server(HTTPServer):
    """Claims and snapshots, as much of the API as the job uses; what is created is not ready at once."""

    def __init__(self, claims: list[dict[str, Any]], snapshots: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.writable = True
        self.objects = {
            CLAIMS: {item["metadata"]["name"]: item for item in claims},
            SNAPSHOTS: {item["metadata"]["name"]: item for item in snapshots},
        }


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        label, value = parse_qs(url.query)["labelSelector"][0].split("=")
        found = self.server.objects[url.path].values()
        items = [item for item in found if item["metadata"]["labels"].get(label) == value]
        self.answer(200, {"items": items, "metadata": {}})

    def do_POST(self) -> None:
        item = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = item["metadata"]["name"]
        if not self.server.writable:
            self.answer(403, {})
        elif self.headers["Content-Type"] != "application/json":
            self.answer(415, {})
        elif name in self.server.objects[self.path]:
            self.answer(409, {})
        else:
            item["metadata"]["creationTimestamp"] = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
            self.server.objects[self.path][name] = item
            self.answer(201, item)

    def do_DELETE(self) -> None:
        path, _, name = self.path.rpartition("/")
        self.answer(200, self.server.objects[path].pop(name))

    def answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(claims: list[dict[str, Any]], *snapshots: dict[str, Any]) -> Iterator[tuple[Server, KubernetesApi]]:
    with Server(claims, list(snapshots)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            connect = partial(HTTPConnection, "127.0.0.1", server.server_port, timeout=10)
            yield server, KubernetesApi(connect, lambda: "token")
        finally:
            server.shutdown()
            thread.join()


def test_each_claim_with_the_label_is_copied_by_the_class_and_no_other() -> None:
    with serving([claim("cache-0"), claim("cache-1"), claim("db-0", app="db")]) as (server, api):
        taken, deleted = copy(api, CACHE, NOW, WEEK)
    assert (taken, deleted) == (("cache-0-2026090103", "cache-1-2026090103"), ())
    made = server.objects[SNAPSHOTS]["cache-1-2026090103"]
    assert made["spec"] == {
        "volumeSnapshotClassName": "premium-ssd",
        "source": {"persistentVolumeClaimName": "cache-1"},
    }
    assert made["metadata"]["labels"] == {"app": "cache"}


def test_a_job_that_is_started_again_takes_no_second_copy() -> None:
    with serving([claim("cache-0")]) as (server, api):
        copy(api, CACHE, NOW, WEEK)
        assert copy(api, CACHE, NOW + timedelta(minutes=10), WEEK) == ((), ())
        assert len(server.objects[SNAPSHOTS]) == 1


def test_of_each_claim_what_is_too_old_goes_and_the_last_that_can_be_restored_stays() -> None:
    found = (
        *(snapshot("cache-0", days) for days in (1, 7, 8, 20)),
        snapshot("cache-1", 9),
        snapshot("cache-1", 10),
        snapshot("cache-1", 3, ready=False),
        snapshot("db-0", 90, app="db"),
    )
    with serving([], *found) as (server, api):
        assert copy(api, CACHE, NOW, WEEK) == ((), ("cache-0-20", "cache-0-8", "cache-1-10"))
        assert set(server.objects[SNAPSHOTS]) == {"cache-0-1", "cache-0-7", "cache-1-9", "cache-1-3", "db-0-90"}


def test_what_the_api_refuses_ends_the_job_before_anything_is_deleted() -> None:
    with serving([claim("cache-0")], *(snapshot("cache-0", days) for days in (1, 20))) as (server, api):
        server.writable = False
        with pytest.raises(KubernetesError, match=f"POST {SNAPSHOTS}: 403"):
            copy(api, CACHE, NOW, WEEK)
        assert set(server.objects[SNAPSHOTS]) == {"cache-0-1", "cache-0-20"}
