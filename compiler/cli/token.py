"""``cbp token``: sign in at the API that ``cbp up`` runs on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from compiler.cli import options
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from runtime.embedded.issuer import Signer

_ROLES = ("reader", "writer", "approver", "administrator")
_NAMESPACES = re.compile(r"\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,61}\*")


@click.command(
    epilog=options.examples(
        "TOKEN=$(cbp token)",
        "cbp token --role reader --namespace payments",
        "cbp token --header > signed-in && curl -H @signed-in http://127.0.0.1:8080/v1/settings",
    )
)
@click.option("--role", type=click.Choice(_ROLES), default="writer", show_default=True, help="What you may do.")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    default=("*",),
    show_default=True,
    help="Where: a namespace, the beginning of several (payments-*), or all of them. Repeatable.",
)
@click.option("--subject", default="me", show_default=True, help="Who you are: the actor of your changes.")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True, help="For how long.")
@click.option("--without-second-factor", is_flag=True, help="As somebody who signed in with a password alone.")
@click.option("--header", is_flag=True, help="Print the header Authorization, for curl -H @FILE.")
@options.port
def token(
    role: str,
    namespaces: tuple[str, ...],
    subject: str,
    minutes: int,
    port: int | None,
    *,
    without_second_factor: bool,
    header: bool,
) -> None:
    """Print a token for the API that cbp up runs here.

    It is signed by the local issuer of that API, whose key is in a temporary folder of your own and ends with it. No
    other API accepts it: elsewhere, tokens come from the identity provider.
    """
    for each in namespaces:
        if not _NAMESPACES.fullmatch(each):
            raise CouldNotRunError(
                f"'{each}' is no namespace, and no beginning of some: such as payments or payments-*"
            )
    found, signer = _running(port)
    rights = [f"{role}@{each}" for each in namespaces]
    signed = signer.token(rights, subject, minutes * 60, second_factor=not without_second_factor)
    click.echo(f"Authorization: Bearer {signed}" if header else signed)
    where = ", ".join(namespaces)
    click.echo(
        f"a local token: '{subject}' is {role} of {where} for {minutes} minutes, at the API on port {found} alone",
        err=True,
    )


def _running(port: int | None) -> tuple[int, Signer]:
    """Return the port and the signer of the API that runs on this machine, or of the one at a port."""
    from runtime.embedded.ephemeral import in_use
    from runtime.embedded.issuer import read_record

    found = dict(filter(None, map(read_record, in_use())))
    if port is None and len(found) > 1:
        ports = ", ".join(map(str, sorted(found)))
        raise CouldNotRunError(f"several APIs run here, on the ports {ports}: name one with --port")
    if not found or (port is not None and port not in found):
        where = "" if port is None else f" on port {port}"
        raise CouldNotRunError(f"no API of yours runs here{where}: start one with make up, or cbp up")
    chosen = next(iter(found)) if port is None else port
    return chosen, found[chosen]
