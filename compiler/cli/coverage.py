"""``cbp coverage``: the statements that something enforces, and those that nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog=options.examples("cbp coverage", "cbp coverage --format json", "cbp coverage --write    record it")
)
@options.root
@options.formats("text", "json")
@click.option("--write", is_flag=True, help="Record it in docs/coverage.json, which cbp verify compares with.")
def coverage(root: Path, format_: str, write: bool) -> None:
    """Count the statements that something enforces.

    Each is changed alone in every environment. It is realised if something moves that a system reads, guarded if a rule
    refuses another value, documented if only a page moves, and else unrealised. Hashes, copies and labels that only
    describe do not count.
    """
    from compiler.reach.coverage import RECORD, as_record
    from compiler.reach.coverage import coverage as covered
    from compiler.report.coverage import as_json, as_text
    from compiler.write.disk import replace

    found = covered(root, root / "policies")
    if write:
        (root / RECORD).parent.mkdir(exist_ok=True)
        replace(root / RECORD, as_record(found).encode())
    click.echo(as_json(found) if format_ == "json" else as_text(found), nl=False)
