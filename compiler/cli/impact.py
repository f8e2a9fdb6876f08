"""``cbp impact``: the leaves that a statement moves."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options
from compiler.cli.memory import uncollected

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from compiler.history.base import History


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
@uncollected()
def impact(root: Path, format_: str, base: str | None, as_of: date, text: str | None, place: str) -> None:
    """List the values that follow from a line of spec/.

    Changes the statement on the line to several other values, emits again, and lists every leaf of every file that
    moves, in each environment. With --to it is changed to that value alone, and judged: verdicts that change are listed
    as well. Nothing is written. Exits with 1 if VALUE is refused.
    """
    from compiler.history.base import History
    from compiler.lineage.answers import answered

    history = History(root, base)
    judged = "" if text is None else f"--to {json.dumps(text)} {as_of} {history.fingerprint()}"
    asked = partial(_report, root, place, text, as_of, history, format_)
    found = answered(root, f"impact {place} {format_} {judged}", asked)
    click.echo(found["report"], nl=False)
    sys.exit(found["status"])


def _report(root: Path, place: str, text: str | None, as_of: date, history: History, format_: str) -> dict[str, Any]:
    """Return the report with the exit status."""
    from compiler.lineage.impact import impact as of_any
    from compiler.lineage.impact import impact_of
    from compiler.lineage.statements import Place, statement
    from compiler.model.specification import SECTIONS
    from compiler.report.impact import as_json, as_text
    from compiler.sources.files import load

    loaded = load(root, SECTIONS)
    changed = statement(loaded, Place.parse(place))
    found = of_any(root, loaded, changed) if text is None else impact_of(root, loaded, changed, text, as_of, history)
    report = as_json(found) if format_ == "json" else as_text(found)
    return {"report": report, "status": 1 if found.findings else 0}
