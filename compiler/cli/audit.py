"""Export the audit trail of the API, and verify it without trust in its keeper: ``cbp audit``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from compiler.client import Client
    from runtime.domain.audit_verification import Anchor, Verified
    from runtime.domain.signatures import PublicKey

KINDS = ("change", "refusal", "read", "access", "proposal", "queue", "notification", "history")


@click.group()
def audit() -> None:
    """Export the audit trail of the API, and verify it.

    The token comes from CBP_TOKEN or a file, never from the command line.
    """


@audit.command(
    epilog=options.examples(
        "cbp audit export > audit.jsonl",
        "cbp audit export --namespace payments --since 2026-01-01T00:00:00Z --anchors anchors.jsonl > payments.jsonl",
    )
)
@click.option("--since", metavar="TIME", help="Only records of this time or later, with its zone (RFC 3339).")
@click.option("--until", metavar="TIME", help="Only records before this time.")
@click.option("--actor", help="Only records of this actor.")
@click.option("--namespace", help="Only records about this namespace.")
@click.option("--kind", type=click.Choice(KINDS), help="Only records of this kind.")
@click.option("--outcome", help="Only this outcome, such as create, delete, emergency, or the status of an answer.")
@click.option(
    "--anchors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the signed heads of the chain to this file; keep it where the API's operators cannot change it.",
)
@options.token_file
@options.api_url
def export(
    url: str, token_file: Path | None, anchors: Path | None, since: str | None, until: str | None, **members: str | None
) -> None:
    """Print the audit trail as JSON Lines, for cbp audit verify.

    Records that the filters leave out are represented by their hash, so that what is exported can still be verified.
    """
    from compiler.cli.audit_client import anchors as signed_heads

    bounds = _time("--since", since), _time("--until", until)
    client = options.client(url, token_file)
    for line in _exported(client, lambda record: _matches(record, bounds, members)):
        click.echo(line)
    if anchors is not None:
        anchors.write_text("".join(f"{_dump(each)}\n" for each in signed_heads(client)), encoding="utf-8")


@audit.command(
    epilog=options.examples(
        "cbp audit verify audit.jsonl --anchors anchors.jsonl --key audit.pem",
        "cbp audit verify --url https://config.bank.example --anchors /mnt/anchors",
    )
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--anchors",
    type=click.Path(exists=True, path_type=Path),
    help="Anchors that were kept elsewhere: a file of JSON Lines, or a folder of files.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The public key by which anchors are signed, in PEM: of version 1; repeat it for later versions.",
)
@options.token_file
@options.api_url
@options.formats("text", "json")
def verify(
    file: Path | None, anchors: Path | None, keys: tuple[Path, ...], url: str, token_file: Path | None, format_: str
) -> None:
    """Verify the audit trail of the API, or an export of it.

    Finds every record that was changed, removed, inserted or moved. With anchors it also finds a tail that was cut off
    and a chain that was computed anew, and with a key an anchor that nobody has signed. Exits with 0 when everything is
    as it was sealed, with 1 when it is not, and with 2 when it could not be read.
    """
    from compiler.cli.audit_client import AuditError
    from runtime.domain.audit_verification import UnreadableError
    from runtime.domain.audit_verification import verify as verified

    lines: Iterable[str] = _exported(options.client(url, token_file), lambda _: True) if file is None else _lines(file)
    try:
        found = verified(lines, _anchors(anchors), _keys(keys))
    except UnreadableError as error:
        raise AuditError(f"{file or url}: {error}") from error
    click.echo(_as_json(found) if format_ == "json" else _as_text(found, str(file or url), signed=bool(keys)))
    sys.exit(1 if found.faults else 0)


def _exported(client: Client, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[str]:
    """Yield the lines of an export: its head, and each record, or its hash where it is not wanted."""
    from compiler.cli.audit_client import pages
    from runtime.domain.audit import FORMAT, record_hash
    from runtime.domain.audit_verification import WITHHELD

    for number, page in enumerate(pages(client)):
        if number == 0:
            yield _dump({"format": FORMAT, "first": page["first"], "previous": page["previous"]})
        for each in page["records"]:
            record = each["record"]
            shown = {"record": record} if wanted(record) else {WITHHELD: record_hash(record).hex()}
            yield _dump({"sequence": each["sequence"], **shown, "link": each["link"]})


def _matches(record: dict[str, Any], bounds: tuple[str | None, str | None], members: dict[str, str | None]) -> bool:
    since, until = bounds
    return (
        (since is None or record["at"] >= since)
        and (until is None or record["at"] < until)
        and all(value is None or record.get(name) == value for name, value in members.items())
    )


def _time(name: str, text: str | None) -> str | None:
    from datetime import datetime

    from runtime.domain.audit import written

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return written(moment)
    except (ValueError, OverflowError):
        raise click.BadParameter("write a time with its zone, as 2026-01-05T08:00:00Z", param_hint=name) from None


def _lines(file: Path) -> Iterator[str]:
    from compiler.cli.audit_client import AuditError

    with file.open(encoding="utf-8") as opened:
        try:
            yield from opened
        except UnicodeDecodeError as error:
            raise AuditError(f"{file}: it is no text in UTF-8") from error


def _anchors(path: Path | None) -> tuple[Anchor, ...]:
    from compiler.cli.audit_client import AuditError
    from runtime.domain.audit_verification import UnreadableError, read_anchors

    if path is None:
        return ()
    found: list[Anchor] = []
    for file in sorted(path.glob("*.json*")) if path.is_dir() else [path]:
        try:
            found += read_anchors(_lines(file))
        except UnreadableError as error:
            raise AuditError(f"{file}: {error}") from error
    return tuple(found)


def _keys(files: tuple[Path, ...]) -> dict[int, PublicKey] | None:
    from compiler.cli.audit_client import AuditError
    from runtime.domain.signatures import NoKeyError, read_key

    keys: dict[int, PublicKey] = {}
    for version, file in enumerate(files, 1):
        try:
            keys[version] = read_key("".join(_lines(file)))
        except NoKeyError as error:
            raise AuditError(f"{file}: {error}") from error
    return keys or None


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _as_json(found: Verified) -> str:
    return json.dumps(
        {
            "intact": not found.faults,
            "first": found.first,
            "last": found.last,
            "from": found.from_ or None,
            "until": found.until or None,
            "counts": dict(sorted(found.counts.items())),
            "anchors": found.anchors,
            "anchored": found.anchored_until,
            "signatures": found.signed,
            "faults": found.faults,
        },
        indent=2,
    )


def _as_text(found: Verified, name: str, *, signed: bool) -> str:
    lines = [f"{name}: {fault}" for fault in found.faults]
    number = sum(found.counts.values())
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(found.counts.items()))
    lines.append(f"{number} records, {found.first} to {found.last} ({counts})" if number else "no records")
    if found.from_:
        lines.append(f"from {found.from_} to {found.until}")
    if not found.anchors:
        lines.append("no anchors: a tail that was cut off, or a chain that was computed anew, cannot be found")
    else:
        checked = f"{found.signed} with a valid signature" if signed else "signatures not verified: no --key"
        lines.append(f"{found.anchors} anchors, {checked}; anchored up to record {found.anchored_until}")
    faults = len(found.faults)
    lines.append(f"TAMPERED: {faults} fault{'s'[: faults != 1]}" if faults else "intact")
    return "\n".join(lines)
