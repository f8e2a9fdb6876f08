"""The commands of ``cbp config`` for changes that others approve."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from compiler import completion
from compiler.cli import options
from compiler.cli.config import MOMENT, asking, given_text, named, namespace_argument, reason_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.client import Answer, Client

STATES = ("open", "made", "refused", "rejected", "withdrawn", "expired")
_id = click.argument("proposal", shell_complete=completion.open_proposals)


@click.command(
    epilog=options.examples(
        "cbp config propose payments limits '{\"daily\": 6000}' --reason 'PAY-22: the winter sale'",
        "cbp config propose payments former --remove",
        "cbp config propose payments --to 1f0c9a2e-42 --reason 'PAY-23: back to before the sale'",
        "cbp config propose payments --file payments.json",
    )
)
@namespace_argument
@click.argument("key", required=False, shell_complete=completion.keys)
@click.argument("value", required=False)
@click.option("--remove", is_flag=True, help="Propose that the entry is removed.")
@click.option("--to", metavar="MOMENT", help=f"Propose what the entry, or the namespace, was at {MOMENT}.")
@click.option(
    "--file",
    "file",
    type=click.Path(allow_dash=True, dir_okay=False),
    help="The value of the key or, without a key, all entries, edits, or a definition; - for standard input.",
)
@reason_option
@asking
def propose(
    client: Client,
    output: str,
    namespace: str,
    key: str | None,
    value: str | None,
    remove: bool,
    to: str | None,
    file: str | None,
    reason: str | None,
) -> None:
    """Propose a change of a namespace, which others approve.

    What it replaces is read first, and the change is made only while that is as it was read. Without a key the file is
    what cbp config export prints, or the body of the request: {"edits": [...]} or {"definition": {...}, "if_match":
    "..."}.
    """
    if (value is not None) + (file is not None) + (to is not None) + remove != 1 or (remove and key is None):
        raise click.UsageError("give a value, --file, --to or, with a key, --remove, and only one of them")
    body = _body(client, namespace, key, None if remove or to else given_text(value, file), to)
    if body is None:
        click.echo("null" if output == "json" else f"{namespace}: nothing differs")
        return
    proposed = client.propose(namespace, body, reason)
    if output == "json":
        click.echo(proposed.text)
        return
    click.echo(f"{proposed.value['id']}: {_standing(proposed.value)}")
    for line in _changes(proposed.value):
        click.echo(line)


@click.command(
    epilog=options.examples(
        "cbp config proposals payments --state open",
        "cbp config proposals payments 6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90",
    )
)
@namespace_argument
@click.argument("proposal", required=False, shell_complete=completion.open_proposals)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="The most lines.")
@asking
def proposals(client: Client, output: str, namespace: str, proposal: str | None, state: str | None, most: int) -> None:
    """List the proposals of a namespace, or show one of them.

    The newest comes first; as JSON, one a line. One is shown with what it changes, and who approved it.
    """
    from compiler.client import encoded

    if proposal is not None:
        _show(client.proposal(namespace, proposal), output)
        return
    for found in islice(client.proposals(namespace, state), most):
        keys = ", ".join(each or "(definition)" for each in found["keys"])
        words = (found["id"], _standing(found), found["proposer"], keys, found["reason"] or "")
        click.echo(encoded(found) if output == "json" else "  ".join(words).rstrip())


@click.command(epilog=options.examples("cbp config approve payments 6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90"))
@namespace_argument
@_id
@click.option(
    "--emergency",
    is_flag=True,
    help="Make it without further approvals, by a right that another person gave you for an emergency; needs --reason.",
)
@reason_option
@asking
def approve(client: Client, output: str, namespace: str, proposal: str, emergency: bool, reason: str | None) -> None:
    """Approve a proposal of somebody else.

    The last approval that it needs makes its change. Show it before: cbp config proposals NAMESPACE ID.
    """
    _show(client.decide(namespace, proposal, "approve", reason, emergency=emergency), output)


@click.command(epilog=options.examples("cbp config reject payments 6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90 --reason no"))
@namespace_argument
@_id
@reason_option
@asking
def reject(client: Client, output: str, namespace: str, proposal: str, reason: str | None) -> None:
    """Reject a proposal of somebody else, which ends it."""
    _show(client.decide(namespace, proposal, "reject", reason), output)


@click.command(epilog=options.examples("cbp config withdraw payments 6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90"))
@namespace_argument
@_id
@reason_option
@asking
def withdraw(client: Client, output: str, namespace: str, proposal: str, reason: str | None) -> None:
    """Withdraw a proposal of your own, which ends it."""
    _show(client.decide(namespace, proposal, "withdraw", reason), output)


COMMANDS = (propose, proposals, approve, reject, withdraw)


def _body(client: Client, namespace: str, key: str | None, text: str | None, to: str | None) -> str | None:
    """Return the body of a proposal, whose edits name the versions that they replace; None where nothing differs."""
    from compiler.client import decoded

    if key is not None:
        found = client.find(namespace, key)
        past = None if to is None else client.find(namespace, key, to)
        wanted = {key: past.value["value"]} if past else {} if text is None else {key: decoded(text)}
        return _departures({} if found is None else {key: found.value}, wanted)
    if to is not None:
        wanted = {each["key"]: each["value"] for each in client.entries(namespace, to)}
    else:
        document = decoded(text or "")
        if not isinstance(document, dict) or not isinstance(document.get("entries"), dict):
            return text
        wanted = document["entries"]
    return _departures({each["key"]: each for each in client.entries(namespace)}, wanted)


def _departures(present: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    """Return the edits after which the entries have the wanted values by key, and there are no others."""
    from compiler.client import encoded, same

    edits = []
    for key in sorted(present.keys() | wanted.keys()):
        entry = present.get(key)
        if entry is not None and key in wanted and same(entry["value"], wanted[key]):
            continue
        change = {"value": wanted[key]} if key in wanted else {"remove": True}
        condition = {"if_none_match": "*"} if entry is None else {"if_match": entry["etag"]}
        edits.append({"key": key, **change, **condition})
    return encoded({"edits": edits}) if edits else None


def _show(found: Answer, output: str) -> None:
    proposal = found.value
    if output == "json":
        click.echo(found.text)
        return
    click.echo(f"{proposal['id']}: {_standing(proposal)}")
    _tell("proposed", proposal["proposer"], proposal["proposed_at"], proposal["reason"])
    for line in _changes(proposal):
        click.echo(line)
    for approval in proposal["approvals"]:
        done = "approved" if approval["counts"] else "approved, without the right by now,"
        _tell(done, approval["approver"], approval["at"], approval["reason"])
    if proposal["state"] == "open":
        click.echo(f"  open until {proposal['expires_at']}")
    decision = proposal["decision"]
    if decision is not None:
        emergency = f" in the emergency {decision['emergency']}" if decision["emergency"] else ""
        _tell(f"{proposal['state']}{emergency}", decision["by"], decision["at"], decision["reason"])
    for refusal in proposal["refusals"]:
        click.echo(f"  {named(refusal)}: {refusal['detail']}")


def _tell(done: str, by: str, at: str, reason: str | None) -> None:
    click.echo(f"  {done} by {by} at {at}{'' if reason is None else f': {reason}'}")


def _standing(proposal: dict[str, Any]) -> str:
    """Return the state of a proposal in words."""
    if proposal["state"] == "open":
        count = sum(approval["counts"] for approval in proposal["approvals"])
        return f"open, {count} of {proposal['needed']} approvals"
    return f"made at {proposal['version']}" if proposal["version"] else str(proposal["state"])


def _changes(proposal: dict[str, Any]) -> Iterator[str]:
    from compiler.client import encoded

    change = proposal["change"]
    if "definition" in change:
        change = {"edits": [{"key": "", "value": change["definition"], "if_match": change["if_match"]}]}
    for edit in change["edits"]:
        replaced = edit["if_match"]
        done = "delete" if "remove" in edit else "replace" if replaced else "create"
        place = f"{named(edit)} at {replaced}" if replaced else named(edit)
        value = "" if "remove" in edit else f"  {encoded(edit['value'])}"
        yield f"  {done:7}  {place}{value}"
