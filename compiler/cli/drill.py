"""``cbp drill``: practise the takeover of a standby cluster, and report when it is due again."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from compiler import completion, project
from compiler.cli import options
from compiler.cli.naming import require_environment
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from compiler.drills import Takeover
    from compiler.model.drill import Drill, DrillStep, Outcome
    from compiler.resolve.resolved import Resolved


@click.group()
def drill() -> None:
    """Practise a disaster, and keep the record.

    A drill shows in how much time people do the steps by which a standby cluster takes over. No command of this group
    changes a cluster. docs/recovery.md says more.
    """


@drill.command(epilog=options.examples("cbp drill run staging/eu-west-1"))
@options.root
@click.argument("target", metavar="ENVIRONMENT/CLUSTER")
def run(root: Path, target: str) -> None:
    """Time the steps of a takeover, and record them.

    Shows one step after another, with its commands and its share of the recovery time objective. People carry the
    commands out elsewhere, and answer here how the step has ended. The record is a file below environments/, to be
    committed. Exits with 0 when every step was done within the objective, else with 1.
    """
    from compiler import drills
    from compiler.model.drill import Drill

    name, _, cluster = target.partition("/")
    require_environment(root, name)
    (resolved,) = _resolved(root, (name,))
    found = drills.takeover(resolved, cluster)
    day = datetime.now(tz=UTC).date()
    click.echo(
        f"{found.cluster} of {name} takes over from {found.former} within {_clock(found.objective_seconds)}.\n"
        "The commands change the clusters that they name. None is carried out here."
    )
    taken = Drill.model_validate(
        {
            "cluster": found.cluster,
            "former": found.former,
            "day": day,
            "objective_seconds": found.objective_seconds,
            "steps": tuple(_steps(found)),
        }
    )
    file = drills.record(root, name, taken)
    click.echo(_summary(taken))
    click.echo(f"recorded in {file.relative_to(root).as_posix()}: commit it")
    sys.exit(0 if taken.shown else 1)


@drill.command(epilog=options.examples("cbp drill due", "cbp drill due production"))
@click.argument("names", metavar="[ENVIRONMENT]...", nargs=-1, shell_complete=completion.environments)
@options.root
@options.as_of
def due(names: tuple[str, ...], root: Path, as_of: date) -> None:
    """Report the environments in which a drill is due.

    The last drill that showed the recovery time objective may be as old as recovery.rto.validation says. Exits with 1
    where one is due.
    """
    from compiler import drills

    for name in names:
        require_environment(root, name)
    found = {
        each.environment.name: drills.due(each, drills.recorded(root, each.environment.name), as_of)
        for each in _resolved(root, names or tuple(project.environments(root)))
    }
    for name, reason in found.items():
        click.echo(f"{name}: {reason or 'no drill is due'}")
    sys.exit(1 if any(found.values()) else 0)


def _resolved(root: Path, names: tuple[str, ...]) -> tuple[Resolved, ...]:
    from compiler.model.specification import SECTIONS
    from compiler.resolve.resolved import resolve
    from compiler.sources.files import load

    found, _ = resolve(root, load(root, SECTIONS, names))
    if len(found) < len(names):
        raise CouldNotRunError("the specification does not compile: cbp compile says why")
    return found


def _steps(found: Takeover) -> Iterator[DrillStep]:
    """Yield each step as people do it; those after the end of a drill were skipped."""
    from compiler.model.drill import DrillStep, Outcome

    ended = False
    for number, (step, share) in enumerate(found.steps, 1):
        outcome, took = Outcome.NOT_DONE, 0
        if not ended:
            click.echo(f"\n{number} of {len(found.steps)}: {step.title}, within {_clock(share)}")
            for command in step.commands:
                click.echo(f"    {command}")
            click.echo(f"  done: {step.done}.")
            begun = time.monotonic()
            outcome = _answer(conditional=step.conditional)
            took, ended = round(time.monotonic() - begun), outcome is Outcome.NOT_DONE
        yield DrillStep(title=step.title, share_seconds=share, took_seconds=took, outcome=outcome)


def _answer(*, conditional: bool) -> Outcome:
    """Return how the step has ended, as somebody says; the drill ends with one that was not done."""
    from compiler.model.drill import Outcome

    answers = {"d": Outcome.DONE, "n": Outcome.NOT_NEEDED, "f": Outcome.FAILED, "q": Outcome.NOT_DONE}
    text = "  d done, n not needed, f failed, q end the drill" if conditional else "  d done, f failed, q end the drill"
    choices = [each for each in answers if conditional or each != "n"]
    try:
        said: str = click.prompt(text, type=click.Choice(choices), show_choices=False)
    except click.Abort:  # Ctrl-C, or the end of the input: what was measured is kept
        click.echo()
        return Outcome.NOT_DONE
    return answers[said]


def _summary(taken: Drill) -> str:
    """Return the steps with their times and shares, and whether the objective was shown."""
    width = max(len(step.title) for step in taken.steps)
    lines = [
        f"{step.title:{width}}  {step.outcome:10}  {_clock(step.took_seconds)} of {_clock(step.share_seconds)}"
        for step in taken.steps
    ]
    shown = "the objective was shown" if taken.shown else "the objective was not shown"
    return "\n".join(["", *lines, f"{_clock(taken.took_seconds)} of {_clock(taken.objective_seconds)}: {shown}"])


def _clock(seconds: int) -> str:
    """Return a time as people read it: ``48 min``, ``2 min 5 s``."""
    minutes, rest = divmod(seconds, 60)
    parts = [f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest or not minutes)
    return " ".join(parts)
