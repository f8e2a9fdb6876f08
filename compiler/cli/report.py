"""``cbp report``: a change of the project as one page of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler.cli import options
from compiler.cli.diff import commits, sides

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


@click.command(
    epilog=options.examples(
        "cbp report > report.html",
        "cbp report HEAD~1 > report.html",
        "cbp report origin/production main > promotion.html",
    )
)
@click.argument("base", required=False)
@click.argument("head", required=False)
@options.root
@options.as_of
def report(base: str | None, head: str | None, root: Path, as_of: date) -> None:
    """Print a page of HTML about the change since the commit BASE.

    The page shows the difference by cause as cbp diff does, findings and waivers, the topology, the values of every
    environment, and the formulas of computed numbers. It loads nothing from elsewhere. BASE is the commit that HEAD and
    the trunk have in common, HEAD the working tree, unless they are given. Exits with 0 whatever it finds.
    """
    from compiler.difference.difference import difference
    from compiler.report.html import render
    from compiler.report.html.page import page

    pair = commits(root, base, head)
    with sides(root, pair) as (before, after):
        found = difference(before, after, pair[0], as_of)
        click.echo(render(page(before, after, found, as_of)))
