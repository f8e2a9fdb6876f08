"""Random histories of clients with different rights, over workers on real servers, against a model of the API.

One history runs over two replicas of two processes each, where a standby answers reads. The model says the status of
every answer, what each read may show, and what the audit trail has to hold. It is shown to find defects: each history
that runs with one of them fails.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from runtime import routes
from runtime.adapters import postgres_audit
from runtime.adapters.postgres_migrations import migrate
from runtime.domain.audit import ACCESS, CHANGE, FORMAT, REFUSAL
from runtime.domain.audit_verification import verify
from runtime.domain.entries import Context
from runtime.domain.identity import Right, Role
from runtime.domain.namespaces import EVERY_NAME
from runtime.domain.preconditions import Conditions, Tags
from runtime.embedded.cluster import API
from runtime.environment import Address
from runtime.http import authentication, changes, entries, queries
from runtime.http.audit import Refusals
from runtime.routes import PERMISSIONS
from runtime.services.access import Authority, Callers
from runtime.services.administration import Administration
from runtime.services.cache import Cache
from runtime.services.entries import Entries
from tests.faults.database import durable_postgres
from tests.identity import signed_in
from tests.runtime.service import serving
from tests.runtime.test_runtime_deadlines import eventually, is_ready, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request

    from runtime.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

NAMESPACES = ("cards", "loans", "payments")
KEYS = ("a", "b", "c")
CLIENTS = {
    "anna": ("administrator@*",),
    "paul": ("administrator@payments", "reader@cards"),
    "wendy": ("writer@payments", "writer@loans"),
    "rita": ("reader@payments",),
    "gwen": (),
}
GRANTED = ("gwen", "rita")
OTHERS_SEE_SECONDS = 1.5
"""A change is announced to the other worker; one that is not is told by the question of the next second."""

LENGTH = 300


@dataclass
class Entry:
    """An entry as it should be, what it was, until when, and the worker that changed it last."""

    etag: str | None = None
    value: int | None = None
    before: list[tuple[str | None, float]] = field(default_factory=list)
    changed_by: int = 0

    def become(self, etag: str | None, value: int | None, worker: int) -> None:
        self.before.append((self.etag, time.monotonic()))
        self.etag, self.value, self.changed_by = etag, value, worker

    def may_be(self, etag: str | None, worker: int) -> bool:
        """Whether a worker may still answer with a version."""
        recent = (past for past, until in self.before if time.monotonic() < until + OTHERS_SEE_SECONDS)
        return etag == self.etag or (worker != self.changed_by and etag in recent)


class History:
    """A history of requests that are asked of two workers, each answer of which is compared with the model."""

    def __init__(self, workers: tuple[httpx.AsyncClient, ...], seed: int) -> None:
        self.workers = workers
        self.tokens = {client: signed_in(*rights or ("",), subject=client) for client, rights in CLIENTS.items()}
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.entries = {(namespace, key): Entry() for namespace in NAMESPACES for key in KEYS}
        self.grants: dict[str, tuple[str, Role, str]] = {}
        self.made: list[tuple[str, int, str, str]] = []
        """The changes: who made them, at which revision, of what."""
        self.refused: set[tuple[str, str, str]] = set()
        """The refusals: of whom, of which endpoint, and the status."""
        self.given = 0
        self.last = ""
        self.number = 0

    def rank(self, client: str, namespace: str | None) -> int:
        """The rank of a client's role in a namespace, in ``*`` for all of them, or in any one for None."""
        rights = [(Role(role), where) for role, _, where in (text.partition("@") for text in CLIENTS[client])]
        rights += [(role, where) for to, role, where in self.grants.values() if to == client]
        held = (role.rank for role, where in rights if namespace is None or where in ("*", namespace))
        return max(held, default=0)

    async def ask(
        self, client: str, worker: int, request: str, namespace: str | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request, ``METHOD /template``, and note the refusal, if it is one."""
        method, _, template = request.partition(" ")
        path = template.format(namespace=namespace, key=options.pop("key", ""), grant=options.pop("grant", ""))
        headers = {**self.tokens[client], **options.pop("headers", {})}
        response = await self.workers[worker].request(method, path, headers=headers, **options)
        status = response.status_code
        if 400 <= status < 500 and not (status == 404 and method == "GET"):
            self.refused.add((f"local:{client}", request, str(status)))
        return response

    async def step(self) -> None:
        """Do something at random."""
        self.number += 1
        client, worker = self.chance.choice(tuple(CLIENTS)), self.chance.randrange(len(self.workers))
        namespace, key = self.chance.choice(NAMESPACES), self.chance.choice(KEYS)
        does: tuple[Callable[..., Any], ...] = (
            *(self.read,) * 4,
            *(self.write,) * 5,
            self.remove,
            *(self.transact,) * 2,
            *(self.repeat,) * 2,
            *(self.give,) * 2,
            *(self.take,) * 2,
            self.list_namespaces,
            self.read_the_trail,
        )
        await self.chance.choice(does)(client, worker, namespace, key)

    async def read(self, client: str, worker: int, namespace: str, key: str) -> None:
        entry, exactly = self.entries[namespace, key], bool(self.last) and self.chance.random() < 0.5
        parameters = {"at_least": self.last} if exactly else {}
        response = await self.ask(client, worker, f"GET {routes.ENTRY}", namespace, key=key, params=parameters)
        if self.rank(client, namespace) < Role.READER.rank:
            assert response.status_code == 403
            return
        found = response.headers["etag"] if response.status_code == 200 else None
        assert response.status_code in (200, 404)
        assert found == entry.etag if exactly else entry.may_be(found, worker)
        if found == entry.etag and found is not None:
            assert response.json()["value"] == entry.value

    async def write(self, client: str, worker: int, namespace: str, key: str) -> None:
        entry, value = self.entries[namespace, key], self.number
        headers, holds = self._precondition(entry)
        response = await self.ask(
            client, worker, f"PUT {routes.ENTRY}", namespace, key=key, json={"value": value}, headers=headers
        )
        if self.rank(client, namespace) < Role.WRITER.rank:
            assert response.status_code == 403
        elif not holds:
            assert response.status_code in (412, 428)
        else:
            assert response.status_code == (201 if entry.etag is None else 200)
            self._made(client, worker, namespace, {key: value}, response.headers["etag"])

    async def remove(self, client: str, worker: int, namespace: str, key: str) -> None:
        entry = self.entries[namespace, key]
        headers, holds = self._precondition(entry)
        response = await self.ask(client, worker, f"DELETE {routes.ENTRY}", namespace, key=key, headers=headers)
        if self.rank(client, namespace) < Role.WRITER.rank:
            assert response.status_code == 403
        elif entry.etag is None:
            assert response.status_code in (404, 412)
        elif not holds:
            assert response.status_code in (412, 428)
        else:
            assert response.status_code == 204
            current = await self.ask("anna", worker, f"GET {routes.ENTRY_VERSIONS}", namespace, key=key)
            newest = current.json()["versions"][0]
            assert newest["action"] == "delete"
            self._made(client, worker, namespace, {key: None}, newest["version"])

    async def transact(self, client: str, worker: int, namespace: str, _key: str) -> None:
        values = dict.fromkeys(self.chance.sample(KEYS, 2), self.number)
        edits, all_hold = [], True
        for key, value in values.items():
            headers, holds = self._precondition(self.entries[namespace, key])
            conditions = {name.lower().replace("-", "_"): text for name, text in headers.items()}
            edits.append({"key": key, "value": value, **conditions})
            all_hold = all_hold and holds
        url = f"POST {routes.TRANSACTIONS}"
        response = await self.ask(client, worker, url, namespace, json={"edits": edits})
        if self.rank(client, namespace) < Role.WRITER.rank:
            assert response.status_code == 403
        elif not all_hold:
            assert response.status_code == 412
        else:
            assert response.status_code == 200
            self._made(client, worker, namespace, {**values}, response.json()["etag"])

    async def repeat(self, client: str, worker: int, namespace: str, key: str) -> None:
        """Two clients send changes under one Idempotency-Key; the first sends its own again, by another worker."""
        url, name = f"PUT {routes.ENTRY}", f"key-{self.number}"
        etags: list[str] = []
        for who, where, value in (("anna", worker, self.number), (client, worker, -self.number)):
            headers = {"If-Match": "*", "Idempotency-Key": name}
            absent = self.entries[namespace, key].etag is None
            response = await self.ask(who, where, url, namespace, key=key, json={"value": value}, headers=headers)
            if self.rank(who, namespace) < Role.WRITER.rank:
                assert response.status_code == 403
            elif absent:
                assert response.status_code == 412
            elif who == "anna" and etags:
                assert response.status_code == 422  # the same client asks for something else
            else:
                assert response.status_code == 200
                etags.append(response.headers["etag"])
                self._made(who, where, namespace, {key: value}, etags[-1])
        assert len(etags) == len(set(etags))
        if etags and client != "anna":
            headers = {"If-Match": "*", "Idempotency-Key": name}
            other = (worker + 1) % len(self.workers)
            again = await self.ask("anna", other, url, namespace, key=key, json={"value": self.number}, headers=headers)
            assert (again.status_code, again.headers["etag"]) == (200, etags[0])

    async def give(self, client: str, worker: int, namespace: str, _key: str) -> None:
        to, role = self.chance.choice(GRANTED), self.chance.choice((Role.READER, Role.WRITER))
        where = self.chance.choice((namespace, "*"))
        name = f"{to}-{'all' if where == '*' else where}"
        body = {"issuer": "local", "subject": to, "role": role, "namespaces": where, "reason": "a test"}
        response = await self.ask(client, worker, f"PUT {routes.GRANT}", grant=name, json=body)
        if self.rank(client, where) < Role.ADMINISTRATOR.rank:
            assert response.status_code == 403
            return
        assert response.status_code == (200 if name in self.grants else 201)
        self.grants[name] = (to, role, where)
        await self._known()

    async def take(self, client: str, worker: int, _namespace: str, _key: str) -> None:
        if not self.grants:
            return
        name = self.chance.choice(sorted(self.grants))
        where = self.grants[name][2]
        response = await self.ask(client, worker, f"DELETE {routes.GRANT}", grant=name)
        if self.rank(client, None) < Role.ADMINISTRATOR.rank:
            assert response.status_code == 403
        elif self.rank(client, where) < Role.ADMINISTRATOR.rank:
            assert response.status_code == 404  # nobody is told of a grant that they do not administer
        else:
            assert response.status_code == 204
            del self.grants[name]
            await self._known()

    async def list_namespaces(self, client: str, worker: int, _namespace: str, _key: str) -> None:
        response = await self.ask(client, worker, "GET /v1/namespaces")
        if not self.rank(client, None):
            assert response.status_code == 403
            return
        there = {namespace for (namespace, _), entry in self.entries.items() if entry.etag is not None}
        listed = [each["namespace"] for each in response.json()["namespaces"]]
        assert listed == sorted(namespace for namespace in there if self.rank(client, namespace))

    async def read_the_trail(self, client: str, worker: int, _namespace: str, _key: str) -> None:
        response = await self.ask(client, worker, "GET /v1/audit", params={"limit": 1})
        allowed = self.rank(client, "*") >= Role.ADMINISTRATOR.rank
        assert response.status_code == (200 if allowed else 403)

    async def end(self, audited_within: float) -> None:
        """Compare what is left: no update was lost, no memory is outdated, and the trail tells of everything."""
        await asyncio.sleep(OTHERS_SEE_SECONDS)
        for (namespace, key), entry in self.entries.items():
            for worker in range(len(self.workers)):
                response = await self.ask("anna", worker, f"GET {routes.ENTRY}", namespace, key=key)
                assert response.headers.get("etag") == entry.etag
                assert response.json().get("value") == entry.value
        async with asyncio.timeout(audited_within):
            await eventually(self._is_audited)

    async def _is_audited(self) -> bool:
        lines: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = (await self.ask("anna", 0, "GET /v1/audit", params={"limit": 1000, "after": after})).json()
            lines += page["records"] if after else [head(page), *page["records"]]
            after = page["next"]
        assert verify(map(json.dumps, lines)).faults == []
        records = [line["record"] for line in lines[1:]]
        told = [
            (each["actor"], each["revision"], each["namespace"], each["key"])
            for each in records
            if each["kind"] == CHANGE
        ]
        assert len(set(told)) == len(told) <= len(self.made)
        refused = {(each["actor"], each["endpoint"], each["outcome"]) for each in records if each["kind"] == REFUSAL}
        given = sum(each["kind"] == ACCESS for each in records)
        return set(told) == {*self.made} and refused >= self.refused and given == self.given

    def _precondition(self, entry: Entry) -> tuple[dict[str, str], bool]:
        """Return a precondition, and whether it holds; without one a change of what is there is refused."""
        past = [etag for etag, _ in entry.before if etag not in (None, entry.etag)]
        kind = self.chance.choice(("right", "right", "right", "none", "new", "old"))
        if kind == "old" and past:
            return {"If-Match": str(self.chance.choice(past))}, False
        if kind == "right" and entry.etag is not None:
            return {"If-Match": entry.etag}, True
        return ({"If-None-Match": "*"} if kind == "new" else {}), entry.etag is None

    def _made(self, client: str, worker: int, namespace: str, values: dict[str, int | None], etag: str) -> None:
        self.last = etag.strip('"')
        revision = int(self.last.rpartition("-")[2])
        assert all(revision > known for _, known, _, _ in self.made), "the answer is that of an earlier change"
        for key, value in values.items():
            self.entries[namespace, key].become(None if value is None else etag, value, worker)
            self.made.append((f"local:{client}", revision, namespace, key))

    async def _known(self) -> None:
        """Have every worker look at what is given: how long that may take without is tested elsewhere."""
        self.given += 1
        for worker in range(len(self.workers)):
            assert (await self.ask("anna", worker, "GET /v1/grants")).status_code == 200


def head(page: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "first": page["first"], "previous": page["previous"]}


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": None, "endpoint": None}
    return document


@asynccontextmanager
async def both(settings: Settings, migrated_url: str, redis_url: str) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(served(settings, migrated_url, redis_url)) for _ in range(2)]
        for worker in found:
            await eventually(partial(is_ready, worker, 200, "ready"))
        yield tuple(found)


async def carried_out(workers: tuple[httpx.AsyncClient, ...], seed: int, audited_within: float = 30) -> None:
    history = History(workers, seed)
    for _ in range(LENGTH):
        await history.step()
    await history.end(audited_within)


@asynccontextmanager
async def deployed(
    folder: Path, settings: Settings, document: dict[str, Any], redis_url: str
) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """Run two replicas of two processes, a primary and a standby; each client keeps its connection to one process."""
    async with AsyncExitStack() as stack:
        primary = stack.enter_context(durable_postgres(folder))
        await migrate(Address(primary.migration_url), settings.database, API)
        standby = primary.backup(folder / "standby", primary.port, "--write-recovery-conf")
        standby.start()
        stack.callback(standby.kill)
        variables = {
            "CBP_DATABASE_URL": primary.url,
            "CBP_DATABASE_READ_URL": standby.url,
            "CBP_REDIS_URL": redis_url,
        }
        clients = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            service = stack.enter_context(serving(folder / name, document, variables))
            for _ in range(document["process"]["workers"]):
                client = await stack.enter_async_context(httpx.AsyncClient(base_url=service.url, timeout=30))
                await eventually(partial(is_ready, client, 200, "ready"))
                clients.append(client)
        yield tuple(clients)
        assert await standby.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()") > 50


async def test_every_answer_of_two_replicas_with_a_standby_is_the_one_that_rights_and_versions_permit(
    tmp_path: Path, settings: Settings, document: dict[str, Any], redis_url: str
) -> None:
    async with deployed(tmp_path, settings, document, redis_url) as workers:
        await carried_out(workers, seed=3)


@pytest.mark.parametrize("seed", range(2))
async def test_every_answer_is_the_one_that_rights_and_versions_permit(
    seed: int, settings: Settings, migrated_url: str, redis_url: str
) -> None:
    async with both(settings, migrated_url, redis_url) as workers:
        await carried_out(workers, seed)


async def _one_by_one(self: Entries[Any], change: Any) -> tuple[Any, ...]:
    found: list[Any] = []
    for edit in change.edits:
        found += await _MAKE(self, replace(change, id=uuid4() if len(change.edits) > 1 else change.id, edits=(edit,)))
    return tuple(found)


def _overwriting(request: Request) -> Conditions:
    return Conditions(if_match=Tags(anything=True)) if "if-match" in request.headers else Conditions()


def _every_second(*records: Any) -> list[str]:
    return _MERGED(*records)[::2]


_MAKE = Entries.make
_MERGED = postgres_audit._merged  # noqa: SLF001 - the defect is in it
_OF_ANY = {"GET /v1/audit": PERMISSIONS["GET /v1/audit"]._replace(everywhere=False)}
DEFECTS: dict[str, tuple[object, str, object]] = {
    "no role is asked for": (Authority, "require", lambda *_: None),
    "a role of one namespace holds in all": (Right, "covers", lambda *_: True),
    "a right that was taken is remembered": (Callers, "renew", lambda _: None),
    "an administrator of one namespace gives rights in all": (Administration, "_require", lambda *_: None),
    "everybody is told the name of every namespace": (Authority, "readable", lambda *_: EVERY_NAME),
    "the trail is read by any administrator": (
        authentication,
        "PERMISSIONS",
        MappingProxyType({**PERMISSIONS, **_OF_ANY}),
    ),
    "preconditions are dropped": (entries, "read_conditions", _overwriting),
    "the other worker's memory is not told": (Cache, "forget", lambda *_: None),
    "edits of a transaction are made one by one": (Entries, "make", _one_by_one),
    "an Idempotency-Key is everybody's": (queries, "actor_of", lambda _: "somebody"),
    "changes are recorded as somebody's": (changes, "context_of", lambda *_: Context()),
    "refusals are not noted": (Refusals, "note", lambda *_: None),
    "the chain skips a record": (postgres_audit, "_merged", _every_second),
}


@pytest.mark.parametrize("name", DEFECTS)
async def test_a_history_finds_the_defect_that(
    name: str, settings: Settings, migrated_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, attribute, instead = DEFECTS[name]
    monkeypatch.setattr(target, attribute, instead)
    async with both(settings, migrated_url, redis_url) as workers:
        with pytest.raises((AssertionError, TimeoutError)):
            await carried_out(workers, seed=0, audited_within=5)
