"""``cbp policy``: the rules themselves: what they are about, and the proof that they work."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import options
from compiler.cli.program import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path

_POLICIES = "policies"


@click.group(
    epilog=options.examples(
        "cbp policy list             every rule in a line",
        "cbp policy explain CON001   what a finding is about, and what to do",
        "cbp policy test network     the tests and fixtures of a domain",
    )
)
def policy() -> None:
    """Look at the rules that judge what is compiled, and test them."""


@policy.command("list", epilog=options.examples("cbp policy list", "cbp policy list --format json"))
@options.root
@options.formats("text", "json")
def list_(root: Path, format_: str) -> None:
    """List every rule: its id, severity, domain and title."""
    from compiler.policy.library import read
    from compiler.report import rules

    known = read(root / _POLICIES).rules
    click.echo(rules.as_json(known) if format_ == "json" else rules.as_text(known), nl=False)


_OWN = "The compiler's own code: docs/diagnostics.md shows such a report, with its help."


@policy.command(epilog=options.examples("cbp policy explain CON001"))
@options.root
@click.argument("identifier", metavar="ID")
def explain(root: Path, identifier: str) -> None:
    """Say what a rule is about, who owns it, what to do about its findings, and what it passes and denies.

    Of a code that the compiler itself gives to a mistake, it says what that means.
    """
    from compiler.diagnostics.catalogue import CATALOGUE
    from compiler.policy import selection
    from compiler.policy.library import read
    from compiler.report.rules import explained

    code = identifier.upper()
    if code in CATALOGUE:
        click.echo(f"{code}: {CATALOGUE[code]}\n\n{_OWN}")
        return
    try:
        rule = selection.rule(read(root / _POLICIES), identifier)
    except selection.UnknownError as error:
        raise CouldNotRunError(str(error)) from error
    click.echo(explained(rule), nl=False)


@policy.command(
    epilog=options.examples("cbp policy test", "cbp policy test network K8S010", "cbp policy test --format json")
)
@options.root
@options.formats("text", "json")
@click.argument("names", metavar="[ID|DOMAIN]...", nargs=-1)
def test(root: Path, format_: str, names: tuple[str, ...]) -> None:
    """Run the tests and fixtures of rules, and say which lines of them nothing runs.

    Of every rule and helper, or of those that are named. Exits with 0 when every test holds, every rule denies and
    passes what its fixture says, and these run every line; else with 1.
    """
    from compiler.policy import selection
    from compiler.policy.library import read
    from compiler.policy.testing import examine
    from compiler.report import policy_tests

    folder = root / _POLICIES
    try:
        modules = selection.modules(read(folder), names)
    except selection.UnknownError as error:
        raise CouldNotRunError(str(error)) from error
    report = examine(folder, modules)
    click.echo(policy_tests.as_json(report) if format_ == "json" else policy_tests.as_text(report), nl=False)
    sys.exit(0 if report.complete else 1)


@policy.command(epilog=options.examples("cbp policy docs", "cbp policy docs --check"))
@options.root
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page differs.")
def docs(root: Path, check: bool) -> None:
    """Write docs/policies/: a page for each domain, and one that lists them. Nothing else stays in that folder."""
    from compiler.policy.domains import PAGES
    from compiler.policy.library import read
    from compiler.report.pages import differing, pages, publish

    folder, written = root / PAGES, pages(read(root / _POLICIES))
    names = differing(folder, written)
    if not check:
        publish(folder, written, names)
    for name in names:
        done = "differs" if check else "wrote" if name in written else "pruned"
        click.echo(f"{done:>8}  {PAGES}/{name}")
    sys.exit(1 if check and names else 0)
