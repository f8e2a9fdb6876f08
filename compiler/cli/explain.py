"""``cbp explain``: the statements that decide a value below ``generated/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options

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
def explain(root: Path, format_: str, target: str) -> None:
    """Show where a value below generated/ comes from.

    Names the statements that decide it, each with its value, its file and line, and what it hides; the function of the
    compiler that emits it; and the rules that refuse another value. The file is the one that the specification emits
    now, whether or not it has been written. Without a line or a pointer, the whole file is explained.
    """
    from compiler.lineage.answers import answered
    from compiler.report.explanation import as_json, as_text

    found = answered(root, f"explain {target}", lambda: _explanation(root, target))
    click.echo(as_json(found) if format_ == "json" else as_text(found), nl=False)


def _explanation(root: Path, target: str) -> dict[str, Any]:
    from compiler.lineage import explanation
    from compiler.model.specification import SECTIONS
    from compiler.report.explanation import document
    from compiler.sources.files import load

    return document(explanation.explain(root, load(root, SECTIONS), explanation.Target.parse(target)))
