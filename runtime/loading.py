"""A loader of the settings file that reports every fault at once, each with its JSON pointer (RFC 6901)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from runtime import routes
from runtime.domain.buckets import LARGEST
from runtime.settings import Bucket, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.settings import Access


RESERVED = "key"
"""The name that keys of machines have in place of an issuer's."""

CONNECTOR = "connector"
"""The name that connectors have in place of an issuer's."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the file; the empty pointer is the whole document."""

    pointer: str
    message: str


class SettingsError(Exception):
    """The settings file is unreadable or invalid."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        lines = (f"  {fault.pointer or '(document)'}: {fault.message}" for fault in faults)
        super().__init__("\n".join((f"the settings file {path} cannot be used:", *lines)))
        self.faults = faults


def load_settings(path: Path) -> Settings:
    """Return the settings in ``path``; raise :class:`SettingsError` with every fault."""
    try:
        settings = Settings.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(path, (Fault("", f"it cannot be read: {error.strerror}"),)) from error
    except ValidationError as error:
        raise SettingsError(path, tuple(_faults(error))) from error
    if faults := tuple(_relations(settings)):
        raise SettingsError(path, faults)
    return settings


def _faults(error: ValidationError) -> Iterator[Fault]:
    # The input is left out: the message must not repeat a secret that somebody put into the file by mistake.
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in detail["loc"])
        yield Fault(pointer, detail["msg"])


def _relations(settings: Settings) -> Iterator[Fault]:
    yield from _path_faults(settings)
    yield from _access_faults(settings.access)
    limits = settings.throttling
    for pointer, bucket in (
        ("/throttling/address", limits.address),
        ("/throttling/client", limits.client),
        ("/throttling/endpoint", limits.endpoint),
    ):
        yield from _bucket_faults(pointer, bucket)
    counts = Counter(limit.route for limit in limits.routes)
    for index, limit in enumerate(limits.routes):
        pointer = f"/throttling/routes/{index}"
        yield from _bucket_faults(f"{pointer}/bucket", limit.bucket)
        if counts[limit.route] > 1:
            yield Fault(f"{pointer}/route", "the route is limited more than once")


def _path_faults(settings: Settings) -> Iterator[Fault]:
    if settings.process.management_port == settings.process.port:
        yield Fault("/process/management_port", "it equals port: metrics are not served where clients are")
    health, ready = settings.process.health_path, settings.process.ready_path
    if health == ready:
        yield Fault("/process/ready_path", "it equals health_path: liveness and readiness are different questions")
    for name, path in (("health_path", health), ("ready_path", ready)):
        if path in (routes.METRICS, *routes.DOCUMENTATION) or path.startswith(("/v1/", f"{routes.PAGE}/")):
            yield Fault(f"/process/{name}", "the path belongs to another route")


def _access_faults(access: Access) -> Iterator[Fault]:
    for member in ("name", "issuer"):
        counts = Counter(getattr(each, member) for each in access.issuers)
        for index, each in enumerate(access.issuers):
            if counts[getattr(each, member)] > 1:
                yield Fault(f"/access/issuers/{index}/{member}", "two issuers have it, and one token one issuer")
    for index, each in enumerate(access.issuers):
        if each.name == RESERVED:
            yield Fault(f"/access/issuers/{index}/name", "it begins the names of keys of machines")
        elif each.name == CONNECTOR:
            yield Fault(f"/access/issuers/{index}/name", "it begins the names of connectors")
    claims = {each.name: each.groups_claim for each in access.issuers}
    for index, binding in enumerate(access.bindings):
        pointer = f"/access/bindings/{index}"
        if (binding.group is None) == (binding.subject is None):
            yield Fault(pointer, "it is for a group or for a subject, and for one of two")
        if binding.issuer not in claims:
            yield Fault(f"{pointer}/issuer", "no issuer has this name")
        elif binding.group is not None and claims[binding.issuer] is None:
            yield Fault(f"{pointer}/group", "the issuer names no groups")


def _bucket_faults(pointer: str, bucket: Bucket | None) -> Iterator[Fault]:
    if bucket is None:
        return
    for name, tokens in (("capacity", bucket.capacity), ("refill_per_minute", bucket.refill_per_minute)):
        if tokens > LARGEST:
            yield Fault(f"{pointer}/{name}", f"above {LARGEST} tokens a bucket cannot be counted exactly")
