"""``cbp vault``: apply the compiled plan to a Vault server, or compare the two."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.vault.plan import Plan
    from compiler.vault.server import VaultServer
    from compiler.vault.write_only_values import WriteOnlyValues


@click.group()
def vault() -> None:
    """Apply the compiled plan to Vault or OpenBao, or compare them.

    The server and the token come from VAULT_ADDR (by default the plan's own address), VAULT_TOKEN_FILE or VAULT_TOKEN,
    VAULT_CACERT and VAULT_NAMESPACE.
    """


def _with_plan(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of both commands."""
    for option in (
        click.option(
            "--without",
            multiple=True,
            metavar="PATH",
            help="Leave out the documents below this path, such as database; may be repeated.",
        ),
        click.option(
            "--values",
            metavar="FILE",
            help="The write-only values, which no file of the project holds, as YAML; - for standard input. "
            "Default: the variable CBP_VAULT_VALUES.",
        ),
        click.option(
            "--plan",
            "file",
            required=True,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The compiled plan.yaml.",
        ),
    ):
        command = option(command)
    return command


@vault.command(epilog=options.examples("cbp vault check --plan generated/production/eu-central-1/vault/plan.yaml"))
@_with_plan
def check(file: Path, values: str | None, without: tuple[str, ...]) -> None:
    """Compare the server with the plan, and change nothing.

    Exits with 0 when they agree, and with 1 and a list when they differ.
    """
    from compiler.vault.comparison import check as differences

    plan, server, given = _read(file, values, without)
    found = list(differences(plan, server, given))
    for difference in found:
        click.echo(f"differs  {difference}")
    click.echo(f"{len(plan.documents)} documents, {len(found)} differences")
    sys.exit(1 if found else 0)


@vault.command(
    epilog=options.examples(
        "cbp vault apply --plan generated/production/eu-central-1/vault/plan.yaml --values values.yaml",
        "cbp vault apply --plan generated/production/eu-central-1/vault/plan.yaml --without database",
    )
)
@_with_plan
def apply(file: Path, values: str | None, without: tuple[str, ...]) -> None:
    """Write the differences from the plan, and read them back.

    Documents are written in the plan's order. An interrupted run can be repeated. Nothing is removed. Exits with 1
    when the server returns other content than was written.
    """
    from compiler.vault.application import apply as applied

    steps = []
    plan, server, given = _read(file, values, without)
    for step in applied(plan, server, given):
        steps.append(step)
        click.echo(f"{'wrote' if step.written else 'same '}  {step.title}")
    for difference in steps[-1].left:
        click.echo(f"differs  {difference}")
    click.echo(f"{len(plan.documents)} documents, {sum(step.written for step in steps)} written")
    sys.exit(1 if steps[-1].left else 0)


def _read(file: Path, values: str | None, without: tuple[str, ...]) -> tuple[Plan, VaultServer, WriteOnlyValues]:
    """Return the selected part of a plan, its server, and the write-only values."""
    from compiler.vault.plan import read
    from compiler.vault.server import connect
    from compiler.vault.write_only_values import write_only_values

    plan = read(file)
    found = write_only_values(values, os.environ, plan)
    return plan.without(without), connect(plan, os.environ, found.secrets), found
