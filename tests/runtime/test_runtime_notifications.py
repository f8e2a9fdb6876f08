"""Notifications of connectors: attacks on their signatures, what is kept, and who reads it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runtime.adapters.signing_keys import SigningKeys
from runtime.app import create_app
from runtime.domain.notifications import Connector, NotificationFormError
from runtime.domain.webhooks import FIELDS, MOST_SIGNATURES, parse_keys, signed_fields
from runtime.http.signatures import LARGEST_NOTIFICATION
from runtime.ports.availability import UnavailableError
from runtime.services.notification_forms import FORMS
from runtime.settings import NotificationForm
from tests.identity import signed_in
from tests.runtime.external import new_key
from tests.runtime.fakes import client_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    import httpx

    from runtime.app import Adapters
    from runtime.settings import Settings
    from tests.runtime.fakes import MemoryAudit
    from tests.runtime.memory_notifications import MemoryNotifications

pytestmark = pytest.mark.anyio
FIS = Connector("fis", "payments", "standard-webhooks")
CORE = Connector("core-banking", "ledger", "cloudevents")
TO_FIS, TO_CORE, TO_NOBODY = (f"/v1/notifications/{name}" for name in ("fis", "core-banking", "nobody"))
KEPT = "/v1/namespaces/payments/notifications"
BODY = b'{"type":"calendar.changed","timestamp":"2026-01-05T09:30:00Z","data":{"rate":1.10}}'
EVENT = b'{"specversion":"1.0","id":"7","source":"urn:core","type":"cut-off.moved","subject":"sepa","data":{}}'
WINDOW = 300


class Sender:
    """A connector as a real one sends: by the keys that it was given, and the clock of this machine."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.keys = [new_key()]
        self.rotate(*self.keys)

    def rotate(self, *held: str) -> None:
        """Give the service keys, as External Secrets does: the file is replaced."""
        following = self.file.with_suffix(".next")
        following.write_text("\n".join(held))
        following.replace(self.file)

    def fields(
        self, body: bytes = BODY, id_: str = "msg_1", *, later: float = 0, keys: Sequence[str] = ()
    ) -> dict[str, str]:
        held = [key for text in keys or self.keys for key in parse_keys(text)]
        return signed_fields(held, id_, int(time.time() + later), body)


@pytest.fixture
def fis(tmp_path: Path) -> Sender:
    return Sender(tmp_path / "fis")


@pytest.fixture
def core(tmp_path: Path) -> Sender:
    return Sender(tmp_path / "core")


@pytest.fixture
def adapters(adapters: Adapters, fis: Sender, core: Sender) -> Adapters:
    return replace(adapters, connectors={FIS: SigningKeys(fis.file), CORE: SigningKeys(core.file)})


@pytest.fixture
async def sender(settings: Settings, adapters: Adapters) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    app = create_app(settings, adapters)
    async with running(app), client_of(app, headers={}) as http:
        yield http


async def kept(http: httpx.AsyncClient, path: str = KEPT, query: str = "", *rights: str) -> list[dict[str, Any]]:
    answer = await http.get(f"{path}{query}", headers=signed_in(*rights))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["notifications"]
    return found


def counted(adapters: Adapters) -> dict[tuple[str, str], float]:
    """The notifications by connector and outcome."""
    adapters.telemetry.write()
    text = adapters.telemetry.exposition().decode()
    return {
        (sample.labels["connector"], sample.labels["outcome"]): sample.value
        for family in text_string_to_metric_families(text)
        if family.name == "notifications"
        for sample in family.samples
        if sample.name == "notifications_total"
    }


