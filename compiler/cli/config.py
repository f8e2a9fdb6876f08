"""``cbp config``: read and change entries of an API that runs."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from compiler import completion
from compiler.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compiler.client import Answer, Client


@click.group(
    epilog=options.examples(
        "cbp config set payments limits '{\"daily\": 5000}' --reason 'PAY-17: the summer sale'",
        "cbp config get payments limits",
        "cbp config list payments --output json",
    )
)
def config() -> None:
    """Read and change configuration entries of an API that runs.

    Exits with 0 when it is done, with 1 when the API refuses (not found, changed by somebody else, not allowed), and
    with 2 when the API could not be asked. The token comes from CBP_TOKEN or a file, never from the command line.
    """


_OPTIONS = (
    options.api_url,
    options.token_file,
    click.option(
        "--output",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="For people, or what the API answers as JSON, problems included.",
    ),
)
namespace_argument = click.argument("namespace", shell_complete=completion.namespaces)
_key = click.argument("key", shell_complete=completion.keys)
_key_or_all = click.argument("key", required=False, shell_complete=completion.keys)
MOMENT = "a version, such as 1f0c9a2e-42, or a time, such as 2026-11-28T09:30:00Z"
_if_match = click.option(
    "--if-match",
    metavar="ETAG",
    help="The version that the change replaces, as its ETag, or * for any. Default: the one that is read just before.",
)
reason_option = click.option("--reason", metavar="TEXT", help="Why: it is recorded with the change.")


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that asks the API, give it the client, and report a refusal."""

    @wraps(command)
    def asking(url: str, token_file: Path | None, output: str, **arguments: Any) -> None:
        with _refusals(output):
            command(client=options.client(url, token_file), output=output, **arguments)

    for option in reversed(_OPTIONS):
        asking = option(asking)
    return asking


@config.command(
    epilog=options.examples(
        "cbp config get payments limits",
        "cbp config get payments limits --output json",
        "cbp config get payments limits --as-of 2026-11-28T09:30:00Z",
    )
)
@namespace_argument
@_key
@click.option("--as-of", metavar="MOMENT", help=f"As it was: {MOMENT}.")
@asking
def get(client: Client, output: str, namespace: str, key: str, as_of: str | None) -> None:
    """Print the value of an entry.

    As JSON it is the entry, with its revision and ETag.
    """
    from compiler.client import encoded

    found = client.read(namespace, key, as_of)
    _warn_of_age(found)
    click.echo(found.text if output == "json" else encoded(found.value["value"]))


@config.command(
    "set",
    epilog=options.examples(
        "cbp config set payments limits '{\"daily\": 5000}'",
        "cbp config set payments banner '\"closed on Sunday\"' --reason 'PAY-18'",
        "cbp config set payments limits --file limits.json --if-match '\"1f0c9a2e-42\"'",
    ),
)
@namespace_argument
@_key
@click.argument("value", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(allow_dash=True, dir_okay=False),
    help="Read the value here; - for standard input.",
)
@_if_match
@reason_option
@asking
def set_(
    client: Client,
    output: str,
    namespace: str,
    key: str,
    value: str | None,
    file: str | None,
    if_match: str | None,
    reason: str | None,
) -> None:
    """Write the value of an entry, which is JSON.

    The entry is read first. Nothing is written where it has the value already, and the write is refused where somebody
    changes the entry in between.
    """
    from compiler.client import decoded, same

    text = given_text(value, file)
    conditions = {"If-Match": if_match} if if_match else None
    if conditions is None:
        found = client.find(namespace, key)
        if found is not None and same(found.value["value"], decoded(text)):
            click.echo(found.text if output == "json" else f"{_told(found)}: unchanged")
            return
        conditions = {"If-None-Match": "*"} if found is None else {"If-Match": found.etag or ""}
    written = client.write(namespace, key, text, conditions, reason)
    done = "created" if written.status == 201 else "replaced"
    click.echo(written.text if output == "json" else f"{_told(written)}: {done}")


