"""The commands that read a snapshot of the configuration, which ask no server."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.cli import main
from runtime.domain import configuration_snapshots
from runtime.domain.configuration_snapshots import DamagedError, Writer, read

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

HEAD = ("production", "eu-central-1", "1f0c9a2e", 42, "2026-11-30T03:35:00.000000Z")
SMALL = {"ledger": {"open": "true"}, "payments": {"": '{"owner":"me"}', "limits": '{"daily":1.10}', "late": "1e400"}}
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(st.none() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


def written(namespaces: dict[str, dict[str, str]]) -> list[bytes]:
    writer = Writer()
    lines = [writer.head(*HEAD)]
    lines += [writer.entry(name, key, value) for name, keys in namespaces.items() for key, value in keys.items()]
    return [*lines, writer.end()]


def cbp(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["snapshot", *map(str, arguments)], prog_name="cbp", catch_exceptions=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "snapshot.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(written(SMALL))))
    return path


@settings(max_examples=30)
@given(st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES, min_size=1, max_size=3), max_size=3), st.data())
def test_what_was_written_is_read_and_what_was_changed_is_refused(
    namespaces: dict[str, dict[str, object]], data: st.DataObject
) -> None:
    texts = {name: {key: json.dumps(value) for key, value in keys.items()} for name, keys in namespaces.items()}
    lines = written(texts)
    assert read(lines).namespaces == texts
    content = b"".join(lines)
    place = data.draw(st.integers(0, len(content) - 1))
    changed = content[:place] + bytes([content[place] ^ data.draw(st.integers(1, 255))]) + content[place + 1 :]
    with pytest.raises(DamagedError):
        read(changed.splitlines(keepends=True))


def test_a_snapshot_is_verified_and_shown(file: Path) -> None:
    title = "production/eu-central-1 at 2026-11-30T03:35:00.000000Z, version 1f0c9a2e-42"
    assert cbp("verify", file).output == f"{title}: intact, 2 namespaces, 3 entries\n"
    assert cbp("show", file).output == f"{title}\n  ledger    1 entries\n  payments  2 entries, defined\n"
    shown = json.loads(cbp("show", file, "--format", "json").output)
    assert (shown["revision"], shown["namespaces"]["payments"]) == (42, ["", "limits", "late"])


def test_a_namespace_is_extracted_with_every_digit(file: Path) -> None:
    assert cbp("extract", file, "payments").output == '{"entries":{"limits":{"daily":1.10},"late":1e400}}\n'
    assert cbp("extract", file, "payments", "--definition").output == '{"owner":"me"}\n'


def test_what_the_snapshot_lacks_cannot_be_extracted(file: Path) -> None:
    assert cbp("extract", file, "cards").exit_code == 2
    assert "the namespace ledger has no definition" in cbp("extract", file, "ledger", "--definition").output


@pytest.mark.parametrize("command", [("verify",), ("show",), ("extract", "payments")])
def test_every_command_refuses_a_snapshot_with_a_changed_byte(file: Path, command: tuple[str, ...]) -> None:
    content = b"".join(written(SMALL)).replace(b"1.10", b"1.90")
    file.write_bytes(gzip.compress(content))
    ran = cbp(command[0], file, *command[1:])
    assert ran.exit_code == 1
    assert ran.output == f"cbp: {file}: the snapshot is damaged: its SHA-256 is not that of its last line\n"


def test_a_snapshot_that_is_cut_off_is_refused(file: Path) -> None:
    content = file.read_bytes()
    for damaged in (content[:-9], content[:20], content[:40] + b"\0" + content[41:], b"", b"{}\n{}\n"):
        file.write_bytes(damaged)
        assert cbp("verify", file).exit_code == 1
    lines = written(SMALL)
    file.write_bytes(b"".join(lines[:-1]))
    assert "line 5 has not the members" in cbp("verify", file).output


def test_a_snapshot_of_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(configuration_snapshots, "FORMAT", "cbp-configuration/9")
        lines = written(SMALL)
    with pytest.raises(DamagedError, match="its format is cbp-configuration/9"):
        read(lines)
