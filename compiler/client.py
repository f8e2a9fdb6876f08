"""A client of the API, for people at a command line: JSON over HTTP, with preconditions and problems.

The token is read from the environment or a file, and is sent over TLS, or within this machine, alone.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import orjson

from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SECONDS = 10.0
"""The seconds that one answer may take: twice the limit of a change."""
LARGEST_PAGE = 1000
LARGEST_PAST_PAGE = 50
UNAUTHORIZED, NOT_FOUND = 401, 404
_DIGITS = 19
"""The length of a whole number from which on it may not fit into 64 bits."""


class UnreachableError(CouldNotRunError):
    """The API cannot be asked: a wrong address, no answer, or an answer that is not the API's."""


class RefusedError(CouldNotRunError):
    """The API answers with a problem (RFC 9457); ``problem`` has its members."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        hint = "; the token is that of CBP_TOKEN or --token-file" if problem["status"] == UNAUTHORIZED else ""
        super().__init__(f"{problem['status']} {problem['title']}: {problem['detail']}{hint}")
        self.problem = problem

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.problem["status"])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without an error: its JSON as text and as a value, its entity tag, and how old it is.

    ``age`` is None while the API knows that the answer is current. Numbers of ``value`` keep every digit.
    """

    status: int
    text: str
    value: Any
    etag: str | None
    age: int | None


