"""Verify a snapshot of the configuration, and take a namespace out of it: ``cbp snapshot``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from runtime.domain.configuration_snapshots import Contents

_GZIP = b"\x1f\x8b"
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def snapshot() -> None:
    """Verify and read snapshots of the configuration.

    A snapshot is a file that the cluster keeps under a lock; docs/recovery.md says how to get one. No command asks a
    server. Each verifies the whole file first, and exits with 1 where it is not as it was written.
    """


@snapshot.command(epilog=options.examples("cbp snapshot verify production-eu-central-1-20261130T033500Z.jsonl.gz"))
@_file
def verify(file: Path) -> None:
    """Verify that a snapshot is as it was written."""
    found = _read(file)
    click.echo(f"{_title(found)}: intact, {len(found.namespaces)} namespaces, {found.entries} entries")


@snapshot.command(epilog=options.examples("cbp snapshot show production-eu-central-1-20261130T033500Z.jsonl.gz"))
@_file
@options.formats("text", "json")
def show(file: Path, format_: str) -> None:
    """List the namespaces of a snapshot.

    Each has the number of its entries, and whether it is defined. As JSON it is the head of the snapshot, and the keys
    of each namespace, the empty one of a definition included.
    """
    found = _read(file)
    if format_ == "json":
        keys = {name: list(entries) for name, entries in found.namespaces.items()}
        click.echo(json.dumps({**found.head, "namespaces": keys}, ensure_ascii=False))
        return
    click.echo(_title(found))
    width = max(map(len, found.namespaces), default=0)
    for name, entries in found.namespaces.items():
        defined = ", defined" if "" in entries else ""
        click.echo(f"  {name:{width}}  {sum(key != '' for key in entries)} entries{defined}")


@snapshot.command(
    epilog=options.examples(
        "cbp snapshot extract SNAPSHOT.jsonl.gz payments > payments.json",
        "cbp config import payments payments.json --reason 'OPS-7: removed by mistake'",
    )
)
@_file
@click.argument("namespace")
@click.option("--definition", is_flag=True, help="Print the definition of the namespace in place of its entries.")
def extract(file: Path, namespace: str, definition: bool) -> None:
    """Print a namespace for cbp config import.

    It is one JSON document with all of its entries. Values have every digit with which they were stored.
    """
    entries = _read(file).namespaces.get(namespace)
    if entries is None:
        raise click.BadParameter(f"the snapshot has no namespace {namespace}", param_hint="NAMESPACE")
    if not definition:
        members = (f"{json.dumps(key, ensure_ascii=False)}:{value}" for key, value in entries.items() if key)
        click.echo(f'{{"entries":{{{",".join(members)}}}}}')
    elif "" in entries:
        click.echo(entries[""])
    else:
        raise click.BadParameter(f"the namespace {namespace} has no definition", param_hint="--definition")


def _read(file: Path) -> Contents:
    """Return the contents of a snapshot; where it is damaged, say so and exit with 1."""
    import gzip
    import io
    import zlib

    from runtime.domain.configuration_snapshots import DamagedError, read

    content = file.read_bytes()
    try:
        return read(io.BytesIO(gzip.decompress(content) if content.startswith(_GZIP) else content))
    except DamagedError as error:
        reason = str(error)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        reason = f"it cannot be decompressed ({error})"
    click.echo(f"cbp: {file}: the snapshot is damaged: {reason}", err=True)
    sys.exit(1)


def _title(found: Contents) -> str:
    head = found.head
    return f"{head['environment']}/{head['cluster']} at {head['at']}, version {head['epoch']}-{head['revision']}"
