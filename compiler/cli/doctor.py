"""``cbp doctor``: report the unmet needs of a machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples("cbp doctor", "cbp doctor --format json"))
@options.root
@options.formats("text", "json")
def doctor(root: Path, format_: str) -> None:
    """Report the unmet needs of this machine, with advice.

    Starts the embedded servers for a moment. Exits with 0 when every need is met, else with 1.
    """
    from compiler.doctor import examine, exit_code, report

    checks = examine(root)
    click.echo(report.as_json(checks) if format_ == "json" else report.as_text(checks), nl=False)
    sys.exit(exit_code(checks))
