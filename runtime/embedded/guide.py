"""A guide to the running API: addresses, and commands to copy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from runtime.settings import Bucket, Settings, Throttling

ENTRY = "/v1/namespaces/payments/entries/daily-limit"
READ: Final = "GET /v1/namespaces/{namespace}/entries/{key}"


def guide(base: str, management: str, settings: Settings) -> str:
    """Return the addresses of the API and its metrics (``http://host:port``), and commands that demonstrate the API."""
    entry = f"{base}{ENTRY}"
    json = "-H 'Content-Type: application/json'"
    local = '-H "Authorization: Bearer $TOKEN"'
    lines = [
        f"API        {base}",
        f"page       {base}/docs",
        f"readiness  {base}{settings.process.ready_path}",
        f"metrics    {management}/metrics",
        "",
        "Try, in another terminal:",
        "",
        "  # sign in: a token of this API's local issuer, for an hour; every request needs one",
        f"  TOKEN=$({_command()} token --port {urlsplit(base).port})",
        "  # write an entry",
        f"  curl -i -X PUT {local} {json} -d '{{\"value\": 5000}}' {entry}",
        "  # read it, with its ETag",
        f"  curl -i {local} {entry}",
        "  # replace it: only by saying what it replaces (an ETag, or * for anything)",
        f"  curl -i -X PUT {local} {json} -H 'If-Match: *' -d '{{\"value\": 6000}}' {entry}",
        "  # the settings in force",
        f"  curl {local} {base}/v1/settings",
        "  # what it counted",
        f"  curl -s {management}/metrics | grep ^http_requests_total",
    ]
    if requests := requests_to_denial(settings.throttling):
        lines += [
            f"  # {requests} reads: the bucket runs empty, and the rest is denied (429)",
            f"  curl -s -o /dev/null -w '%{{http_code}}\\n' {local} '{entry}#[1-{requests}]' | sort | uniq -c",
        ]
    return "\n".join(lines)


def _command() -> str:
    """Return the command ``cbp`` as a shell finds it from where this process was started."""
    here, there = Path.cwd(), Path(sys.executable).with_name("cbp")
    return str(there.relative_to(here)) if there.is_relative_to(here) else str(there)


def requests_to_denial(throttling: Throttling) -> int | None:
    """Return how many fast reads of one entry over one connection lead to a denial; None when nothing limits them."""
    buckets = [bucket for bucket in (throttling.client, _read_bucket(throttling)) if bucket is not None]
    return min((bucket.capacity for bucket in buckets), default=0) * 3 // 2 + 10 if buckets else None


def _read_bucket(throttling: Throttling) -> Bucket | None:
    own = (limit.bucket for limit in throttling.routes if limit.route == READ)
    return next(own, throttling.endpoint)
