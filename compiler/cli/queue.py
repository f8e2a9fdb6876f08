"""``cbp queue``: deliveries of changes to subscribers of an API that runs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options
from compiler.cli.config import asking, named, reason_option

if TYPE_CHECKING:
    from compiler.client import Client

STATES = ("waiting", "claimed", "dead")


@click.group(
    epilog=options.examples(
        "cbp queue list",
        "cbp queue list ledger --state dead",
        "cbp queue replay ledger 42-0",
    )
)
def queue() -> None:
    """See and settle the deliveries of changes to subscribers.

    For administrators, of the namespaces that they administer. Exit codes and the token are those of cbp config.
    """


_subscriber = click.argument("subscriber")
_delivery = click.argument("delivery")


@queue.command("list", epilog=options.examples("cbp queue list", "cbp queue list ledger --state dead --output json"))
@click.argument("subscriber", required=False)
@click.option("--state", type=click.Choice(STATES), help="Only deliveries in this state.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="The most deliveries.")
@asking
def list_(client: Client, output: str, subscriber: str | None, state: str | None, most: int) -> None:
    """List the subscribers, or the deliveries to one of them.

    The delivery of the oldest change comes first; as JSON, one a line.
    """
    from compiler.client import encoded

    if subscriber is None:
        if state is not None:
            raise click.UsageError("name the subscriber whose deliveries have this state")
        for found in client.subscribers().value["subscribers"]:
            click.echo(encoded(found) if output == "json" else _standing(found))
        return
    for found in islice(client.deliveries(subscriber, state), most):
        click.echo(encoded(found) if output == "json" else _line(found))


@queue.command(epilog=options.examples("cbp queue show ledger 42-0"))
@_subscriber
@_delivery
@asking
def show(client: Client, output: str, subscriber: str, delivery: str) -> None:
    """Show a delivery, with its change."""
    from compiler.client import encoded

    found = client.delivery(subscriber, delivery)
    if output == "json":
        click.echo(found.text)
        return
    click.echo(_line(found.value))
    event = found.value["event"]
    if event is None:
        click.echo("  its event is no longer kept")
        return
    value = "" if event["action"] == "delete" else f"  {encoded(event['value'])}"
    click.echo(f"  {event['action']:7}  {named(event)} by {event['actor']}{value}")


@queue.command(
    epilog=options.examples(
        "cbp queue replay ledger 42-0",
        "cbp queue replay ledger --all --reason 'OPS-4: the ledger accepts again'",
    )
)
@_subscriber
@click.argument("delivery", required=False)
@click.option("--all", "all_", is_flag=True, help="Every dead letter of the subscriber.")
@reason_option
@asking
def replay(
    client: Client, output: str, subscriber: str, delivery: str | None, reason: str | None, *, all_: bool
) -> None:
    """Have dead letters delivered again.

    They arrive after later changes, which their sequence shows.
    """
    if (delivery is None) != all_:
        raise click.UsageError("give the id of a dead letter, or --all, and not both")
    number = 1
    if delivery is None:
        number = client.replay_all(subscriber, reason)
    else:
        client.replay(subscriber, delivery, reason)
    _tell(output, subscriber, "replayed", number)


@queue.command(epilog=options.examples("cbp queue discard ledger 42-0 --reason 'OPS-5: entered by hand'"))
@_subscriber
@_delivery
@click.option("--reason", metavar="TEXT", required=True, help="Why: it is recorded in the audit trail.")
@asking
def discard(client: Client, output: str, subscriber: str, delivery: str, reason: str) -> None:
    """Discard a dead letter: it is never delivered."""
    client.discard(subscriber, delivery, reason)
    _tell(output, subscriber, "discarded", 1)


@queue.command(epilog=options.examples("cbp queue resume ledger --reason 'OPS-6: the ledger has a new address'"))
@_subscriber
@reason_option
@asking
def resume(client: Client, output: str, subscriber: str, reason: str | None) -> None:
    """Deliver changes again to a subscriber that is paused.

    It is paused once its receiver has answered 410 (Gone).
    """
    client.resume(subscriber, reason)
    _tell(output, subscriber, "resumed", 1)


def _tell(output: str, subscriber: str, done: str, number: int) -> None:
    from compiler.client import encoded

    click.echo(encoded({done: number}) if output == "json" else f"{subscriber}: {number} {done}")


def _standing(found: dict[str, Any]) -> str:
    names = {"lag": "behind", "waiting": "waiting", "dead_letters": "dead", "missed": "missed"}
    numbers = ", ".join(f"{found[name]} {word}" for name, word in names.items())
    paused = found["paused_at"] and f"paused since {found['paused_at']}: {found['pause_reason']}"
    return "  ".join(filter(None, (found["name"], numbers, paused)))


def _line(found: dict[str, Any]) -> str:
    when = f"given up at {found['buried_at']}" if found["state"] == "dead" else f"due at {found['due_at']}"
    tried = f"{found['attempts']} failed" + (f": {found['reason']}" if found["reason"] else "")
    return f"{found['id']}  {found['namespace']}  {found['state']}, {when}, {tried}"
