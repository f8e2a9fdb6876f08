"""``cbp key``: make, list and revoke the keys by which machines sign in at a running API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.group(epilog=options.examples("export CBP_TOKEN=$(cbp token --role administrator)", "cbp key list"))
def key() -> None:
    """Make, list and revoke keys of machines.

    It takes an administrator's token, from CBP_TOKEN or a file, never from the command line.
    """


@key.command(epilog=options.examples('cbp key create --description "the ledger" --role reader --namespace payments'))
@click.option("--description", required=True, help="The machine, in one line.")
@click.option("--role", required=True, type=click.Choice(("reader", "writer", "approver", "administrator")))
@click.option("--namespace", required=True, help="A namespace, the beginning of several (payments-*), or *.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it works.")
@options.api_url
@options.token_file
def create(description: str, role: str, namespace: str, days: int, url: str, token_file: Path | None) -> None:
    """Make a key, and print its token, which nobody can see again."""
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    body = {"description": description, "role": role, "namespaces": namespace, "expires_at": ends}
    made = options.client(url, token_file).ask("POST", "/v1/keys", json.dumps(body)).value
    click.echo(made["token"])
    click.echo(f"the key {made['id']} works until {made['expires_at']}; its token is shown this once", err=True)


@key.command("list")
@options.api_url
@options.token_file
def list_(url: str, token_file: Path | None) -> None:
    """List the keys that you administer."""
    for each in options.client(url, token_file).ask("GET", "/v1/keys").value["keys"]:
        right = f"{each['role']} of {each['namespaces']}"
        click.echo(f"{each['id']}  {right}, until {each['expires_at']}, by {each['given_by']}: {each['description']}")


@key.command()
@click.argument("id_", metavar="ID")
@options.api_url
@options.token_file
def revoke(id_: str, url: str, token_file: Path | None) -> None:
    """Revoke a key: soon every worker refuses it.

    The setting access.known_seconds says how soon.
    """
    options.client(url, token_file).ask("DELETE", f"/v1/keys/{quote(id_, safe='')}")
    click.echo(f"revoked the key {id_}")
