"""The commands that ask an API, against a service that listens: sessions have commands, output and exit codes.

They are written anew with ``CBP_UPDATE_GOLDEN=1``.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from compiler.cli import main
from compiler.client import (
    LARGEST_PAGE,
    LARGEST_PAST_PAGE,
    SECONDS,
    Client,
    UnreachableError,
    connect,
    decoded,
    encoded,
    same,
)
from runtime.domain.audit import NOTIFICATION, RECEIVE, Note
from runtime.domain.deliveries import Subscription
from runtime.domain.entries import Json
from runtime.domain.notifications import Connector, Heading, Notification
from runtime.http.queries import LARGEST_LIMIT, LARGEST_PAST_LIMIT
from runtime.ports.availability import UnavailableError
from tests.identity import issuer, token
from tests.runtime.changing import ANYTHING, put
from tests.runtime.fakes import EPOCH
from tests.runtime.listening import listening

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from click.testing import Result

    from runtime.http.application import Application
    from tests.runtime.fakes import MemoryChanges, MemoryEntries
    from tests.runtime.memory_deliveries import MemoryDeliveries
    from tests.runtime.memory_notifications import MemoryNotifications

SESSION = Path(__file__).with_name("config_session.txt")
PROPOSALS = Path(__file__).with_name("proposals_session.txt")
QUEUE = Path(__file__).with_name("queue_session.txt")
NOTIFICATIONS = Path(__file__).with_name("notification_session.txt")
QUEUE_PAGE, NOTIFICATIONS_PAGE = (Path(__file__).parents[2] / f"docs/{name}.md" for name in ("queue", "notifications"))
VARIABLE, FILE = "of-the-variable", "of-the-file"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture
def url(app: Application) -> Iterator[str]:
    with listening(app) as address:
        assert connect(address, token(), None).ask("GET", "/v1/settings").status == 200  # it has signed somebody in
        yield address


def cbp(url: str, *arguments: str, **variables: str) -> Result:
    environment = {"CBP_API_URL": url, "CBP_TOKEN": token(), "CBP_TOKEN_FILE": None, **variables}
    with capture_logs():  # the service runs in this process: its log would be part of the output
        return CliRunner().invoke(main, arguments, prog_name="cbp", env=environment, catch_exceptions=False)


def test_each_command_prints_what_the_session_shows(url: str) -> None:
    commands = re.findall(r"^\$ cbp (.*)$", SESSION.read_text(), re.MULTILINE)
    assert len(commands) > 20
    assert _shown(url, commands, SESSION) == SESSION.read_text()


def _shown(url: str, commands: Sequence[str], session: Path) -> str:
    """Return the session of commands, and write it where golden files are written anew."""
    shown = ""
    for command in commands:
        ran = cbp(url, *shlex.split(command))
        output = _TIME.sub("2026-01-05T09:30:00.000000Z", ran.output.replace(url, "http://api"))
        output = output.replace(issuer().issuer, "http://issuer")
        output = re.sub('"request_id":"[0-9a-f]{32}"', '"request_id":"3f2b6c0e"', output)
        output = re.sub('"oldest_seconds":[0-9.e-]+', '"oldest_seconds":0.5', output)
        output = re.sub('"change":"[0-9a-f-]{36}"', '"change":"6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90"', output)
        shown += f"$ cbp {command}\n{output}{f'(exit {ran.exit_code})' if ran.exit_code else ''}\n"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        session.write_text(shown)
    return shown


def test_each_command_of_proposals_prints_what_their_session_shows(url: str, entries: MemoryEntries) -> None:
    """Each command is run as somebody; an id is shown by the order in which it was seen."""
    asyncio.run(put(entries, "payments", "", '{"owner":"me","approvals":2}'))
    rights = {
        "ada": "writer@payments",
        "bob": "approver@payments",
        "cid": "approver@payments",
        "root": "administrator@*",
    }
    commands = re.findall(r"^(\w+)\$ cbp (.*)$", PROPOSALS.read_text(), re.MULTILINE)
    assert len(commands) > 15
    ids: dict[str, str] = {}
    shown = ""
    for who, command in commands:
        sent = command
        for id_, name in ids.items():
            sent = sent.replace(name, id_)
        ran = cbp(url, *shlex.split(sent), CBP_TOKEN=token(rights[who], subject=who))
        output = _TIME.sub("2026-01-05T09:30:00.000000Z", ran.output.replace(url, "http://api"))
        for id_ in re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", output):
            output = output.replace(id_, ids.setdefault(id_, f"{len(ids) + 1:08}-0000-4000-8000-000000000000"))
        shown += f"{who}$ cbp {command}\n{output}{f'(exit {ran.exit_code})' if ran.exit_code else ''}\n"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        PROPOSALS.write_text(shown)
    assert shown == PROPOSALS.read_text()


def test_each_command_of_the_queue_prints_what_its_session_shows(
    url: str, entries: MemoryEntries, queue: MemoryDeliveries
) -> None:
    asyncio.run(_bury(entries, queue))
    commands = re.findall(r"^\$ cbp (.*)$", QUEUE.read_text(), re.MULTILINE)
    assert len(commands) > 20
    assert _shown(url, commands, QUEUE) == QUEUE.read_text()
    _require_shown(QUEUE_PAGE, QUEUE)


def _require_shown(page: Path, session: Path) -> None:
    """Require that the example of a page is part of a session."""
    (example,) = re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for shown in re.split(r"^(?=\$ )", example, flags=re.MULTILINE)[1:]:
        assert shown in session.read_text()


def test_each_command_of_notifications_prints_what_its_session_shows(
    url: str, notifications: MemoryNotifications
) -> None:
    asyncio.run(_send(notifications, 3))
    commands = re.findall(r"^\$ cbp (.*)$", NOTIFICATIONS.read_text(), re.MULTILINE)
    assert len(commands) > 5
    assert _shown(url, commands, NOTIFICATIONS) == NOTIFICATIONS.read_text()
    _require_shown(NOTIFICATIONS_PAGE, NOTIFICATIONS)


async def _send(notifications: MemoryNotifications, number: int) -> None:
    """Keep notifications, all but the second of them to ``payments``."""
    for each in range(1, number + 1):
        connector = Connector("core-banking" if each == 2 else "fis", "ledger" if each == 2 else "payments", "any")
        heading, sent = Heading("calendar.changed", None if each == 1 else "sepa"), datetime(2026, 1, 5, tzinfo=UTC)
        text = f'{{"type":"calendar.changed","data":{{"rate":{each}.10}}}}'
        note = Note(
            NOTIFICATION, RECEIVE, f"connector:{connector.name}", "10.0.0.1", "POST /v1/x", namespace="payments"
        )
        await notifications.take(Notification(connector, f"m{each}", sent, heading, Json(text)), note)


def test_every_page_of_notifications_is_listed(
    url: str, notifications: MemoryNotifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client.notifications, "__defaults__", (2,))
    asyncio.run(_send(notifications, 7))
    listed = cbp(url, "notification", "list", "payments").output.splitlines()
    assert [line.split()[0] for line in listed] == ["1", "3", "4", "5", "6", "7"]


async def _bury(entries: MemoryEntries, queue: MemoryDeliveries) -> None:
    """Give up deliveries of three changes, and have that of another one wait."""
    ledger = Subscription("ledger")
    await queue.fan_out(ledger, 0, 10, 10)
    for key in ("limits", "fees", "banner"):
        await put(entries, "payments", key, '{"daily": 1.10}')
    await queue.fan_out(ledger, 0, 10, 10)
    while claimed := await queue.claim(["ledger"], 1, 1, 60):
        await queue.give_back(claimed[0], "answered 500", None, bury=True)
    await put(entries, "payments", "limits", None, ANYTHING)
    await queue.fan_out(ledger, 0, 10, 10)
    await queue.fan_out(Subscription("cards"), 0, 10, 10)
    await queue.pause("cards", "answered 410")


def test_open_proposals_are_completed_from_the_server(url: str) -> None:
    proposed = json.loads(cbp(url, "config", "propose", "payments", "k", "1", "--output", "json").output)["id"]
    assert completed(url, "config", "approve", "payments", proposed[:4]) == [proposed]
    cbp(url, "config", "withdraw", "payments", proposed)
    assert completed(url, "config", "reject", "payments", proposed[:4]) == []


def test_a_value_comes_from_a_file_or_from_standard_input(url: str, tmp_path: Path) -> None:
    file = tmp_path / "value.json"
    file.write_text('{"a": [1, 2]}\n')
    assert cbp(url, "config", "set", "n", "k", "--file", str(file)).output.endswith(": created\n")
    environment = {"CBP_API_URL": url, "CBP_TOKEN": token()}
    piped = CliRunner().invoke(main, ["config", "set", "n", "k", "--file", "-"], input="[3]", env=environment)
    assert piped.output.endswith(": replaced\n")
    assert cbp(url, "config", "get", "n", "k").output == "[3]\n"


def test_a_change_that_somebody_makes_in_between_is_not_overwritten(
    url: str, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    cbp(url, "config", "set", "n", "k", "1")
    found = Client.find

    def and_then_another(client: Client, namespace: str, key: str) -> object:
        before = found(client, namespace, key)
        asyncio.run(put(entries, namespace, key, conditions=ANYTHING))
        return before

    monkeypatch.setattr(Client, "find", and_then_another)
    refused = cbp(url, "config", "set", "n", "k", "2")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("cbp: 412 Precondition Failed: If-Match does not hold")


def test_pages_are_as_large_as_the_api_makes_them() -> None:
    assert (LARGEST_PAGE, LARGEST_PAST_PAGE) == (LARGEST_LIMIT, LARGEST_PAST_LIMIT)


def test_every_page_of_a_namespace_is_listed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.client.LARGEST_PAGE", 2)
    for key in "abcde":
        cbp(url, "config", "set", "n", key, "1")
    listed = cbp(url, "config", "list", "n").output.splitlines()
    assert [line.split()[0] for line in listed] == list("abcde")


def test_every_page_of_a_history_and_of_a_difference_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.client.LARGEST_PAST_PAGE", 2)
    for key in "abcde":
        cbp(url, "config", "set", "n", key, "1")
    listed = cbp(url, "config", "history", "n").output.splitlines()
    assert [line.split()[-1] for line in listed] == list("edcba")
    differing = cbp(url, "config", "diff", "n", "--from", f"{EPOCH}-1").output.splitlines()
    assert differing == [f"from {EPOCH}-1 to {EPOCH}-5", *(f"added    {key}" for key in "edcb")]


def test_a_failure_of_the_service_is_no_refusal(url: str, entries: MemoryEntries) -> None:
    entries.failures = [UnavailableError("the database is busy")] * 10_000
    failed = cbp(url, "config", "get", "n", "k")
    assert (failed.exit_code, failed.stderr) == (2, "cbp: 503 Unavailable: the database is busy: try again later\n")


def test_an_answer_that_may_not_be_current_says_so(url: str, entries: MemoryEntries, changes: MemoryChanges) -> None:
    cbp(url, "config", "set", "n", "k", "1")
    cbp(url, "config", "get", "n", "k")
    changes.away = True
    entries.failures = [UnavailableError("the database is away")] * 10_000
    found = cbp(url, "config", "get", "n", "k")
    assert (found.exit_code, found.stdout) == (0, "1\n")
    assert re.fullmatch(r"cbp: the database is away; this was current \d+ s ago, and may have changed\n", found.stderr)


def test_where_no_api_answers_the_address_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        failed = cbp(url, "config", "get", "n", "k")
    assert (failed.exit_code, failed.stderr.startswith(f"cbp: {url} does not answer as the API does: ")) == (2, True)


def test_a_token_is_read_from_a_file_or_a_variable_and_never_leaves_in_the_clear(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{FILE}\n")
    local, away = "http://127.0.0.1:8080", "http://config.bank.example"
    assert connect(local, VARIABLE, None).token == VARIABLE
    assert connect(local, VARIABLE, file).token == FILE
    assert FILE not in repr(connect("https://config.bank.example", None, file))
    with pytest.raises(UnreachableError, match="not safe for a token: use https://"):
        connect(away, VARIABLE, None)
    assert connect(away, None, None).token is None
    with pytest.raises(UnreachableError, match="visible characters"):
        connect(local, "two\nlines", None)
    assert "--token " not in cbp(local, "config", "get", "--help").output


def completed(url: str, *words: str) -> list[str]:
    variables = {
        "_CBP_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("cbp", *words)),
        "COMP_CWORD": str(len(words)),
    }
    return [line.partition(",")[2] for line in cbp(url, **variables).output.split()]


def test_keys_are_completed_from_the_server(url: str) -> None:
    for key in ("limits", "limits.daily", "other"):
        cbp(url, "config", "set", "payments", key, "1")
    assert completed(url, "config", "get", "payments", "l") == ["limits", "limits.daily"]
    assert completed(url, "config", "get", "payments", "limits") == ["limits.daily"]
    assert completed(url, "config", "get", "Payments", "l") == []


def test_namespaces_are_completed_from_the_server(url: str) -> None:
    for namespace in ("pay", "pay-out", "other"):
        cbp(url, "config", "set", namespace, "k", "1")
    assert completed(url, "config", "list", "p") == ["pay", "pay-out"]
    assert completed(url, "config", "export", "pay-") == ["pay-out"]
    assert completed(url, "notification", "list", "p") == ["pay", "pay-out"]
    assert completed(url, "config", "get", "Pay") == []


def test_what_was_exported_is_imported(url: str, tmp_path: Path) -> None:
    cbp(url, "config", "set", "n", "exact", "1.10")
    file = tmp_path / "n.json"
    file.write_text(cbp(url, "config", "export", "n").output)
    assert cbp(url, "config", "import", "copy", str(file)).output == f'copy at "{EPOCH}-2": 1 created\n'
    assert cbp(url, "config", "get", "copy", "exact").output == "1.10\n"
    variables = {"CBP_API_URL": url, "CBP_TOKEN": token()}
    piped = CliRunner().invoke(main, ["config", "import", "n", "-"], file.read_text(), variables)
    assert piped.output == f'n at "{EPOCH}-1": unchanged\n'


def test_an_import_into_a_namespace_that_somebody_changes_in_between_is_not_made(
    url: str, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    cbp(url, "config", "set", "n", "k", "1")
    found = Client.find_bundle

    def and_then_another(client: Client, namespace: str) -> object:
        before = found(client, namespace)
        asyncio.run(put(entries, namespace, "other"))
        return before

    monkeypatch.setattr(Client, "find_bundle", and_then_another)
    refused = cbp(url, "config", "import", "n", "tests/runtime/config_bundle.json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("cbp: 412 Precondition Failed: If-Match does not hold")


def test_the_definition_of_a_namespace_is_told_by_its_name(url: str, entries: MemoryEntries) -> None:
    asyncio.run(put(entries, "n", "", '{"owner": "me"}'))
    assert cbp(url, "config", "history", "n").output.endswith("create (definition)\n")
    assert cbp(url, "config", "diff", "n", "--from", f"{EPOCH}-0").output.endswith("added    (definition)\n")


def test_a_server_that_is_away_or_silent_completes_nothing_and_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.completion.COMPLETION_SECONDS", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert completed(url, "config", "get", "payments", "l") == []
        silent.listen()
        assert completed(url, "config", "get", "payments", "l") == []
        assert completed(url, "config", "get", "p") == []
    assert SECONDS > 1


TEXT = st.text(st.characters(codec="utf-8"))


@settings(max_examples=30)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda it: st.lists(it) | st.dictionaries(TEXT, it))
)
def test_json_is_printed_as_it_was_read(value: object) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(encoded(decoded(text))) == value
    assert same(decoded(text), decoded(json.dumps(value, sort_keys=True, ensure_ascii=False)))
