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


_plan = click.option(
    "--plan",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The compiled plan.yaml.",
)


def _with_plan(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of the commands that ask a server."""
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
        _plan,
    ):
        command = option(command)
    return command


@vault.command(
    epilog=options.examples(
        "cbp vault check --plan generated/production/eu-central-1/vault/plan.yaml",
        "cbp vault check --plan generated/production/eu-central-1/vault/plan.yaml --others 'payments-*'",
    )
)
@options.formats("text", "json", "markdown")
@click.option(
    "--others",
    multiple=True,
    metavar="PATTERN",
    help="Mounts, policies, groups and token roles of this name belong to others, on a server that is shared; "
    "may be repeated.",
)
@_with_plan
def check(file: Path, values: str | None, without: tuple[str, ...], others: tuple[str, ...], format_: str) -> None:
    """Compare the server with the plan, and change nothing.

    Reports the fields that differ, also those that the plan leaves at their defaults, and the mounts, policies, roles
    and groups that neither this plan has nor another one of the same generated/. Exits with 0 when there are no
    differences, with 1 when there are, and with 2 when the server could not be asked.
    """
    from compiler.report.vault import render
    from compiler.vault.checking import check as checked
    from compiler.vault.plan import beside

    plan, server, given = _read(file, values, without)
    found = checked(plan, server, given, tuple(beside(file)), others)
    click.echo(render(found, format_), nl=False)
    sys.exit(1 if found.differences else 0)


@vault.command(
    epilog=options.examples(
        "cbp vault values --plan generated/production/eu-central-1/vault/plan.yaml > values.yaml",
    )
)
@_plan
def values(file: Path) -> None:
    """Print the file of values that a plan needs, empty."""
    from compiler.vault.plan import read
    from compiler.vault.write_only_values import skeleton

    click.echo(skeleton(read(file)), nl=False)


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