@config.command(epilog=options.examples("cbp config delete payments limits --reason 'PAY-19'"))
@namespace_argument
@_key
@_if_match
@reason_option
@asking
def delete(client: Client, output: str, namespace: str, key: str, if_match: str | None, reason: str | None) -> None:
    """Remove an entry.

    It is read first: the removal is refused where somebody changes it in between.
    """
    from compiler.client import encoded

    etag = if_match or client.read(namespace, key).etag or ""
    client.remove(namespace, key, {"If-Match": etag}, reason)
    name = {"namespace": namespace, "key": key, "removed": etag}
    click.echo(encoded(name) if output == "json" else f"{namespace}/{key} at {etag}: removed")


@config.command("list", epilog=options.examples("cbp config list payments"))
@namespace_argument
@asking
def list_(client: Client, output: str, namespace: str) -> None:
    """List the entries of a namespace.

    They come in the order of their keys, with ETag and value; as JSON, one entry a line.
    """
    from compiler.client import encoded

    entries = list(client.entries(namespace))
    widths = [max((len(entry[column]) for entry in entries), default=0) for column in ("key", "etag")]
    for entry in entries:
        line = f"{entry['key']:{widths[0]}}  {entry['etag']:{widths[1]}}  {encoded(entry['value'])}"
        click.echo(encoded(entry) if output == "json" else line)


@config.command(epilog=options.examples("cbp config history payments limits", "cbp config history payments --most 10"))
@namespace_argument
@_key_or_all
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="The most lines.")
@asking
def history(client: Client, output: str, namespace: str, key: str | None, most: int) -> None:
    """List the versions of an entry, or of a namespace.

    The newest comes first, with time, actor, what was done, and why; as JSON, one version a line.
    """
    from compiler.client import encoded

    for found in islice(client.history(namespace, key), most):
        done = found["action"] if key else ", ".join(f"{it['action']} {named(it)}" for it in found["keys"])
        words = (found["version"], found["at"], found["actor"] or "-", done or "-", found["reason"] or "")
        click.echo(encoded(found) if output == "json" else "  ".join(words).rstrip())


@config.command(
    epilog=options.examples(
        "cbp config diff payments limits --from 1f0c9a2e-42",
        "cbp config diff payments --from 2026-11-27T18:00:00Z --to 2026-11-28T09:30:00Z",
    )
)
@namespace_argument
@_key_or_all
@click.option("--from", "start", metavar="MOMENT", required=True, help=f"From {MOMENT}.")
@click.option("--to", "end", metavar="MOMENT", show_default="the present", help="To another one.")
@asking
def diff(client: Client, output: str, namespace: str, key: str | None, start: str, end: str | None) -> None:
    """Compare an entry, or a namespace, at two moments.

    Prints the operations of a JSON Patch for an entry, and the keys that differ for a namespace.
    """
    from compiler.client import encoded

    found = client.compare(namespace, key, start, end)
    if output == "json":
        click.echo(encoded(found))
        return
    click.echo(f"from {found['from']} to {found['to']}")
    differing = found["differences"] if key is None else [{**found, "key": key}] if found["kind"] else []
    for each in differing:
        click.echo(f"{each['kind']:7}  {named(each)}")
    for step in found.get("patch") or ():
        value = f"  {encoded(step['value'])}" if "value" in step else ""
        click.echo(f"  {step['op']:7}  {step['path'] or '(the whole)'}{value}")


@config.command(
    epilog=options.examples(
        "cbp config rollback payments limits --to 1f0c9a2e-42 --reason 'PAY-20'",
        "cbp config rollback payments --to 2026-11-27T18:00:00Z",
    )
)
@namespace_argument
@_key_or_all
@click.option("--to", metavar="MOMENT", required=True, help=f"What it was at {MOMENT}.")
@_if_match
@reason_option
@asking
def rollback(
    client: Client, output: str, namespace: str, key: str | None, to: str, if_match: str | None, reason: str | None
) -> None:
    """Give an entry, or a namespace, the value that it had.

    It is a new version, so that it can be rolled back too. What it replaces is read first, as with set.
    """
    from compiler.client import encoded

    present = if_match or client.version(namespace, key)
    made = client.roll_back(namespace, key, to, {"If-Match": present} if present else {}, reason)
    name = namespace if key is None else f"{namespace}/{key}"
    if output == "json":
        click.echo(made.text or encoded({"namespace": namespace, "key": key, "removed": present}))
    elif key is None:
        keys = ", ".join(f"{it['action']} {it['key']}" for it in made.value["keys"])
        click.echo(f"{name} at {made.etag}: {keys or 'nothing differed'}")
    else:
        click.echo(f"{name} at {made.etag}: rolled back" if made.value else f"{name}: removed")


