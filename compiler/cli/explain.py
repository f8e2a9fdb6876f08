"""``cbp explain``: the statements that decide a value below ``generated/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler.cli import options
from compiler.cli.memory import uncollected

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog=options.examples(
        "cbp explain generated/production/eu-central-1/runtime/settings.json:7",
        "cbp explain production/eu-central-1/runtime/settings.json#/process/workers",
        "cbp explain production/eu-central-1/network.md",
    )
)
@options.root
@options.formats("text", "json")
@click.argument("target", metavar="FILE[:LINE|#POINTER]")
@uncollected()
def explain(root: Path, format_: str, target: str) -> None:
    """Show where a value below generated/ comes from.

    Names the statements that decide it, each with its value, its file and line, and what it hides; the function of the
    compiler that emits it; and the rules that refuse another value. The file is the one that the specification emits
    now, whether or not it has been written. Without a line or a pointer, the whole file is explained.
    """
    from compiler.lineage.answers import answered

    found = answered(root, f"explain {target} {format_}", lambda: {"report": _report(root, target, format_)})
    click.echo(found["report"], nl=False)


def _report(root: Path, target: str, format_: str) -> str:
    from compiler.lineage import explanation
    from compiler.model.specification import SECTIONS
    from compiler.report.explanation import as_json, as_text, document
    from compiler.sources.files import load

    found = document(explanation.explain(root, load(root, SECTIONS), explanation.Target.parse(target)))
    return as_json(found) if format_ == "json" else as_text(found)