def check(answer: httpx.Response, status: int, kind: str) -> None:
    """Require a problem of a kind."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["type"].partition("#")[2]) == (status, kind), answer.text


async def refused(http: httpx.AsyncClient, fields: dict[str, str], kind: str, body: bytes = BODY, **more: Any) -> None:
    """Send what has to be refused, with no effect."""
    answer = await http.post(more.get("to", TO_FIS), content=body, headers=fields)
    status = {"malformed-request": 400, "content-too-large": 413}.get(kind, 403)
    check(answer, status, kind)
    assert not [*await kept(http), *await kept(http, "/v1/namespaces/ledger/notifications")]


async def test_a_signed_notification_is_kept_with_every_digit_and_read_by_readers_of_its_namespace(
    sender: httpx.AsyncClient, fis: Sender, adapters: Adapters
) -> None:
    answer = await sender.post(TO_FIS, content=BODY, headers=fis.fields())
    assert (answer.status_code, answer.content) == (204, b"")
    assert b"1.10" in (await sender.get(KEPT, headers=signed_in("reader@payments"))).content
    (found,) = await kept(sender, KEPT, "", "reader@payments")
    assert (found["number"], found["connector"], found["id"]) == (1, "fis", "msg_1")
    assert (found["type"], found["subject"], found["document"]) == ("calendar.changed", None, json.loads(BODY))
    check(await sender.get(KEPT, headers=signed_in("reader@ledger")), 403, "role-missing")
    assert counted(adapters) == {("fis", "taken"): 1}


async def test_a_connector_may_send_cloudevents(sender: httpx.AsyncClient, core: Sender) -> None:
    assert (await sender.post(TO_CORE, content=EVENT, headers=core.fields(EVENT))).status_code == 204
    (found,) = await kept(sender, "/v1/namespaces/ledger/notifications")
    assert (found["type"], found["subject"]) == ("cut-off.moved", "sepa")
    assert not await kept(sender)


async def test_a_wrong_signature_is_refused(sender: httpx.AsyncClient, fis: Sender, adapters: Adapters) -> None:
    await refused(sender, fis.fields(keys=[new_key()]), "signature-refused")
    assert counted(adapters) == {("fis", "refused"): 1}


async def test_a_missing_or_repeated_field_is_refused(sender: httpx.AsyncClient, fis: Sender) -> None:
    fields = fis.fields()
    for name in FIELDS:
        await refused(sender, {key: value for key, value in fields.items() if key != name}, "malformed-request")
        twice = [*fields.items(), (name, fields[name])]
        check(await sender.post(TO_FIS, content=BODY, headers=twice), 400, "malformed-request")


async def test_a_malformed_field_is_refused(sender: httpx.AsyncClient, fis: Sender) -> None:
    for name, value in (
        ("webhook-id", "msg.1"),
        ("webhook-id", "m" * 256),
        ("webhook-timestamp", "1.5e9"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "9" * 13),
        ("webhook-signature", "v1,short"),
        ("webhook-signature", "v1a,AAAA"),
        ("webhook-signature", " ".join(["v1,AAAA"] * (MOST_SIGNATURES + 1))),
    ):
        await refused(sender, {**fis.fields(), name: value}, "malformed-request")


async def test_an_id_with_a_full_stop_cannot_move_a_part_of_the_body_into_the_time(
    sender: httpx.AsyncClient, fis: Sender
) -> None:
    """The same bytes are signed: `a.TIME.TIME.{}` as `a`, TIME and `TIME.{}`, or as `a.TIME`, TIME and `{}`."""
    body = f"{int(time.time())}.{{}}".encode()
    fields = fis.fields(body, "a")
    await refused(sender, {**fields, "webhook-id": f"a.{fields['webhook-timestamp']}"}, "malformed-request", b"{}")


async def test_an_old_and_a_future_timestamp_are_refused(
    sender: httpx.AsyncClient, fis: Sender, adapters: Adapters
) -> None:
    for later in (-WINDOW - 5, WINDOW + 5):
        await refused(sender, fis.fields(later=later), "notification-untimely")
    for later in (-WINDOW + 60, WINDOW - 60):
        near = fis.fields(id_=f"msg_{later}", later=later)
        assert (await sender.post(TO_FIS, content=BODY, headers=near)).status_code == 204
    assert counted(adapters) == {("fis", "untimely"): 2, ("fis", "taken"): 2}


async def test_a_timestamp_that_was_renewed_without_the_key_is_refused(sender: httpx.AsyncClient, fis: Sender) -> None:
    recorded = fis.fields(later=-2 * WINDOW)
    await refused(sender, {**recorded, "webhook-timestamp": str(int(time.time()))}, "signature-refused")


async def test_a_replayed_notification_is_answered_with_success_and_has_no_second_effect(
    sender: httpx.AsyncClient, fis: Sender, audit: MemoryAudit, adapters: Adapters
) -> None:
    recorded = fis.fields()
    for fields in (recorded, recorded, fis.fields(later=1)):
        assert (await sender.post(TO_FIS, content=BODY, headers=fields)).status_code == 204
    assert len(await kept(sender)) == 1
    notes = [note for note, _ in audit.notes if note.kind == "notification"]
    assert [(note.actor, note.outcome, note.notification) for note in notes] == [("connector:fis", "receive", "msg_1")]
    assert counted(adapters) == {("fis", "taken"): 1, ("fis", "repeated"): 2}


async def test_a_changed_body_is_refused(sender: httpx.AsyncClient, fis: Sender) -> None:
    await refused(sender, fis.fields(), "signature-refused", BODY.replace(b"1.10", b"9.10"))
    await refused(sender, fis.fields(), "signature-refused", BODY + b" ")


async def test_a_changed_id_is_refused(sender: httpx.AsyncClient, fis: Sender) -> None:
    await refused(sender, {**fis.fields(), "webhook-id": "msg_2"}, "signature-refused")


async def test_a_retired_key_is_refused_and_both_keys_hold_while_they_change(
    sender: httpx.AsyncClient, fis: Sender
) -> None:
    old, new = fis.keys[0], new_key()
    answers: list[int] = []
    for held in ((old,), (new, old), (new,)):
        fis.rotate(*held)
        for key in (old, new):
            fields = fis.fields(id_=f"{len(held)}-{len(answers)}", keys=[key])
            answers.append((await sender.post(TO_FIS, content=BODY, headers=fields)).status_code)
    assert answers == [204, 403, 204, 204, 403, 204]


async def test_one_of_several_signatures_in_the_header_is_enough(sender: httpx.AsyncClient, fis: Sender) -> None:
    """Those of other schemes and of unknown keys are passed over."""
    fields = fis.fields(keys=[new_key(), *fis.keys])
    fields["webhook-signature"] = f"v1a,AAAA v2,{'A' * 44} {fields['webhook-signature']}"
    assert (await sender.post(TO_FIS, content=BODY, headers=fields)).status_code == 204
    other = {**fis.fields(id_="msg_2"), "webhook-signature": fields["webhook-signature"]}
    check(await sender.post(TO_FIS, content=BODY, headers=other), 403, "signature-refused")


async def test_a_huge_body_is_refused_before_it_is_read_or_as_soon_as_it_is_too_large(
    sender: httpx.AsyncClient, fis: Sender, adapters: Adapters
) -> None:
    body = b" " * (LARGEST_NOTIFICATION + 1)
    await refused(sender, fis.fields(body), "content-too-large", body)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024
            yield b" " * 1024

    check(await sender.post(TO_FIS, content=endless(), headers=fis.fields(body)), 413, "content-too-large")
    assert read <= LARGEST_NOTIFICATION + 2 * 1024
    assert counted(adapters) == {("fis", "too_large"): 2}


async def test_nothing_is_parsed_before_the_signature_is_verified(
    sender: httpx.AsyncClient, fis: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def parse(body: bytes) -> object:
        parsed.append(body)
        return json.loads(body)

    monkeypatch.setattr("runtime.http.notifications.parse_document", parse)
    await refused(sender, fis.fields(keys=[new_key()]), "signature-refused")
    assert parsed == []
    await sender.post(TO_FIS, content=BODY, headers=fis.fields())
    assert parsed == [BODY]


async def test_the_signature_of_another_connector_is_refused(
    sender: httpx.AsyncClient, fis: Sender, core: Sender
) -> None:
    await refused(sender, core.fields(), "signature-refused")
    await refused(sender, fis.fields(), "signature-refused", to=TO_CORE)


def attacks(fis: Sender) -> Iterator[tuple[dict[str, str], bytes]]:
    yield fis.fields(keys=[new_key()]), BODY
    yield fis.fields(later=-2 * WINDOW), BODY
    yield {}, BODY
    yield fis.fields(), b" " * (LARGEST_NOTIFICATION + 1)


async def test_an_unknown_connector_is_answered_as_a_known_one_whose_key_is_not_known(
    sender: httpx.AsyncClient, fis: Sender, adapters: Adapters
) -> None:
    for fields, body in attacks(fis):
        known, unknown = [await sender.post(to, content=body, headers=fields) for to in (TO_FIS, TO_NOBODY)]
        varying = {"ratelimit", "x-request-id"}
        first, second = ({k: v for k, v in each.headers.items() if k not in varying} for each in (known, unknown))
        assert (known.status_code, known.content, first) == (unknown.status_code, unknown.content, second)
    assert {outcome for connector, outcome in counted(adapters) if connector == "unknown"} == {
        "refused",
        "untimely",
        "unsigned",
        "too_large",
    }


async def test_without_keys_nothing_is_taken_and_the_metric_says_so(
    sender: httpx.AsyncClient, fis: Sender, adapters: Adapters
) -> None:
    fields = fis.fields()
    fis.rotate("whsec_broken")
    await refused(sender, fields, "signature-refused")
    assert counted(adapters) == {("fis", "no_keys"): 1, ("fis", "refused"): 1}


async def test_a_token_is_no_signature_and_a_signature_no_token(sender: httpx.AsyncClient, fis: Sender) -> None:
    await refused(sender, signed_in(), "malformed-request")
    check(await sender.get(KEPT, headers=fis.fields()), 401, "sign-in-required")


async def test_refused_notifications_cost_their_address_and_taken_ones_their_connector(
    settings: Settings, adapters: Adapters, fis: Sender
) -> None:
    few = settings.throttling.address.model_copy(update={"capacity": 2, "refill_per_minute": 1})
    throttling = settings.throttling.model_copy(update={"address": few})
    app = create_app(settings.model_copy(update={"throttling": throttling}), adapters)
    async with running(app), client_of(app, headers={}) as http:
        for number in range(4):
            fields = fis.fields(id_=f"msg_{number}")
            assert (await http.post(TO_FIS, content=BODY, headers=fields)).status_code == 204
        answers = [(await http.post(TO_FIS, content=BODY)).status_code for _ in range(4)]
        assert answers == [400, 400, 429, 429]


async def test_a_signed_notification_of_another_form_is_refused_and_says_where(
    sender: httpx.AsyncClient, fis: Sender
) -> None:
    for body, detail in (
        (b"[]", "a notification is a JSON object"),
        (b"{", "not JSON"),
        (b'{"type":"a","type":"b"}', "two members of one name"),
        (b'{"type":7,"timestamp":"t","data":1}', "the member type is text"),
        (b'{"type":"a","timestamp":"t"}', "the member data is missing"),
    ):
        answer = await sender.post(TO_FIS, content=body, headers=fis.fields(body))
        check(answer, 400, "malformed-request")
        assert detail in answer.json()["detail"]
    assert not await kept(sender)


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"source": None}, "source"),
        ({"id": ""}, "id"),
        ({"subject": "a\n"}, "subject"),
    ],
)
def test_an_event_that_is_no_cloudevent_is_refused(event: dict[str, Any], detail: str) -> None:
    with pytest.raises(NotificationFormError, match=f"the member {detail} is"):
        FORMS["cloudevents"]({**json.loads(EVENT), **event})


def test_every_form_that_can_be_stated_has_a_module() -> None:
    assert FORMS.keys() == set(get_args(NotificationForm))


async def test_notifications_are_listed_in_pages_in_the_order_in_which_they_came(
    sender: httpx.AsyncClient, fis: Sender
) -> None:
    for number in range(3):
        await sender.post(TO_FIS, content=BODY, headers=fis.fields(id_=f"msg_{number}"))
    first = (await sender.get(f"{KEPT}?limit=2", headers=signed_in())).json()
    second = (await sender.get(f"{KEPT}?after={first['next']}", headers=signed_in())).json()
    assert [each["id"] for page in (first, second) for each in page["notifications"]] == ["msg_0", "msg_1", "msg_2"]
    assert second["next"] is None


async def test_a_notification_that_cannot_be_kept_is_to_be_sent_again(
    sender: httpx.AsyncClient, fis: Sender, notifications: MemoryNotifications, adapters: Adapters
) -> None:
    notifications.failures = [UnavailableError("the database is away")]
    answer = await sender.post(TO_FIS, content=BODY, headers=fis.fields())
    check(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert (await sender.post(TO_FIS, content=BODY, headers=fis.fields())).status_code == 204
    assert counted(adapters) == {("fis", "unavailable"): 1, ("fis", "taken"): 1}
