"""``cbp notification``: notifications of connectors that an API has kept."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options
from compiler.cli.config import asking, namespace_argument

if TYPE_CHECKING:
    from compiler.client import Client


@click.group(
    epilog=options.examples(
        "cbp notification list payments",
        "cbp notification show payments 42",
    )
)
def notification() -> None:
    """Read the notifications that connectors have sent.

    For the readers of the namespace that a connector sends to. Exit codes and the token are those of cbp config.
    """


@notification.command(
    "list",
    epilog=options.examples(
        "cbp notification list payments",
        "cbp notification list payments --after 42 --output json",
    ),
)
@namespace_argument
@click.option("--after", type=click.IntRange(0), default=0, help="Only those with a larger number.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="The most notifications.")
@asking
def list_(client: Client, output: str, namespace: str, after: int, most: int) -> None:
    """List the notifications to a namespace.

    They come in the order in which they arrived; as JSON, one a line, with all that each says. To miss none, go on
    after the last number that you know.
    """
    from compiler.client import encoded

    for found in islice(client.notifications(namespace, after), most):
        click.echo(encoded(found) if output == "json" else _line(found))


@notification.command(epilog=options.examples("cbp notification show payments 42"))
@namespace_argument
@click.argument("number", type=click.IntRange(1))
@asking
def show(client: Client, output: str, namespace: str, number: int) -> None:
    """Show a notification, with all that it says."""
    from compiler.client import encoded

    found = next(client.notifications(namespace, number - 1, 1), None)
    if found is None or found["number"] != number:
        click.echo(f"cbp: no notification to {namespace} has the number {number}", err=True)
        sys.exit(1)
    if output == "json":
        click.echo(encoded(found))
        return
    click.echo(_line(found))
    click.echo(f"  {encoded(found['document'])}")


def _line(found: dict[str, Any]) -> str:
    words = (found["type"], found["subject"], f"from {found['connector']} at {found['received_at']}")
    return f"{found['number']}  {'  '.join(filter(None, words))}"