@dataclass(frozen=True, slots=True)
class Client:
    """The API at an address; ``token`` may be None."""

    address: str
    token: str | None = field(default=None, repr=False)
    seconds: float = SECONDS

    def read(self, namespace: str, key: str, as_of: str | None = None) -> Answer:
        """Return an entry, as it is or as it was at a version or time.

        Raises:
            RefusedError: there is none, or the API refuses.
            UnreachableError: the API cannot be asked.
        """
        return self.ask("GET", _path(namespace, key, **{"as-of": as_of}))

    def find(self, namespace: str, key: str, as_of: str | None = None) -> Answer | None:
        """Return an entry, as it is or as it was at a moment, or None where there is none."""
        return _found(lambda: self.read(namespace, key, as_of))

    def version(self, namespace: str, key: str | None) -> str | None:
        """Return the entity tag of an entry, None where there is none, or that of a namespace's list."""
        if key is None:
            return self.page(namespace, "", 1).etag
        found = self.find(namespace, key)
        return None if found is None else found.etag

    def write(
        self, namespace: str, key: str, text: str, conditions: Mapping[str, str], reason: str | None = None
    ) -> Answer:
        """Write the JSON ``text`` as it is, under conditions: If-Match or If-None-Match."""
        return self.ask("PUT", _path(namespace, key), f'{{"value": {text}}}', {**conditions, **_change(reason)})

    def remove(self, namespace: str, key: str, conditions: Mapping[str, str], reason: str | None = None) -> None:
        """Remove an entry under conditions."""
        self.ask("DELETE", _path(namespace, key), None, {**conditions, **_change(reason)})

    def entries(self, namespace: str, as_of: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the entries of a namespace in the order of their keys, as they are or as they were at a moment."""
        after: str | None = ""
        while after is not None:
            page = self.page(namespace, after, LARGEST_PAGE, as_of).value
            yield from page["entries"]
            after = page["next"]

    def page(self, namespace: str, after: str, limit: int, as_of: str | None = None) -> Answer:
        """Return one page of a namespace: its entity tag is the version of the store."""
        query = {"after": after or None, "limit": str(limit), "as-of": as_of}
        return self.ask("GET", _path(namespace, None, "/entries", **query))

    def bundle(self, namespace: str) -> Answer:
        """Return all keys and values of a namespace, under one entity tag."""
        return self.ask("GET", _path(namespace, None))

    def find_bundle(self, namespace: str) -> Answer | None:
        """Return the same, or None where there is no such namespace."""
        return _found(lambda: self.bundle(namespace))

    def replace(
        self, namespace: str, text: str, conditions: Mapping[str, str], reason: str | None = None, *, trial: bool
    ) -> Answer:
        """Give a namespace the entries of a bundle, or with ``trial`` only have it judged."""
        path = _path(namespace, None, **{"dry-run": "true" if trial else None})
        return self.ask("PUT", path, text, {**conditions, **_change(reason)})

    def namespaces(self, after: str, limit: int) -> list[str]:
        """Return the names of at most ``limit`` namespaces behind one."""
        query = urlencode({"after": after, "limit": limit})
        listed = self.ask("GET", f"/v1/namespaces?{query}").value["namespaces"]
        return [each["namespace"] for each in listed]

    def history(self, namespace: str, key: str | None) -> Iterator[dict[str, Any]]:
        """Yield the versions of a key, or the changes of a namespace, from the newest to the oldest that is kept."""
        before: str | None = None
        while True:
            page = self.ask(
                "GET", _path(namespace, key, "/versions", before=before, limit=str(LARGEST_PAST_PAGE))
            ).value
            yield from page["changes" if key is None else "versions"]
            before = page["next"]
            if before is None:
                return

    def compare(self, namespace: str, key: str | None, start: str, end: str | None) -> dict[str, Any]:
        """Return the differences between two moments; for a namespace, those of all its pages."""
        sides = {"from": start, "to": end, "limit": None if key else str(LARGEST_PAST_PAGE)}
        first: dict[str, Any] = self.ask("GET", _path(namespace, key, "/diff", **sides)).value
        page = first
        while page.get("next"):
            sides |= {"to": first["to"], "before": page["next"]}
            page = self.ask("GET", _path(namespace, key, "/diff", **sides)).value
            first["differences"] += page["differences"]
            first["next"] = page["next"]
        return first

    def roll_back(
        self, namespace: str, key: str | None, to: str, conditions: Mapping[str, str], reason: str | None = None
    ) -> Answer:
        """Roll an entry, or a whole namespace, back to a moment, under conditions."""
        headers = {**conditions, **_change(reason)}
        return self.ask("POST", _path(namespace, key, "/rollback"), encoded({"to": to}), headers)

    def propose(self, namespace: str, body: str, reason: str | None = None) -> Answer:
        """Propose the change that a JSON text has: edits, or a definition."""
        return self.ask("POST", _path(namespace, None, "/proposals"), body, _change(reason))

    def proposals(self, namespace: str, state: str | None) -> Iterator[dict[str, Any]]:
        """Yield the proposals of a namespace from the newest, without their values."""
        before: str | None = None
        while True:
            query = {"state": state, "before": before, "limit": str(LARGEST_PAST_PAGE)}
            page = self.ask("GET", _path(namespace, None, "/proposals", **query)).value
            yield from page["proposals"]
            before = page["next"]
            if before is None:
                return

    def proposal(self, namespace: str, id_: str) -> Answer:
        """Return a proposal, with its change."""
        return self.ask("GET", _path(namespace, None, f"/proposals/{quote(id_, safe='')}"))

    def decide(
        self, namespace: str, id_: str, step: str, reason: str | None = None, *, emergency: bool = False
    ) -> Answer:
        """Take a step of a proposal: approve, reject or withdraw it."""
        query = {"emergency": "true" if emergency else None}
        path = _path(namespace, None, f"/proposals/{quote(id_, safe='')}/{step}", **query)
        return self.ask("POST", path, None, _change(reason))

    def subscribers(self) -> Answer:
        """Return the subscribers of the event bus, with the numbers of their deliveries."""
        return self.ask("GET", "/v1/subscribers")

    def deliveries(self, subscriber: str, state: str | None) -> Iterator[dict[str, Any]]:
        """Yield the deliveries to a subscriber in the order of their changes, without their values."""
        after: str | None = None
        while True:
            query = {"state": state, "after": after, "limit": str(LARGEST_PAGE)}
            page = self.ask("GET", _delivery_path(subscriber, "/deliveries", **query)).value
            yield from page["deliveries"]
            after = page["next"]
            if after is None:
                return

    def delivery(self, subscriber: str, id_: str) -> Answer:
        """Return a delivery, with its event."""
        return self.ask("GET", _delivery_path(subscriber, f"/deliveries/{quote(id_, safe='')}"))

    def resume(self, subscriber: str, reason: str | None) -> None:
        """Have changes delivered again to a subscriber that is paused."""
        self.ask("POST", _delivery_path(subscriber, "/resume"), None, _reason(reason))

    def replay(self, subscriber: str, id_: str, reason: str | None) -> None:
        """Have a dead letter delivered again."""
        path = _delivery_path(subscriber, f"/deliveries/{quote(id_, safe='')}/replay")
        self.ask("POST", path, None, _reason(reason))

    def replay_all(self, subscriber: str, reason: str | None) -> int:
        """Have the dead letters of a subscriber delivered again; return their number."""
        replayed: int = 0
        while True:
            answer = self.ask("POST", _delivery_path(subscriber, "/replay"), None, _reason(reason)).value
            replayed += int(answer["replayed"])
            if not answer["more"]:
                return replayed

    def discard(self, subscriber: str, id_: str, reason: str) -> None:
        """Discard a dead letter."""
        path = _delivery_path(subscriber, f"/deliveries/{quote(id_, safe='')}")
        self.ask("DELETE", path, None, _reason(reason))

    def notifications(self, namespace: str, after: int, page: int = LARGEST_PAST_PAGE) -> Iterator[dict[str, Any]]:
        """Yield the notifications to a namespace behind a number in the order in which they came, by pages."""
        following: str | None = str(after)
        while following is not None:
            path = _path(namespace, None, "/notifications", after=following, limit=str(page))
            found = self.ask("GET", path).value
            yield from found["notifications"]
            following = found["next"]

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request, and return its answer."""
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            with closing(self._connection()) as connection:
                content = body.encode() if body is not None else None
                connection.request(method, f"{urlsplit(self.address).path.rstrip('/')}{path}", content, sent)
                response = connection.getresponse()
                text = response.read().decode()
                value = decoded(text) if text else None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "strerror", None) or error or type(error).__name__
            raise UnreachableError(f"{self.address} does not answer as the API does: {reason}") from None
        if response.status >= 400:
            raise _refused(self.address, response.status, value)
        age = response.headers.get("Age") if response.headers.get("Cache-Status", "").startswith("cbp;") else None
        return Answer(response.status, text, value, response.headers.get("ETag"), None if age is None else int(age))

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.address)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=self.seconds, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=self.seconds)


