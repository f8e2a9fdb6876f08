"""Signed deliveries over HTTP, to real receivers: those that take events, and those that are slow, away, or refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.http_client import HttpClient
from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.signing_keys import SigningKeys
from runtime.domain.deliveries import DeliveryError, Subscription
from runtime.domain.namespaces import EVERY_NAME
from runtime.domain.webhooks import KeyFormatError, parse_keys, signed_fields
from runtime.ports.availability import Reason, RefusedError, UnavailableError
from runtime.ports.external import UnsignedError
from runtime.services.deliveries import Deliveries
from runtime.telemetry import Telemetry
from tests.runtime.changing import put
from tests.runtime.external import accepts, answers, breaks_off, drips, external, hangs_up, is_silent, new_key
from tests.runtime.fakes import MemoryAudit, MemoryEntries
from tests.runtime.memory_deliveries import MemoryDeliveries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from runtime.settings import Settings
    from tests.runtime.external import Behaviour

pytestmark = pytest.mark.anyio
EVENT = b'{"specversion":"1.0"}'
NOW = 1_767_605_400


def fields_of(request: bytes) -> dict[str, str]:
    head = request.decode().partition("\r\n\r\n")[0]
    return dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.write_text(f"{new_key()}\n")
    return file


@pytest.fixture
def seconds() -> float:
    """The time that a receiver has to answer."""
    return 30


@pytest.fixture
async def receiver(settings: Settings, keys: Path, seconds: float) -> AsyncIterator[Callable[[str], HttpReceiver]]:
    client = HttpClient(settings.external_services.model_copy(update={"timeout_seconds": seconds}), 2)
    yield lambda url: HttpReceiver(client, url, SigningKeys(keys), lambda: NOW + 0.9)
    await client.close()


def test_a_signature_is_that_of_the_published_example() -> None:
    (held,) = parse_keys("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    fields = signed_fields([held], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert fields["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it has 0 keys"),
        ("\n".join(["whsec_" + "A" * 32] * 3), "it has 3 keys"),
        ("whsec_" + "A" * 28, "a line is not whsec_"),
        ("whsec_" + "A" * 88, "a line is not whsec_"),
        ("whsec_" + "!" * 32, "a line is not whsec_"),
        ("A" * 32, "a line is not whsec_"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str, fault: str) -> None:
    with pytest.raises(KeyFormatError, match=fault) as refused:
        parse_keys(text)
    assert "AAAA" not in str(refused.value)


async def test_a_delivery_is_signed_over_its_id_its_time_and_its_body(
    receiver: Callable[[str], HttpReceiver], keys: Path
) -> None:
    async with external(answers(204)) as server:
        await receiver(server.url).deliver("change-0", EVENT)
    (request,) = server.requests
    fields = fields_of(request)
    assert request.endswith(b"\r\n\r\n" + EVENT)
    assert fields["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert (fields["webhook-id"], fields["webhook-timestamp"]) == ("change-0", str(NOW))
    held = keys.read_text().strip()
    assert accepts(request, held)
    for part, other in ((b"change-0", b"change-1"), (str(NOW).encode(), str(NOW + 1).encode()), (b"1.0", b"1.1")):
        assert not accepts(request.replace(part, other), held)


async def test_keys_change_while_deliveries_go_on_and_receivers_need_not_change_at_once(
    receiver: Callable[[str], HttpReceiver], keys: Path, tmp_path: Path
) -> None:
    """External Secrets replaces the file: the old key, then the new one and the old, then the new one alone."""
    old, new = keys.read_text().strip(), new_key()
    async with external(answers(204)) as server:
        made = receiver(server.url)
        for text in (old, f"{new}\n{old}\n", new):
            (tmp_path / "next").write_text(text)
            (tmp_path / "next").replace(keys)
            await made.deliver("change-0", EVENT)
    assert [[accepts(request, held) for held in (old, new)] for request in server.requests] == [
        [True, False],
        [True, True],
        [False, True],
    ]


@pytest.mark.parametrize("text", [None, b"", b"whsec_short", b"\xff\xfe"])
async def test_nothing_is_sent_that_cannot_be_signed(
    receiver: Callable[[str], HttpReceiver], keys: Path, text: bytes | None
) -> None:
    async with external(answers(204)) as server:
        made = receiver(server.url)
        await made.deliver("change-0", EVENT)
        if text is None:
            keys.unlink()
        else:
            keys.write_bytes(text)
        with pytest.raises(UnsignedError, match="the file of signing keys") as refused:
            await made.deliver("change-0", EVENT)
        assert len(server.requests) == 1
    assert "short" not in str(refused.value)


@pytest.mark.parametrize("status", [307, 400, 410, 429])
async def test_a_receiver_over_http_takes_an_event_by_a_status_of_success_alone(
    receiver: Callable[[str], HttpReceiver], status: int
) -> None:
    """A redirect is not followed."""
    async with external(answers(status, b"", "Location: /elsewhere")) as server:
        with pytest.raises(DeliveryError, match=f"^answered {status}$"):
            await receiver(server.url).deliver("change-0", EVENT)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("behave", "seconds", "reason"),
    [
        (answers(500), 30, Reason.FAILED),
        (answers(503), 30, Reason.FAILED),
        (is_silent, 0.2, Reason.SLOW),
        (drips, 0.2, Reason.SLOW),
        (hangs_up, 30, Reason.AWAY),
        (breaks_off, 30, Reason.AWAY),
    ],
)
async def test_a_receiver_that_fails_is_away_and_its_address_is_not_told(
    receiver: Callable[[str], HttpReceiver], behave: Behaviour, reason: Reason
) -> None:
    async with external(behave) as server:
        with pytest.raises(UnavailableError) as failed:
            await receiver(server.url).deliver("change-0", EVENT)
    assert failed.value.reason is reason
    assert not re.search(r"127|path", str(failed.value))


async def test_a_receiver_without_tls_elsewhere_is_not_asked(receiver: Callable[[str], HttpReceiver]) -> None:
    with pytest.raises(RefusedError, match="over HTTPS alone"):
        await receiver("http://ledger.bank.example/events").deliver("change-0", EVENT)


async def test_a_delivery_that_cannot_be_signed_is_tried_again_and_says_why(
    receiver: Callable[[str], HttpReceiver], settings: Settings, keys: Path
) -> None:
    keys.unlink()
    entries, subscription = MemoryEntries(), Subscription("ledger")
    queue = MemoryDeliveries(entries, MemoryAudit())
    async with external(answers(204)) as server:
        receivers = {subscription: receiver(server.url)}
        deliveries = Deliveries(queue, settings.queue, 1, "urn:cbp:test", receivers, Telemetry())
        await deliveries.turn()
        await put(entries, "payments", "limits")
        await deliveries.turn()
        await deliveries.drain()
        assert server.requests == []
    (found,) = await queue.page("ledger", None, EVERY_NAME, (0, 0), 10)
    assert found.attempts == 1
    assert found.reason == "the file of signing keys cannot be read: No such file or directory"
