"""``cbp key``: make, list and revoke the keys by which machines sign in at a running API."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

import click

from compiler.cli import options
from compiler.errors import CouldNotRunError

_SECONDS = 10
_TOKEN = "CBP_TOKEN"  # noqa: S105  # the name of a variable
_url = click.option(
    "--url", default="http://127.0.0.1:8080", show_default=True, help="The address of the API.", envvar="CBP_URL"
)


@click.group(epilog=options.examples("export CBP_TOKEN=$(cbp token --role administrator)", "cbp key list"))
def key() -> None:
    """Make, list and revoke keys of machines.

    An administrator's token is in the variable CBP_TOKEN.
    """


@key.command(epilog=options.examples('cbp key create --description "the ledger" --role reader --namespace payments'))
@click.option("--description", required=True, help="The machine, in one line.")
@click.option("--role", required=True, type=click.Choice(("reader", "writer", "approver", "administrator")))
@click.option("--namespace", required=True, help="A namespace, the beginning of several (payments-*), or *.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it works.")
@_url
def create(description: str, role: str, namespace: str, days: int, url: str) -> None:
    """Make a key, and print its token, which nobody can see again."""
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    body = {"description": description, "role": role, "namespaces": namespace, "expires_at": ends}
    made = _ask(url, "POST", "/v1/keys", body)
    click.echo(made["token"])
    click.echo(f"the key {made['id']} works until {made['expires_at']}; its token is shown this once", err=True)


@key.command("list")
@_url
def list_(url: str) -> None:
    """List the keys that you administer."""
    for each in _ask(url, "GET", "/v1/keys")["keys"]:
        right = f"{each['role']} of {each['namespaces']}"
        click.echo(f"{each['id']}  {right}, until {each['expires_at']}, by {each['given_by']}: {each['description']}")


@key.command()
@click.argument("id_", metavar="ID")
@_url
def revoke(id_: str, url: str) -> None:
    """Revoke a key: soon every worker refuses it.

    The setting access.known_seconds says how soon.
    """
    _ask(url, "DELETE", f"/v1/keys/{quote(id_, safe='')}")
    click.echo(f"revoked the key {id_}")


def _ask(url: str, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the object that the API answers with, empty for none."""
    token = os.environ.get(_TOKEN)
    if not token:
        raise CouldNotRunError(f"{_TOKEN} is not set: it holds an administrator's token, such as cbp token prints")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CouldNotRunError(f"{url} is not the address of an API, such as https://config.bank.example")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
    headers = {"Authorization": f"Bearer {token.strip()}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        found = json.loads(answer.read() or b"{}")
    except (OSError, HTTPException, ValueError) as error:
        raise CouldNotRunError(f"{url} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise CouldNotRunError(f"{url} refuses ({answer.status}): {found.get('detail', 'without a reason')}")
    return dict(found)
