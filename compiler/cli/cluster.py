"""``cbp cluster``: compare a running cluster with its compiled objects."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def cluster() -> None:
    """Compare a running cluster with its compiled objects."""


@cluster.command(
    epilog=options.examples(
        "cbp cluster check production/eu-central-1 --context production-eu-central-1",
        "cbp cluster check production/eu-central-1 --from objects.json",
    )
)
@click.argument("site", metavar="ENVIRONMENT/CLUSTER")
@click.option("--context", default="", metavar="NAME", help="The context of kubectl, instead of its current one.")
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="Read the live objects from a file, as kubectl get -o json prints them; - for standard input.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="RESOURCE",
    help="Do not ask for this resource, as kubectl api-resources -o name has it; may be repeated.",
)
@options.root
@options.formats("text", "json", "markdown")
def check(site: str, context: str, file: str | None, without: tuple[str, ...], root: Path, format_: str) -> None:
    """Compare the live objects with the compiled ones, and change nothing.

    Names compiled objects that are absent, fields that differ or were added, and strays: objects in the zones that no
    compiled one owns. The values of Secrets are not read. Exits with 0 when nothing differs, 1 with a list, and 2 when
    something could not be read.
    """
    from compiler.live.comparison import check as differences
    from compiler.live.errors import LiveError
    from compiler.live.kubectl import Kubectl
    from compiler.live.objects import compiled, listed
    from compiler.report.cluster import render

    environment, _, name = site.partition("/")
    if file and (context or without):
        raise click.UsageError("--from reads no cluster: leave --context and --without out")
    wanted = compiled(root, environment, name)
    if file:
        with click.open_file(file, "rb") as stream:
            live = listed("standard input" if file == "-" else file, stream.read())
        if not live:
            raise LiveError(f"{file}: this holds no object")
    else:
        live = Kubectl(context).live(wanted, without)
    found = differences(wanted, live)
    click.echo(render(site, len(wanted.objects), found, format_), nl=False)
    sys.exit(1 if found else 0)
