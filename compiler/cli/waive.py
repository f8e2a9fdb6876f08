"""``cbp waive``: write a waiver for a finding of a rule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from compiler import completion
from compiler.cli import compile_options, options
from compiler.cli.naming import require_environment
from compiler.cli.outcome import prover
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions

_LONGEST = 90


@click.command(
    epilog=options.examples(
        'cbp waive DEP002 --environment production --days 30 --reason "the image is being built" '
        "--owner platform --ticket PLAT-1234",
    )
)
@click.argument("rule", metavar="ID", shell_complete=completion.rules)
@click.option("--days", type=click.IntRange(1, _LONGEST), default=30, show_default=True, help="How long it holds.")
@click.option("--reason", metavar="SENTENCE", default="", help="Why the finding can be accepted until then.")
@click.option("--owner", metavar="TEAM", default="", help="The team that is responsible for it.")
@click.option(
    "--ticket", metavar="KEY", default="", help="The ticket of the work that ends it, as PLAT-1234 or as an https URL."
)
@click.option(
    "--environment",
    metavar="NAME",
    default="",
    shell_complete=completion.environments,
    help="The environment, where the rule finds something in several.",
)
@click.option("--resource", metavar="PATH", default="", help="The value, where the rule finds something about several.")
@compile_options.compiling
def waive(compiling: CompileOptions, rule: str, days: int, environment: str, resource: str, **texts: str) -> None:
    """Write a waiver for a finding of a rule.

    The waiver begins on the day of --as-of, and goes to environments/NAME/waivers.yaml, where nothing else changes. It
    is about one value of one environment; where a waiver of the same finding is there, it gets the new days and texts.
    docs/waivers.md says what waivers are.
    """
    from compiler.edit.waivers import grant, places, require_waivable
    from compiler.pipeline import compile_project

    if missing := [f"--{name}" for name, text in texts.items() if not text]:
        raise click.UsageError(f"a waiver has a reason, an owner and a ticket: give {', '.join(missing)}")
    if environment:
        require_environment(compiling.root, environment)
    with prover(compiling, trusting=True) as prove:
        compilation = compile_project(compiling.root, prove=prove, as_of=compiling.as_of)
    verdict = compilation.verdict
    if verdict is None or (environment and environment not in compilation.environments):
        raise CouldNotRunError("the specification has errors: cbp compile says which")
    require_waivable(verdict.rules, rule)
    name, found = places(verdict.findings, rule, environment, resource)
    ends = compiling.as_of + timedelta(days=days)
    granted = {**texts, "granted": str(compiling.as_of), "expires": str(ends)}
    file = grant(compiling.root, name, [{**place, **granted} for place in found])
    click.echo(f"wrote  {file}: {rule} about {found[0]['resource']} is waived until {ends}; now run: make compile")
