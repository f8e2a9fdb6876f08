"""``cbp verify``: check a pull request."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import compile_options, options
from compiler.cli.outcome import compiled, show

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions, ReportOptions


@click.command(
    epilog=options.examples("cbp verify", "cbp verify --root ../another-checkout", "cbp verify --format github")
)
@compile_options.compiling
@compile_options.reporting
def verify(compiling: CompileOptions, reporting: ReportOptions) -> None:
    """Check all that a pull request must satisfy; write nothing.

    Compiles every environment in memory, validates it by the schemas of Kubernetes and of custom resources, judges it
    by the policies, and compares the result with generated/. Where docs/coverage.json records which statements are
    enforced, each of them that is still stated has to be.
    """
    from compiler.reach.coverage import lost

    outcome = compiled(compiling, writing=False, pages=reporting.pages)
    if not outcome.compilation.refused:
        outcome = outcome.with_findings(lost(compiling.root))
    show(outcome, reporting)
    sys.exit(outcome.exit_code)
