"""``cbp policy``: list, explain, create, evaluate and test rules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path

_POLICIES = "policies"


@click.group(
    epilog=options.examples(
        "cbp policy list             list every rule",
        "cbp policy explain CON001   explain a rule and its remedy",
        "cbp policy new network/x    create a rule (docs/writing-rules.md)",
        "cbp policy test network     run the tests and fixtures of a domain",
    )
)
def policy() -> None:
    """Write, try, test and explain the rules of the gate."""


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
    """Explain a rule, or a code of the compiler itself.

    Prints the rule's description, its owner, its remedy, and examples of values that it passes and denies.
    """
    from compiler.diagnostics import Code
    from compiler.policy import selection
    from compiler.policy.library import read
    from compiler.report.rules import explained

    code = identifier.upper()
    if code in Code.__members__:
        click.echo(f"{code}: {Code[code].meaning}\n\n{_OWN}")
        return
    click.echo(explained(selection.rule(read(root / _POLICIES), identifier)), nl=False)


@policy.command(
    epilog=options.examples("cbp policy test", "cbp policy test network K8S010", "cbp policy test --format json")
)
@options.root
@options.formats("text", "json")
@click.argument("names", metavar="[ID|DOMAIN|DOMAIN/NAME]...", nargs=-1)
def test(root: Path, format_: str, names: tuple[str, ...]) -> None:
    """Test the rules, and report the lines that no test runs.

    Runs the tests and fixtures of every rule and helper, or of the named ones. Exits with 0 when every test and
    fixture holds, and together they run every line; else with 1.
    """
    from compiler.policy.testing import examine
    from compiler.report import policy_tests

    report = examine(root / _POLICIES, names)
    click.echo(policy_tests.as_json(report) if format_ == "json" else policy_tests.as_text(report), nl=False)
    sys.exit(0 if report.complete else 1)


@policy.command(epilog=options.examples("cbp policy new network/ports_unbounded"))
@options.root
@click.argument("place", metavar="DOMAIN/NAME")
def new(root: Path, place: str) -> None:
    """Create a rule: write its folder, with the next free id.

    WRITE: marks the missing texts in its files. While a mark is left, cbp policy test lists it, and cbp compile
    refuses to judge.
    """
    from compiler.policy.stub import begin

    for path in begin(root / _POLICIES, place):
        click.echo(f"   wrote  {path.relative_to(root).as_posix()}")


_CLUSTER = "ENVIRONMENT/CLUSTER"


@policy.command(
    "input",
    epilog=options.examples(
        "cbp policy input production/eu-central-1",
        "cbp policy input production/eu-central-1 --at spec.compute",
        "cbp policy input production/eu-central-1 --at documents[0].object",
    ),
)
@options.root
@options.base
@click.option("--at", metavar="PATH", default="", help="Only the value at this path, with dots.")
@click.argument("cluster", metavar=_CLUSTER)
def input_(root: Path, base: str | None, at: str, cluster: str) -> None:
    """Print the input of the rules for a cluster, as JSON."""
    from compiler.policy.evaluation import part

    click.echo(json.dumps(part(_inputs(root, cluster, base)[cluster], at), indent=2, ensure_ascii=False))


@policy.command(
    "eval",
    epilog=options.examples(
        "cbp policy eval CON001",
        "cbp policy eval network/ports_unbounded production/eu-central-1",
        "cbp policy eval question.rego production/eu-central-1",
    ),
)
@options.root
@options.base
@options.formats("text", "json")
@click.argument("name", metavar="ID|DOMAIN/NAME|FILE.rego")
@click.argument("cluster", metavar=f"[{_CLUSTER}]", default="")
def evaluate(root: Path, base: str | None, format_: str, name: str, cluster: str) -> None:
    """Evaluate one rule on the project, finished or not.

    Prints its denials and the values that it examined, in one cluster or in all. For a Rego file outside of the
    policies, prints the value of each of its rules as JSON. Exits with 0 even with denials.
    """
    from pathlib import Path

    from compiler.policy import evaluation, selection
    from compiler.policy.library import read
    from compiler.report import evaluations

    folder = root / _POLICIES
    if name.endswith(".rego"):
        answers = {
            item: evaluation.ask(folder, Path(name), document)
            for item, document in _inputs(root, cluster, base).items()
        }
        click.echo(json.dumps(answers, indent=2, ensure_ascii=False))
        return
    rule = selection.rule(read(folder), name)
    found = evaluation.evaluate(folder, rule, _inputs(root, cluster, base))
    click.echo(evaluations.as_json(found) if format_ == "json" else evaluations.as_text(found), nl=False)


def _inputs(root: Path, cluster: str, base: str | None) -> dict[str, Any]:
    """Return the inputs by the clusters' names: of the named cluster, or of all without a name."""
    from compiler.history.base import History
    from compiler.pipeline import renderings
    from compiler.policy import selection
    from compiler.policy.input import input_of

    known = renderings(root, History(root, base))
    if cluster and cluster not in known:
        raise selection.unknown("cluster", cluster, known, otherwise="")
    return {name: input_of(item) for name, item in known.items() if cluster in ("", name)}


@policy.command(epilog=options.examples("cbp policy docs", "cbp policy docs --check"))
@options.root
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page differs.")
def docs(root: Path, check: bool) -> None:
    """Write the pages about the rules to docs/policies/.

    One page for each domain, and an index. Other files in that folder are removed. An unfinished rule is refused.
    """
    from compiler.policy.domains import PAGES
    from compiler.policy.errors import PolicyError
    from compiler.policy.library import read
    from compiler.report.pages import differing, pages, publish

    library = read(root / _POLICIES)
    if unwritten := [mark for rule in library.rules for mark in rule.unwritten]:
        raise PolicyError(*unwritten)
    folder, written = root / PAGES, pages(library)
    names = differing(folder, written)
    if not check:
        publish(folder, written, names)
    for name in names:
        done = "differs" if check else "wrote" if name in written else "pruned"
        click.echo(f"{done:>8}  {PAGES}/{name}")
    sys.exit(1 if check and names else 0)
