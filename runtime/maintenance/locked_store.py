"""A client of S3 for jobs that keep something out of reach: it writes objects under a lock that nobody lifts.

The pod has no key of the cloud: it shows the token of its ServiceAccount, and gets credentials for 15 minutes.

Upstream: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.environment import LockedStore

TIMEOUT_SECONDS = 30
SHORTEST_SESSION_SECONDS = 900
_SESSION = "configuration"
_CREDENTIALS = re.compile(
    r"<AccessKeyId>([^<]+)</AccessKeyId>.*<SecretAccessKey>([^<]+)</SecretAccessKey>.*<SessionToken>([^<]+)</SessionToken>",
    re.DOTALL,
)
_CODE = re.compile(r"<Code>([A-Za-z0-9.]+)</Code>")


class StoreError(Exception):
    """The object is not kept under its lock; the message names the request and the error's code, and no credential."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of Amazon; those of a session have a token."""

    key: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def keep(
    store: LockedStore, name: str, content: bytes, *, media_type: str = "application/json", once: bool = True
) -> bool:
    """Write an object that nobody can change or delete for so many days; return False if it was there before.

    Without ``once`` it becomes the newest version of an object that was there before. A bucket without Object Lock
    refuses the request, so that no object is ever kept without its lock.

    Raises:
        StoreError: the object is not kept.
    """
    now = datetime.now(UTC)
    headers = {
        "content-type": media_type,
        # Amazon asks for a digest with every lock, and takes this one everywhere.
        "content-md5": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
        **({"if-none-match": "*"} if once else {}),
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": (now + timedelta(days=store.locked_days)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    url = f"{store.url.rstrip('/')}/{name}"
    status, answer = _ask(
        "PUT", url, signed("PUT", url, headers, content, _credentials(store), store.region, now), content
    )
    if status == HTTPStatus.PRECONDITION_FAILED:
        return False
    _accept("PUT", url, status, answer)
    return True


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    credentials: Credentials,
    region: str,
    at: datetime,
) -> dict[str, str]:
    """Return the headers of a request to S3 with its signature, version 4; names of headers are in lower case."""
    parts, digest, stamp = urlsplit(url), hashlib.sha256(content).hexdigest(), at.strftime("%Y%m%dT%H%M%SZ")
    session = {"x-amz-security-token": credentials.token} if credentials.token else {}
    own = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    every = dict(sorted({**headers, **own, **session}.items()))
    names = ";".join(every)
    lines = [f"{name}:{value}" for name, value in every.items()]
    request = "\n".join((method, quote(parts.path, safe="/~"), parts.query, *lines, "", names, digest))
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = reduce(_derived, scope.split("/"), f"AWS4{credentials.secret}".encode())
    proof = f"Credential={credentials.key}/{scope},SignedHeaders={names},Signature={_derived(key, text).hex()}"
    return {**every, "authorization": f"AWS4-HMAC-SHA256 {proof}"}


def _derived(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _credentials(store: LockedStore) -> Credentials:
    """Return credentials of the store's role, for the token of the pod's ServiceAccount."""
    try:
        token = store.token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StoreError(f"the token cannot be read: {error.strerror}") from error
    asked = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": store.role,
        "RoleSessionName": _SESSION,
        "WebIdentityToken": token,
        "DurationSeconds": str(SHORTEST_SESSION_SECONDS),
    }
    form = {"content-type": "application/x-www-form-urlencoded"}
    status, answer = _ask("POST", store.identity_url, form, urlencode(asked).encode())
    _accept("POST", store.identity_url, status, answer)
    if (found := _CREDENTIALS.search(answer)) is None:
        raise StoreError(f"POST {store.identity_url}: the answer holds no credentials")
    return Credentials(*found.groups())


def _accept(method: str, url: str, status: int, answer: str) -> None:
    if status != HTTPStatus.OK:
        code = _CODE.search(answer)
        raise StoreError(f"{method} {url}: {status}{f' {code[1]}' if code else ''}")


def _ask(method: str, url: str, headers: Mapping[str, str], content: bytes) -> tuple[int, str]:
    parts = urlsplit(url)
    try:
        with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
            connection.request(method, quote(parts.path, safe="/~") or "/", content, dict(headers))
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        raise StoreError(f"{method} {url}: {error}") from error


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    return HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
