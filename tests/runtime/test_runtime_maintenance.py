"""Old snapshots are deleted, and nothing that is still needed."""

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

from runtime.maintenance.kubernetes import KubernetesApi, KubernetesError, in_cluster
from runtime.maintenance.snapshots import Snapshot, expired, prune, snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
PATH = "/apis/postgresql.cnpg.io/v1/namespaces/cbp-data/backups"


def backup(name: str, age: timedelta, method: str = "volumeSnapshot", phase: str = "completed") -> dict[str, Any]:
    created = (NOW - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"cluster": {"name": "configuration-db"}, "method": method},
        "status": {"phase": phase},
    }


def snapshot(name: str, days: int, *, completed: bool = True) -> Snapshot:
    return Snapshot(name, NOW - timedelta(days=days), completed)


def names(found: tuple[Snapshot, ...]) -> list[str]:
    return [item.name for item in found]


def test_what_is_older_than_the_retention_has_expired_oldest_first() -> None:
    found = [snapshot("today", 0), snapshot("last", 30), snapshot("old", 31), snapshot("older", 60)]
    assert names(expired(found, NOW, MONTH)) == ["older", "old"]


def test_the_newest_that_can_be_restored_is_kept_however_old_it_is() -> None:
    found = [snapshot("broken", 1, completed=False), snapshot("whole", 40), snapshot("older", 50)]
    assert names(expired(found, NOW, MONTH)) == ["older"]


def test_what_can_not_be_restored_expires_as_well() -> None:
    found = [snapshot("today", 0), snapshot("broken", 31, completed=False)]
    assert names(expired(found, NOW, MONTH)) == ["broken"]


def test_other_clusters_and_backups_in_a_store_are_not_looked_at() -> None:
    other = backup("other", MONTH)
    other["spec"]["cluster"]["name"] = "drill"
    young = backup("young", timedelta())
    del young["status"]
    found = snapshots([backup("a", MONTH), backup("b", MONTH, method="plugin"), other, young], "configuration-db")
    assert found == (snapshot("a", 30), snapshot("young", 0, completed=False))


class Server(HTTPServer):
    """The part of Kubernetes' API that the job uses, with two objects to a page."""

    def __init__(self, backups: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.backups = {item["metadata"]["name"]: item for item in backups}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        start = int(parse_qs(url.query).get("continue", ["0"])[0])
        items = list(self.server.backups.values())
        after = str(start + 2) if start + 2 < len(items) else ""
        page = {"items": items[start : start + 2], "metadata": {"continue": after} if after else {}}
        self.answer(*((200, page) if url.path == PATH else (404, {})))

    def do_DELETE(self) -> None:
        found = self.server.backups.pop(self.path.rpartition("/")[2], None)
        self.answer(200 if found else 404, found or {})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        status = status if self.headers["Authorization"] == "Bearer token" else 403
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(*backups: dict[str, Any]) -> Iterator[Server]:
    with Server(list(backups)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def api(server: HTTPServer, token: str = "token") -> KubernetesApi:  # noqa: S107 - of the fake
    return KubernetesApi(partial(HTTPConnection, "127.0.0.1", server.server_port, timeout=10), lambda: token)


def test_every_page_is_read_and_every_expired_snapshot_deleted() -> None:
    found = [backup(f"snapshot-{days}", timedelta(days=days)) for days in (0, 10, 31, 32, 33)]
    with serving(*found, backup("full", timedelta(days=99), method="plugin")) as server:
        assert prune(api(server), "cbp-data", "configuration-db", NOW, MONTH) == (
            "snapshot-33",
            "snapshot-32",
            "snapshot-31",
        )
        assert set(server.backups) == {"snapshot-0", "snapshot-10", "full"}


def test_a_snapshot_that_is_gone_already_is_no_failure() -> None:
    with serving() as server:
        assert api(server).delete(f"{PATH}/gone") is False


def test_a_refusal_names_the_request_and_no_token() -> None:
    with serving() as server, pytest.raises(KubernetesError) as refused:
        list(api(server, "secret").list(PATH))
    assert str(refused.value) == f"GET {PATH}?limit=250: 403 Forbidden"


def test_a_list_that_does_not_exist_is_not_an_empty_one() -> None:
    with serving() as server, pytest.raises(KubernetesError, match="there is no such list"):
        list(api(server).list("/apis/elsewhere"))


def test_a_server_that_is_not_there_is_said_so() -> None:
    with serving() as server:
        gone = api(server)
    with pytest.raises(KubernetesError, match=f"DELETE {PATH}/a: "):
        gone.delete(f"{PATH}/a")


def test_outside_of_a_cluster_there_is_nothing_to_talk_to(tmp_path: Path) -> None:
    variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    for found in ({}, variables):
        with pytest.raises(KubernetesError, match="there is no cluster to talk to from here"):
            in_cluster(found, tmp_path)
    (tmp_path / "token").write_text("token")
    (tmp_path / "ca.crt").write_text("not a certificate")
    with pytest.raises(KubernetesError, match="there is no cluster to talk to from here"):
        in_cluster(variables, tmp_path)