def decoded(text: str) -> Any:
    """Return the value of a JSON text; a number that Python would round is kept as its text, for :func:`encoded`.

    Raises:
        ValueError: the text is not JSON.
    """
    return _DECODER.decode(text)


def encoded(value: Any, option: int = 0) -> str:
    """Return a value as JSON with every digit of its numbers; ``option`` is one of orjson's."""
    return orjson.dumps(value, option=option).decode()


def same(one: Any, other: Any) -> bool:
    """Return whether two values are written alike, but for the order of members."""
    return encoded(one, orjson.OPT_SORT_KEYS) == encoded(other, orjson.OPT_SORT_KEYS)


def connect(address: str, token: str | None, token_file: Path | None, seconds: float = SECONDS) -> Client:
    """Return the client for an address, with the token or the one in a file.

    Raises:
        UnreachableError: the address is not one, or not safe for a token.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise UnreachableError(f"{address} is not the address of an API: write https://host or http://host:port")
    if token_file is not None:
        token = token_file.read_text(encoding="utf-8").strip()
    if token and not (token.isascii() and token.isprintable()):
        raise UnreachableError("the token is not one line of visible characters")
    if token and parts.scheme == "http" and not _loopback(parts.hostname):
        raise UnreachableError(f"{address} is not safe for a token: use https://")
    return Client(address, token or None, seconds)


def _found(read: Callable[[], Answer]) -> Answer | None:
    try:
        return read()
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return None


def _whole(text: str) -> int | orjson.Fragment:
    return int(text) if len(text) < _DIGITS and text != "-0" else orjson.Fragment(text)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=orjson.Fragment, parse_constant=_refuse)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(address: str, status: int, value: Any) -> CouldNotRunError:
    known = {"type", "title", "status", "detail"}
    if isinstance(value, dict) and known <= value.keys():
        return RefusedError(value)
    return UnreachableError(f"{address} answers {status} without a problem: something else than the API is there")


def _path(namespace: str, key: str | None, below: str = "", /, **parameters: str | None) -> str:
    """Return the path of a resource below a namespace or an entry, with its parameters."""
    entry = "" if key is None else f"/entries/{quote(key, safe='')}"
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"/v1/namespaces/{quote(namespace, safe='')}{entry}{below}{'?' if query else ''}{query}"


def _delivery_path(subscriber: str, below: str, /, **parameters: str | None) -> str:
    """Return the path of a resource below a subscriber, with its parameters."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"/v1/subscribers/{quote(subscriber, safe='')}{below}{'?' if query else ''}{query}"


def _change(reason: str | None) -> dict[str, str]:
    """Return the headers of a change: its own idempotency key, and the reason."""
    return {"Idempotency-Key": f'"{uuid4()}"', **_reason(reason)}


def _reason(reason: str | None) -> dict[str, str]:
    """Return the header with a reason, in UTF-8."""
    return {} if reason is None else {"Change-Reason": reason.encode().decode("latin-1")}
