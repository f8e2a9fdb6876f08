"""The judgement of deliveries: it accepts a right record of what a receiver took, and finds each kind of wrong one."""

from __future__ import annotations

import json

import pytest

from runtime.domain.webhooks import parse_keys, signed_fields
from tests.faults.clients import ANY
from tests.faults.deployment import CHANGE_SECONDS
from tests.faults.history import Kind, Operation, Rewind
from tests.faults.receivers import Receiver, awaited, misdelivered, removals_awaited
from tests.faults.report import QUICK_SECONDS, slow_refusals


def operation(at: float, kind: Kind, value: str | None, status: int | None = 200) -> Operation:
    return Operation("writer", 0, kind, "k", at, at + 0.1, status, ANY, value)


HISTORY = [
    operation(1, Kind.PUT, "a"),
    operation(2, Kind.PUT, "refused", status=412),
    operation(3, Kind.PUT, "unknown", status=503),
    operation(4, Kind.DELETE, None, status=204),
    operation(5, Kind.PUT, "b"),
]


def event(revision: int, value: str | None, id_: str = "") -> dict[str, object]:
    data = {"revision": revision} if value is None else {"revision": revision, "value": value}
    kind = "cbp.entry.delete" if value is None else "cbp.entry.replace"
    sequence = f"{revision:019}-000000"
    return {"id": id_ or f"c{revision}-0", "type": kind, "partitionkey": "n", "sequence": sequence, "data": data}


RIGHT = [event(1, "a"), event(2, None), event(3, "b")]


def request(receiver: Receiver, sent: dict[str, object], key: str = "") -> bytes:
    """Return the request of a delivery, signed by a key."""
    body = json.dumps(sent).encode()
    fields = signed_fields(parse_keys(key or receiver.key), str(sent["id"]), 1_767_605_400, body)
    head = "\r\n".join(("POST /events HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())))
    return head.encode() + b"\r\n\r\n" + body


def taken(*events: dict[str, object]) -> Receiver:
    """Return a receiver to which events were delivered."""
    receiver = Receiver("ledger")
    for each in events:
        assert receiver.take(request(receiver, each)) == 204
    return receiver


def test_a_removal_that_is_still_on_its_way_is_waited_for() -> None:
    assert removals_awaited(taken(*RIGHT), "n", HISTORY) == 0
    assert removals_awaited(taken(RIGHT[0], RIGHT[2]), "n", HISTORY) == 1


@pytest.mark.parametrize(
    "events",
    [RIGHT, [event(1, "a"), event(2, "unknown"), event(3, None), event(4, "b")], [*RIGHT, RIGHT[0]]],
    ids=["all", "one of unknown outcome too", "one of them again"],
)
def test_what_holds_is_accepted(events: list[dict[str, object]]) -> None:
    receiver = taken(*events)
    assert misdelivered(receiver, "n", HISTORY) == []
    assert receiver.repeated == (events[0] is events[-1])


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (RIGHT[:2], "ledger: an acknowledged change is not delivered: "),
        (
            [RIGHT[0], RIGHT[2]],
            "ledger: 0 removals are delivered, where 1 were acknowledged and 0 are of unknown outcome",
        ),
        ([*RIGHT, event(4, None)], "ledger: 2 removals are delivered, "),
        ([RIGHT[1], RIGHT[0], RIGHT[2]], "ledger: 0000000000000000001-000000 is delivered after 0000000000000000002-"),
        ([*RIGHT, event(4, "b")], "ledger: one change is delivered as c3-0 and as c4-0"),
        ([*RIGHT, event(4, "refused")], "ledger: a refused change is delivered: "),
        ([*RIGHT, event(4, "other", id_="c3-0")], "ledger: one id has two events: "),
    ],
    ids=["lost", "a lost removal", "a removal of nobody", "out of order", "twice", "refused", "one id for two"],
)
def test_what_does_not_hold_is_found(events: list[dict[str, object]], fault: str) -> None:
    (found,) = misdelivered(taken(*events), "n", HISTORY)
    assert found.startswith(fault)


def test_what_is_not_signed_is_not_taken_and_found() -> None:
    receiver = taken(*RIGHT)
    assert receiver.take(request(receiver, event(4, "unknown"), Receiver("other").key)) == 401
    assert misdelivered(receiver, "n", HISTORY) == ["ledger: a delivery is not signed by the key of the receiver"]


def test_changes_of_before_history_went_back_need_not_be_delivered() -> None:
    rewinds = [Rewind(saved=(0.0, 0.1), restored=(4.5, 4.6), noticed=0.3)]
    assert [each.written for each in awaited(Receiver("ledger"), HISTORY, rewinds)] == ["b"]


def test_refusals_that_wait_for_a_store_behind_an_open_circuit_are_found() -> None:
    quick = Operation("writer", 0, Kind.PUT, "k", 1.0, 1.0 + QUICK_SECONDS, 503, ANY, "a")
    slow = Operation("writer", 0, Kind.PUT, "k", 1.0, 1.0 + CHANGE_SECONDS, 503, ANY, "b")
    assert slow_refusals([quick, slow]) == []
    assert slow_refusals([quick, slow, slow]) == ["2 of 3 changes waited for a store whose circuit is open"]