@config.command(epilog=options.examples("cbp config export payments > payments.json"))
@namespace_argument
@asking
def export(client: Client, output: str, namespace: str) -> None:
    """Print all keys and values of a namespace.

    They are one JSON document, which cbp config import takes; its definition is not part of it.
    """
    from orjson import OPT_INDENT_2

    from compiler.client import encoded

    found = client.bundle(namespace)
    _warn_of_age(found)
    click.echo(found.text if output == "json" else encoded(found.value, OPT_INDENT_2))


@config.command(
    "import",
    epilog=options.examples(
        "cbp config import payments payments.json --dry-run",
        "cbp config import payments payments.json --reason 'PAY-21: as in staging'",
    ),
)
@namespace_argument
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only tell what would be made.")
@_if_match
@reason_option
@asking
def import_(
    client: Client, output: str, namespace: str, file: str, dry_run: bool, if_match: str | None, reason: str | None
) -> None:
    """Give a namespace the entries of a file, and no others.

    The file is what cbp config export prints; - is standard input. It is one change: all of it is made or, where
    somebody changes the namespace in between, nothing.
    """
    text = given_text(None, file)
    conditions = {"If-Match": if_match} if if_match else None
    if conditions is None:
        found = client.find_bundle(namespace)
        conditions = {"If-None-Match": "*"} if found is None else {"If-Match": found.etag or ""}
    made = client.replace(namespace, text, conditions, reason, trial=dry_run)
    counts = {name: made.value.get(name) for name in ("created", "replaced", "removed")}
    if output == "json":
        click.echo(made.text)
    elif "edits" in made.value:
        for edit in made.value["edits"]:
            click.echo(f"{edit['outcome']:7}  {named(edit)}")
    else:
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        click.echo(f"{namespace} at {made.etag}: {told or 'unchanged'}")


@config.command(epilog=options.examples("cbp config settings"))
@asking
def settings(client: Client, output: str) -> None:
    """Print the settings and limits in force.

    They are those of the process that answers.
    """
    from orjson import OPT_INDENT_2

    from compiler.client import encoded

    found = client.ask("GET", "/v1/settings")
    click.echo(found.text if output == "json" else encoded(found.value, OPT_INDENT_2))


@contextmanager
def _refusals(output: str) -> Iterator[None]:
    """Report a problem of the API on standard error, and exit with 1, or with 2 for one of the service itself."""
    from compiler.client import RefusedError, encoded

    try:
        yield
    except RefusedError as error:
        click.echo(encoded(error.problem) if output == "json" else f"cbp: {error}", err=True)
        sys.exit(1 if error.status < 500 else 2)


def given_text(value: str | None, file: str | None) -> str:
    """Return the JSON of a value from the argument or the file."""
    from compiler.client import decoded

    if (value is None) == (file is None):
        raise click.UsageError("give the value, or --file, and not both")
    if file is not None:
        with click.open_file(file, encoding="utf-8") as opened:
            value = opened.read()
    text = str(value).strip()
    try:
        decoded(text)
    except ValueError as error:
        advice = f"write text in quotes of its own: '{json.dumps(text)}'" if file is None else "see RFC 8259"
        raise click.UsageError(f"the value is not JSON ({error}): {advice}") from None
    return text


def named(edit: dict[str, Any]) -> str:
    """Return the key of an edit; the empty one is that of the namespace's definition."""
    return edit["key"] or "(definition)"


def _told(entry: Answer) -> str:
    return f"{entry.value['namespace']}/{entry.value['key']} at {entry.etag}"


def _warn_of_age(found: Answer) -> None:
    if found.age is not None:
        click.echo(f"cbp: the database is away; this was current {found.age} s ago, and may have changed", err=True)
