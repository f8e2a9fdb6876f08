"""``cbp diff``: compare two states of the project by cause."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from compiler.cli import options
from compiler.cli.memory import uncollected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from compiler.difference.difference import Difference
    from compiler.difference.side import Side
    from compiler.history.base import Base

    Commits = tuple[Base, Base | None]


@click.command(
    epilog=options.examples(
        "cbp diff",
        "cbp diff HEAD~1",
        "cbp diff origin/production main",
        "cbp diff --format markdown > comment.md",
    )
)
@click.argument("base", required=False)
@click.argument("head", required=False)
@options.root
@options.as_of
@options.formats("text", "json", "markdown", "github")
@uncollected()
def diff(base: str | None, head: str | None, root: Path, as_of: date, format_: str) -> None:
    """Compare the project with the commit BASE, by cause.

    Names each changed statement with the values that follow from it in what is compiled, what happens when they are
    applied, and the rules that changed or changed their verdict. BASE is the commit that HEAD and the trunk have in
    common, HEAD the working tree, unless they are given. Writes nothing, and exits with 0 whatever it finds.
    """
    from compiler.lineage.answers import answered

    old, new = commits(root, base, head)
    names = (f"{commit.name} {commit.commit}" if commit else "" for commit in (old, new))
    question = f"diff {' '.join(names)} {old.same_compiler(new)} {as_of} {format_}"
    found = answered(root, question, lambda: {"report": _report(root, (old, new), as_of, format_)})
    click.echo(found["report"], nl=False)


def compared(root: Path, pair: Commits, as_of: date) -> Difference:
    """Return the difference of two commits, or of a commit and the working tree.

    Raises:
        NoBaseError: a commit cannot be compared.
        GitError: a commit cannot be read.
        PolicyError: the policies of a side cannot judge.
    """
    from compiler.difference.difference import difference

    with sides(root, pair) as (before, after):
        return difference(before, after, pair[0], as_of)


def commits(root: Path, base: str | None, head: str | None) -> Commits:
    """Return the commits that BASE and HEAD name; the second is None for the working tree.

    Raises:
        NoBaseError: there is no such commit.
        GitError: a commit cannot be read.
    """
    from compiler.history.base import History

    history = History(root)
    return history.at(base) if base else history.trunk(), history.at(head) if head else None


@contextmanager
def sides(root: Path, pair: Commits) -> Iterator[tuple[Side, Side]]:
    """Provide the two sides of a difference.

    Raises:
        GitError: a commit cannot be read.
    """
    from compiler.difference.side import Side, committed

    old, new = pair
    with ExitStack() as open_:
        before = open_.enter_context(committed(old))
        yield before, open_.enter_context(committed(new)) if new else Side(root, None)


def _report(root: Path, pair: Commits, as_of: date, format_: str) -> str:
    from compiler.report.diff import render

    return render(compared(root, pair, as_of), format_)
