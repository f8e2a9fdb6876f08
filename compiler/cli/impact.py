"""``cbp impact``: the leaves that a statement moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


@click.command(
    epilog=options.examples(
        "cbp impact spec/compute.yaml:9",
        "cbp impact spec/compute.yaml:9 --to 12",
        "cbp impact environments/production/overlays/tuning.yaml:9 --to 20 --format json",
    )
)
@options.root
@options.formats("text", "json")
@options.base
@options.as_of
@click.option("--to", "text", metavar="VALUE", help="This value alone, as the file would say it; its verdicts too.")
@click.argument("place", metavar="FILE:LINE")
def impact(root: Path, format_: str, base: str | None, as_of: date, text: str | None, place: str) -> None:
    """List the values that follow from a line of spec/.

    Changes the statement on the line to several other values, emits again, and lists every leaf of every file that
    moves, in each environment. With --to it is changed to that value alone, and judged: verdicts that change are listed
    as well. Nothing is written. Exits with 1 if VALUE is refused.
    """
    from compiler.history.base import History
    from compiler.lineage.impact import impact as of_any
    from compiler.lineage.impact import impact_of
    from compiler.lineage.statements import Place, statement
    from compiler.model.specification import SECTIONS
    from compiler.report.impact import as_json, as_text
    from compiler.sources.files import load

    loaded = load(root, SECTIONS)
    changed = statement(loaded, Place.parse(place))
    if text is None:
        found = of_any(root, loaded, changed)
    else:
        found = impact_of(root, loaded, changed, text, as_of, History(root, base))
    click.echo(as_json(found) if format_ == "json" else as_text(found), nl=False)
    sys.exit(1 if found.findings else 0)
